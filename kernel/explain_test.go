package kernel_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

func TestExplainAccess(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head, manager := p.Head(t), p.Staff(t, "manager")
	roastery, museum := p.Client(t, "Zerno Roastery"), p.Client(t, "Museum of Maps")
	p.Serve(t, manager, roastery)
	ask := kernelv1.NewAccessServiceClient(head.Conn)
	const list, create = clientmanagerv1.ClientService_ListClients_FullMethodName, clientmanagerv1.ClientService_CreateClient_FullMethodName

	t.Run("says role, permission and reach", func(t *testing.T) {
		said, err := ask.ExplainAccess(t.Context(), &kernelv1.ExplainAccessRequest{Roles: []string{"head"}, Staff: true, Method: list})
		require.NoError(t, err)
		require.True(t, said.GetAllowed())
		require.Equal(t, []string{"head", "clientmanager.clients.read", "all"}, []string{said.GetRole(), said.GetPermission(), said.GetReach()})
		require.Contains(t, said.GetReason(), "head")

		said, err = ask.ExplainAccess(t.Context(), &kernelv1.ExplainAccessRequest{Roles: []string{"manager"}, Staff: true, Method: list})
		require.NoError(t, err)
		require.Equal(t, []string{"manager", "clientmanager.clients.read", "granted"}, []string{said.GetRole(), said.GetPermission(), said.GetReach()})
	})
	t.Run("says what lacks", func(t *testing.T) {
		said, err := ask.ExplainAccess(t.Context(), &kernelv1.ExplainAccessRequest{Roles: []string{"client", "client.accountant"}, Method: create})
		require.NoError(t, err)
		require.False(t, said.GetAllowed())
		require.Equal(t, "none", said.GetReach())
		require.Contains(t, said.GetReason(), "staff")

		assign := clientmanagerv1.ClientService_AssignManager_FullMethodName
		said, err = ask.ExplainAccess(t.Context(), &kernelv1.ExplainAccessRequest{Roles: []string{"manager"}, Staff: true, Method: assign})
		require.NoError(t, err)
		require.False(t, said.GetAllowed())
		require.Equal(t, "clientmanager.clients.assign", said.GetPermission())
		require.Contains(t, said.GetReason(), "clientmanager.clients.assign")
	})
	t.Run("says who granted the client", func(t *testing.T) {
		about := func(clientID string) *kernelv1.ExplainAccessResponse {
			said, err := ask.ExplainAccess(t.Context(), &kernelv1.ExplainAccessRequest{
				Roles: []string{"manager"}, Staff: true, Method: list, UserId: manager.ID, ClientId: clientID,
			})
			require.NoError(t, err)
			return said
		}
		require.Equal(t, []string{"clientmanager"}, about(roastery).GetGrantedBy())
		require.Contains(t, about(roastery).GetReason(), "granted by clientmanager")
		require.Empty(t, about(museum).GetGrantedBy())
		require.Contains(t, about(museum).GetReason(), "was not granted")
	})
	t.Run("is for heads alone", func(t *testing.T) {
		accountant := p.Contact(t, roastery, "client.accountant")
		for _, u := range []*kerneltest.User{manager, accountant, p.Anonymous(t)} {
			_, err := kernelv1.NewAccessServiceClient(u.Conn).ExplainAccess(t.Context(), &kernelv1.ExplainAccessRequest{Roles: []string{"head"}, Staff: true, Method: list})
			require.Contains(t, []codes.Code{codes.PermissionDenied, codes.Unauthenticated}, status.Code(err), u.Role)
		}
	})
	t.Run("knows the methods that there are", func(t *testing.T) {
		for _, method := range []string{"/cabinet.clientmanager.v1.ClientService/Fly", "ListClients", "/"} {
			_, err := ask.ExplainAccess(t.Context(), &kernelv1.ExplainAccessRequest{Roles: []string{"head"}, Staff: true, Method: method})
			require.Equal(t, codes.NotFound, status.Code(err), method)
			require.Contains(t, status.Convert(err).Message(), "/package.Service/Method")
		}
	})
}

// What is explained is what happens: for every method and every role, an answer of "allowed" is a call that is let in,
// and the other way round.
func TestExplanationsAgreeWithWhatHappens(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	ask := kernelv1.NewAccessServiceClient(p.Kernel())
	client := p.Client(t, "Zerno Roastery")
	type someone struct {
		roles []string
		staff bool
	}
	var people []someone
	for _, r := range p.Policy().Roles() {
		one := someone{roles: []string{r.ID}, staff: r.Staff}
		if !r.Staff && !r.Base {
			one.roles = append(one.roles, "client")
		}
		people = append(people, one)
	}
	require.Greater(t, len(people), 4)
	asked, allowed := 0, 0
	for _, method := range methods(t, p) {
		for _, one := range people {
			said, err := ask.ExplainAccess(t.Context(), &kernelv1.ExplainAccessRequest{Roles: one.roles, Staff: one.staff, Method: method.name})
			require.NoError(t, err)
			who := access.Principal{Kind: access.Contact, UserID: store.NewID(), Roles: one.roles, ActingFor: client, Proved: time.Now()}
			if one.staff {
				who.Kind, who.ActingFor = access.Staff, ""
			}
			ctx := access.With(t.Context(), who)
			err = p.Router().Invoke(ctx, method.name, dynamicpb.NewMessage(method.desc.Input()), dynamicpb.NewMessage(method.desc.Output()))
			require.Equal(t, said.GetAllowed(), !turnedAway(err, method.name), "%v %s: %s, but %v", one.roles, method.name, said.GetReason(), err)
			asked++
			if said.GetAllowed() {
				allowed++
			}
		}
	}
	require.Greater(t, allowed, 20)
	require.Greater(t, asked-allowed, 20)
}

type method struct {
	name string
	desc protoreflect.MethodDescriptor
}

// methods are all that the portal's modules provide.
func methods(t *testing.T, p *kerneltest.Portal) []method {
	t.Helper()
	var all []method
	for _, m := range p.Manifests() {
		for _, service := range m.Provides {
			d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
			require.NoError(t, err)
			list := d.(protoreflect.ServiceDescriptor).Methods()
			for i := range list.Len() {
				all = append(all, method{"/" + service + "/" + string(list.Get(i).Name()), list.Get(i)})
			}
		}
	}
	return all
}

// turnedAway tells whether the router refused a call before its provider saw it.
func turnedAway(err error, method string) bool {
	return slices.ContainsFunc(status.Convert(err).Details(), func(detail any) bool {
		info, ok := detail.(*errdetails.ErrorInfo)
		return ok && info.GetDomain() == "cabinet" && info.GetMetadata()["method"] == method
	})
}

func TestRightsOfAPersonSayWhy(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head, manager := p.Head(t), p.Staff(t, "manager")
	roastery, museum := p.Client(t, "Zerno Roastery"), p.Client(t, "Museum of Maps")
	p.Serve(t, manager, roastery)
	accountant := p.Contact(t, roastery, "client.accountant")
	ask := kernelv1.NewAccessServiceClient(head.Conn)
	right := func(who *kerneltest.User, client, permission string) *kernelv1.UserRight {
		listed, err := ask.ListUserRights(t.Context(), &kernelv1.ListUserRightsRequest{UserId: who.ID, ClientId: client})
		require.NoError(t, err)
		i := slices.IndexFunc(listed.GetRights(), func(r *kernelv1.UserRight) bool { return r.GetPermission() == permission })
		if i < 0 {
			return nil
		}
		return listed.GetRights()[i]
	}
	const read = "clientmanager.clients.read"
	for name, c := range map[string]struct {
		who    *kerneltest.User
		client string
		answer kernelv1.AccessAnswer
		role   string
		ground []string
	}{
		"a head":               {head, roastery, kernelv1.AccessAnswer_ACCESS_ANSWER_ALL, "head", nil},
		"who serves it":        {manager, roastery, kernelv1.AccessAnswer_ACCESS_ANSWER_GRANTED, "manager", []string{"clientmanager.grants"}},
		"who does not":         {manager, museum, kernelv1.AccessAnswer_ACCESS_ANSWER_OTHER_CLIENTS, "manager", nil},
		"in general":           {manager, "", kernelv1.AccessAnswer_ACCESS_ANSWER_GRANTED, "manager", nil},
		"one of its people":    {accountant, roastery, kernelv1.AccessAnswer_ACCESS_ANSWER_GRANTED, "client", []string{"accountmanager.grants"}},
		"a stranger's company": {accountant, museum, kernelv1.AccessAnswer_ACCESS_ANSWER_OTHER_CLIENTS, "client", nil},
	} {
		t.Run(name, func(t *testing.T) {
			said := right(c.who, c.client, read)
			require.NotNil(t, said)
			require.Equal(t, c.answer, said.GetAnswer())
			require.Equal(t, c.role, said.GetRole())
			require.Equal(t, c.ground, said.GetGrounds())
		})
	}
	require.Equal(t, kernelv1.AccessAnswer_ACCESS_ANSWER_NO_ROLE, right(accountant, roastery, "clientmanager.contacts.update").GetAnswer())
	require.Nil(t, right(accountant, roastery, "clientmanager.clients.import"), "no contact could have it")
	require.Nil(t, right(manager, roastery, "clientmanager.profile.read"), "no staff could have it")

	_, err := kernelv1.NewAccessServiceClient(manager.Conn).ListUserRights(t.Context(), &kernelv1.ListUserRightsRequest{UserId: head.ID})
	require.Equal(t, codes.PermissionDenied, status.Code(err))

	_, err = accountmanagerv1.NewUserServiceClient(head.Conn).BlockUser(t.Context(), &accountmanagerv1.BlockUserRequest{Id: manager.ID})
	require.NoError(t, err)
	require.Equal(t, kernelv1.AccessAnswer_ACCESS_ANSWER_BLOCKED, right(manager, roastery, read).GetAnswer())
	_, err = clientmanagerv1.NewClientServiceClient(head.Conn).SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: roastery})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return right(accountant, roastery, read).GetAnswer() == kernelv1.AccessAnswer_ACCESS_ANSWER_BLOCKED
	}, 10*time.Second, 10*time.Millisecond)

	_, err = ask.ListUserRights(t.Context(), &kernelv1.ListUserRightsRequest{UserId: store.NewID()})
	require.Equal(t, codes.NotFound, status.Code(err))
}
