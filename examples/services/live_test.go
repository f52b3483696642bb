package main

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	accountsv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientsv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// soon is how soon a page that is open shows what somebody else changed.
const soon = 5 * time.Second

// TestLiveInABrowser has two browsers side by side: what is changed in the one is seen in the other, whose reader
// keeps their place.
func TestLiveInABrowser(t *testing.T) {
	browser := openBrowser(t)
	s := openSite(t)
	roastery := s.client(t, "Zerno Roastery")
	page := "/clients/" + roastery
	head, manager := s.head(t), s.session(t, staff[0].email)
	writer := newTab(t, browser, s, head)

	list := newTab(t, browser, s, manager)
	list.view(phone, "light") // so that there is something to scroll
	list.open("/clients")
	detail := list.beside()
	detail.open(page)
	form := list.beside()
	form.open(page + "/edit")
	list.listening(1)
	run := func(name string, test func(t *testing.T)) {
		t.Run(name, func(t *testing.T) {
			for _, b := range []*tab{writer, list, detail, form} {
				b.t = t
			}
			test(t)
		})
	}

	run("a list refreshes itself and its reader keeps their place", func(t *testing.T) {
		link := `[...document.querySelectorAll('tbody a')].find((a) => a.innerText.includes('Library by the River'))`
		ask[bool](list, `(() => { window.mark = document.querySelector('tbody'); scrollTo(0, 300);
			window.held = `+link+`; held.focus({preventScroll: true}); return true; })()`)
		top := ask[float64](list, `scrollY`)
		require.Greater(t, top, float64(0))
		writer.open(page + "/edit")
		writer.do(replace("[name=name]", "Aroma Roastery"))
		writer.leads(200, click("#form .primary"))
		began := time.Now()
		list.until(`document.querySelector('tbody').innerText.includes('Aroma Roastery')`)
		require.Less(t, time.Since(began), soon)
		require.True(t, ask[bool](list, `mark === document.querySelector('tbody')`), "the table was made anew")
		require.True(t, ask[bool](list, `document.activeElement === held && held.isConnected`), "the focus was lost")
		require.InDelta(t, top, ask[float64](list, `scrollY`), 150, "the page jumped")
		list.until(`document.querySelector('#live').textContent !== ''`)
		list.shoot("live-list")
	})

	run("so does a detail, and what is open in it stays open", func(t *testing.T) {
		detail.until(`document.querySelector('h1').innerText.includes('Aroma Roastery') && document.title.includes('Aroma Roastery')`)
		menu := `[...document.querySelectorAll('[popovertarget^="clientmanager-contacts-"]')].at(-1)`
		ask[bool](detail, `(() => { window.menu = document.getElementById(`+menu+`.getAttribute('popovertarget')); menu.showPopover(); return true; })()`)
		_, err := clientsv1.NewContactServiceClient(s.Kernel()).CreateContact(t.Context(), &clientsv1.CreateContactRequest{
			RequestId: store.NewID(), Contact: &clientsv1.Contact{ClientId: roastery, Name: "Arsen Aleksiuk", Role: "client.manager"},
		})
		require.NoError(t, err)
		detail.until(`document.body.innerText.includes('Arsen Aleksiuk')`)
		require.True(t, ask[bool](detail, `menu.isConnected && menu.matches(':popover-open')`), "an open menu was closed")
	})

	run("a form is left alone, and its writer is told", func(t *testing.T) {
		require.Equal(t, "Zerno Roastery", ask[string](form, `document.querySelector('[name=name]').value`))
		form.until(`!!document.querySelector('.changed .notice')`)
		ask[bool](form, `(() => { document.querySelector('.changed .notice [data-dismiss]').click(); return true; })()`)
		form.do(chromedp.SendKeys(chromedp.CSS("[name=note]"), "half a sen"))
		writer.open(page + "/edit")
		writer.do(replace("[name=place]", "Kyiv, Obolon"))
		writer.leads(200, click("#form .primary"))
		form.until(`!!document.querySelector('.changed .notice')`)
		require.True(t, ask[bool](form, `document.querySelector('[name=note]').value.includes('half a sen')`))
		require.Equal(t, "note", ask[string](form, `document.activeElement.name`))
		form.shoot("live-form")
		form.view(phone, "dark")
		form.shoot("live-form-phone-dark")
		require.True(t, ask[bool](form, `(() => { const r = document.querySelector('.changed .notice').getBoundingClientRect();
			return r.top > 56 && r.bottom < innerHeight - 56; })()`), "the notice is out of sight")
	})

	run("the bell's place is empty without a module that has one", func(t *testing.T) {
		require.False(t, ask[bool](list, `!!document.querySelector('.bell')`))
	})

	run("tabs of a browser share a stream; hidden ones have none", func(t *testing.T) {
		// Three tabs of the manager, one of the head.
		writer.open("/clients")
		list.listening(2)
		for _, b := range []*tab{list, detail, form} {
			b.hide(true)
		}
		list.listening(1)
		for _, b := range []*tab{list, detail} { // not asked while they are hidden
			ask[bool](b, `(() => { window.asked = performance.getEntriesByType('resource').length; return true; })()`)
		}
		writer.open(page + "/edit")
		writer.do(replace("[name=name]", "Zerno Roastery"))
		writer.leads(200, click("#form .primary"))
		require.True(t, ask[bool](detail, `document.querySelector('h1').innerText.includes('Aroma') && asked === performance.getEntriesByType('resource').length`))
		detail.hide(false)
		detail.until(`document.querySelector('h1').innerText.includes('Zerno')`)
		list.listening(2)
		// A tab that is closed hands over to the next.
		list.hide(false)
		detail.open("/settings")
		list.listening(2)
		writer.open(page + "/edit")
		writer.do(replace("[name=name]", "Zenit Roastery"))
		writer.leads(200, click("#form .primary"))
		list.until(`document.querySelector('tbody').innerText.includes('Zenit Roastery')`)
	})

	run("who is dismissed is out", func(t *testing.T) {
		list.quiet()
		_, err := accountsv1.NewUserServiceClient(s.Kernel()).BlockUser(t.Context(), &accountsv1.BlockUserRequest{Id: s.user(t, manager)})
		require.NoError(t, err)
		began := time.Now()
		list.until(`location.pathname === '/sign-in'`)
		require.Less(t, time.Since(began), soon)
	})
	for _, b := range []*tab{writer, detail, form} {
		b.quiet()
	}
}

// hide has a page believe that it is hidden, or shown again: headless browsers show all of their tabs.
func (b *tab) hide(on bool) {
	b.t.Helper()
	state := `visible`
	if on {
		state = `hidden`
	}
	ask[bool](b, `(() => {
		Object.defineProperty(document, 'hidden', { configurable: true, get: () => `+quoted(state)+` === 'hidden' });
		Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => `+quoted(state)+` });
		document.dispatchEvent(new Event('visibilitychange'));
		return true;
	})()`)
}

// listening waits until the portal has so many streams.
func (b *tab) listening(n int) {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return b.site.Live().Count() == n }, patience, 10*time.Millisecond, "%d streams", n)
}
