package web_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

const openPortal = `modules: {clientmanager: {settings: {country: UA, registration: {open: true, terms: "https://terms.example/uk"}}}, accountmanager: {settings: {letters: log}}}`

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// form is what a browser would send of a page: what is hidden in it, and what its reader fills in.
func form(page *kerneltest.Page, filled ...string) url.Values {
	out := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(page.Body, -1) {
		out.Set(field[1], html.UnescapeString(field[2]))
	}
	for i := 0; i < len(filled); i += 2 {
		out.Set(filled[i], filled[i+1])
	}
	return out
}

func applicant(page *kerneltest.Page, more ...string) url.Values {
	return form(page, append([]string{
		"name", "Old Bakery", "tax_id", "14360570", "contact_name", "Oksana Baker", "email", "baker@bakery.example", "agreed", "true",
	}, more...)...)
}

// visitor is somebody at an address of their own.
func (s *site) visitor(t *testing.T, address string) *visitor {
	return &visitor{t: t, site: s, user: s.Anonymous(t), address: address}
}

type visitor struct {
	t       *testing.T
	site    *site
	user    *kerneltest.User
	address string
}

func (v *visitor) get(path string) *kerneltest.Page {
	return v.site.send(v.t, v.user, http.MethodGet, path, nil, "X-Forwarded-For", v.address)
}

func (v *visitor) post(path string, form url.Values) *kerneltest.Page {
	return v.site.post(v.t, v.user, path, form, "X-Forwarded-For", v.address, "Origin", v.site.URL())
}

func (s *site) requests(t *testing.T) int {
	t.Helper()
	list, err := clientmanagerv1.NewRegistrationServiceClient(s.Kernel()).ListRegistrations(t.Context(), &clientmanagerv1.ListRegistrationsRequest{})
	require.NoError(t, err)
	return len(list.GetRegistrations())
}

var letterPath = regexp.MustCompile(`path=(/[a-z]+/[A-Za-z0-9_-]+)`)

// letters are the paths of the letters in the log.
func (s *site) letters(t *testing.T) []string {
	t.Helper()
	require.NoError(t, s.Events().WaitDrained(t.Context()))
	var paths []string
	for _, found := range letterPath.FindAllStringSubmatch(s.log.String(), -1) {
		paths = append(paths, found[1])
	}
	return paths
}

func TestAStrangerBecomesAClient(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	s := start(t, options{config: openPortal, now: clock.Now})
	head := s.Head(t)
	v := s.visitor(t, "203.0.113.7")
	require.Contains(t, v.get("/sign-in").Body, `href="/register"`)
	page := v.get("/register")
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, page.Body, `href="/register/person"`)
	require.Contains(t, page.Body, `href="https://terms.example/uk"`)
	require.NotContains(t, v.get("/register/person").Body, `name="legal_name"`, "a person has no legal name")
	clock.Move(time.Minute)

	wrong := v.post("/register", applicant(page, "tax_id", "14360571", "agreed", ""))
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Contains(t, wrong.Body, `value="Old Bakery"`, "nothing is lost")
	require.Contains(t, wrong.Body, "Agree to the terms")
	sent := v.post("/register", applicant(wrong))
	require.Equal(t, http.StatusSeeOther, sent.Status, sent.Body)
	require.Equal(t, "/register?said=1", sent.Location())
	require.Contains(t, v.get(sent.Location()).Body, "Look into your mail")

	again := v.post("/register", applicant(wrong)) // the button is pressed twice
	require.Equal(t, http.StatusSeeOther, again.Status)
	links := s.letters(t)
	require.Len(t, links, 1)
	require.Zero(t, s.requests(t))
	opened := v.get(links[0])
	require.Equal(t, http.StatusOK, opened.Status)
	require.Zero(t, s.requests(t), "programs that look through mail open links too")
	clock.Move(time.Minute)
	require.Equal(t, links[0]+"?said=1", v.post(links[0], form(opened)).Location())
	require.Equal(t, 1, s.requests(t))

	queue := head.Get(t, "/registrations")
	require.Contains(t, queue.Body, "Old Bakery")
	one := regexp.MustCompile(`/registrations/[0-9a-f-]{36}`).FindString(queue.Body)
	require.Contains(t, head.Get(t, one).Body, "Oksana Baker")
	require.Equal(t, http.StatusSeeOther, head.Post(t, one+"/approve", form(head.Get(t, one+"/approve"))).Status)
	links = s.letters(t)
	require.Len(t, links, 2)
	require.Contains(t, links[1], "/invitation/")
	in := v.post(links[1], form(v.get(links[1]), "name", "Oksana Baker", "password", "four ovens and a shovel"))
	require.Equal(t, http.StatusSeeOther, in.Status, in.Body)
	require.Contains(t, v.get("/company").Body, "Old Bakery")
	require.Contains(t, head.Get(t, one).Body, "The invitation is on its way")
}

func TestAStrangerWithAnAccountIsGivenTheClientAndTheVisitorIsToldNothing(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	s := start(t, options{config: openPortal, now: clock.Now})
	head := s.Head(t)
	known := s.Contact(t, s.Client(t, "Zerno"), "client.director")
	v := s.visitor(t, "203.0.113.7")
	page := v.get("/register")
	clock.Move(time.Minute)
	said := map[string]string{}
	for i, email := range []string{known.Email, head.Email, "nobody@example.com"} {
		sent := v.post("/register", applicant(page, "email", email, "request_id", fmt.Sprintf("0197a3d2-6c8e-7f00-8000-%012x", i)))
		require.Equal(t, http.StatusSeeOther, sent.Status)
		said[v.get(sent.Location()).Body] = email
	}
	require.Len(t, said, 1, "it is the same for everybody")
	require.Len(t, s.letters(t), 3)
	for _, email := range []string{known.Email, head.Email} {
		found := regexp.MustCompile(`to=` + regexp.QuoteMeta(email) + ` path=(/[a-z]+/[A-Za-z0-9_-]+)`).FindStringSubmatch(s.log.String())
		require.Len(t, found, 2, email)
		link := found[1]
		opened := v.get(link)
		clock.Move(time.Minute)
		v.post(link, form(opened))
	}
	requests := clientmanagerv1.NewRegistrationServiceClient(head.Conn)
	list, err := requests.ListRegistrations(t.Context(), &clientmanagerv1.ListRegistrationsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetRegistrations(), 2)
	var refused *clientmanagerv1.Registration
	for _, r := range list.GetRegistrations() {
		if r.GetEmail() == head.Email {
			refused = r
			continue
		}
		_, err := requests.ApproveRegistration(t.Context(), &clientmanagerv1.ApproveRegistrationRequest{Id: r.GetId()})
		require.NoError(t, err)
	}
	require.NoError(t, s.Events().WaitDrained(t.Context()))
	require.Contains(t, known.Get(t, "/").Body, "Old Bakery", "who had an account has the client beside their own")

	_, err = requests.AttachRegistration(t.Context(), &clientmanagerv1.AttachRegistrationRequest{
		Id: refused.GetId(), ClientId: s.Client(t, "Third"), Role: "client.director",
	})
	require.NoError(t, err)
	require.NoError(t, s.Events().WaitDrained(t.Context()))
	now, err := requests.GetRegistration(t.Context(), &clientmanagerv1.GetRegistrationRequest{Id: refused.GetId()})
	require.NoError(t, err)
	require.Equal(t, "clientmanager.registration.access_refused", now.GetRegistration().GetAccess(), "a member of staff becomes nobody's contact")
}

func TestRobotsReachNothing(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	s := start(t, options{config: openPortal, now: clock.Now})
	v := s.visitor(t, "203.0.113.7")
	page := v.get("/register")
	other := s.visitor(t, "203.0.113.8")
	foreign := form(other.get("/register")).Get("given")
	person := form(v.get("/register/person")).Get("given")

	fast := v.post("/register", applicant(page))
	require.Equal(t, http.StatusUnprocessableEntity, fast.Status)
	require.Contains(t, fast.Body, "faster than people write")
	require.Contains(t, fast.Body, `value="Old Bakery"`)
	clock.Move(time.Minute)
	trapped := v.post("/register", applicant(page, "second_name", "https://spam.example"))
	require.Equal(t, "/register?said=1", trapped.Location(), "a robot learns nothing")
	for name, stamp := range map[string]string{"none": "", "made up": "zz.AAAA", "no stamp": "....", "of another browser": foreign, "of another form": person} {
		refused := v.post("/register", applicant(page, "given", stamp))
		require.Equal(t, http.StatusUnprocessableEntity, refused.Status, name)
		require.Contains(t, refused.Body, "open for too long", name)
	}
	require.Empty(t, s.letters(t))
	clock.Move(13 * time.Hour)
	old := v.post("/register", applicant(page))
	require.Contains(t, old.Body, "open for too long")
	clock.Move(time.Minute)
	require.Equal(t, http.StatusSeeOther, v.post("/register", applicant(old)).Status, "and comes through as it was given again")
	require.Len(t, s.letters(t), 1)

	t.Run("nor forgers", func(t *testing.T) {
		for name, headers := range map[string][]string{
			"another site": {"Origin", "https://evil.example"}, "cross-site": {"Sec-Fetch-Site", "cross-site"},
		} {
			page := s.post(t, v.user, "/register", applicant(old), headers...)
			require.Equal(t, http.StatusForbidden, page.Status, name)
		}
		bare := applicant(old)
		bare.Del("csrf")
		require.Equal(t, http.StatusForbidden, v.post("/register", bare).Status)
	})
}

func TestAFloodFromOneAddressIsHeldBack(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	s := start(t, options{config: openPortal, now: clock.Now})
	v, other := s.visitor(t, "203.0.113.7"), s.visitor(t, "198.51.100.1")
	page, theirs := v.get("/register"), other.get("/register")
	clock.Move(time.Minute)
	for i := range 10 {
		sent := v.post("/register", applicant(page, "email", fmt.Sprintf("n%d@example.com", i), "request_id", fmt.Sprintf("0197a3d2-6c8e-7f00-8000-%012x", i)))
		require.Equal(t, http.StatusSeeOther, sent.Status)
	}
	held := v.post("/register", applicant(page, "email", "n10@example.com"))
	require.Equal(t, http.StatusTooManyRequests, held.Status)
	require.NotEmpty(t, held.Header.Get("Retry-After"))
	require.Contains(t, held.Body, `value="n10@example.com"`, "nothing is lost")
	require.Equal(t, http.StatusSeeOther, other.post("/register", applicant(theirs)).Status, "others are not held back")
	require.Len(t, s.letters(t), 11)

	for range 200 {
		if page = v.get("/register"); page.Status != http.StatusOK {
			break
		}
	}
	require.Equal(t, http.StatusTooManyRequests, page.Status, "nor are pages drawn without end")
	require.Equal(t, http.StatusOK, v.get("/sign-in").Status)
	clock.Move(2 * time.Minute)
	require.Equal(t, http.StatusOK, v.get("/register").Status)
}

func TestLinksThatWorkNoMore(t *testing.T) {
	t.Parallel()
	s := start(t, options{config: openPortal})
	v := s.visitor(t, "203.0.113.7")
	for _, path := range []string{"/registration/nothing", "/registration/nothing/withdraw", "/registration/" + strings.Repeat("x", 99)} {
		require.Equal(t, http.StatusGone, v.get(path).Status, path)
	}
	require.NotEqual(t, http.StatusInternalServerError, v.get("/registration/"+strings.Repeat("x", 5000)).Status)
	closed := start(t, options{})
	require.Equal(t, http.StatusSeeOther, closed.visitor(t, "203.0.113.7").get("/register").Status, "a portal that takes nobody in has no such page")
	require.NotContains(t, closed.visitor(t, "203.0.113.7").get("/sign-in").Body, "/register")
}
