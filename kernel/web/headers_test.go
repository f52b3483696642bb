package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

var (
	inline = regexp.MustCompile(`(?i)<style|<script(?:\s+[a-z-]+(?:="[^"]*")?)*>[^<]|\sstyle="|\son[a-z]+="|href="javascript:|<base|<iframe|<object`)
	places = regexp.MustCompile(`\s(?:href|src|action|formaction)="([^"]*)"`)
)

// linked are the addresses that a page names.
func linked(page *kerneltest.Page) []string {
	var all []string
	for _, found := range places.FindAllStringSubmatch(page.Body, -1) {
		all = append(all, html.UnescapeString(found[1]))
	}
	return all
}

func TestWhatBrowsersMayDo(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head, nobody := s.Head(t), s.Anonymous(t)
	client := s.Client(t, "Zerno Roastery")
	contact := s.Contact(t, client, "client.director")
	assets := map[string]bool{}
	for _, seen := range []struct {
		by    *kerneltest.User
		paths []string
	}{
		{head, []string{"/", "/clients", "/clients/new", "/clients/" + client, "/clients/" + client + "/edit", "/clients/import", "/people", "/roles", "/settings", "/settings/sessions", "/nowhere", "/clients/x"}},
		{contact, []string{"/", "/company", "/company/edit", "/company/contacts", "/company/people", "/company/invite", "/clients"}},
		{nobody, []string{"/sign-in", "/invitation/x", "/", "/nowhere"}},
	} {
		for _, path := range seen.paths {
			page := seen.by.Get(t, path)
			h := page.Header
			policy := h.Get("Content-Security-Policy")
			require.Contains(t, policy, "default-src 'none'", path)
			require.Contains(t, policy, "frame-ancestors 'none'", path)
			require.Contains(t, policy, "base-uri 'none'", path)
			require.Contains(t, policy, "form-action 'self'", path)
			require.NotContains(t, policy, "unsafe", path)
			require.NotContains(t, policy, "*", path)
			require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
			require.Equal(t, "DENY", h.Get("X-Frame-Options"), path)
			require.Equal(t, "same-origin", h.Get("Referrer-Policy"), path)
			require.Equal(t, "no-store", h.Get("Cache-Control"), path)
			require.Empty(t, h.Get("Strict-Transport-Security"), "over http it would say nothing")
			require.Empty(t, inline.FindString(page.Body), "%s: the policy would not let this work", path)
			for _, to := range linked(page) {
				to, _, _ = strings.Cut(to, "#")
				if strings.HasPrefix(to, "/assets/") {
					assets[to] = true
				}
			}
		}
	}
	require.Greater(t, len(assets), 3)
	for path := range assets {
		page := nobody.Get(t, path)
		require.Equal(t, http.StatusOK, page.Status, path)
		require.Contains(t, page.Header.Get("Cache-Control"), "immutable", path)
		require.Empty(t, page.Header.Get("Set-Cookie"), "a shared cache may keep it")
	}
	require.Equal(t, http.StatusNotFound, nobody.Get(t, "/assets/cabinet.0000000000000000.css").Status)
}

func TestCookies(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	page := s.Anonymous(t).Get(t, "/sign-in")
	page.Header.Add("Set-Cookie", s.Anonymous(t).Post(t, "/sign-in", signIn(head, kerneltest.Password)).Header.Get("Set-Cookie"))
	cookies := (&http.Response{Header: page.Header}).Cookies()
	require.Len(t, cookies, 2)
	for _, c := range cookies {
		require.True(t, c.HttpOnly, c.Name)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite, c.Name)
		require.Equal(t, "/", c.Path, c.Name)
		require.False(t, c.Secure, "over plain http a secure cookie would not come back")
		require.Empty(t, c.Domain, c.Name)
	}
}

// behind asks the portal as a proxy does that stands before it: at its own address, perhaps without the browser's name
// for it.
func (s *site) behind(t *testing.T, method, path string, form url.Values, headers ...string) *kerneltest.Page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Address()+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	if form != nil {
		r.Header.Set("Content-Type", formType)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return answer(t, s.Anonymous(t).HTTP, r)
}

func TestBehindAProxyWithHTTPS(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ url, base, session string }{
		"a site of its own": {"https://cabinet.example.com", "", "__Host-cabinet_session"},
		"below a path":      {"https://example.com/my", "/my", "cabinet_session"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, options{config: "url: " + c.url})
			head := s.Head(t)
			origin := strings.TrimSuffix(c.url, c.base)
			page := s.behind(t, http.MethodGet, c.base+"/sign-in", nil)
			require.Equal(t, http.StatusOK, page.Status)
			require.Equal(t, "max-age=31536000", page.Header.Get("Strict-Transport-Security"))
			cookie := (&http.Response{Header: page.Header}).Cookies()[0]
			require.True(t, cookie.Secure)
			form := signIn(head, kerneltest.Password)
			form.Set("csrf", html.UnescapeString(csrfIn(t, page)))
			csrf := cookie.Name + "=" + cookie.Value
			require.Equal(t, http.StatusForbidden, s.behind(t, http.MethodPost, c.base+"/sign-in", form, "Cookie", csrf, "Origin", "https://evil.example").Status)
			for _, host := range []string{s.Address(), strings.TrimPrefix(origin, "https://")} {
				in := s.behind(t, http.MethodPost, c.base+"/sign-in", form, "Cookie", csrf, "Origin", origin, "Host", host)
				require.Equal(t, http.StatusSeeOther, in.Status, "the proxy says %s: %s", host, in.Body)
				require.Equal(t, c.base+"/", in.Location())
				session := (&http.Response{Header: in.Header}).Cookies()[0]
				require.Equal(t, c.session, session.Name)
				require.True(t, session.Secure)
				require.True(t, session.HttpOnly)
				require.Equal(t, c.base, strings.TrimSuffix(session.Path, "/"))
				require.Equal(t, http.StatusOK, s.behind(t, http.MethodGet, c.base+"/clients", nil, "Cookie", session.Name+"="+session.Value).Status)
			}
			if c.session != "cabinet_session" {
				plain := s.behind(t, http.MethodGet, "/clients", nil, "Cookie", "cabinet_session="+head.Token)
				require.Equal(t, http.StatusSeeOther, plain.Status, "a cookie that another host of the domain could set counts for nothing")
			}
			invite := s.behind(t, http.MethodGet, c.base+"/people/invite", nil, "Cookie", c.session+"="+head.Token+"; "+csrf)
			made := s.behind(t, http.MethodPost, c.base+"/people/invite", url.Values{
				"csrf": {html.UnescapeString(csrfIn(t, invite))}, "name": {"Taras"}, "email": {"taras@example.com"}, "role": {"manager"},
				"request_id": {"0197a3d2-6c8e-7f00-8000-000000000009"},
			}, "Cookie", c.session+"="+head.Token+"; "+csrf, "Origin", origin)
			require.Contains(t, made.Body, c.url+"/invitation/", "a link to pass on is what browsers outside reach")
		})
	}
}

var csrfField = regexp.MustCompile(`name="csrf"\s+value="([^"]+)"`)

func csrfIn(t *testing.T, page *kerneltest.Page) string {
	t.Helper()
	found := csrfField.FindStringSubmatch(page.Body)
	require.NotNil(t, found, page.Body)
	return found[1]
}

// Below a path every address stays below it: links, forms, assets, redirects and cookies.
func TestBelowAPath(t *testing.T) {
	t.Parallel()
	s := start(t, options{config: "path: /my"})
	head := s.Head(t)
	client := s.Client(t, "Zerno Roastery")
	contact := s.Contact(t, client, "client.director")
	nobody := s.Anonymous(t)
	seen := map[string]bool{}
	crawl := func(u *kerneltest.User, from string) {
		for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
			page := u.Get(t, queue[0])
			require.Less(t, page.Status, http.StatusInternalServerError, queue[0])
			for _, to := range linked(page) {
				switch {
				case strings.HasPrefix(to, "#"), strings.HasPrefix(to, "mailto:"), strings.HasPrefix(to, "tel:"), to == "":
				default:
					require.True(t, to == "/my" || strings.HasPrefix(to, "/my/"), "%s on %s", to, queue[0])
					path, _, _ := strings.Cut(strings.TrimPrefix(to, "/my"), "#")
					key := u.Role + path
					if !seen[key] && !strings.HasPrefix(path, "/assets/") && !strings.Contains(path, "?") && !strings.HasPrefix(path, "/actions/") && len(seen) < 200 {
						seen[key] = true
						queue = append(queue, path)
					}
				}
			}
			if to := page.Location(); to != "" {
				require.True(t, strings.HasPrefix(to, "/my/"), "%s leads to %s", queue[0], to)
			}
			for _, c := range (&http.Response{Header: page.Header}).Cookies() {
				require.Equal(t, "/my", c.Path, c.Name)
			}
		}
	}
	crawl(head, "/")
	crawl(contact, "/")
	crawl(nobody, "/sign-in")
	require.Greater(t, len(seen), 20)

	require.Equal(t, "/my/sign-in?to=%2Fmy%2Fclients", nobody.Get(t, "/clients").Location())
	form := signIn(head, kerneltest.Password)
	form.Set("to", "/my/clients")
	require.Equal(t, "/my/clients", s.Anonymous(t).Post(t, "/sign-in", form).Location())
	form.Set("to", "/elsewhere/of/the/site")
	require.Equal(t, "/my/", s.Anonymous(t).Post(t, "/sign-in", form).Location())
	form.Set("to", "/mythology")
	require.Equal(t, "/my/", s.Anonymous(t).Post(t, "/sign-in", form).Location())
	for _, path := range []string{"/", "/clients", "/sign-in", "/mythology", "/healthz"} {
		require.Equal(t, http.StatusNotFound, s.behind(t, http.MethodGet, path, nil).Status, "%s is the site's, not ours", path)
	}
	edit := s.formOf(t, head, "/clients/"+client+"/edit")
	require.Equal(t, "/my/clients/"+client, head.Post(t, "/clients/"+client+"/edit", edit).Location())
	require.Equal(t, "/my/clients", head.Post(t, "/preferences/theme", url.Values{"theme": {"dark"}, "return": {"/clients"}}).Location())
}
