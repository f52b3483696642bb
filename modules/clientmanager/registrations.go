package clientmanager

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// registrationService is how people become clients by themselves. This file is the applicant's side, who is nobody here:
// the module acts, and what it answers is the same whoever is known already.
type registrationService struct {
	v1.UnimplementedRegistrationServiceServer
	*Module
}

var _ v1.RegistrationServiceServer = (*registrationService)(nil)

const (
	// confirmWithin is how long an applicant has to confirm their e-mail.
	confirmWithin = 48 * time.Hour
	// unconfirmedKept is how long a request is kept that nobody confirmed.
	unconfirmedKept = 30 * 24 * time.Hour
	// mostStarted is how many requests of one e-mail are taken in an hour; who sends more is told the same.
	mostStarted = 5
	// registrationPath is where an applicant's link leads.
	registrationPath = "/registration/"
)

var (
	errNoRegistration = refuse(codes.NotFound, "", "registration.none", "there is no such request")
	errNoLink         = refuse(codes.NotFound, "", "registration.no_link", "the link is not known, was withdrawn, or has expired: ask again")
	errClosed         = refuse(codes.FailedPrecondition, "", "registration.closed", "nobody is taken in this way here: call us")
	errFlood          = refuse(codes.ResourceExhausted, "", "registration.flood", "very many requests come in just now: try again in an hour")
)

// registrationToken is the secret part of an applicant's link. It follows from the request's id, so that the letter can be
// written after the request though only the hash is stored.
func (m *Module) registrationToken(id string) string {
	mac := hmac.New(sha256.New, m.host.Key("registrations", 32))
	mac.Write([]byte(id))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func hashed(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// StartRegistration takes a request. It is kept, with the news that has the letter written, in one transaction.
func (s *registrationService) StartRegistration(ctx context.Context, r *v1.StartRegistrationRequest) (*v1.StartRegistrationResponse, error) {
	asked := s.said(r.GetRegistration())
	if !s.settings.Registration.Open || !s.settings.Registration.takes(asked.GetKind()) {
		return nil, errClosed
	}
	if s.settings.Registration.Terms != "" && !r.GetAgreed() {
		return nil, refuse(codes.InvalidArgument, "agreed", "registration.agree", "agree to the terms of service")
	}
	if err := s.checkRegistration(asked); err != nil {
		return nil, err
	}
	language := languageOf(ctx)
	ctx = s.host.Self(ctx)
	if can, err := s.admissions.GetDelivery(ctx, &accountmanagerv1.GetDeliveryRequest{}); err != nil || !can.GetAvailable() {
		return nil, orElse(err, errClosed)
	}
	var response *v1.StartRegistrationResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.StartRegistrationResponse, error) {
			now := s.host.Now()
			everybody, own, err := countStarted(ctx, tx, asked.GetEmail(), now.Add(-time.Hour))
			switch {
			case err != nil:
				return nil, err
			case own >= mostStarted:
				return &v1.StartRegistrationResponse{}, nil
			case everybody >= s.settings.Registration.PerHour:
				return nil, errFlood
			}
			n := newRegistration{Registration: asked, language: language}
			n.Id, n.State, n.CreateTime = store.NewID(), unconfirmed, timestamppb.New(now)
			n.hash = hashed(s.registrationToken(n.Id))
			if r.GetAgreed() {
				n.agreed = &now
			}
			audit.About(tx, &v1.Registration{Id: n.Id})
			if err := insertRegistration(ctx, tx, n); err != nil {
				return nil, err
			}
			return &v1.StartRegistrationResponse{}, s.host.Publish(ctx, tx, n.Id, &v1.RegistrationChanged{
				RegistrationId: n.Id, State: unconfirmed, Time: timestamppb.New(now), RequestId: r.GetRequestId(),
			})
		})
		return err
	})
	return response, err
}

// languageOf is what the caller reads, as far as the call says.
func languageOf(ctx context.Context) string {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, asked := range md.Get("accept-language") {
		if first, _, _ := strings.Cut(asked, ","); len(first) <= 35 {
			return first
		}
	}
	return ""
}

// tell publishes how far a request came.
func (m *Module) tell(ctx context.Context, tx *store.Tx, id string, state v1.RegistrationState, clientID string) error {
	return m.host.Publish(ctx, tx, id, &v1.RegistrationChanged{
		RegistrationId: id, State: state, ClientId: clientID, Time: timestamppb.New(m.host.Now()),
	})
}

// PreviewRegistration says whose link it is.
func (s *registrationService) PreviewRegistration(ctx context.Context, r *v1.PreviewRegistrationRequest) (*v1.PreviewRegistrationResponse, error) {
	row, err := byLink(s.host.Self(ctx), s.host.Store, hashed(r.GetToken()), s.host.Now().Add(-confirmWithin), "")
	if err != nil {
		return nil, err
	}
	return &v1.PreviewRegistrationResponse{Name: row.Name, State: row.state()}, nil
}

// ConfirmRegistration confirms an applicant's e-mail: their request waits for staff, or is approved by itself. What the same
// applicant had waiting gives way to it.
func (s *registrationService) ConfirmRegistration(ctx context.Context, r *v1.ConfirmRegistrationRequest) (*v1.ConfirmRegistrationResponse, error) {
	response := &v1.ConfirmRegistrationResponse{}
	rules, err := s.assigning(ctx) // before the transaction: another module is asked
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		row, err := byLink(ctx, tx, hashed(r.GetToken()), s.host.Now().Add(-confirmWithin), " for no key update")
		if err != nil {
			return err
		}
		audit.About(tx, &v1.Registration{Id: row.ID})
		if response.State = row.state(); response.State != unconfirmed {
			return nil
		}
		asked := row.registration()
		alike, err := lookalikes(ctx, tx, asked)
		if err != nil {
			return err
		}
		if err := supersede(ctx, tx, row.ID); err != nil {
			return err
		}
		if err := confirmRegistration(ctx, tx, row.ID, warning(alike), s.host.Now()); err != nil {
			return err
		}
		if response.State = waiting; s.settings.Registration.byItself(asked) && len(alike) == 0 {
			response.State = approved
			return s.becomeClient(ctx, tx, row, verdict{}, placing{rules: rules})
		}
		return s.tell(ctx, tx, row.ID, waiting, "")
	})
	if store.Constraint(err) == "registrations_wait_once" {
		err = errMeanwhile // another of the same applicant's was confirmed at that moment; sent again, this one replaces it
	}
	return response, err
}

// warning is what staff are told of a request at once.
func warning(alike []lookalike) string {
	if len(alike) == 0 {
		return ""
	}
	return ID + ".registration.lookalike"
}

// WithdrawRegistration takes a request back, while nobody has decided on it.
func (s *registrationService) WithdrawRegistration(ctx context.Context, r *v1.WithdrawRegistrationRequest) (*v1.WithdrawRegistrationResponse, error) {
	err := s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		row, err := byLink(ctx, tx, hashed(r.GetToken()), s.host.Now().Add(-confirmWithin), " for no key update")
		if err != nil {
			return err
		}
		audit.About(tx, &v1.Registration{Id: row.ID})
		if state := row.state(); state == approved || state == declined {
			return refuse(codes.FailedPrecondition, "", "registration.decided_before", "it was decided on before: call us")
		}
		if err := withdrawRegistration(ctx, tx, row.ID); err != nil {
			return err
		}
		return s.tell(ctx, tx, row.ID, withdrawn, "")
	})
	return &v1.WithdrawRegistrationResponse{}, err
}
