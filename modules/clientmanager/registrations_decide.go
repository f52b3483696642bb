package clientmanager

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// applicantRole is what an applicant becomes in the client that is made for them.
const applicantRole = "client.director"

// decide holds a request and has do decide on it: one of many at once does, the others are told. again tells whether what is
// asked for is what the same person did before, which is no error. Who filed or changed it is refused.
func (s *registrationService) decide(
	ctx context.Context, id string, again func(row registrationRow) bool, do func(ctx context.Context, tx *store.Tx, row registrationRow) error,
) (*v1.Registration, error) {
	var out *v1.Registration
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := holdRegistration(ctx, tx, id)
		if err != nil {
			return err
		}
		if row.DeciderID == access.From(ctx).UserID && again(row) {
			out = row.registration()
			return nil
		}
		if err := undecided(row); err != nil {
			return err
		}
		if s.settings.SeparateDuties {
			if err := access.CheckNotOwn(access.From(ctx), row.Actors...); err != nil {
				return err
			}
		}
		audit.About(tx, &v1.Registration{Id: row.ID})
		if err := do(ctx, tx, row); err != nil {
			return err
		}
		row, err = holdRegistration(ctx, tx, id)
		out = row.registration()
		return err
	})
	return out, err
}

// ApproveRegistration makes the client.
func (s *registrationService) ApproveRegistration(ctx context.Context, r *v1.ApproveRegistrationRequest) (*v1.ApproveRegistrationResponse, error) {
	place, err := s.chosen(ctx, r.GetManagerId())
	if err != nil {
		return nil, err
	}
	out, err := s.decide(ctx, r.GetId(), func(row registrationRow) bool { return row.state() == approved },
		func(ctx context.Context, tx *store.Tx, row registrationRow) error {
			return s.becomeClient(ctx, tx, row, decidedBy(ctx), place)
		})
	if store.Constraint(err) == "clients_tax_id_unique" {
		err = refuse(codes.AlreadyExists, "", "registration.is_client", "a client with this tax number is there: attach the applicant to it")
	}
	if err != nil {
		return nil, err
	}
	return &v1.ApproveRegistrationResponse{Registration: out}, nil
}

// chosen is who is to serve the client that is made. Who may not assign managers serves it themselves, or leaves it open
// where they see all clients.
func (s *registrationService) chosen(ctx context.Context, managerID string) (placing, error) {
	rules, err := s.assigning(ctx) // before the transaction: another module is asked
	if err != nil {
		return placing{}, err
	}
	who, p := access.From(ctx), placing{rules: rules}
	if who.Kind != access.Staff {
		if managerID == "" {
			return p, nil
		}
	} else {
		assigns, _ := s.host.Policy.Reach(who.Roles, assignClients)
		sees, _ := s.host.Policy.Reach(who.Roles, readClients)
		switch {
		case managerID == "" && sees == access.All:
			return p, nil
		case managerID == "":
			managerID = who.UserID
		case managerID != who.UserID && assigns == access.None:
			return p, refuse(codes.PermissionDenied, "manager_id", "registration.not_assign", "you may not give clients to others: leave it empty to serve this one yourself")
		}
	}
	name, err := s.staffName(ctx, managerID, "manager_id")
	p.managerID, p.managerName = managerID, name
	return p, err
}

// decidedBy is a verdict's author: nobody where a rule decides.
func decidedBy(ctx context.Context) verdict {
	who := access.From(ctx)
	if !who.IsUser() {
		return verdict{}
	}
	return verdict{deciderID: who.UserID, decidedBy: who.Name}
}

// becomeClient makes the client and its first person, and says so: one transaction. Who hears it lets the applicant in.
func (m *Module) becomeClient(ctx context.Context, tx *store.Tx, row registrationRow, v verdict, place placing) error {
	asked := row.registration()
	client := asClient(store.NewID(), asked)
	if err := module.Constrained("client", client); err != nil {
		return err
	}
	if err := m.addPlaced(ctx, tx, byAsking, client, place); err != nil {
		return err
	}
	contact := &v1.Contact{
		Id: store.NewID(), ClientId: client.GetId(), Name: person(asked), Position: asked.GetContactPosition(), Email: asked.GetEmail(),
		Phone: asked.GetPhone(), Role: applicantRole, Main: true, CreateTime: timestamppb.New(m.host.Now()), Revision: 1,
	}
	if err := saveContact(ctx, tx, contact); err != nil {
		return err
	}
	v.state, v.clientID, v.role, v.at = approved, client.GetId(), applicantRole, m.host.Now()
	if err := decideRegistration(ctx, tx, row.ID, v); err != nil {
		return err
	}
	if err := m.tell(ctx, tx, row.ID, approved, client.GetId()); err != nil {
		return err
	}
	// Last: the caller may not see the client any more afterwards.
	return m.placeNew(ctx, tx, client, place)
}

// AttachRegistration makes the applicant a person of a client that the caller sees.
func (s *registrationService) AttachRegistration(ctx context.Context, r *v1.AttachRegistrationRequest) (*v1.AttachRegistrationResponse, error) {
	if role, known := s.host.Policy.Role(r.GetRole()); !known || role.Staff || role.Base {
		return nil, refuse(codes.InvalidArgument, "role", "refusal.no_role", "there is no such role among those of contacts")
	}
	client, err := findClient(s.seeing(ctx), s.host.Store, r.GetClientId())
	switch {
	case isNotFound(err):
		return nil, refuse(codes.InvalidArgument, "client_id", "refusal.no_client", "there is no such client among those you may see")
	case err != nil:
		return nil, err
	case client.GetStatus() == v1.ClientStatus_CLIENT_STATUS_SUSPENDED:
		return nil, refuse(codes.FailedPrecondition, "client_id", "registration.suspended", "the client is suspended: resume it before letting people in")
	}
	out, err := s.decide(ctx, r.GetId(), func(row registrationRow) bool { return row.state() == approved && row.ClientID == r.GetClientId() },
		func(ctx context.Context, tx *store.Tx, row registrationRow) error {
			asked, v := row.registration(), decidedBy(ctx)
			if err := s.addApplicant(ctx, tx, asked, client.GetId(), r.GetRole()); err != nil {
				return err
			}
			v.state, v.clientID, v.role, v.at = approved, client.GetId(), r.GetRole(), s.host.Now()
			if err := decideRegistration(ctx, tx, row.ID, v); err != nil {
				return err
			}
			return s.tell(ctx, tx, row.ID, approved, client.GetId())
		})
	if err != nil {
		return nil, err
	}
	return &v1.AttachRegistrationResponse{Registration: out}, nil
}

// addApplicant adds a contact to a client, unless one with this e-mail is there.
func (s *registrationService) addApplicant(ctx context.Context, tx *store.Tx, asked *v1.Registration, clientID, role string) error {
	if _, err := holdClient(ctx, tx, clientID); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
		insert into clientmanager.contacts (id, client_id, name, position, email, phone, role, main, create_time, revision, name_key)
		select $1, $2, $3, $4, $5, $6, $7, false, $8, 1, $9
		where not exists (select from clientmanager.contacts where client_id = $2 and email = $5)`,
		store.NewID(), clientID, person(asked), asked.GetContactPosition(), asked.GetEmail(), asked.GetPhone(), role, s.host.Now(), sortKey(person(asked)))
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	audit.Concerns(tx, clientID)
	return s.record(ctx, tx, []entry{{client: clientID, what: "contact_added"}})
}

// DeclineRegistration declines a request; the applicant is told why.
func (s *registrationService) DeclineRegistration(ctx context.Context, r *v1.DeclineRegistrationRequest) (*v1.DeclineRegistrationResponse, error) {
	reason := lines(r.GetReason())
	if reason == "" {
		return nil, refuse(codes.InvalidArgument, "reason", "registration.reason_needed", "write a reason: the applicant is sent it")
	}
	out, err := s.decide(ctx, r.GetId(), func(row registrationRow) bool { return row.state() == declined && row.Reason == reason },
		func(ctx context.Context, tx *store.Tx, row registrationRow) error {
			v := decidedBy(ctx)
			v.state, v.reason, v.at = declined, reason, s.host.Now()
			if err := decideRegistration(ctx, tx, row.ID, v); err != nil {
				return err
			}
			return s.tell(ctx, tx, row.ID, declined, "")
		})
	if err != nil {
		return nil, err
	}
	return &v1.DeclineRegistrationResponse{Registration: out}, nil
}
