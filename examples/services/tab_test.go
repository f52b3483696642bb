package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// openBrowser starts the one Chromium of the tests, or skips them.
func openBrowser(t *testing.T) context.Context {
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
	if axe() == "" {
		t.Skip("axe-core not found: run npm ci in .ci, or name axe.min.js in CABINET_AXE")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.IgnoreCertErrors, // of a gateway's page, which a test is
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx))
	return ctx
}

// axe is the text of axe-core, when npm has brought it.
var axe = sync.OnceValue(func() string {
	for _, path := range []string{os.Getenv("CABINET_AXE"), "../../.ci/node_modules/axe-core/axe.min.js"} {
		if text, err := os.ReadFile(path); path != "" && err == nil {
			return string(text)
		}
	}
	return ""
})

// patience is how long a page may take on a machine that has much else to do.
const patience = 30 * time.Second

// tab is one reader's browser: cookies of its own, one page. What the browser complains about fails the test.
type tab struct {
	t       *testing.T
	browser context.Context
	ctx     context.Context
	site    *site

	mu         sync.Mutex
	complaints []string
}

// newTab opens a browser context in which nobody is signed in, or somebody by their session's token.
func newTab(t *testing.T, browser context.Context, s *site, session string) *tab {
	t.Helper()
	b := openTab(t, browser, browser, s, chromedp.WithNewBrowserContext())
	if session != "" {
		command(b, network.SetCookie, network.SetCookieParams{Name: "cabinet_session", Value: session, URL: s.URL() + "/"})
	}
	b.view(desk, "light")
	return b
}

// beside opens a second tab of the same browser, with the same cookies.
func (b *tab) beside() *tab {
	b.t.Helper()
	other := openTab(b.t, b.browser, b.ctx, b.site)
	other.view(desk, "light")
	return other
}

func openTab(t *testing.T, browser, parent context.Context, s *site, options ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	t.Cleanup(cancel)
	b := &tab{t: t, browser: browser, ctx: ctx, site: s}
	require.NoError(t, chromedp.Listen(ctx, b.hear))
	command(b, cdplog.Enable, cdp.Empty{})
	command(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `addEventListener('securitypolicyviolation', (e) => console.error('CSP: ' + e.violatedDirective + ' ' + e.blockedURI));`,
	})
	return b
}

// hear keeps what the browser complains about. That a page came with an error's status is no complaint: who opens it
// says which status is right.
func (b *tab) hear(ev any) {
	said := ""
	switch e := ev.(type) {
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == "error" && (e.Entry.Source != "network" || strings.Contains(e.Entry.URL, "/assets/")) {
			said = e.Entry.Text + " " + e.Entry.URL
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			for _, arg := range e.Args {
				said += " " + strings.Trim(string(arg.Value), `"`)
			}
		}
	case *runtime.EventExceptionThrown:
		said = e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			said += " " + e.ExceptionDetails.Exception.Description
		}
	}
	if said != "" && !strings.Contains(said, "Transition was skipped") { // said of a page that was left before it had come in whole
		b.mu.Lock()
		b.complaints = append(b.complaints, said)
		b.mu.Unlock()
	}
}

func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.complaints) > 0 {
		b.t.Errorf("the browser complained: %s", strings.Join(b.complaints, "\n"))
		b.complaints = nil
	}
}

func (b *tab) within(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.ctx, d)
}

// do runs steps that stay on the page.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := b.within(patience)
	defer cancel()
	require.NoError(b.t, chromedp.Do(ctx, steps...), "on %s", b.path())
}

// leads runs steps that lead to another page, waits for it and checks its status.
func (b *tab) leads(status int64, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := b.within(patience)
	defer cancel()
	was := b.path()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		b.shoot("stuck")
	}
	require.NoError(b.t, err, "from %s; now on %s", was, b.path())
	require.Equal(b.t, status, response.Status, "%s, from %s", response.URL, was)
	b.painted()
	b.quiet()
}

// painted waits until the page is seen. Chromium drops what is clicked before, as nobody can have meant it.
func (b *tab) painted() {
	b.t.Helper()
	for began := time.Now(); !ask[bool](b, `performance.getEntriesByType('paint').length > 0`); {
		require.Less(b.t, time.Since(began), patience, "%s is not painted", b.path())
	}
}

// open goes to a path of the portal, which must answer 200.
func (b *tab) open(path string) {
	b.t.Helper()
	b.leads(200, chromedp.Navigate(b.site.URL()+path))
}

// command sends one command to the browser.
func command[P, R any](b *tab, name cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := b.within(patience)
	defer cancel()
	out, err := chromedp.Call(ctx, name, params)
	require.NoError(b.t, err, "%T", params)
	return out
}

// path is where the tab stands.
func (b *tab) path() string {
	ctx, cancel := b.within(patience)
	defer cancel()
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(at, b.site.URL())
}

// until waits for an expression to become true.
func (b *tab) until(expr string) {
	b.t.Helper()
	ctx, cancel := b.within(patience)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](expr))
		// A page that goes away in the middle takes the question with it: ask the next one.
		if err != nil && ctx.Err() == nil && (strings.Contains(err.Error(), "navigated") || strings.Contains(err.Error(), "context")) {
			continue
		}
		require.NoError(b.t, err, "%s on %s", expr, b.path())
		return
	}
}

// ask evaluates an expression in a tab's page.
func ask[T any](b *tab, expr string) T {
	b.t.Helper()
	ctx, cancel := b.within(patience)
	defer cancel()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](expr, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, "%s on %s", expr, b.path())
	return out
}

// quoted writes a text as JavaScript does.
func quoted(text string) string {
	out, _ := json.Marshal(text) // a string always can
	return string(out)
}

func click(css string) chromedp.Action[chromedp.Void] { return chromedp.Click(chromedp.CSS(css)) }

func write(css, text string) chromedp.Action[chromedp.Void] {
	return chromedp.SendKeys(chromedp.CSS(css), text)
}

func press(keys string) chromedp.Action[chromedp.Void] { return chromedp.KeyEvent(keys) }

// replace writes over what stands in a field, as somebody at the keyboard does.
func replace(css, text string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.Clear(chromedp.CSS(css)), chromedp.SendKeys(chromedp.CSS(css), text))
}

// clickText presses the first visible link or button that says something.
func (b *tab) clickText(text string) chromedp.Action[chromedp.Void] {
	b.t.Helper()
	mark := `(() => {
		document.querySelectorAll('[data-here]').forEach((e) => e.removeAttribute('data-here'));
		const found = [...document.querySelectorAll('main a, main button, main summary, dialog[open] button')].find((e) => e.checkVisibility() && e.innerText.trim().startsWith(` + quoted(text) + `));
		found?.setAttribute('data-here', '');
		return !!found;
	})()`
	require.True(b.t, ask[bool](b, mark), "no link or button says %q on %s", text, b.path())
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		for {
			short, cancel := context.WithTimeout(ctx, patience/6)
			done, err := click("[data-here]")(short, target)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
				return done, err
			}
			// A page that follows what happens has drawn itself anew, and the mark is gone.
			if _, err := chromedp.Evaluate[bool](mark)(ctx, target); err != nil {
				return done, err
			}
		}
	}
}

// signIn fills the sign-in page in and goes in.
func (b *tab) signIn(email, password string) {
	b.t.Helper()
	b.do(write("[name=login]", email), write("[name=password]", password))
	b.leads(200, click("form .primary"))
	require.NotContains(b.t, b.path(), "/sign-in")
}

func (b *tab) script(on bool) {
	b.t.Helper()
	command(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}
