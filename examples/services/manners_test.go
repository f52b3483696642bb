package main

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// firstHead comes in by the link that the portal prints, once.
func firstHead(t *testing.T, browser context.Context, s *site) {
	b := newTab(t, browser, s, "")
	link := s.firstHead(t)
	b.open(link)
	b.look("first-head")
	// What is missing is said beside its field, and nothing is lost.
	b.do(write("[name=name]", "Oksana Hrynko"), write("[name=email]", "head@polissia.example"), write("[name=password]", "short"))
	b.leads(422, click("form .primary"))
	require.Equal(t, "Oksana Hrynko", ask[string](b, `document.querySelector('[name=name]').value`))
	b.look("first-head-refused")
	b.do(write("[name=password]", "a sentence that is easy"))
	b.leads(200, click("form .primary"))
	require.Equal(t, "/", b.path())
	require.Contains(t, b.text("main h1"), "Oksana")
	b.look("first-head-home")
	// The picture beside this file: portal.png.
	b.view(size{"picture", 1280, 800}, "light")
	b.open("/clients")
	b.shoot("portal")
	b.view(desk, "light")
	b.leads(410, chromedp.Navigate(s.URL()+link))
	b.look("link-used")
}

// keyboard signs in and opens a client without a pointer.
func keyboard(t *testing.T, browser context.Context, s *site) {
	b := newTab(t, browser, s, "")
	b.open("/clients")
	require.Equal(t, "login", ask[string](b, `document.activeElement.name`), "the first field has the focus")
	b.do(press(staff[0].email), press(kb.Tab), press(s.password))
	b.leads(200, press(kb.Enter))
	require.Equal(t, "/clients", b.path(), "it leads on to where its reader wanted to go")
	b.do(press(kb.Tab))
	require.Contains(t, ask[string](b, `document.activeElement.className`), "skip", "the first stop leads past the navigation")
	b.do(press(kb.Enter))
	for range 40 {
		b.do(press(kb.Tab))
		seen := ask[bool](b, `(() => {
			const e = document.activeElement, style = getComputedStyle(e), box = e.closest('label, .input, .btn, .chip') ?? e, around = getComputedStyle(box);
			return e === document.body || [style, around].some((s) => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none');
		})()`)
		require.True(t, seen, "the focus on %s is not seen", ask[string](b, `document.activeElement.outerHTML`))
		if ask[bool](b, `document.activeElement.matches('tbody a')`) {
			break
		}
	}
	name := ask[string](b, `document.activeElement.innerText.trim()`)
	b.leads(200, press(kb.Enter))
	require.Contains(t, b.text("h1"), name)
	// Menus open and close by keys too, and give the focus back.
	b.do(chromedp.Focus(chromedp.CSS(".top .avatar[popovertarget]")), press(kb.Enter))
	b.until(`document.querySelector('#me').matches(':popover-open')`)
	b.do(press(kb.Escape))
	b.until(`!document.querySelector('#me').matches(':popover-open') && document.activeElement.matches('.avatar')`)
}

// bare signs in, lists, finds and edits with script switched off.
func bare(t *testing.T, browser context.Context, s *site) {
	b := newTab(t, browser, s, "")
	b.script(false)
	b.view(phone, "light")
	b.open("/clients")
	b.signIn(staff[1].email, s.password)
	require.Equal(t, "/clients", b.path())
	b.leads(200, write("input[type=search]", "north dock\r"))
	require.Equal(t, 1, ask[int](b, `document.querySelectorAll('main tbody tr').length`))
	b.leads(200, click("main tbody a"))
	b.leads(200, b.clickText("Edit client"))
	b.do(replace("[name=place]", "Odesa, Peresyp"))
	b.leads(200, click("main form .primary"))
	require.Contains(t, b.text("main"), "Odesa, Peresyp")
	b.shoot("bare-phone")
	require.False(t, ask[bool](b, `[...document.querySelectorAll('[data-copy], [data-dismiss]')].some((e) => e.checkVisibility())`), "what needs script is not shown")
}

// paper prints a client's page: no navigation, no buttons, nothing cut off.
func paper(t *testing.T, browser context.Context, s *site, session, client string) {
	b := newTab(t, browser, s, session)
	b.open(client)
	b.do(chromedp.EmulateViewport(690, 1000))
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	b.shoot("paper-client")
	require.Empty(t, ask[[]string](b, `[...document.querySelectorAll('.rail, .top, .bottom, .btn, .notice, .skip')].filter((e) => e.checkVisibility()).map((e) => e.outerHTML)`))
	require.True(t, ask[bool](b, `document.querySelector('h1').checkVisibility()`))
	b.fits("paper", size{"sheet of paper", 690, 1000})
}

// switches goes from one client of the reader's to another: pages and rights follow.
func switches(t *testing.T, browser context.Context, s *site, director string) {
	b := newTab(t, browser, s, director)
	b.open("/company")
	require.Contains(t, b.text("h1"), "Zerno Roastery")
	b.do(click("button.switch-client"))
	b.until(`document.querySelector('button.switch-client').popoverTargetElement.matches(':popover-open')`)
	b.look("switch")
	b.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll('.top [popover] button, .menu button')].find((e) => e.innerText.includes('Zerno Café Podil')).setAttribute('data-here', '')`))
	b.leads(200, click("[data-here]"))
	b.open("/company")
	require.Contains(t, b.text("h1"), "Zerno Café Podil")
	b.refused("/company/invite") // where she is the accountant, she invites nobody
}

// opened looks at what opens over a page: the navigation and the filters of a phone, menus, a question.
func opened(t *testing.T, browser context.Context, s *site, session, client string) {
	b := newTab(t, browser, s, session)
	see := func(w size, path, name string, css ...string) {
		b.open(path)
		for _, scheme := range []string{"light", "dark"} {
			b.view(w, scheme)
			for _, c := range css {
				if scheme == "light" { // it stays open
					b.do(click(c))
				}
			}
			rules := everything
			if scheme == "dark" {
				rules = contrast
			}
			b.lookAt("open-"+name, w, scheme, rules)
		}
	}
	see(phone, "/clients", "navigation", ".bottom button")
	see(phone, "/clients", "filters", ".filters .open", ".filters details > summary")
	see(phone, "/clients", "account", ".top .avatar[popovertarget]")
	see(phone, client, "row", ".menucell button")
	see(desk, "/clients", "filter", ".filters details > summary")
	see(desk, "/clients", "account", ".top .avatar[popovertarget]")
	see(desk, client, "row", ".menucell button")
	see(desk, client, "question", ".menucell button", ".menucell button[data-confirm]")
	require.True(t, ask[bool](b, `document.querySelector('#ask').open`))
}
