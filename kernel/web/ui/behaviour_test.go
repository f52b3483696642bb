package ui_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// What the script adds, and what must work without it, in one browser.
func TestBehaviourInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	for name, check := range map[string]func(*testing.T, context.Context, *site){
		"phone opens the whole navigation without script": phoneNavigation,
		"phone filters are one sheet":                     phoneFilters,
		"filters go by themselves and keep the focus":     filtersBySelf,
		"theme is kept":                    themeKept,
		"question is asked first":          questionAsked,
		"form is sent once":                sentOnce,
		"unsaved changes are guarded":      unsavedGuarded,
		"rows are chosen":                  rowsChosen,
		"small things":                     smallThings,
		"row menu opens beside its button": rowMenu,
		"lookup has its own enter":         lookupEnter,
		"rows come and go":                 rowsComeAndGo,
		"rows work without script":         rowsWithoutScript,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, bundle(t))
			view(t, ctx, 1440, 900, "light")
			check(t, ctx, s)
		})
	}
}

func click(sel string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(sel))
}

// until waits for an expression to become true, ten seconds at most.
func until(t *testing.T, ctx context.Context, expr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](expr))
		// A page that goes away in the middle takes the question with it: ask the next one.
		if err != nil && ctx.Err() == nil && (strings.Contains(err.Error(), "navigated") || strings.Contains(err.Error(), "context")) {
			continue
		}
		require.NoError(t, err, expr)
		return
	}
}

func phoneNavigation(t *testing.T, ctx context.Context, s *site) {
	script := func(off bool) {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off})
		require.NoError(t, err)
	}
	script(true)
	defer script(false)
	view(t, ctx, 390, 844, "light")
	run(t, ctx, chromedp.Navigate(s.URL+"/dashboard"))
	visible := `getComputedStyle(document.querySelector('#rail')).display !== 'none'`
	require.False(t, js[bool](t, ctx, visible))
	run(t, ctx, click(".bottom button"))
	require.True(t, js[bool](t, ctx, visible))
	require.Equal(t, 11, js[int](t, ctx, `[...document.querySelectorAll('#rail .nav a')].filter(a => a.checkVisibility() && a.getBoundingClientRect().height >= 44).length`))
	run(t, ctx, click("#rail .close"))
	require.False(t, js[bool](t, ctx, visible))
	// The account menu and the search open too.
	run(t, ctx, click(".top .avatar[popovertarget]"))
	require.True(t, js[bool](t, ctx, `document.querySelector('#me').matches(':popover-open')`))
}

func phoneFilters(t *testing.T, ctx context.Context, s *site) {
	view(t, ctx, 390, 844, "light")
	run(t, ctx, chromedp.Navigate(s.URL+"/list"))
	require.False(t, js[bool](t, ctx, `document.querySelector('.chip').checkVisibility()`))
	run(t, ctx, click(".filters .open"), click("#filters-status > summary"), click("#filters-status input[value=active]"))
	require.True(t, js[bool](t, ctx, `document.querySelector('.sheet').matches(':popover-open')`), "choosing does not close the sheet")
	run(t, ctx, click(".sheet .apply"))
	until(t, ctx, `location.search.includes('status=active')`)
	require.Contains(t, js[string](t, ctx, `location.search`), "manager=1&manager=2")
}

func filtersBySelf(t *testing.T, ctx context.Context, s *site) {
	run(t, ctx, chromedp.Navigate(s.URL+"/list"), chromedp.SendKeys(chromedp.CSS("#filters-q"), "ze"))
	require.Empty(t, js[string](t, ctx, `location.search`))
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#filters-q"), "r"))
	until(t, ctx, `location.search.includes('q=zer')`)
	until(t, ctx, `document.activeElement?.id === 'filters-q'`)
	q, err := url.ParseQuery(strings.TrimPrefix(js[string](t, ctx, `location.search`), "?"))
	require.NoError(t, err)
	require.Equal(t, url.Values{"q": {"zer"}, "sort": {"name"}, "manager": {"1", "2"}}, q, "empty fields stay out of the address")
	// Enter sends it once: what would have gone by itself a moment later does not.
	sent := js[int](t, ctx, `(async () => {
		let sent = 0;
		const form = document.querySelector('[data-filters]');
		addEventListener('submit', (e) => { sent++; e.preventDefault(); });
		form.querySelector('[type=search]').dispatchEvent(new InputEvent('input', {bubbles: true}));
		form.requestSubmit();
		await new Promise((done) => setTimeout(done, 600));
		return sent;
	})()`)
	require.Equal(t, 1, sent)
}

func themeKept(t *testing.T, ctx context.Context, s *site) {
	run(t, ctx, chromedp.Navigate(s.URL+"/list"), click(".top .avatar[popovertarget]"), click("#theme-dark"))
	require.Equal(t, "dark", js[string](t, ctx, `document.documentElement.dataset.theme`))
	require.Contains(t, js[string](t, ctx, `document.cookie`), "theme=dark")
	require.Equal(t, "dark", js[string](t, ctx, `getComputedStyle(document.documentElement).colorScheme`))
	run(t, ctx, click("#theme-auto"))
	require.Contains(t, js[string](t, ctx, `document.cookie`), "theme=auto")
	require.Equal(t, "light dark", js[string](t, ctx, `getComputedStyle(document.documentElement).colorScheme`))
	require.Empty(t, s.posted(), "no page is loaded for it")
}

func questionAsked(t *testing.T, ctx context.Context, s *site) {
	run(t, ctx, chromedp.Navigate(s.URL+"/detail"), click("button[data-confirm]"))
	require.Equal(t, "Suspend Zerno Roastery?", js[string](t, ctx, `document.querySelector('#ask[open] h2').textContent`))
	run(t, ctx, click("#ask button[value=no]"))
	require.False(t, js[bool](t, ctx, `document.querySelector('#ask').open`))
	require.Empty(t, s.posted())
	run(t, ctx, click("button[data-confirm]"), click("#ask-yes"))
	until(t, ctx, `location.pathname === '/parts'`)
	require.Equal(t, []string{"/suspend?confirmed=1&csrf=token"}, s.posted())
}

func sentOnce(t *testing.T, ctx context.Context, s *site) {
	run(t, ctx, chromedp.Navigate(s.URL+"/form"))
	busy := js[string](t, ctx, `(() => {
		const form = document.querySelector('#client'), button = form.querySelector('.primary');
		button.click(); button.click(); form.requestSubmit(button);
		return button.textContent.trim() + '|' + button.getAttribute('aria-busy');
	})()`)
	require.Equal(t, "Saving…|true", busy)
	until(t, ctx, `location.pathname === '/parts'`)
	require.Len(t, s.posted(), 1)
	require.Contains(t, s.posted()[0], "csrf=token")
	<-s.arrived
	// A page that the browser brings back from its memory can be used again.
	run(t, ctx, chromedp.Navigate(s.URL+"/form"))
	send := `document.querySelector('#client button[name=then]').click();`
	run(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector('#client').action = '/stay';`+send+send))
	<-s.arrived
	require.Equal(t, "Save and add another|true", js[string](t, ctx, `((b) => b.textContent.trim() + '|' + b.getAttribute('aria-busy'))(document.querySelector('#client button[name=then]'))`))
	run(t, ctx, chromedp.Evaluate[chromedp.Void](`dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}));`+send))
	<-s.arrived
	require.Len(t, s.posted(), 3)
	require.Contains(t, s.posted()[2], "then=new")
}

func unsavedGuarded(t *testing.T, ctx context.Context, s *site) {
	asked := make(chan string, 8)
	dialogs := chromedp.Events(ctx, page.JavascriptDialogOpening)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ev, err := range dialogs {
			if err != nil {
				return
			}
			asked <- string(ev.Type)
			if _, err := chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true}); err != nil {
				return
			}
			return
		}
	}()
	run(t, ctx, chromedp.Navigate(s.URL+"/form"), chromedp.Navigate(s.URL+"/list"), chromedp.Navigate(s.URL+"/form"))
	require.Empty(t, asked, "nothing was changed")
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#f-note"), "x"), chromedp.Navigate(s.URL+"/list"))
	require.Equal(t, "beforeunload", <-asked)
	<-done
	// What is being saved is not unsaved.
	run(t, ctx, chromedp.Navigate(s.URL+"/form"), chromedp.SendKeys(chromedp.CSS("#f-note"), "x"), click("#client .primary"))
	until(t, ctx, `location.pathname === '/parts'`)
	require.Len(t, s.posted(), 1)
}

func rowsChosen(t *testing.T, ctx context.Context, s *site) {
	chosen := `document.querySelector('[data-chosen]').textContent`
	run(t, ctx, chromedp.Navigate(s.URL+"/list"))
	require.Equal(t, "1", js[string](t, ctx, chosen))
	require.True(t, js[bool](t, ctx, `document.querySelector('[data-all]').indeterminate`))
	run(t, ctx, click("[data-all]"))
	require.Equal(t, "10", js[string](t, ctx, chosen))
	run(t, ctx, click(".bulk button[type=reset]"))
	until(t, ctx, `!document.querySelector('.bulk').checkVisibility()`)
	require.Equal(t, "0", js[string](t, ctx, chosen))
	run(t, ctx, click("tbody tr:nth-child(2) .pickcell label"), click("tbody tr:nth-child(3) .pickcell label"), click(".bulk button[value=hand]"))
	until(t, ctx, `location.pathname === '/parts'`)
	require.Equal(t, []string{"/bulk?csrf=token&do=hand&id=b&id=c"}, s.posted(), "a box is pressed without following the row's link")
}

func smallThings(t *testing.T, ctx context.Context, s *site) {
	run(t, ctx, chromedp.Navigate(s.URL+"/parts"))
	before := js[int](t, ctx, `document.querySelectorAll('.notice').length`)
	run(t, ctx, click("[data-dismiss]"))
	require.Equal(t, before-1, js[int](t, ctx, `document.querySelectorAll('.notice').length`))
	require.True(t, js[bool](t, ctx, `document.querySelector('[data-copy]').checkVisibility()`))
	run(t, ctx, chromedp.Focus(chromedp.CSS("#link")))
	require.Equal(t, "https://my.polissia.example/invite/8f2c", js[string](t, ctx, `getSelection().toString()`))
	require.True(t, js[bool](t, ctx, `!document.dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true, bubbles: true, cancelable: true}))`))
	require.True(t, js[bool](t, ctx, `document.querySelector('#find').matches(':popover-open')`))
	require.Equal(t, "q", js[string](t, ctx, `document.activeElement.name`))
	run(t, ctx, chromedp.Navigate(s.URL+"/form"))
	require.Equal(t, "alert", js[string](t, ctx, `document.activeElement.getAttribute('role')`), "errors have the focus")
}

func rowMenu(t *testing.T, ctx context.Context, s *site) {
	run(t, ctx, chromedp.Navigate(s.URL+"/list"), click("[popovertarget=row-c]"))
	require.True(t, js[bool](t, ctx, `(() => {
		const menu = document.querySelector('#row-c').getBoundingClientRect(), button = document.querySelector('[popovertarget=row-c]').getBoundingClientRect();
		return document.querySelector('#row-c').matches(':popover-open') && menu.top >= button.bottom && menu.top - button.bottom < 12 && Math.abs(menu.right - button.right) < 4;
	})()`))
	require.Equal(t, "/list", js[string](t, ctx, `location.pathname`))
	run(t, ctx, click("#row-c button[data-confirm]"), click("#ask-yes"))
	until(t, ctx, `location.pathname === '/parts'`)
	require.Equal(t, []string{"/suspend?confirmed=1&csrf=token"}, s.posted())
	run(t, ctx, chromedp.Navigate(s.URL+"/list"), click("tbody tr:nth-child(5) td:nth-child(4)"))
	until(t, ctx, `location.pathname === '/detail'`)
}

func lookupEnter(t *testing.T, ctx context.Context, s *site) {
	run(t, ctx, chromedp.Navigate(s.URL+"/form"), chromedp.SendKeys(chromedp.CSS("[name=parent_q]"), "no\r"))
	until(t, ctx, `location.pathname === '/parts'`)
	require.Contains(t, s.posted()[0], "find=parent")
	require.Contains(t, s.posted()[0], "parent_q=nozer", "the cursor stood at the start")
}

func rowsComeAndGo(t *testing.T, ctx context.Context, s *site) {
	focused, rows := `document.activeElement.name`, `document.querySelectorAll('#f-lines .item').length`
	run(t, ctx, chromedp.Navigate(s.URL+"/lines"))
	before := js[float64](t, ctx, `document.querySelector('#f-lines .item').getBoundingClientRect().top`)
	run(t, ctx, click("#f-lines [data-add]"))
	require.Equal(t, "lines[3].description", js[string](t, ctx, focused), "the new row has the cursor")
	require.Equal(t, "Line 4", js[string](t, ctx, `document.querySelector('#f-lines-3-row').textContent`))
	require.InDelta(t, before, js[float64](t, ctx, `document.querySelector('#f-lines .item').getBoundingClientRect().top + scrollY`), 1, "what stands above stays")
	check(t, ctx, everything)
	// Typed by a program, Enter would send the form by its character, which a browser leaves out.
	enter := chromedp.Evaluate[chromedp.Void](`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true}))`)
	run(t, ctx, chromedp.KeyEvent("Travel\t3"), enter)
	require.Equal(t, "lines[4].quantity", js[string](t, ctx, focused), "Enter goes down, and makes the row it goes to")
	require.True(t, js[bool](t, ctx, `document.querySelector('#f-lines [data-add]').disabled && !document.querySelector('#f-lines [data-full]').hidden`), "five is the most")
	run(t, ctx, enter)
	require.Equal(t, 5, js[int](t, ctx, rows))
	require.Equal(t, "8,400.00", js[string](t, ctx, `document.querySelector('#f-lines-0-amount data').value`))
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#f-lines-0-quantity"), "1"))
	require.Equal(t, "—", js[string](t, ctx, `document.querySelector('#f-lines-0-amount').textContent`), "it comes to something else now")
	run(t, ctx, click(`[value="lines[1]"]`))
	require.Equal(t, "lines[2].description", js[string](t, ctx, focused))
	require.Equal(t, "Line 2|Remove line 2", js[string](t, ctx, `document.querySelector('#f-lines-2-row').textContent + '|' + document.querySelector('[value="lines[2]"]').ariaLabel`))
	require.False(t, js[bool](t, ctx, `document.querySelector('#f-lines [data-add]').disabled`))
	// The last row is emptied, not taken away.
	run(t, ctx, click(`[value="parts[0]"]`))
	require.Equal(t, "parts[1].document", js[string](t, ctx, focused))
	require.Equal(t, 1, js[int](t, ctx, `document.querySelectorAll('#f-parts .item').length`))
	run(t, ctx, click("#invoice .primary"))
	until(t, ctx, `location.pathname === '/parts'`)
	sent, err := url.ParseQuery(strings.TrimPrefix(s.posted()[0], "/lines?"))
	require.NoError(t, err)
	require.Equal(t, []string{"Travel", "3", "", ""}, []string{
		sent.Get("lines[3].description"), sent.Get("lines[3].quantity"), sent.Get("lines[3].price"), sent.Get("lines[4].quantity"),
	})
	require.False(t, sent.Has("lines[1].description") || sent.Has("lines[~].description") || sent.Has("add_row") || sent.Has("remove_row"))
}

func rowsWithoutScript(t *testing.T, ctx context.Context, s *site) {
	script := func(off bool) {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off})
		require.NoError(t, err)
	}
	// A form that was sent is still on its way to where it leads, and a page that is asked for then may be let go with it.
	visit := func(address string) {
		for {
			err := chromedp.Do(ctx, chromedp.Navigate(address))
			if err != nil && strings.Contains(err.Error(), "ERR_ABORTED") {
				continue
			}
			require.NoError(t, err)
			return
		}
	}
	script(true)
	defer script(false)
	for press, sends := range map[string]string{"#f-lines [data-add]": "add_row=lines", `[value="lines[1]"]`: "remove_row=lines%5B1%5D"} {
		visit(s.URL + "/lines")
		run(t, ctx, click(press))
		<-s.arrived
		require.Contains(t, s.posted()[len(s.posted())-1], sends)
	}
	visit(s.URL + "/lines")
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#f-lines-0-quantity"), "\r"))
	<-s.arrived
	last := s.posted()[len(s.posted())-1]
	require.False(t, strings.Contains(last, "add_row") || strings.Contains(last, "remove_row"), "Enter sends the form, and takes no row away")
	visit("about:blank") // before the site goes, what the page still asks for
}
