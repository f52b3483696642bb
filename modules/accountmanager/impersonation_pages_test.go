package accountmanager_test

import (
	"bufio"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

const notified = `
modules: {accountmanager: {settings: {letters: module, impersonation: {notify: true}}}}
roles:
  deputy:
    title: {en: Deputy, uk: Заступник, ru: Заместитель}
    staff: true
    permissions:
      accountmanager.users.impersonate: granted
      accountmanager.users.act_as: granted
      accountmanager.memberships.read: granted
      clientmanager.clients.read: granted
`

// everywhere runs a test with the modules in the portal's process, and in processes of their own.
func everywhere(t *testing.T, f func(t *testing.T, p *kerneltest.Portal, clock *kerneltest.Clock)) {
	t.Helper()
	for name, processes := range map[string][]string{"in process": nil, "as processes": {"accountmanager", "clientmanager"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := kerneltest.NewClock(time.Now())
			f(t, kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Config: notified, Processes: processes, Clock: clock}), clock)
		})
	}
}

var field = regexp.MustCompile(`name="([a-z_]+)"[^>]*value="([^"]*)"`)

// formOf are the hidden and prefilled values of a page's main form.
func formOf(t *testing.T, body string) url.Values {
	t.Helper()
	_, main, _ := strings.Cut(body, `id="main"`)
	_, form, found := strings.Cut(main, "<form")
	require.True(t, found, "the page has no form")
	form, _, _ = strings.Cut(form, "</form>")
	values := url.Values{}
	for _, m := range field.FindAllStringSubmatch(form, -1) {
		values.Set(m[1], html.UnescapeString(m[2]))
	}
	return values
}

func TestPagesAsADirector(t *testing.T) {
	everywhere(t, func(t *testing.T, p *kerneltest.Portal, clock *kerneltest.Clock) {
		roastery, museum := p.Client(t, "Zerno Roastery"), p.Client(t, "Lviv Museum")
		director, manager, head := p.Contact(t, roastery, "client.director"), p.Staff(t, "manager"), p.Head(t)
		p.Serve(t, manager, roastery)
		membership := p.Membership(t, director)

		// The way in is on the client's page, and on its list of people; the form asks why.
		require.Contains(t, manager.Get(t, "/clients/"+roastery+"?tab=accountmanager.memberships").Body, "/clients/"+roastery+"/view-as")
		require.Contains(t, manager.Get(t, "/clients/"+roastery+"/people").Body, "/clients/"+roastery+"/view-as?membership_id="+membership)
		require.NotContains(t, manager.Get(t, "/clients/"+roastery+"/people").Body, "/act-as", "no role of theirs lets them act")
		require.Equal(t, http.StatusForbidden, manager.Get(t, "/clients/"+roastery+"/act-as").Status)
		way := "/clients/" + roastery + "/view-as"
		page := manager.Get(t, way+"?membership_id="+membership)
		require.Equal(t, http.StatusOK, page.Status)
		require.Contains(t, page.Body, director.Name)
		form := formOf(t, page.Body)
		form.Set("membership_id", membership)
		empty := manager.Post(t, way, form)
		require.Equal(t, http.StatusUnprocessableEntity, empty.Status)
		form.Set("reason", "cannot find the act")
		require.Equal(t, http.StatusNotFound, manager.Post(t, "/clients/"+museum+"/view-as", form).Status, "a client that is not theirs")

		// Later than ten minutes after they came in, they show that it is them first, and go on from there.
		clock.Move(11 * time.Minute)
		asked := manager.Post(t, way, form)
		require.Equal(t, http.StatusForbidden, asked.Status)
		proof := formOf(t, asked.Body)
		proof.Set("password", kerneltest.Password)
		begun := manager.Post(t, "/prove", proof)
		require.Equal(t, http.StatusSeeOther, begun.Status, begun.Body)
		require.Equal(t, "/", begun.Location())

		as := p.User(t, manager.Token)
		as.HTTP = manager.HTTP
		require.Equal(t, director.ID, as.ID)
		for _, path := range []string{"/", "/company", "/company/people", "/no/such/page", "/people", "/settings", "/company/invite"} {
			body := as.Get(t, path).Body
			require.Contains(t, body, `class="banner"`, path)
			require.Contains(t, body, "You see the portal as "+director.Name+", Zerno Roastery.", path)
			require.Contains(t, body, "cannot find the act", path)
			require.Contains(t, body, `action="/view-as/end"`, path)
		}
		people := as.Get(t, "/company/people")
		require.Equal(t, http.StatusOK, people.Status)
		require.NotContains(t, people.Body, "/company/invite", "what cannot be done is not offered")
		require.NotContains(t, people.Body, `href="/settings"`, "what is the director's own is not shown")

		// Nothing is changed, and it is said why.
		csrf := as.CSRF(t)
		for _, path := range []string{"/company/invite", "/company/edit", "/actions/accountmanager.own_memberships/end", "/settings", "/settings/password", "/settings/second-factor/start"} {
			sent := as.Post(t, path, url.Values{"csrf": {csrf}, "name": {"Mole"}, "email": {"mole@example.com"}, "role": {"client.director"}, "id": {membership},
				"present_password": {kerneltest.Password}, "new_password": {"another long one"}, "confirmed": {"1"}, "request_id": {store.NewID()}})
			require.Equal(t, http.StatusForbidden, sent.Status, path)
			require.Contains(t, sent.Body, "You only look", path)
		}
		shown := as.Get(t, "/company/invite")
		require.Equal(t, http.StatusForbidden, shown.Status)
		require.Contains(t, shown.Body, "You only look")
		own := as.Get(t, "/settings/sessions")
		require.Equal(t, http.StatusForbidden, own.Status)
		require.Contains(t, own.Body, "Only they can do this themselves")
		require.Equal(t, http.StatusForbidden, as.Post(t, "/prove", proof).Status, "no proof is taken from who acts as another")
		// A form that was shown to the manager does not go as the director.
		require.Equal(t, http.StatusForbidden, manager.Post(t, "/company/invite", url.Values{"name": {"Mole"}}).Status)

		// Pages that ask by themselves do not prolong it, and what is over is over: a form of then is not sent as the manager.
		clock.Move(29 * time.Minute)
		require.Equal(t, http.StatusOK, as.Get(t, "/company/people").Status)
		clock.Move(2 * time.Minute)
		late := as.Post(t, "/company/invite", url.Values{"csrf": {csrf}, "name": {"Mole"}})
		require.Equal(t, http.StatusForbidden, late.Status)
		require.Contains(t, late.Body, "You act as yourself again")
		require.NotContains(t, late.Body, `class="banner"`)
		home := manager.Get(t, "/company/people")
		if home.Status == http.StatusSeeOther {
			require.Equal(t, "/", home.Location())
		}
		require.Contains(t, manager.Get(t, "/clients").Body, "Zerno Roastery", "without signing in again")

		// Heads see who it was, the director reads it in their own log, and the audit log has both.
		list := head.Get(t, "/people/impersonations")
		require.Equal(t, http.StatusOK, list.Status)
		require.Contains(t, list.Body, manager.Name)
		require.Contains(t, list.Body, director.Name)
		require.Contains(t, list.Body, "Time was over")
		require.Equal(t, http.StatusForbidden, manager.Get(t, "/people/impersonations").Status)
		activities, err := kernelv1.NewAuditServiceClient(director.Conn).ListActivities(t.Context(), &kernelv1.ListActivitiesRequest{})
		require.NoError(t, err)
		var said []string
		for _, a := range activities.GetActivities() {
			said = append(said, a.GetSummary())
		}
		require.Contains(t, said, manager.Name+" began to see the portal as a person of a client: "+director.Name)
		refused, err := kernelv1.NewAuditServiceClient(head.Conn).ListAuditEntries(t.Context(), &kernelv1.ListAuditEntriesRequest{
			Method: accountmanagerv1.MembershipService_DeleteMembership_FullMethodName, Outcome: kernelv1.AuditOutcome_AUDIT_OUTCOME_REFUSED,
		})
		require.NoError(t, err)
		require.Len(t, refused.GetEntries(), 1)
		require.Equal(t, manager.Name, refused.GetEntries()[0].GetActedBy())
		require.Equal(t, director.Name, refused.GetEntries()[0].GetActor())
		require.Equal(t, "They only looked", refused.GetEntries()[0].GetReason())
	})
}

func TestActingOnPages(t *testing.T) {
	everywhere(t, func(t *testing.T, p *kerneltest.Portal, _ *kerneltest.Clock) {
		roastery := p.Client(t, "Zerno Roastery")
		director, deputy := p.Contact(t, roastery, "client.director"), p.Staff(t, "deputy")
		p.Serve(t, deputy, roastery)
		way := "/clients/" + roastery + "/act-as?membership_id=" + p.Membership(t, director)
		form := formOf(t, deputy.Get(t, way).Body)
		form.Set("membership_id", p.Membership(t, director))
		form.Set("reason", "cannot find the act")
		require.Equal(t, http.StatusUnprocessableEntity, deputy.Post(t, way, form).Status, "why act, and not only look?")
		form.Set("act_reason", "asked by phone to invite")
		require.Equal(t, http.StatusSeeOther, deputy.Post(t, way, form).Status)

		as := p.User(t, deputy.Token)
		as.HTTP = deputy.HTTP
		require.Contains(t, as.Get(t, "/").Body, "You act as "+director.Name+", Zerno Roastery.")
		sent := as.Post(t, "/company/invite", url.Values{"name": {"Ann"}, "email": {"ann@example.com"}, "role": {"client.accountant"}, "request_id": {store.NewID()}})
		require.Equal(t, http.StatusOK, sent.Status, sent.Body)
		own := as.Post(t, "/settings/password", url.Values{"present_password": {kerneltest.Password}, "new_password": {"another long one"}})
		require.Equal(t, http.StatusForbidden, own.Status)
		require.Contains(t, own.Body, "Only they can do this themselves")

		// The director reads both names in their own log.
		activities, err := kernelv1.NewAuditServiceClient(director.Conn).ListActivities(t.Context(), &kernelv1.ListActivitiesRequest{})
		require.NoError(t, err)
		var said []string
		for _, a := range activities.GetActivities() {
			said = append(said, a.GetSummary())
		}
		require.Contains(t, strings.Join(said, "\n"), deputy.Name+" as "+director.Name+" invited a person of a client")

		ended := as.Post(t, "/view-as/end", nil)
		require.Equal(t, http.StatusSeeOther, ended.Status)
		require.Equal(t, "/clients/"+roastery+"/people", ended.Location())
		require.NotContains(t, deputy.Get(t, "/").Body, `class="banner"`)
	})
}

// Two browsers, or two tabs: one ends it while the other writes. What is answered as done was done as both; what comes
// after the end is done as nobody.
func TestEndingWhileWriting(t *testing.T) {
	everywhere(t, func(t *testing.T, p *kerneltest.Portal, _ *kerneltest.Clock) {
		roastery := p.Client(t, "Zerno Roastery")
		director, deputy, head := p.Contact(t, roastery, "client.director"), p.Staff(t, "deputy"), p.Head(t)
		p.Serve(t, deputy, roastery)
		_, err := accountmanagerv1.NewImpersonationServiceClient(deputy.Conn).ActAs(t.Context(), &accountmanagerv1.ActAsRequest{
			MembershipId: p.Membership(t, director), Reason: "cannot find the act", ActReason: "asked by phone",
		})
		require.NoError(t, err)
		as := p.User(t, deputy.Token)
		as.CSRF(t)
		tab := p.User(t, deputy.Token) // another tab, with a cookie of its own
		tab.CSRF(t)
		made := make([]bool, 6)
		_ = kerneltest.AtOnce(len(made)+1, func(i int) error {
			if i == len(made) {
				tab.Post(t, "/view-as/end", nil)
				return nil
			}
			_, err := accountmanagerv1.NewInvitationServiceClient(as.Conn).CreateInvitation(t.Context(), &accountmanagerv1.CreateInvitationRequest{
				RequestId: store.NewID(), Name: "Ann", Email: "ann" + string(rune('a'+i)) + "@example.com", Role: "client.accountant",
			})
			made[i] = err == nil
			return err
		})
		done := 0
		for _, ok := range made {
			if ok {
				done++
			}
		}
		entries, err := kernelv1.NewAuditServiceClient(head.Conn).ListAuditEntries(t.Context(), &kernelv1.ListAuditEntriesRequest{
			Method: accountmanagerv1.InvitationService_CreateInvitation_FullMethodName, ActorId: director.ID, Outcome: kernelv1.AuditOutcome_AUDIT_OUTCOME_DONE,
		})
		require.NoError(t, err)
		require.Len(t, entries.GetEntries(), done)
		for _, e := range entries.GetEntries() {
			require.Equal(t, deputy.Name, e.GetActedBy())
		}
		_, err = accountmanagerv1.NewInvitationServiceClient(as.Conn).CreateInvitation(t.Context(), &accountmanagerv1.CreateInvitationRequest{
			RequestId: store.NewID(), Name: "Ann", Email: "late@example.com", Role: "client.accountant",
		})
		require.Equal(t, codes.PermissionDenied, status.Code(err), "%v", err)
	})
}

// Whoever is dismissed sees nothing more within a second, and the stream of live updates is at its end at once.
func TestADismissedManagerLooksNoMore(t *testing.T) {
	everywhere(t, func(t *testing.T, p *kerneltest.Portal, _ *kerneltest.Clock) {
		roastery := p.Client(t, "Zerno Roastery")
		director, manager, other, head := p.Contact(t, roastery, "client.director"), p.Staff(t, "manager"), p.Staff(t, "manager"), p.Head(t)
		p.Serve(t, manager, roastery)
		opened := func(u *kerneltest.User) <-chan string {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL()+"/live", nil)
			require.NoError(t, err)
			response, err := u.HTTP.Do(r)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, response.StatusCode)
			t.Cleanup(func() { _ = response.Body.Close() })
			over := make(chan string, 1)
			go func() {
				for lines := bufio.NewScanner(response.Body); lines.Scan(); {
					if strings.HasPrefix(lines.Text(), "event: over") {
						over <- lines.Text()
						return
					}
				}
				over <- "closed"
			}()
			return over
		}
		within := func(over <-chan string, what string) {
			t.Helper()
			select {
			case <-over:
			case <-time.After(5 * time.Second):
				require.Fail(t, "a stream stays open", what)
			}
		}
		before := opened(manager)
		as := p.ViewAs(t, manager, director)
		within(before, "of the manager, who is another now")
		during, theirs := opened(as), opened(director)
		_, err := kernelv1.NewIdentityServiceClient(p.Kernel()).EndImpersonation(t.Context(), &kernelv1.EndImpersonationRequest{SessionToken: manager.Token})
		require.NoError(t, err)
		within(during, "of who looked")

		as = p.ViewAs(t, manager, director)
		during = opened(as)
		p.Serve(t, other, roastery) // the client is another's from now on
		within(during, "of whom the client was taken from")
		require.NotContains(t, as.Get(t, "/").Body, `class="banner"`)
		p.Serve(t, manager, roastery)

		as = p.ViewAs(t, manager, director)
		during = opened(as)
		_, err = accountmanagerv1.NewUserServiceClient(head.Conn).BlockUser(t.Context(), &accountmanagerv1.BlockUserRequest{Id: manager.ID})
		require.NoError(t, err)
		within(during, "of who is dismissed")
		require.Contains(t, as.Get(t, "/company/people").Location(), "/sign-in")
		_, err = clientmanagerv1.NewProfileServiceClient(as.Conn).GetProfile(t.Context(), &clientmanagerv1.GetProfileRequest{})
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		select {
		case <-theirs:
			require.Fail(t, "the director's own stream ended")
		default:
		}
		require.Equal(t, http.StatusOK, director.Get(t, "/company/people").Status)
	})
}

// The id of what goes on opens nothing, nor does the cookie that a browser remembers it by.
func TestForgedImpersonations(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	roastery := p.Client(t, "Zerno Roastery")
	director, manager, stranger := p.Contact(t, roastery, "client.director"), p.Staff(t, "manager"), p.Staff(t, "manager")
	p.Serve(t, manager, roastery)
	as := p.ViewAs(t, manager, director)
	for name, cookies := range map[string]map[string]string{
		"its id as a session":     {"cabinet_session": as.SessionID},
		"only what is remembered": {"cabinet_as": as.SessionID},
		"remembered by another":   {"cabinet_session": stranger.Token, "cabinet_as": as.SessionID},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL()+"/company/people", nil)
			require.NoError(t, err)
			for name, value := range cookies {
				r.AddCookie(&http.Cookie{Name: name, Value: value})
			}
			response, err := http.DefaultTransport.RoundTrip(r)
			require.NoError(t, err)
			defer response.Body.Close() //nolint:errcheck // a test's
			require.Equal(t, http.StatusSeeOther, response.StatusCode)
			to, _, _ := strings.Cut(response.Header.Get("Location"), "?")
			require.Contains(t, []string{"/sign-in", "/"}, to)
		})
	}
	// Somebody else's form does not end it, nor one without a token.
	require.Equal(t, http.StatusForbidden, as.Post(t, "/view-as/end", url.Values{"csrf": {stranger.CSRF(t)}}).Status)
	require.Equal(t, director.ID, p.User(t, manager.Token).ID)
}
