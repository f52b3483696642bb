package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// untranslated are a text's key shown instead of the text, and the name of an enum's value.
var untranslated = regexp.MustCompile(`\b(?:kernel|clientmanager|accountmanager)\.[a-z_]+(?:\.[a-z_]+)*\b|\b[A-Z]{2,}_[A-Z_]{2,}\b`)

// speaks follows every link in a language, without a browser, and checks that each page says that it is in that
// language and that no text is missing.
func speaks(t *testing.T, s *site, language, session string, first ...string) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	at, err := url.Parse(s.URL() + "/")
	require.NoError(t, err)
	jar.SetCookies(at, []*http.Cookie{{Name: "cabinet_session", Value: session}, {Name: "cabinet_language", Value: language}})
	client := &http.Client{Jar: jar}
	done := map[string]bool{}
	technical := s.technical(t)
	// The last two are not there: error pages speak too.
	next := append([]string{"/", "/nowhere", "/clients/00000000-0000-7000-8000-000000000000"}, first...)
	for ; len(next) > 0; next = next[1:] {
		path := next[0]
		if done[screenOf(path)] {
			continue
		}
		done[screenOf(path)] = true
		body := get(t, client, s.URL()+path)
		page := read(t, body)
		require.Equal(t, language, page.lang, path)
		for _, text := range page.texts {
			for _, name := range technical {
				text = strings.ReplaceAll(text, name, "")
			}
			require.Empty(t, untranslated.FindString(text), "%s in %s says %q", path, language, text)
		}
		next = append(next, page.links...)
	}
	require.Greater(t, len(done), 2)
}

func get(t *testing.T, client *http.Client, address string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	response, err := client.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}

// words are what a page says: its texts, also those for screen readers, and where it leads.
type words struct {
	lang         string
	texts, links []string
}

// fileEnding is of links that lead to a file and no page: a booking for one's own calendar, a statement to print, a picture to pay by.
const fileEnding = `\.(?:ics|pdf|xlsx)$|\/qr\/`

var aFile = regexp.MustCompile(fileEnding)

// toFile tells whether a link leads to a file.
func toFile(link string) bool {
	path, _, _ := strings.Cut(link, "?")
	return aFile.MatchString(path)
}

func read(t *testing.T, body string) words {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	require.NoError(t, err)
	var w words
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" {
			w.texts = append(w.texts, n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case n.Data == "html" && a.Key == "lang":
				w.lang = a.Val
			case n.Data == "a" && a.Key == "href" && strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "/language/") && !toFile(a.Val):
				w.links = append(w.links, a.Val)
			case a.Key == "title", a.Key == "placeholder", a.Key == "alt", a.Key == "aria-label", strings.HasPrefix(a.Key, "data-confirm"), a.Key == "data-label", a.Key == "data-busy":
				w.texts = append(w.texts, a.Val)
			}
		}
	}
	return w
}

// firstPageWeight is what may travel before somebody who comes for the first time sees a page.
const firstPageWeight = 60_000

// light checks what a first page weighs as it travels: the page and what it asks for, compressed as a browser asks.
func light(t *testing.T, s *site, path, session string) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // so that we count what travels
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	fetch := func(path, encoding string) (string, int) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, nil)
		require.NoError(t, err)
		r.Header.Set("Accept-Encoding", encoding)
		r.Header.Set("Sec-Fetch-Site", "none")
		r.AddCookie(&http.Cookie{Name: "cabinet_session", Value: session})
		response, err := client.Do(r)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		require.Equal(t, http.StatusOK, response.StatusCode, path)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(body), len(body)
	}
	plain, _ := fetch(path, "identity")
	_, total := fetch(path, "gzip, deflate, br, zstd")
	report := fmt.Sprintf("%s %d", path, total)
	asked := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?:href|src)="(/assets/[^"#]+)`).FindAllStringSubmatch(plain, -1) {
		if !asked[found[1]] {
			asked[found[1]] = true
			_, n := fetch(found[1], "gzip, deflate, br, zstd")
			total += n
			report += fmt.Sprintf(" + %s %d", found[1], n)
		}
	}
	t.Logf("%s = %d bytes", report, total)
	require.NotEmpty(t, asked)
	require.Less(t, total, firstPageWeight, report)
}
