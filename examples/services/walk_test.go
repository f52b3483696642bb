package main

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/opencabinet/cabinet/kernel/module"
)

var (
	// Of an event that is parked, the id has the subscriber in it.
	anID    = regexp.MustCompile(`(?:[a-z0-9]+\.[a-z0-9-]+:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	aRole   = regexp.MustCompile(`^/roles/([^/]+)(.*)$`)
	aModule = regexp.MustCompile(`^/modules/[a-z0-9]+`)
	// Of postings, by currency and what they are of: bank:UA21…, revenue:parts.
	anAccount = regexp.MustCompile(`^/accounts/[A-Z]{3}/[^/]+$`)
	aReport   = regexp.MustCompile(`^/reports/income/[^/]+/[^/]+/[^/]+$`)
	aPosting  = regexp.MustCompile(`^/postings/[0-9]+`)
	braces    = regexp.MustCompile(`\{[a-z_]+\}`)
)

// screenOf tells addresses of one screen apart from those of others: ids and queries do not count.
func screenOf(path string) string {
	path, _, _ = strings.Cut(path, "?")
	if role := aRole.FindStringSubmatch(path); role != nil && role[1] != "new" && role[1] != "matrix" {
		path = "/roles/{}" + role[2]
	}
	if anAccount.MatchString(path) {
		return "/accounts/{}/{}"
	}
	if aReport.MatchString(path) {
		return "/reports/income/{}/{}/{}"
	}
	path = aPosting.ReplaceAllString(path, "/postings/{}")
	if aModule.MatchString(path) {
		path = aModule.ReplaceAllString(path, "/modules/{}")
	}
	return anID.ReplaceAllString(path, "{}")
}

// walked are the screens that somebody came to.
type walked struct {
	mu    sync.Mutex
	seen  map[string]bool
	walks int // that came to their end
}

// first tells whether nobody came to a screen before.
func (w *walked) first(screen string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.seen[screen]
	w.seen[screen] = true
	return !was
}

// walk follows every link of the portal that a reader is shown, one of each screen, and looks at each page. It begins
// with the pages of first, all of them, so that the client whose pages are seen is one with people.
func walk(t *testing.T, browser context.Context, s *site, role, session string, all *walked, first ...string) {
	b := newTab(t, browser, s, session)
	// Where a passkey is made wants a proof that a long walk no longer has: it is looked at where passkeys are.
	done := map[string]bool{"/sign-in": true, "/settings/passkeys/new": true}
	next := append([]string{"/"}, first...)
	for i := 0; i < len(next); i++ {
		path := next[i]
		if done[screenOf(path)] && i > len(first) {
			continue
		}
		done[screenOf(path)] = true
		b.open(path)
		name := "walk-" + role + strings.NewReplacer("/", "-", "{}", "id").Replace(screenOf(path))
		b.lookAt(name, phone, "light", everything)
		next = append(next, b.links()...)
		// What does not depend on who looks is looked at once.
		if all.first(screenOf(path)) {
			b.lookAt(name, desk, "dark", contrast)
			// The longest words are those of other languages.
			b.setLanguage("uk")
			b.view(phone, "light")
			b.open(path)
			b.shoot(name + "-uk")
			b.fits(name+" in Ukrainian", phone)
			b.view(desk, "light")
			b.shoot(name + "-uk-desk")
			b.fits(name+" in Ukrainian", desk)
			b.setLanguage("en")
		}
		b.view(desk, "light")
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	all.walks++
	t.Logf("%s came to %d screens", role, len(done)-2)
}

// links are where the page leads in the portal, short addresses first: they have no query.
func (b *tab) links() []string {
	b.t.Helper()
	found := ask[[]string](b, `[...document.querySelectorAll('a[href]')].filter((a) => a.origin === location.origin && !a.download && !/`+fileEnding+`/.test(a.pathname)).map((a) => a.pathname + a.search)`)
	slices.SortStableFunc(found, func(a, b string) int { return len(a) - len(b) })
	return found
}

func (b *tab) setLanguage(tag string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`document.cookie = 'cabinet_language=` + tag + `; path=/'`))
}

// complete checks that links lead to each screen of the manifests, but for lists that are shown as parts of a detail.
func (w *walked) complete(t *testing.T, s *site) {
	if w.walks < 5 {
		t.Skip("not everybody has walked to the end")
	}
	part := map[string]bool{}
	for _, m := range s.Manifests() {
		for _, sc := range m.Screens {
			for _, r := range sc.Related {
				part[r.Screen] = true
			}
		}
	}
	for _, m := range s.Manifests() {
		for _, sc := range m.Screens {
			if sc.Audience == module.ForAnybody || strings.Contains(sc.Path, "{token}") {
				continue // the page of sign-in and letters lead there: see TestRegistrationInABrowser
			}
			if !w.seen[braces.ReplaceAllString(sc.Path, "{}")] && !part[m.ID+"."+sc.ID] {
				t.Errorf("no page leads to the screen %s.%s, %s", m.ID, sc.ID, sc.Path)
			}
		}
	}
}

// parts are the pages of a client that its own page shows as parts, each an address of its own.
func (s *site) parts(client string, audience module.Audience) []string {
	var paths []string
	for _, m := range s.Manifests() {
		for _, sc := range m.Screens {
			if sc.Kind == module.List && sc.Audience == audience && strings.HasPrefix(sc.Path, "/clients/{client_id}/") {
				paths = append(paths, braces.ReplaceAllString(sc.Path, client))
			}
		}
	}
	return paths
}
