package booking

import (
	"context"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// mostSent is how often one visitor may say who they are: each time another letter is written.
const mostSent = 5

// SendGuestBooking takes who the visitor is, and asks in their name that they become a client: that module writes the
// letter. What is asked for has an id that is kept first, so that what becomes of it is known again.
func (s *guestService) SendGuestBooking(ctx context.Context, r *v1.SendGuestBookingRequest) (*v1.SendGuestBookingResponse, error) {
	if !s.settings.Visitors.Open {
		return nil, errNoGuests
	}
	if s.settings.Visitors.Terms != "" && !r.GetAgreed() {
		return nil, refuse(codes.InvalidArgument, "agreed", "refusal.agree", "agree to the terms of service")
	}
	guest, err := s.say(s.host.Self(ctx), r)
	if err != nil {
		return nil, err
	}
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		for _, language := range md.Get("accept-language") {
			ctx = metadata.AppendToOutgoingContext(ctx, "accept-language", language)
		}
	}
	_, err = s.registrations.StartRegistration(ctx, &clientmanagerv1.StartRegistrationRequest{
		RequestId: guest.RequestID, Agreed: r.GetAgreed(),
		Registration: &clientmanagerv1.Registration{
			Kind: clientmanagerv1.ClientKind_CLIENT_KIND_PERSON, Name: guest.Name, Email: guest.Email, Phone: guest.Phone, Note: guest.Said,
		},
	})
	if err != nil {
		return nil, asOurs(err)
	}
	return &v1.SendGuestBookingResponse{}, nil
}

// say keeps what a visitor says of themselves, and holds their time until the link is used.
func (s *guestService) say(ctx context.Context, r *v1.SendGuestBookingRequest) (guest guestRow, err error) {
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if guest, err = guestByToken(ctx, tx, r.GetToken(), " for no key update of g, b"); err != nil {
			return err
		}
		audit.About(tx, &v1.Booking{Id: guest.ID})
		now, was := s.host.Now(), guest
		guest.Name, guest.Email = strings.Join(strings.Fields(r.GetName()), " "), strings.ToLower(r.GetEmail())
		guest.Phone, guest.Said = r.GetPhone(), strings.TrimSpace(r.GetNote())
		switch {
		case !guest.holds(now):
			return errHoldOver
		case guest.Step == "sent" && guest.Name == was.Name && guest.Email == was.Email && guest.Phone == was.Phone && guest.Said == was.Said:
			return nil // the same again, with the same id
		case guest.Step == "waiting", guest.Sent >= mostSent:
			return refuse(codes.FailedPrecondition, "", "refusal.said", "this was sent before: use the link in the letter, or call us")
		}
		until := earlier(now.Add(time.Duration(s.settings.Visitors.ConfirmMinutes)*time.Minute), guest.Start)
		guest.Step, guest.RequestID, guest.HoldUntil = "sent", store.NewID(), &until
		guest.Sent++
		if err := saveGuest(ctx, tx, guest); err != nil {
			return err
		}
		return s.host.PublishAt(ctx, tx, until, guest.ID, &v1.HoldDue{HoldId: guest.ID})
	})
	return guest, err
}

// asOurs has an error about a request to become a client name the fields of ours.
func asOurs(err error) error {
	violations := module.Violations(err)
	if status.Code(err) == codes.FailedPrecondition && len(violations) == 0 {
		return errNoGuests
	}
	ours := make([]*errdetails.BadRequest_FieldViolation, len(violations))
	for i, v := range violations {
		ours[i] = &errdetails.BadRequest_FieldViolation{
			Field: strings.TrimPrefix(v.GetField(), "registration."), Description: v.GetDescription(), Reason: v.GetReason(),
		}
	}
	if len(ours) == 0 {
		return err
	}
	return module.Refusals(status.Code(err), status.Convert(err).Message(), ours...)
}
