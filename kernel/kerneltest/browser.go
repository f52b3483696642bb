package kerneltest

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Page is what a browser was answered.
type Page struct {
	Status int
	Header http.Header
	Body   string
}

// Location is where a redirect leads.
func (p *Page) Location() string { return p.Header.Get("Location") }

// browser is one with a session's cookie, or without.
func (p *Portal) browser(t testing.TB, token string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	if token != "" {
		at, err := url.Parse(p.URL() + "/")
		require.NoError(t, err)
		jar.SetCookies(at, []*http.Cookie{{Name: "cabinet_session", Value: token, Path: "/", HttpOnly: true}})
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// Get asks for a page, by its path in the portal.
func (u *User) Get(t testing.TB, path string) *Page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u.portal.URL()+path, nil)
	require.NoError(t, err)
	return u.do(t, r)
}

// Post sends a form with the token that our pages' forms carry. A form that names its own csrf keeps it.
func (u *User) Post(t testing.TB, path string, form url.Values) *Page {
	t.Helper()
	sent := url.Values{}
	for name, values := range form {
		sent[name] = values
	}
	if !sent.Has("csrf") {
		sent.Set("csrf", u.CSRF(t))
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.portal.URL()+path, strings.NewReader(sent.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", u.portal.URL())
	return u.do(t, r)
}

var csrfField = regexp.MustCompile(`name="csrf"\s+value="([^"]+)"`)

// CSRF is the token of the forms that this browser is shown.
func (u *User) CSRF(t testing.TB) string {
	t.Helper()
	if u.csrf != "" {
		return u.csrf
	}
	path := "/"
	if u.Token == "" {
		path = "/sign-in"
	}
	found := csrfField.FindStringSubmatch(u.Get(t, path).Body)
	require.NotNil(t, found, "the page %s has no form with a csrf token", path)
	u.csrf = html.UnescapeString(found[1])
	return u.csrf
}

func (u *User) do(t testing.TB, r *http.Request) *Page {
	t.Helper()
	response, err := u.HTTP.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return &Page{Status: response.StatusCode, Header: response.Header, Body: string(body)}
}
