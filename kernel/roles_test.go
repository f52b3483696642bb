package kernel_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

const (
	none    = kernelv1.RoleReach_ROLE_REACH_NONE
	granted = kernelv1.RoleReach_ROLE_REACH_GRANTED
	all     = kernelv1.RoleReach_ROLE_REACH_ALL
)

func setRight(t testing.TB, who *kerneltest.User, role, permission string, reach kernelv1.RoleReach) error {
	t.Helper()
	_, err := kernelv1.NewRoleServiceClient(who.Conn).SetRoleRight(t.Context(), &kernelv1.SetRoleRightRequest{
		RoleId: role, Permission: permission, Reach: reach,
	})
	return err
}

// The module that gives roles runs in a process of its own, which has to hear of them.
func TestRolesAreChangedWhileThePortalRuns(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Processes: []string{accountmanager.ID}})
	head, manager := p.Head(t), p.Staff(t, "manager")
	client := p.Client(t, "Zerno Roastery")
	p.Serve(t, manager, client)
	roles := kernelv1.NewRoleServiceClient(head.Conn)
	suspend := func() error {
		_, err := clientmanagerv1.NewClientServiceClient(manager.Conn).SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: client})
		return err
	}
	const permission = "clientmanager.clients.suspend"

	t.Run("a right is given and taken at once", func(t *testing.T) {
		before, err := roles.GetRole(t.Context(), &kernelv1.GetRoleRequest{Id: "manager"})
		require.NoError(t, err)
		require.Equal(t, kernelv1.RoleOrigin_ROLE_ORIGIN_PRESET, before.GetRole().GetOrigin())
		require.NoError(t, setRight(t, head, "manager", permission, none))
		require.Equal(t, codes.PermissionDenied, status.Code(suspend()))
		require.NoError(t, setRight(t, head, "manager", permission, granted))
		require.NoError(t, suspend())
		require.NoError(t, setRight(t, head, "manager", permission, none))
		require.Equal(t, codes.PermissionDenied, status.Code(suspend()))
		listed, err := roles.ListRoleRights(t.Context(), &kernelv1.ListRoleRightsRequest{RoleId: "manager", Changed: true})
		require.NoError(t, err)
		require.Len(t, listed.GetRights(), 1)
		require.Equal(t, []any{permission, none, granted}, []any{
			listed.GetRights()[0].GetPermission(), listed.GetRights()[0].GetReach(), listed.GetRights()[0].GetPreset(),
		})
		_, err = roles.ResetRole(t.Context(), &kernelv1.ResetRoleRequest{Id: "manager"})
		require.NoError(t, err)
		require.NoError(t, suspend())
	})
	t.Run("a role of one's own", func(t *testing.T) {
		make := func(id, like, title string) error {
			_, err := roles.CreateRole(t.Context(), &kernelv1.CreateRoleRequest{Id: id, Like: like, Title: title})
			return err
		}
		require.NoError(t, make("auditor", "manager", "Auditor"))
		require.NoError(t, make("auditor", "manager", "Auditor"), "the same again")
		require.Equal(t, codes.AlreadyExists, status.Code(make("auditor", "manager", "Another")))
		require.Equal(t, codes.AlreadyExists, status.Code(make("head", "manager", "Another")))
		require.Equal(t, codes.NotFound, status.Code(make("king", "emperor", "King")))
		require.Equal(t, codes.InvalidArgument, status.Code(make("client.spy", "manager", "Spy")))
		require.Equal(t, codes.InvalidArgument, status.Code(make("spy", "client.director", "Spy")))
		require.Equal(t, codes.InvalidArgument, status.Code(make("Spy!", "manager", "Spy")))
		auditor := p.Staff(t, "auditor") // accountmanager knows of it
		p.Serve(t, auditor, p.Client(t, "Museum of Maps"))
		seen, err := clientmanagerv1.NewClientServiceClient(auditor.Conn).ListClients(t.Context(), &clientmanagerv1.ListClientsRequest{})
		require.NoError(t, err)
		require.Len(t, seen.GetClients(), 1)
		_, err = roles.RenameRole(t.Context(), &kernelv1.RenameRoleRequest{Id: "auditor"})
		require.Equal(t, codes.InvalidArgument, status.Code(err))
		_, err = roles.ResetRole(t.Context(), &kernelv1.ResetRoleRequest{Id: "auditor"})
		require.NoError(t, err)
		_, err = clientmanagerv1.NewClientServiceClient(auditor.Conn).ListClients(t.Context(), &clientmanagerv1.ListClientsRequest{})
		require.Equal(t, codes.PermissionDenied, status.Code(err), "a role that is gone opens nothing")
	})
	t.Run("another node changes it", func(t *testing.T) {
		query(t, p.DSN, `insert into kernel.role_change (id, staff, changes) values ('manager', true, '{"clientmanager.clients.suspend": ""}')`)
		require.Eventually(t, func() bool { return status.Code(suspend()) == codes.PermissionDenied }, 10*time.Second, 5*time.Millisecond)
		query(t, p.DSN, "delete from kernel.role_change")
		require.Eventually(t, func() bool { return suspend() == nil }, 10*time.Second, 5*time.Millisecond)
	})
	t.Run("the audit log has it", func(t *testing.T) {
		require.NoError(t, setRight(t, head, "manager", permission, none))
		listed, err := kernelv1.NewAuditServiceClient(head.Conn).ListAuditEntries(t.Context(), &kernelv1.ListAuditEntriesRequest{
			Method: kernelv1.RoleService_SetRoleRight_FullMethodName, PageSize: 1,
		})
		require.NoError(t, err)
		require.Len(t, listed.GetEntries(), 1)
		entry, err := kernelv1.NewAuditServiceClient(head.Conn).GetAuditEntry(t.Context(), &kernelv1.GetAuditEntryRequest{Id: listed.GetEntries()[0].GetId()})
		require.NoError(t, err)
		require.Equal(t, head.ID, entry.GetEntry().GetActorId())
		require.Len(t, entry.GetEntry().GetChanges(), 1)
		require.Equal(t, "granted", entry.GetEntry().GetChanges()[0].GetBefore())
		require.NoError(t, setRight(t, head, "manager", permission, granted))
	})
	t.Run("it is kept", func(t *testing.T) {
		require.NoError(t, setRight(t, head, "manager", permission, none))
		p = p.Restart(t)
		require.Equal(t, access.None, p.Policy().Given("manager")[permission])
		require.Equal(t, access.Granted, p.Policy().Given("manager")["clientmanager.clients.read"])
	})
}

func TestNobodyRaisesThemselves(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head := p.Head(t)
	director := p.Contact(t, p.Client(t, "Zerno Roastery"), "client.director")
	require.Equal(t, codes.PermissionDenied, status.Code(setRight(t, director, "client.director", "clientmanager.clients.update", granted)))

	// An office manager who may change roles, and little else.
	_, err := kernelv1.NewRoleServiceClient(head.Conn).CreateRole(t.Context(), &kernelv1.CreateRoleRequest{Id: "office", Like: "manager", Title: "Office"})
	require.NoError(t, err)
	require.NoError(t, setRight(t, head, "office", "kernel.roles.update", all))
	require.NoError(t, setRight(t, head, "office", "kernel.roles.read", all))
	office := p.Staff(t, "office")
	for name, c := range map[string]struct {
		role, permission string
		reach            kernelv1.RoleReach
	}{
		"what they have not":        {"office", "accountmanager.users.block", all},
		"further than they reach":   {"office", "clientmanager.clients.read", all},
		"to another role":           {"manager", "accountmanager.users.read", all},
		"from who has more":         {"head", "clientmanager.clients.read", granted},
		"a client's people, beyond": {"client.director", "kernel.roles.update", granted},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, codes.PermissionDenied, status.Code(setRight(t, office, c.role, c.permission, c.reach)))
		})
	}
	require.NoError(t, setRight(t, office, "manager", "clientmanager.clients.suspend", none), "what they have they may give and take")
	require.NoError(t, setRight(t, office, "manager", "clientmanager.clients.suspend", granted))

	require.Equal(t, codes.FailedPrecondition, status.Code(setRight(t, head, "head", "kernel.roles.update", none)), "from themselves")
	require.Equal(t, codes.InvalidArgument, status.Code(setRight(t, head, "client.director", "clientmanager.clients.read", all)), "contacts never reach all")
	require.Equal(t, codes.InvalidArgument, status.Code(setRight(t, head, "manager", "clientmanager.clients.burn", all)))
	require.Equal(t, codes.NotFound, status.Code(setRight(t, head, "emperor", "clientmanager.clients.read", all)))
	_, err = kernelv1.NewRoleServiceClient(p.Kernel()).ResetRole(t.Context(), &kernelv1.ResetRoleRequest{Id: "office"})
	require.NoError(t, err)
	_, err = kernelv1.NewRoleServiceClient(p.Kernel()).SetRoleRight(t.Context(), &kernelv1.SetRoleRightRequest{RoleId: "head", Permission: "kernel.roles.update", Reach: none})
	require.Equal(t, codes.FailedPrecondition, status.Code(err), "nobody would have it")
}

func TestRolesChangedAtOnce(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head := p.Head(t)
	given := p.Policy().Given("manager")
	names := []string{}
	for name := range given {
		names = append(names, name)
	}
	errs := kerneltest.AtOnce(len(names), func(i int) error { return setRight(t, head, "manager", names[i], none) })
	require.Equal(t, len(names), kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Empty(t, p.Policy().Given("manager"), "none is lost")
	_, err := accountmanagerv1.NewUserServiceClient(head.Conn).ListRoles(t.Context(), &accountmanagerv1.ListRolesRequest{})
	require.NoError(t, err)
}

// What contacts alone have, such as reading their own profile, is nobody's on the side of staff.
func TestHeadsChangeWhatContactsMay(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head := p.Head(t)
	client := p.Client(t, "Zerno Roastery")
	accountant := p.Contact(t, client, "client.accountant")
	agreements := func() error {
		_, err := clientmanagerv1.NewAgreementServiceClient(accountant.Conn).ListAgreements(t.Context(), &clientmanagerv1.ListAgreementsRequest{})
		return err
	}
	require.NoError(t, agreements())
	require.NoError(t, setRight(t, head, "client.accountant", "clientmanager.agreements.read", none))
	require.Equal(t, codes.PermissionDenied, status.Code(agreements()))
	require.NoError(t, setRight(t, head, "client.accountant", "clientmanager.agreements.read", granted))
	require.NoError(t, setRight(t, head, "client.accountant", "clientmanager.profile.update", granted), "contacts have it alone")
	require.NoError(t, agreements())
	require.Equal(t, codes.PermissionDenied, status.Code(setRight(t, head, "client.accountant", "clientmanager.clients.import", granted)), "it is for staff")
	require.Equal(t, codes.PermissionDenied, status.Code(setRight(t, head, "client", "accountmanager.users.block", granted)), "it is for staff")
}

func TestSeveralRightsAreSetTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head := p.Head(t)
	roles := kernelv1.NewRoleServiceClient(head.Conn)
	set := func(rights ...*kernelv1.RightToSet) error {
		_, err := roles.SetRoleRights(t.Context(), &kernelv1.SetRoleRightsRequest{RoleId: "manager", Rights: rights})
		return err
	}
	const suspend, imports = "clientmanager.clients.suspend", "clientmanager.clients.import"
	require.NoError(t, set(&kernelv1.RightToSet{Permission: suspend, Reach: none}, &kernelv1.RightToSet{Permission: imports, Reach: none}))
	require.Empty(t, p.Policy().Given("manager")[suspend])
	require.Empty(t, p.Policy().Given("manager")[imports])
	require.Equal(t, codes.InvalidArgument, status.Code(set(&kernelv1.RightToSet{Permission: suspend, Reach: granted}, &kernelv1.RightToSet{Permission: "no.such.thing", Reach: all})))
	require.Empty(t, p.Policy().Given("manager")[suspend], "nothing of it holds")

	matrix, err := roles.GetAccessMatrix(t.Context(), &kernelv1.GetAccessMatrixRequest{Staff: true})
	require.NoError(t, err)
	at := map[string]int{}
	for i, role := range matrix.GetRoles() {
		require.True(t, role.GetStaff())
		at[role.GetId()] = i
	}
	for _, row := range matrix.GetRows() {
		require.Len(t, row.GetRights(), len(matrix.GetRoles()), row.GetPermission())
		require.NotEqual(t, "clientmanager.profile.read", row.GetPermission(), "no staff could have it")
		for id, i := range at {
			require.Equal(t, id, row.GetRights()[i].GetRoleId())
			require.Equal(t, p.Policy().Given(id)[row.GetPermission()] == access.All, row.GetRights()[i].GetReach() == all)
		}
		if row.GetPermission() == suspend {
			require.Equal(t, []any{none, granted, true}, []any{row.GetRights()[at["manager"]].GetReach(), row.GetRights()[at["manager"]].GetPreset(), row.GetRights()[at["manager"]].GetChanged()})
		}
	}
	require.Contains(t, at, "head")
}
