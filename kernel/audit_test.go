package kernel_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

// bothWays runs a test with the modules in the portal's process, and in processes of their own: what is written is the same.
func bothWays(t *testing.T, config string, test func(t *testing.T, p *kerneltest.Portal)) {
	for name, processes := range map[string][]string{"in process": nil, "as processes": {clientmanager.ID, accountmanager.ID}} {
		t.Run(name, func(t *testing.T) {
			test(t, kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Processes: processes, Config: config}))
		})
	}
}

// entries are those that somebody sees, newest first.
func entries(t *testing.T, conn grpc.ClientConnInterface, r *kernelv1.ListAuditEntriesRequest) []*kernelv1.AuditEntry {
	t.Helper()
	response, err := kernelv1.NewAuditServiceClient(conn).ListAuditEntries(t.Context(), r)
	require.NoError(t, err)
	return response.GetEntries()
}

func summaries(list []*kernelv1.AuditEntry) []string {
	var out []string
	for _, e := range list {
		out = append(out, e.GetSummary())
	}
	return out
}

func at(u *kerneltest.User, p *kerneltest.Portal, t *testing.T) grpc.ClientConnInterface {
	who := u.Principal(t)
	who.Place = access.Place{Address: "192.0.2.7", Device: "Firefox · Linux"}
	return p.Router().As(who)
}

func rename(t *testing.T, conn grpc.ClientConnInterface, id, phone, note string) {
	t.Helper()
	_, err := clientmanagerv1.NewClientServiceClient(conn).UpdateClient(t.Context(), &clientmanagerv1.UpdateClientRequest{
		Client: &clientmanagerv1.Client{Id: id, Phone: phone, Note: note}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"phone", "note"}},
	})
	require.NoError(t, err)
}

// Who did what to what, with before and after, in the reader's language; and each reader sees what is theirs to see.
func TestAudit(t *testing.T) {
	bothWays(t, "", func(t *testing.T, p *kerneltest.Portal) {
		acme, other := p.Client(t, "Acme"), p.Client(t, "Other")
		head, manager := p.Head(t), p.Staff(t, "manager")
		p.Serve(t, manager, acme)
		contact, stranger := p.Contact(t, acme, "client.director"), p.Contact(t, other, "client.director")
		rename(t, at(manager, p, t), acme, "+380445550142", "pays late")
		rename(t, at(head, p, t), other, "+380445550143", "")

		// The manager's change, as the head reads it.
		list := entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{ActorId: manager.ID, Method: clientmanagerv1.ClientService_UpdateClient_FullMethodName})
		require.Len(t, list, 1)
		e := list[0]
		require.Equal(t, manager.Name+" changed a client: Acme — Phone and Note", e.GetSummary())
		require.Equal(t, kernelv1.AuditActor_AUDIT_ACTOR_STAFF, e.GetActorKind())
		require.Equal(t, acme, e.GetClientId())
		require.Equal(t, "cabinet.clientmanager.v1.Client", e.GetResourceType())
		require.Equal(t, acme, e.GetResourceId())
		require.Equal(t, manager.SessionID, e.GetSessionId())
		require.WithinDuration(t, time.Now(), e.GetTime().AsTime(), time.Minute)
		got, err := kernelv1.NewAuditServiceClient(head.Conn).GetAuditEntry(t.Context(), &kernelv1.GetAuditEntryRequest{Id: e.GetId()})
		require.NoError(t, err)
		require.Equal(t, "192.0.2.7", got.GetEntry().GetAddress())
		require.Equal(t, "Firefox · Linux", got.GetEntry().GetDevice())
		require.Len(t, got.GetEntry().GetChanges(), 2)
		require.Equal(t, "", got.GetEntry().GetChanges()[0].GetBefore())
		require.Equal(t, "+380445550142", got.GetEntry().GetChanges()[0].GetAfter())
		require.Equal(t, "pays late", got.GetEntry().GetChanges()[1].GetAfter())

		// In another language.
		ctx := metadata.AppendToOutgoingContext(t.Context(), "accept-language", "uk")
		uk, err := kernelv1.NewAuditServiceClient(head.Conn).GetAuditEntry(ctx, &kernelv1.GetAuditEntryRequest{Id: e.GetId()})
		require.NoError(t, err)
		require.Equal(t, manager.Name+": змінено клієнта: Acme — Телефон і Нотатка", uk.GetEntry().GetSummary())

		// A manager sees what concerns their clients, and nothing else.
		for _, e := range entries(t, manager.Conn, &kernelv1.ListAuditEntriesRequest{PageSize: 200}) {
			require.Equal(t, acme, e.GetClientId(), e.GetSummary())
		}
		require.Empty(t, entries(t, manager.Conn, &kernelv1.ListAuditEntriesRequest{ClientId: other}))
		foreign := entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{ClientId: other, Method: clientmanagerv1.ClientService_UpdateClient_FullMethodName})
		require.Len(t, foreign, 1)
		_, err = kernelv1.NewAuditServiceClient(manager.Conn).GetAuditEntry(t.Context(), &kernelv1.GetAuditEntryRequest{Id: foreign[0].GetId()})
		require.Equal(t, codes.NotFound, status.Code(err))

		// The client sees what was done to it, without what is for staff; another client's contact sees none of it.
		own := kernelv1.NewAuditServiceClient(contact.Conn)
		mine, err := own.ListActivities(t.Context(), &kernelv1.ListActivitiesRequest{PageSize: 200})
		require.NoError(t, err)
		require.Contains(t, summaries(mine.GetActivities()), manager.Name+" changed a client: Acme — Phone")
		require.Contains(t, summaries(mine.GetActivities()), contact.Name+" accepted an invitation")
		for _, e := range mine.GetActivities() {
			require.Equal(t, acme, e.GetClientId())
			require.Empty(t, e.GetAddress()+e.GetDevice()+e.GetMethod()+e.GetSessionId())
		}
		shown, err := own.GetActivity(t.Context(), &kernelv1.GetActivityRequest{Id: e.GetId()})
		require.NoError(t, err)
		require.Len(t, shown.GetActivity().GetChanges(), 1, "the note is for staff")
		require.NotContains(t, shown.String(), "pays late")
		require.NotContains(t, shown.String(), "192.0.2.7")
		_, err = kernelv1.NewAuditServiceClient(stranger.Conn).GetActivity(t.Context(), &kernelv1.GetActivityRequest{Id: e.GetId()})
		require.Equal(t, codes.NotFound, status.Code(err))
		theirs, err := kernelv1.NewAuditServiceClient(stranger.Conn).ListActivities(t.Context(), &kernelv1.ListActivitiesRequest{PageSize: 200})
		require.NoError(t, err)
		for _, e := range theirs.GetActivities() {
			require.Equal(t, other, e.GetClientId())
		}
		_, err = own.ListAuditEntries(t.Context(), &kernelv1.ListAuditEntriesRequest{})
		require.Equal(t, codes.PermissionDenied, status.Code(err))
	})
}

// What leaves an entry, and what leaves none.
func TestAuditSaysWhatWasDone(t *testing.T) {
	bothWays(t, "", func(t *testing.T, p *kerneltest.Portal) {
		acme, head := p.Client(t, "Acme"), p.Head(t)
		count := func(method string) int {
			return len(entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{Method: method, PageSize: 200}))
		}
		const update = clientmanagerv1.ClientService_UpdateClient_FullMethodName
		rename(t, head.Conn, acme, "+380445550142", "")
		require.Equal(t, 1, count(update))
		rename(t, head.Conn, acme, "+380445550142", "")
		require.Equal(t, 1, count(update), "what changed nothing is no deed")

		_, err := clientmanagerv1.NewClientServiceClient(head.Conn).UpdateClient(t.Context(), &clientmanagerv1.UpdateClientRequest{
			Client: &clientmanagerv1.Client{Id: acme, Phone: "nonsense"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"phone"}},
		})
		require.Equal(t, codes.InvalidArgument, status.Code(err))
		require.Equal(t, 1, count(update), "what was rolled back was not done")

		create := &clientmanagerv1.CreateContactRequest{RequestId: store.NewID(), Contact: &clientmanagerv1.Contact{ClientId: acme, Name: "Iryna"}}
		for range 2 {
			_, err = clientmanagerv1.NewContactServiceClient(head.Conn).CreateContact(t.Context(), create)
			require.NoError(t, err)
		}
		list := entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{Method: clientmanagerv1.ContactService_CreateContact_FullMethodName})
		require.Equal(t, []string{head.Name + " added a contact: Iryna"}, summaries(list), "once, and named by the answer")
		require.Equal(t, acme, list[0].GetClientId())
		_, err = clientmanagerv1.NewContactServiceClient(head.Conn).DeleteContact(t.Context(), &clientmanagerv1.DeleteContactRequest{Id: list[0].GetResourceId()})
		require.NoError(t, err)
		gone := entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{Method: clientmanagerv1.ContactService_DeleteContact_FullMethodName})
		require.Equal(t, []string{head.Name + " removed a contact — Name"}, summaries(gone))
		require.Equal(t, list[0].GetResourceId(), gone[0].GetResourceId())
		require.Equal(t, "cabinet.clientmanager.v1.Contact", gone[0].GetResourceType(), "as the method's name says")
		require.Equal(t, acme, gone[0].GetClientId())

		// Somebody acts as another: both are told.
		as := head.Principal(t)
		as.ActedBy, as.MayWrite = p.Staff(t, "manager").ID, true
		rename(t, p.Router().As(as), acme, "+380445550144", "")
		both := entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{Method: update})[0]
		require.Equal(t, head.ID, both.GetActorId())
		require.Equal(t, both.GetActedBy()+" as "+head.Name+" changed a client: Acme — Phone", both.GetSummary())

		// Sign-ins: who came, who did not, and that nothing is kept of what was typed.
		identity := kernelv1.NewIdentityServiceClient(p.Kernel())
		contact := p.Contact(t, acme, "client.director")
		const signIn = kernelv1.IdentityService_SignIn_FullMethodName
		signed, err := identity.SignIn(t.Context(), &kernelv1.SignInRequest{Login: contact.Email, Password: kerneltest.Password})
		require.NoError(t, err)
		_, err = identity.SignIn(t.Context(), &kernelv1.SignInRequest{Login: contact.Email, Password: "a wrong password"})
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		_, err = identity.SignIn(t.Context(), &kernelv1.SignInRequest{Login: "nobody@example.com", Password: "a wrong password"})
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		require.Equal(t, []string{"Somebody could not sign in", "Somebody could not sign in: " + contact.Name, contact.Name + " signed in"},
			summaries(entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{Method: signIn})))
		require.Equal(t, "The password was wrong", entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{Method: signIn})[0].GetReason())
		require.Empty(t, query(t, p.DSN, "select 1 from kernel.audit_detail where changes::text like '%wrong password%' or changes::text like '%nobody@%'"))
		in := entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{Method: signIn, ActorId: contact.ID})
		require.Len(t, in, 1)
		require.Equal(t, acme, in[0].GetClientId(), "it concerns the client")
		_, err = identity.SignOut(t.Context(), &kernelv1.SignOutRequest{SessionToken: signed.GetSessionToken()})
		require.NoError(t, err)
		require.Equal(t, []string{contact.Name + " signed out"},
			summaries(entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{Method: kernelv1.IdentityService_SignOut_FullMethodName})))

		// A password is changed: that is told, and not which.
		_, err = accountmanagerv1.NewMeServiceClient(contact.Conn).ChangePassword(t.Context(), &accountmanagerv1.ChangePasswordRequest{
			PresentPassword: kerneltest.Password, NewPassword: "another horse battery",
		})
		require.NoError(t, err)
		require.Equal(t, []string{contact.Name + " changed their password"},
			summaries(entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{Method: accountmanagerv1.MeService_ChangePassword_FullMethodName})))

		// What a module does for what it heard is the module's.
		_, err = clientmanagerv1.NewClientServiceClient(head.Conn).SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: acme})
		require.NoError(t, err)
		require.Eventually(t, func() bool { return count("accountmanager.follow-clients") == 1 }, 20*time.Second, 20*time.Millisecond)
		heard := entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{Method: "accountmanager.follow-clients"})[0]
		require.Equal(t, kernelv1.AuditActor_AUDIT_ACTOR_MODULE, heard.GetActorKind())
		require.Equal(t, acme, heard.GetClientId())
	})
}

// Roles: who gave whom what.
func TestAuditOfRoles(t *testing.T) {
	bothWays(t, "", func(t *testing.T, p *kerneltest.Portal) {
		head, manager := p.Head(t), p.Staff(t, "manager")
		_, err := accountmanagerv1.NewUserServiceClient(head.Conn).UpdateUser(t.Context(), &accountmanagerv1.UpdateUserRequest{
			User: &accountmanagerv1.User{Id: manager.ID, Roles: []string{"head"}}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"roles"}},
		})
		require.NoError(t, err)
		list := entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{ResourceId: manager.ID, Method: accountmanagerv1.UserService_UpdateUser_FullMethodName})
		require.Equal(t, []string{head.Name + " changed a user: " + manager.Name + " — Roles"}, summaries(list))
		require.Equal(t, head.ID, list[0].GetActorId(), "though the module wrote it as itself")
		got, err := kernelv1.NewAuditServiceClient(head.Conn).GetAuditEntry(t.Context(), &kernelv1.GetAuditEntryRequest{Id: list[0].GetId()})
		require.NoError(t, err)
		require.Equal(t, "Manager", got.GetEntry().GetChanges()[0].GetBefore())
		require.Equal(t, "Head", got.GetEntry().GetChanges()[0].GetAfter())
	})
}

// Refusals of what would have changed something are written, a few for each person.
func TestAuditOfRefusals(t *testing.T) {
	clock := kerneltest.NewClock(time.Now().Truncate(time.Minute))
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Clock: clock})
	acme, head := p.Client(t, "Acme"), p.Head(t)
	contact := p.Contact(t, acme, "client.director")
	suspend := func() {
		_, err := clientmanagerv1.NewClientServiceClient(contact.Conn).SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: acme})
		require.Equal(t, codes.PermissionDenied, status.Code(err))
	}
	_, err := clientmanagerv1.NewClientServiceClient(contact.Conn).ListClients(t.Context(), &clientmanagerv1.ListClientsRequest{})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "reading is not dangerous")
	for range 30 {
		suspend()
	}
	refused := &kernelv1.ListAuditEntriesRequest{Outcome: kernelv1.AuditOutcome_AUDIT_OUTCOME_REFUSED, PageSize: 200}
	list := entries(t, head.Conn, refused)
	require.Len(t, list, 20)
	require.Equal(t, "Refused · "+contact.Name+" suspended a client: Acme", list[0].GetSummary())
	require.Equal(t, "It is for staff", list[0].GetReason())
	require.Equal(t, contact.ID, list[0].GetActorId())
	clock.Move(time.Minute)
	suspend()
	require.Len(t, entries(t, head.Conn, refused), 21)

	mine, err := kernelv1.NewAuditServiceClient(contact.Conn).ListActivities(t.Context(), &kernelv1.ListActivitiesRequest{PageSize: 200})
	require.NoError(t, err)
	for _, e := range mine.GetActivities() {
		require.Equal(t, kernelv1.AuditOutcome_AUDIT_OUTCOME_DONE, e.GetOutcome())
	}
}

// The pages of a list come one after the other, whole, in order, while more is written.
func TestAuditPages(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	acme, head, manager := p.Client(t, "Acme"), p.Head(t), p.Staff(t, "manager")
	p.Serve(t, manager, acme)
	for i := range 23 {
		rename(t, head.Conn, acme, fmt.Sprintf("+3804455501%02d", i), "")
	}
	for _, who := range []*kerneltest.User{head, manager} {
		r := &kernelv1.ListAuditEntriesRequest{Method: clientmanagerv1.ClientService_UpdateClient_FullMethodName, PageSize: 5}
		seen := map[string]bool{}
		last := time.Now().Add(time.Hour)
		before := len(entries(t, who.Conn, &kernelv1.ListAuditEntriesRequest{Method: r.GetMethod(), PageSize: 200}))
		for {
			response, err := kernelv1.NewAuditServiceClient(who.Conn).ListAuditEntries(t.Context(), r)
			require.NoError(t, err)
			for _, e := range response.GetEntries() {
				require.False(t, seen[e.GetId()])
				require.False(t, e.GetTime().AsTime().After(last))
				seen[e.GetId()], last = true, e.GetTime().AsTime()
			}
			if r.PageToken = response.GetNextPageToken(); r.GetPageToken() == "" {
				break
			}
			rename(t, head.Conn, acme, fmt.Sprintf("+3804455502%02d", len(seen)), who.Name)
		}
		require.Len(t, seen, before)
	}
	today := time.Now().UTC().Format(time.DateOnly)
	require.NotEmpty(t, entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{FromDate: today, ToDate: today}))
	require.Empty(t, entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{ToDate: "2020-01-01"}))
	_, err := kernelv1.NewAuditServiceClient(head.Conn).ListAuditEntries(t.Context(), &kernelv1.ListAuditEntriesRequest{FromDate: "2026-02-30"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

// Retention and erasure: entries stay as long as portal.yaml says, what they hold of people not so long.
func TestAuditRetention(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Config: "audit: {days: 60, detail_days: 10}"})
	acme, head := p.Client(t, "Acme"), p.Head(t)
	rename(t, at(head, p, t), acme, "+380445550142", "")
	n := func(table string) string { return query(t, p.DSN, "select count(*) from kernel."+table)[0] }
	all, details := n("audit_entry"), n("audit_detail")
	require.NotEqual(t, "0", details)
	db, now := p.Store(), time.Now()
	gone, err := db.SweepAudit(t.Context(), now.AddDate(0, 0, -60), now.AddDate(0, 0, -10))
	require.NoError(t, err)
	require.Zero(t, gone)
	_, err = db.SweepAudit(t.Context(), now, now)
	require.Error(t, err, "a mistaken clock takes nothing")
	require.Equal(t, details, n("audit_detail"))

	query(t, p.DSN, `set session_replication_role = replica; update kernel.audit_entry set time = time - interval '20 days';
		update kernel.audit_detail set time = time - interval '20 days'`)
	sweep := func() {
		_, err := kernelv1.NewEventServiceClient(head.Conn).RunSchedule(t.Context(), &kernelv1.RunScheduleRequest{RequestId: store.NewID(), Name: "kernel.keep-house"})
		require.NoError(t, err)
	}
	sweep()
	require.NotEmpty(t, entries(t, head.Conn, &kernelv1.ListAuditEntriesRequest{Method: kernelv1.EventService_RunSchedule_FullMethodName}))
	require.Eventually(t, func() bool { return n("audit_detail") == "1" }, 20*time.Second, 20*time.Millisecond)
	require.Equal(t, all, query(t, p.DSN, "select count(*) - 1 from kernel.audit_entry")[0], "what was done stays, and that it was swept by hand is new")
	query(t, p.DSN, `set session_replication_role = replica; update kernel.audit_entry set time = time - interval '50 days'`)
	sweep()
	require.Eventually(t, func() bool { return n("audit_entry") == "2" }, 20*time.Second, 20*time.Millisecond)
}

func TestAuditErasure(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	acme, other, head := p.Client(t, "Acme"), p.Client(t, "Other"), p.Head(t)
	rename(t, head.Conn, acme, "+380445550142", "")
	rename(t, head.Conn, other, "+380445550143", "")
	all := query(t, p.DSN, "select count(*) from kernel.audit_entry")
	_, err := p.Store().EraseAudit(t.Context(), acme)
	require.NoError(t, err)
	require.Equal(t, all, query(t, p.DSN, "select count(*) from kernel.audit_entry"))
	require.Empty(t, query(t, p.DSN, "select 1 from kernel.audit_detail where changes::text like '%550142%'"))
	require.Len(t, query(t, p.DSN, "select 1 from kernel.audit_detail where changes::text like '%550143%'"), 1)
	_, err = p.Store().EraseAudit(t.Context(), head.ID)
	require.NoError(t, err)
	require.Empty(t, query(t, p.DSN, "select 1 from kernel.audit_detail where changes::text like '%550143%'"))
}

// Nobody rewrites the log: not the kernel's own owner by mistake, and no module.
func TestAuditIsOnlyAddedTo(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	p.Client(t, "Acme")
	pool := p.Store().Pool()
	for _, sql := range []string{
		"update kernel.audit_entry set actor_id = null", "delete from kernel.audit_entry", "truncate kernel.audit_entry",
		"update kernel.audit_detail set changes = '[]'", "delete from kernel.audit_detail", "truncate kernel.audit_detail",
	} {
		_, err := pool.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "the audit log is only added to", sql)
	}
	roles := query(t, p.DSN, "select rolname from pg_roles where rolname like 'cab\\_kerneltest\\_%'")
	require.Greater(t, len(roles), 10)
	for _, role := range roles {
		if role == "cab_kerneltest_kernel" {
			continue
		}
		may := query(t, p.DSN, fmt.Sprintf(`select t || ' ' || what from unnest(array['kernel.audit_entry', 'kernel.audit_detail']) t,
			unnest(array['insert', 'update', 'delete', 'truncate', 'references', 'trigger']) what where has_table_privilege('%s', t, what)`, role))
		require.Empty(t, may, role)
		reads := query(t, p.DSN, fmt.Sprintf(`select 1 where has_table_privilege('%s', 'kernel.audit_entry', 'select')`, role))
		require.Equal(t, strings.HasPrefix(role, "cab_kerneltest_audit_") && !strings.HasSuffix(role, "owner"), len(reads) == 1, role)
		for _, f := range []string{"audit_sweep(timestamptz,timestamptz,int)", "audit_erase(uuid)", "audit_refused(text,text)", "change(text)", "audit_open(text)"} {
			require.Empty(t, query(t, p.DSN, fmt.Sprintf(`select 1 where has_function_privilege('%s', 'kernel.%s', 'execute')`, role, f)), "%s may %s", role, f)
		}
	}
}

// A call that ends in a panic, or whose caller leaves, leaves its effect and its entry, or neither.
func TestAuditAndEffectAreOne(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	acme, head := p.Client(t, "Acme"), p.Head(t)
	clients := clientmanagerv1.NewClientServiceClient(at(head, p, t))
	for i := range 40 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*200*time.Microsecond)
		// However it ends: nobody knows for some of them.
		_, _ = clients.UpdateClient(ctx, &clientmanagerv1.UpdateClientRequest{
			Client: &clientmanagerv1.Client{Id: acme, Code: fmt.Sprintf("C-%d", i)}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"code"}},
		})
		cancel()
	}
	require.Eventually(t, func() bool {
		return query(t, p.DSN, "select revision - 1 from clientmanager.clients where id = '"+acme+"'")[0] ==
			query(t, p.DSN, "select count(*) from kernel.audit_entry where resource_id = '"+acme+"' and method like '%UpdateClient'")[0]
	}, 10*time.Second, 20*time.Millisecond)
}
