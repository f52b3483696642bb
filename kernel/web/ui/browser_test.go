package ui_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/web/assets"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// policy is what a portal sends with every page.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// site serves the gallery as a portal would, and keeps what was posted to it.
type site struct {
	*httptest.Server
	mu      sync.Mutex
	posts   []string
	arrived chan struct{} // one for each post
}

func newSite(t *testing.T, b *assets.Bundle) *site {
	t.Helper()
	s := &site{arrived: make(chan struct{}, 16)}
	pages := gallery()
	mux := http.NewServeMux()
	mux.Handle(b.Prefix(), b)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.Method == http.MethodPost {
			_ = r.ParseMultipartForm(1 << 20)
			s.mu.Lock()
			s.posts = append(s.posts, r.URL.Path+"?"+r.PostForm.Encode())
			s.mu.Unlock()
			s.arrived <- struct{}{}
			if r.URL.Path == "/stay" {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			http.Redirect(w, r, "/parts", http.StatusSeeOther)
			return
		}
		p, ok := pages[strings.Trim(r.URL.Path, "/")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			p = pages["notfound"]
		}
		_ = p.Render(ui.WithAssets(r.Context(), b), w)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *site) posted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.posts...)
}

// browser is one Chromium for a test, or skips it. Everything it complains about fails the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{os.Getenv("CABINET_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); name != "" && err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium found: install chromium, or name it in CABINET_CHROMIUM")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Listen(ctx, func(ev any) {
		switch e := ev.(type) {
		case *cdplog.EventEntryAdded:
			if e.Entry.Level == "error" && !strings.Contains(e.Entry.Text, "404") {
				t.Errorf("browser: %s %s", e.Entry.Text, e.Entry.URL)
			}
		case *runtime.EventExceptionThrown:
			what := e.ExceptionDetails.Text
			if e.ExceptionDetails.Exception != nil {
				what += " " + e.ExceptionDetails.Exception.Description
			}
			if strings.Contains(what, "Transition was skipped") {
				return // the page was left before it had come in whole
			}
			t.Errorf("browser: %s", what)
		}
	}))
	_, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{})
	require.NoError(t, err)
	return ctx
}

func run(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute) // a browser that hangs fails its own test, and not the whole binary
	defer cancel()
	require.NoError(t, chromedp.Do(ctx, steps...))
}

// js evaluates an expression in the page.
func js[T any](t *testing.T, ctx context.Context, expr string) T {
	t.Helper()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](expr, chromedp.EvalAwaitPromise))
	require.NoError(t, err, expr)
	return out
}

func view(t *testing.T, ctx context.Context, width, height int64, scheme string) {
	t.Helper()
	run(t, ctx, chromedp.EmulateViewport(width, height))
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	require.NoError(t, err)
}

// axe is the text of axe-core, when npm has brought it.
var axe = sync.OnceValue(func() string {
	for _, path := range []string{os.Getenv("CABINET_AXE"), "../../../.ci/node_modules/axe-core/axe.min.js"} {
		if path == "" {
			continue
		}
		if text, err := os.ReadFile(path); err == nil {
			return string(text)
		}
	}
	return ""
})

// everything that axe-core knows, and what another theme or brand can change.
const (
	everything = `{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}`
	colours    = `{runOnly: {type: 'rule', values: ['color-contrast']}}`
)

const runAxe = `axe.run(document, RULES)
	.then((r) => JSON.stringify(r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary).join(' | '))))`

// check lets axe-core look at the page as it stands.
func check(t *testing.T, ctx context.Context, rules string) {
	t.Helper()
	if axe() == "" {
		return
	}
	run(t, ctx, chromedp.Evaluate[chromedp.Void](axe()))
	var violations []string
	require.NoError(t, json.Unmarshal([]byte(js[string](t, ctx, strings.Replace(runAxe, "RULES", rules, 1))), &violations))
	require.Empty(t, violations, strings.Join(violations, "\n"))
}

// shoot keeps a picture of the page in the folder that CABINET_SHOTS names.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("CABINET_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
}

// On paper a list keeps every column, and nothing is cut off.
func TestPrintInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t, bundle(t))
	run(t, ctx, chromedp.EmulateViewport(690, 1000))
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	require.NoError(t, err)
	run(t, ctx, chromedp.Navigate(s.URL+"/list"))
	shoot(t, ctx, "print-list")
	require.LessOrEqual(t, js[int](t, ctx, `document.querySelector('table').getBoundingClientRect().right`), 690)
	require.Equal(t, 7, js[int](t, ctx, `[...document.querySelectorAll('thead th')].filter((th) => th.checkVisibility() && th.innerText.trim() !== '' && !th.querySelector('.vh')).length`))
	require.False(t, js[bool](t, ctx, `['.rail', '.top', '.bottom', '.filters', '.pager', '.bulk', '.btn'].some((s) => [...document.querySelectorAll(s)].some((e) => e.checkVisibility()))`))
}

// What opens is looked at open.
func TestOpenedInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t, bundle(t))
	for _, o := range []struct {
		name          string
		width, height int64
		page          string
		click         []string
	}{
		{"phone-navigation", 390, 844, "list", []string{".bottom button"}},
		{"phone-filters", 390, 844, "list", []string{".filters .open", "#filters-status > summary"}},
		{"phone-account", 390, 844, "list", []string{".top .avatar[popovertarget]"}},
		{"phone-row", 390, 844, "list", []string{"[popovertarget=row-b]"}},
		{"desk-filter", 1440, 900, "list", []string{"#filters-since > summary"}},
		{"desk-account", 1440, 900, "list", []string{".top .avatar[popovertarget]"}},
		{"desk-row", 1440, 900, "list", []string{"[popovertarget=row-c]"}},
		{"desk-search", 1440, 900, "list", []string{".search"}},
		{"desk-client", 1440, 900, "dashboard", []string{"button.switch-client"}},
		{"desk-question", 1440, 900, "detail", []string{"button[data-confirm]"}},
		{"tablet-filter", 820, 1180, "list", []string{"#filters-place > summary"}},
		{"tablet-filter-dates", 820, 1180, "list", []string{"#filters-since > summary"}},
		{"narrow-filter", 1000, 700, "list", []string{"#filters-since > summary"}},
		{"tablet-client", 820, 1180, "dashboard", []string{"button.switch-client"}},
	} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(o.name+"/"+scheme, func(t *testing.T) {
				view(t, ctx, o.width, o.height, scheme)
				run(t, ctx, chromedp.Navigate(s.URL+"/"+o.page))
				for _, sel := range o.click {
					run(t, ctx, click(sel))
				}
				shoot(t, ctx, "open-"+o.name+"-"+scheme)
				require.LessOrEqual(t, js[int64](t, ctx, "document.documentElement.scrollWidth"), o.width)
				rules := everything
				if scheme == "dark" {
					rules = colours
				}
				check(t, ctx, rules)
			})
		}
	}
	t.Run("tablet-rail", func(t *testing.T) {
		view(t, ctx, 820, 1180, "light")
		run(t, ctx, chromedp.Navigate(s.URL+"/list"))
		require.Equal(t, 60, js[int](t, ctx, `document.querySelector('#rail').offsetWidth`))
		run(t, ctx, chromedp.KeyEvent("\t"), chromedp.KeyEvent("\t"), chromedp.KeyEvent("\t"))
		require.Equal(t, 240, js[int](t, ctx, `document.querySelector('#rail').offsetWidth`), "the keyboard sees the names")
		shoot(t, ctx, "open-tablet-rail")
		check(t, ctx, everything)
	})
}

func TestGalleryInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	dark := assets.Brand{Name: "Nord", Hue: 178, Chroma: 0.085, Tint: 200, HeadWeight: 500, Radius: 3, Density: 0.92, Measure: 80, RailDark: true}
	nord, err := assets.New(dark)
	require.NoError(t, err)
	if axe() == "" {
		t.Log("axe-core not found: run npm ci in .ci, or name axe.min.js in CABINET_AXE; its checks are left out")
	}
	for _, v := range []struct {
		name          string
		bundle        *assets.Bundle
		width, height int64
		scheme        string
	}{
		{"phone-light", bundle(t), 390, 844, "light"},
		{"phone-dark", bundle(t), 390, 844, "dark"},
		{"tablet-light", bundle(t), 820, 1180, "light"},
		{"desk-light", bundle(t), 1440, 900, "light"},
		{"desk-dark", bundle(t), 1440, 900, "dark"},
		{"nord-light", nord, 1440, 900, "light"},
	} {
		if testing.Short() && v.name != "phone-light" && v.name != "desk-dark" {
			continue
		}
		s := newSite(t, v.bundle)
		for name := range gallery() {
			// The second brand and the middle width differ in the frame and in lists; the other pages would only take time.
			if few := v.bundle == nord || v.width == 820; few && !slices.Contains([]string{"list", "form", "dashboard", "signin"}, name) {
				continue
			}
			t.Run(v.name+"/"+name, func(t *testing.T) {
				view(t, ctx, v.width, v.height, v.scheme)
				run(t, ctx, chromedp.Navigate(s.URL+"/"+name))
				shoot(t, ctx, name+"-"+v.name)
				require.LessOrEqual(t, js[int64](t, ctx, "document.documentElement.scrollWidth"), v.width, "the page scrolls sideways")
				require.NotEmpty(t, js[string](t, ctx, "getComputedStyle(document.documentElement).getPropertyValue('--logo')"))
				rules := everything
				if v.scheme == "dark" || v.bundle == nord {
					rules = colours
				}
				check(t, ctx, rules)
			})
		}
	}
}
