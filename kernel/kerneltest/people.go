package kerneltest

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/web"
)

// Password is everybody's.
const Password = "correct horse battery"

// User is somebody who is signed in, or nobody: see [Portal.Anonymous].
type User struct {
	// ID, SessionID, Name and Email are their own; all empty for nobody.
	ID, SessionID, Name, Email string
	// Role is the one they were let in with; ClientID the client that a contact acts for.
	Role, ClientID string
	// Token is the session's.
	Token string
	// Conn calls as them. Each call asks who the session belongs to, as each page does: when it ends, calls end with
	// UNAUTHENTICATED.
	Conn grpc.ClientConnInterface
	// HTTP is their browser: it has their cookies and does not follow redirects. [User.Get] and [User.Post] use it.
	HTTP *http.Client

	portal *Portal
	csrf   string
}

// Head returns a head of the business, who reaches all rows. Each call makes another one.
func (p *Portal) Head(t testing.TB) *User { t.Helper(); return p.Staff(t, "head") }

// Staff returns a member of staff with a role. What clients they see, [Portal.Serve] says.
func (p *Portal) Staff(t testing.TB, role string) *User {
	t.Helper()
	name, email := p.person(role)
	invited, err := accountmanagerv1.NewInvitationServiceClient(p.Kernel()).InviteStaff(t.Context(), &accountmanagerv1.InviteStaffRequest{
		RequestId: store.NewID(), Name: name, Email: email, Role: role,
	})
	require.NoError(t, err)
	u := p.Accept(t, invited.GetToken(), name)
	u.Email, u.Role = email, role
	return u
}

// Contact returns a person of a client who is signed in and acts for it.
func (p *Portal) Contact(t testing.TB, clientID, role string) *User {
	t.Helper()
	name, email := p.person(role)
	invited, err := accountmanagerv1.NewInvitationServiceClient(p.Kernel()).CreateInvitation(t.Context(), &accountmanagerv1.CreateInvitationRequest{
		RequestId: store.NewID(), ClientId: clientID, Name: name, Email: email, Role: role,
	})
	require.NoError(t, err)
	u := p.Accept(t, invited.GetToken(), name)
	u.Email, u.Role = email, role
	require.Equal(t, clientID, u.ClientID)
	return u
}

// Accept uses an invitation's token, for somebody new, and returns them signed in.
func (p *Portal) Accept(t testing.TB, invitation, name string) *User {
	t.Helper()
	accepted, err := kernelv1.NewIdentityServiceClient(p.Kernel()).AcceptInvitation(t.Context(), &kernelv1.AcceptInvitationRequest{
		Token: invitation, Name: name, Password: Password,
	})
	require.NoError(t, err)
	return p.User(t, accepted.GetSessionToken())
}

// User returns whom a session belongs to.
func (p *Portal) User(t testing.TB, sessionToken string) *User {
	t.Helper()
	who, err := kernelv1.NewIdentityServiceClient(p.Kernel()).Identify(t.Context(), &kernelv1.IdentifyRequest{SessionToken: sessionToken})
	require.NoError(t, err)
	id := who.GetIdentity()
	u := &User{
		ID: id.GetUserId(), SessionID: id.GetSessionId(), Name: id.GetName(), ClientID: id.GetActingClientId(), Token: sessionToken,
		Conn: &sessionConn{p, sessionToken}, portal: p,
	}
	u.HTTP = p.browser(t, sessionToken)
	return u
}

// Anonymous is nobody: what they may call and see is public.
func (p *Portal) Anonymous(t testing.TB) *User {
	t.Helper()
	return &User{Conn: p.Router().As(access.Principal{}), HTTP: p.browser(t, ""), portal: p}
}

// Client makes a client, a company, and returns its id.
func (p *Portal) Client(t testing.TB, name string) string {
	t.Helper()
	made, err := clientmanagerv1.NewClientServiceClient(p.Kernel()).CreateClient(t.Context(), &clientmanagerv1.CreateClientRequest{
		RequestId: store.NewID(), Client: &clientmanagerv1.Client{Name: name, Kind: clientmanagerv1.ClientKind_CLIENT_KIND_COMPANY},
	})
	require.NoError(t, err)
	return made.GetClient().GetId()
}

// Serve makes a member of staff the manager of clients, who then sees them.
func (p *Portal) Serve(t testing.TB, manager *User, clientIDs ...string) {
	t.Helper()
	for _, id := range clientIDs {
		_, err := clientmanagerv1.NewClientServiceClient(p.Kernel()).AssignManager(t.Context(), &clientmanagerv1.AssignManagerRequest{
			Id: id, ManagerId: manager.ID,
		})
		require.NoError(t, err)
	}
}

// ViewAs has a member of staff look at what a contact of a client sees, and returns them as they are from then on, in the same
// browser. by stays what it was, with the token of forms that were shown before.
func (p *Portal) ViewAs(t testing.TB, by *User, contact *User) *User {
	t.Helper()
	_, err := accountmanagerv1.NewImpersonationServiceClient(by.Conn).ViewAs(t.Context(), &accountmanagerv1.ViewAsRequest{
		MembershipId: p.Membership(t, contact), Reason: "cannot find the act",
	})
	require.NoError(t, err)
	u := p.User(t, by.Token)
	u.HTTP = by.HTTP
	return u
}

// Membership is the id of a contact's place in the client that they act for.
func (p *Portal) Membership(t testing.TB, contact *User) string {
	t.Helper()
	list, err := accountmanagerv1.NewMembershipServiceClient(p.Kernel()).ListMemberships(t.Context(), &accountmanagerv1.ListMembershipsRequest{ClientId: contact.ClientID})
	require.NoError(t, err)
	for _, m := range list.GetMemberships() {
		if m.GetUserId() == contact.ID {
			return m.GetId()
		}
	}
	require.Fail(t, "no membership", contact.Name)
	return ""
}

// Principal is who acts when the user does, as pages find out.
func (u *User) Principal(t testing.TB) access.Principal {
	t.Helper()
	if u.Token == "" {
		return access.Principal{}
	}
	who, err := kernelv1.NewIdentityServiceClient(u.portal.Kernel()).Identify(t.Context(), &kernelv1.IdentifyRequest{SessionToken: u.Token})
	require.NoError(t, err)
	return web.PrincipalOf(who.GetIdentity())
}

// person makes up somebody whom the portal does not know yet.
func (p *Portal) person(role string) (name, email string) {
	n := p.number.Add(1)
	return fmt.Sprintf("Person %d, %s", n, role), fmt.Sprintf("person%d@example.com", n)
}

// sessionConn calls as the user of a session, asking each time who that is.
type sessionConn struct {
	portal *Portal
	token  string
}

var _ grpc.ClientConnInterface = (*sessionConn)(nil)

// Invoke makes a unary call.
func (c *sessionConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	conn, err := c.portal.As(ctx, c.token)
	if err != nil {
		return err
	}
	return conn.Invoke(ctx, method, args, reply, opts...)
}

// NewStream begins a stream.
func (c *sessionConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	conn, err := c.portal.As(ctx, c.token)
	if err != nil {
		return nil, err
	}
	return conn.NewStream(ctx, desc, method, opts...)
}
