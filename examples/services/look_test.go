package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// size is a reader's window.
type size struct {
	name          string
	width, height int64
}

var (
	phone = size{"phone", 390, 844}
	desk  = size{"desk", 1440, 900}
)

// view sets the window and the theme. Nothing moves, so that nothing is looked at half-way.
func (b *tab) view(s size, scheme string) {
	b.t.Helper()
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	b.do(chromedp.EmulateViewport(s.width, s.height))
}

// look examines the page as it stands in both sizes and themes, and goes back to the size and theme it was in.
func (b *tab) look(name string) {
	b.t.Helper()
	b.quiet()
	b.lookAt(name, desk, "dark", contrast)
	b.lookAt(name, desk, "light", everything)
	b.lookAt(name, phone, "dark", contrast)
	b.lookAt(name, phone, "light", everything)
	b.view(desk, "light")
}

// everything that axe-core knows, or what a theme can change.
const (
	everything = `{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}`
	contrast   = `{runOnly: {type: 'rule', values: ['color-contrast']}}`
)

func (b *tab) lookAt(name string, s size, scheme, rules string) {
	b.t.Helper()
	b.view(s, scheme)
	b.shoot(name + "-" + s.name + "-" + scheme)
	where := b.path() + " " + s.name + " " + scheme
	if !ask[bool](b, `typeof axe === 'object'`) {
		b.do(chromedp.Evaluate[chromedp.Void](axe()))
	}
	var violations []string
	// A filter that is open covers a part of the list, and half a link behind it is too small a target. The list is looked
	// at without it elsewhere; here it is the filter that counts.
	part := "document"
	if name == "open-filter" {
		part = "document.querySelector('.filters details[open] > div')"
	}
	found := ask[string](b, `axe.run(`+part+`, `+rules+`).then((r) => JSON.stringify(r.violations.map((v) =>
		v.id + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary).join(' | '))))`)
	require.NoError(b.t, json.Unmarshal([]byte(found), &violations))
	if len(violations) > 0 {
		b.t.Errorf("%s, %s: axe: %s", name, where, strings.Join(violations, "\n"))
	}
	b.fits(name, s)
}

// fits checks that the page does not scroll sideways, and that no part of it sticks out or is cut off.
func (b *tab) fits(name string, s size) {
	b.t.Helper()
	if wide := ask[int64](b, `document.documentElement.scrollWidth`); wide > s.width {
		b.t.Errorf("%s, %s: the page is %d wide on a %s", name, b.path(), wide, s.name)
	}
	for _, what := range ask[[]string](b, sticksOut) {
		b.t.Errorf("%s, %s on a %s: %s", name, b.path(), s.name, what)
	}
}

// sticksOut lists what reaches beyond the window, but for what a box of its own scrolls, and texts that are cut off
// without the dots that say so.
// Fields scroll what is written in them.
const sticksOut = `(() => {
	const width = document.documentElement.clientWidth, found = [];
	const hidden = (e) => e.closest('.vh, .skip, svg, [hidden]') || !e.checkVisibility({opacityProperty: true, visibilityProperty: true});
	const scrolls = (e) => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) if (getComputedStyle(p).overflowX !== 'visible') return true; };
	for (const e of document.body.querySelectorAll('*')) {
		if (hidden(e) || e.matches('input, textarea, select')) continue;
		const r = e.getBoundingClientRect(), style = getComputedStyle(e);
		if (r.width === 0 || r.height === 0) continue;
		const tag = e.tagName.toLowerCase() + (e.className && '.' + e.className) + ' “' + e.textContent.trim().slice(0, 60) + '”';
		if ((r.right > width + 1 || r.left < -1) && !scrolls(e)) found.push(tag + ' sticks out: ' + Math.round(r.left) + '…' + Math.round(r.right));
		if (['hidden', 'clip'].includes(style.overflowX) && style.textOverflow !== 'ellipsis' && r.width > 2 && e.scrollWidth > e.clientWidth + 1) found.push(tag + ' is cut off');
	}
	return found.slice(0, 5);
})()`

// shoot keeps a picture of the page in the folder that CABINET_SHOTS names.
func (b *tab) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("CABINET_SHOTS")
	if dir == "" {
		return
	}
	quick := true
	png := command(b, page.CaptureScreenshot, page.CaptureScreenshotParams{OptimizeForSpeed: &quick})
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png.Data, 0o600))
}
