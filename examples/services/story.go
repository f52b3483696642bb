package main

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientsv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
)

// tell fills a new portal with the people of people.go, each coming in as they would: invited, by their link. The head
// is left to whoever opens the link that the portal prints. What it does it would do the same again, so that a portal
// killed meanwhile goes on where it was.
func tell(ctx context.Context, s *kernel.Seed) error {
	t := &teller{
		kernel: s.Conn, seed: s, clients: map[string]string{}, staff: map[string]string{}, served: map[string]grpc.ClientConnInterface{},
		password: strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s.Key("password", 10))),
	}
	if s.Fresh {
		if err := t.tell(ctx); err != nil {
			return err
		}
	}
	s.Say("Try it as one of these; the password of each is %s", t.password)
	s.Say("  %-26s %s", staff[0].email, "manager of half the clients: "+staff[0].name)
	s.Say("  %-26s %s", lead.email, "who manages the branch West: "+lead.name)
	s.Say("  %-26s %s", people[0].email, "director of Zerno Roastery, and more: "+people[0].name)
	s.Say("  %-26s %s", people[1].email, "accountant of Zerno Roastery alone: "+people[1].name)
	s.Say("  %-26s %s", people[2].email, "a person, for herself: "+people[2].name)
	return nil
}

type teller struct {
	kernel   grpc.ClientConnInterface
	seed     *kernel.Seed
	password string
	clients  map[string]string                   // name → id
	staff    map[string]string                   // e-mail → id
	served   map[string]grpc.ClientConnInterface // name → the manager who serves the client
}

// once is a request id that is the same at every start.
func once(what string) string {
	sum := sha256.Sum256([]byte("story of examples/services: " + what))
	id, err := uuid.FromBytes(sum[:16])
	if err != nil {
		panic(err) // sixteen bytes are an id
	}
	return id.String()
}

func (t *teller) tell(ctx context.Context) error {
	for _, m := range append(slices.Clone(staff), lead) {
		if err := t.manager(ctx, m); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	if err := t.settle(ctx); err != nil {
		return fmt.Errorf("branches: %w", err)
	}
	for _, p := range people {
		if err := t.contact(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	if err := t.groups(ctx); err != nil {
		return err
	}
	if err := t.ask(ctx); err != nil {
		return err
	}
	if err := t.visits(ctx); err != nil {
		return err
	}
	if err := t.bills(ctx); err != nil {
		return err
	}
	if err := t.payments(ctx); err != nil {
		return err
	}
	return t.month(ctx)
}

// manager comes in, says who they are, and brings their clients.
func (t *teller) manager(ctx context.Context, m manager) error {
	invited, err := accountsv1.NewInvitationServiceClient(t.kernel).InviteStaff(ctx, &accountsv1.InviteStaffRequest{
		RequestId: once("invite " + m.email), Name: m.name, Email: m.email, Role: m.role(),
	})
	conn, err := t.comeIn(ctx, m.name, m.email, invited.GetToken(), err)
	if err != nil {
		return err
	}
	if err := t.known(ctx, conn, m); err != nil {
		return err
	}
	me := &accountsv1.Me{Name: m.name, Position: m.position, Phone: m.phone}
	_, err = accountsv1.NewMeServiceClient(conn).UpdateMe(ctx, &accountsv1.UpdateMeRequest{
		Me: me, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"position", "phone"}},
	})
	if err != nil {
		return err
	}
	for _, c := range m.clients {
		if err := t.client(ctx, conn, c); err != nil {
			return fmt.Errorf("%s: %w", c.GetName(), err)
		}
	}
	return nil
}

func (t *teller) client(ctx context.Context, conn grpc.ClientConnInterface, c *clientsv1.Client) error {
	clients := clientsv1.NewClientServiceClient(conn)
	made, err := clients.CreateClient(ctx, &clientsv1.CreateClientRequest{RequestId: once("client " + c.GetCode()), Client: c})
	if err != nil {
		return err
	}
	id := made.GetClient().GetId()
	t.clients[c.GetName()], t.served[c.GetName()] = id, conn
	for i, p := range contacts[c.GetName()] {
		p.ClientId, p.Main = id, i == 0
		_, err := clientsv1.NewContactServiceClient(conn).CreateContact(ctx, &clientsv1.CreateContactRequest{
			RequestId: once("contact " + c.GetCode() + p.GetName()), Contact: p,
		})
		if err != nil {
			return err
		}
	}
	for _, a := range addresses[c.GetName()] {
		a.ClientId = id
		_, err := clientsv1.NewAddressServiceClient(conn).CreateAddress(ctx, &clientsv1.CreateAddressRequest{
			RequestId: once("address " + c.GetCode() + a.GetKind().String()), Address: a,
		})
		if err != nil {
			return err
		}
	}
	for _, a := range agreements[c.GetName()] {
		if err := t.agree(ctx, conn, id, a); err != nil {
			return fmt.Errorf("agreement %s: %w", a.GetNumber(), err)
		}
	}
	if reason, ok := suspended[c.GetName()]; ok {
		_, err = clients.SuspendClient(ctx, &clientsv1.SuspendClientRequest{Id: id, Reason: reason})
	}
	return err
}

// agree drafts an agreement and brings it as far as it came.
func (t *teller) agree(ctx context.Context, conn grpc.ClientConnInterface, client string, a agreement) error {
	agreements := clientsv1.NewAgreementServiceClient(conn)
	a.ClientId = client
	made, err := agreements.CreateAgreement(ctx, &clientsv1.CreateAgreementRequest{RequestId: once("agreement " + a.GetNumber()), Agreement: a.Agreement})
	if err != nil || a.status == clientsv1.AgreementStatus_AGREEMENT_STATUS_DRAFT {
		return err
	}
	id := made.GetAgreement().GetId()
	now, err := agreements.GetAgreement(ctx, &clientsv1.GetAgreementRequest{Id: id})
	if err != nil || now.GetAgreement().GetStatus() == a.status {
		return err // as far as that before the portal was killed
	}
	if _, err := agreements.ActivateAgreement(ctx, &clientsv1.ActivateAgreementRequest{Id: id}); err != nil {
		return err
	}
	switch a.status {
	case clientsv1.AgreementStatus_AGREEMENT_STATUS_SUSPENDED:
		_, err = agreements.SuspendAgreement(ctx, &clientsv1.SuspendAgreementRequest{Id: id, Reason: "The hall is being rebuilt."})
	case clientsv1.AgreementStatus_AGREEMENT_STATUS_ENDED:
		_, err = agreements.EndAgreement(ctx, &clientsv1.EndAgreementRequest{Id: id, LastDate: a.GetEndDate()})
	}
	return err
}

// contact comes in for each client they act for.
func (t *teller) contact(ctx context.Context, p person) error {
	for _, place := range p.places {
		invited, err := accountsv1.NewInvitationServiceClient(t.served[place.client]).CreateInvitation(ctx, &accountsv1.CreateInvitationRequest{
			RequestId: once("invite " + p.email + " " + place.client), ClientId: t.clients[place.client], Name: p.name, Email: p.email, Role: place.role,
		})
		if _, err := t.comeIn(ctx, p.name, p.email, invited.GetToken(), err); err != nil {
			return err
		}
	}
	// The first of them is the one they act for from then on.
	identity := kernelv1.NewIdentityServiceClient(t.kernel)
	in, err := identity.SignIn(ctx, &kernelv1.SignInRequest{Login: p.email, Password: t.password})
	if err != nil {
		return err
	}
	if _, err := identity.SwitchClient(ctx, &kernelv1.SwitchClientRequest{SessionToken: in.GetSessionToken(), ClientId: t.clients[p.places[0].client]}); err != nil {
		return err
	}
	_, err = identity.SignOut(ctx, &kernelv1.SignOutRequest{SessionToken: in.GetSessionToken()})
	return err
}

// comeIn uses an invitation, or signs in where it was used before the portal was killed.
func (t *teller) comeIn(ctx context.Context, name, email, token string, err error) (grpc.ClientConnInterface, error) {
	identity := kernelv1.NewIdentityServiceClient(t.kernel)
	switch status.Code(err) {
	case codes.OK:
		accepted, err := identity.AcceptInvitation(ctx, &kernelv1.AcceptInvitationRequest{Token: token, Name: name, Password: t.password})
		if err == nil {
			return t.seed.As(ctx, accepted.GetSessionToken())
		}
		if status.Code(err) != codes.NotFound {
			return nil, err
		}
	case codes.FailedPrecondition: // has access already
	default:
		return nil, err
	}
	in, err := identity.SignIn(ctx, &kernelv1.SignInRequest{Login: email, Password: t.password})
	if err != nil {
		return nil, err
	}
	return t.seed.As(ctx, in.GetSessionToken())
}
