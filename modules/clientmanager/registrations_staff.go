package clientmanager

import (
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// CreateRegistration files a request for somebody. It waits at once: the applicant's link to their password goes to the
// e-mail that is written here, and to nobody else.
func (s *registrationService) CreateRegistration(ctx context.Context, r *v1.CreateRegistrationRequest) (*v1.CreateRegistrationResponse, error) {
	asked := s.said(r.GetRegistration())
	if err := s.checkRegistration(asked); err != nil {
		return nil, err
	}
	who := access.From(ctx)
	alike, err := lookalikes(s.host.Self(ctx), s.host.Store, asked)
	if err != nil {
		return nil, err
	}
	asked.Warning = warning(alike)
	var response *v1.CreateRegistrationResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateRegistrationResponse, error) {
			now := timestamppb.New(s.host.Now())
			n := newRegistration{Registration: asked, language: languageOf(ctx), actors: access.Actors(who)}
			n.Id, n.State, n.CreateTime, n.ConfirmTime, n.Revision = store.NewID(), waiting, now, now, 1
			if who.IsUser() {
				n.FiledBy = who.Name
			}
			if err := insertRegistration(ctx, tx, n); err != nil {
				return nil, err
			}
			audit.About(tx, &v1.Registration{Id: n.Id})
			return &v1.CreateRegistrationResponse{Registration: n.Registration}, s.tell(ctx, tx, n.Id, waiting, "")
		})
		return err
	})
	if err != nil {
		return nil, waitsAlready(err)
	}
	return response, nil
}

// waitsAlready says that the same applicant has a request waiting.
func waitsAlready(err error) error {
	if store.Constraint(err) == "registrations_wait_once" {
		return refuse(codes.AlreadyExists, "registration.email", "registration.waits", "a request of the same applicant waits already")
	}
	return err
}

// ListRegistrations lists what was confirmed, waiting ones first, then the newest.
func (s *registrationService) ListRegistrations(ctx context.Context, r *v1.ListRegistrationsRequest) (*v1.ListRegistrationsResponse, error) {
	c := &store.Where{}
	c.Add("state <> 'unconfirmed'")
	if len(r.GetStates()) > 0 {
		c.Add("state = any(?)", registrationStates.Texts(r.GetStates()))
	}
	if r.GetKind() != v1.ClientKind_CLIENT_KIND_UNSPECIFIED {
		c.Add("kind = ?", clientKinds.Text(r.GetKind()))
	}
	var over bool
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &over, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("((state <> 'waiting') > ? or (state <> 'waiting') = ? and id < ?::uuid)", over, over, id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[registrationRow],
		`select `+registrationColumns+` from clientmanager.registrations`+c.String()+` order by (state <> 'waiting'), id desc limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListRegistrationsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last registrationRow) []any {
		return []any{last.state() != waiting, last.ID}
	})
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Registrations = append(response.Registrations, row.registration())
	}
	return response, nil
}

// GetRegistration returns one that was confirmed.
func (s *registrationService) GetRegistration(ctx context.Context, r *v1.GetRegistrationRequest) (*v1.GetRegistrationResponse, error) {
	row, err := findRegistration(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	return &v1.GetRegistrationResponse{Registration: row.registration()}, nil
}

// UpdateRegistration corrects one that waits. Who does so is one of those who do not decide on it.
func (s *registrationService) UpdateRegistration(ctx context.Context, r *v1.UpdateRegistrationRequest) (*v1.UpdateRegistrationResponse, error) {
	want := r.GetRegistration()
	if !store.IsID(want.GetId()) {
		return nil, refuse(codes.InvalidArgument, "registration.id", "registration.which", "say by its id which request is meant")
	}
	fields, err := named(r.GetUpdateMask(), registrationChanges)
	if err != nil {
		return nil, err
	}
	var out *v1.Registration
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := holdRegistration(ctx, tx, want.GetId())
		if err != nil {
			return err
		}
		present := row.registration()
		after, differ := changedBy(present, want, fields, registrationChanges)
		if out = present; len(differ) == 0 {
			return nil
		}
		if err := undecided(row); err != nil {
			return err
		}
		if want.GetRevision() != 0 && want.GetRevision() != present.GetRevision() {
			return errMeanwhile
		}
		if err := s.checkRegistration(after); err != nil {
			return err
		}
		audit.Changed(tx, present, after)
		after.Revision++
		out = after
		return saveRegistration(ctx, tx, after, access.Actors(access.From(ctx)))
	})
	if err != nil {
		return nil, waitsAlready(err)
	}
	return &v1.UpdateRegistrationResponse{Registration: out}, nil
}

// undecided refuses a request that waits no more, saying what became of it.
func undecided(row registrationRow) error {
	switch row.state() {
	case approved:
		return refuse(codes.FailedPrecondition, "", "registration.was_approved", "somebody approved it meanwhile")
	case declined:
		return refuse(codes.FailedPrecondition, "", "registration.was_declined", "somebody declined it meanwhile")
	case withdrawn:
		return refuse(codes.FailedPrecondition, "", "registration.was_withdrawn", "the applicant withdrew it, or sent another")
	}
	return nil
}

// ListLookalikes lists the clients that an applicant may be already. Of those that the caller does not see it says that
// there is one, and what is the same.
func (s *registrationService) ListLookalikes(ctx context.Context, r *v1.ListLookalikesRequest) (*v1.ListLookalikesResponse, error) {
	row, err := findRegistration(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	alike, err := lookalikes(s.host.Self(ctx), s.host.Store, row.registration())
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(alike))
	for i, one := range alike {
		ids[i] = one.ID
	}
	seen, err := findClients(s.seeing(ctx), s.host.Store, ids, false)
	if err != nil {
		return nil, err
	}
	response := &v1.ListLookalikesResponse{}
	for _, one := range alike {
		if one.ID == row.ClientID {
			continue // it became this one
		}
		found := &v1.Lookalike{}
		for _, field := range one.Same {
			found.Same = append(found.Same, ID+".fields."+field)
		}
		if client := seen[one.ID]; client != nil {
			found.ClientId, found.Name, found.Code, found.Status = client.GetId(), client.GetName(), client.GetCode(), client.GetStatus()
		}
		response.Lookalikes = append(response.Lookalikes, found)
	}
	return response, nil
}

// seeing is a context in which the caller sees the clients that they see elsewhere: the right to decide on requests reaches
// all of those, and opens no client.
func (m *Module) seeing(ctx context.Context) context.Context {
	who, d := access.From(ctx), access.DecisionFrom(ctx)
	if who.IsUser() {
		d.Reach, d.Role = m.host.Policy.Reach(who.Roles, readClients)
	}
	return access.WithDecision(ctx, d)
}
