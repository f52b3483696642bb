package booking_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// axe is the text of axe-core, when npm has brought it.
var axe = sync.OnceValue(func() string {
	for _, path := range []string{os.Getenv("CABINET_AXE"), "../../.ci/node_modules/axe-core/axe.min.js"} {
		if text, err := os.ReadFile(path); path != "" && err == nil {
			return string(text)
		}
	}
	return ""
})

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
			if e.Entry.Level == "error" {
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
			t.Errorf("browser: %s %s", what, e.ExceptionDetails.URL)
		}
	}))
	_, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{})
	require.NoError(t, err)
	return ctx
}

func signIn(t *testing.T, ctx context.Context, p *kerneltest.Portal, u *kerneltest.User) {
	t.Helper()
	_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: "cabinet_session", Value: u.Token, URL: p.URL() + "/"})
	require.NoError(t, err)
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

// view sets the size and the theme. Nothing moves, so that nothing is looked at half-way.
func view(t *testing.T, ctx context.Context, width, height int64, scheme string) {
	t.Helper()
	run(t, ctx, chromedp.EmulateViewport(width, height))
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	require.NoError(t, err)
}

// look opens a page in a size and a theme, keeps a picture of it in the folder that CABINET_SHOTS names, and lets axe-core
// look at it.
func look(t *testing.T, ctx context.Context, name, address string, width, height int64, scheme string) {
	t.Helper()
	view(t, ctx, width, height, scheme)
	run(t, ctx, chromedp.Navigate(address))
	if dir := os.Getenv("CABINET_SHOTS"); dir != "" {
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
	}
	require.LessOrEqual(t, js[int64](t, ctx, "document.documentElement.scrollWidth"), width, "the page scrolls sideways")
	if axe() == "" {
		t.Log("axe-core not found: run npm ci in .ci, or name axe.min.js in CABINET_AXE; its checks are left out")
		return
	}
	run(t, ctx, chromedp.Evaluate[chromedp.Void](axe()))
	var violations []string
	require.NoError(t, json.Unmarshal([]byte(js[string](t, ctx, `axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
		.then((r) => JSON.stringify(r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary).join(' | '))))`)), &violations))
	require.Empty(t, violations, strings.Join(violations, "\n"))
}
