package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// console has a head choose parked events and replay them, one by its own page first, and run a schedule by hand.
func console(t *testing.T, browser context.Context, s *site, head string) {
	b := newTab(t, browser, s, head)
	b.open("/events/parked")
	rows := ask[int](b, `document.querySelectorAll('.pickcell [name=ids]').length`)
	require.GreaterOrEqual(t, rows, 2)
	b.leads(200, b.clickText("ClientSuspended"))
	b.leads(200, b.clickText("Replay"))
	b.until(`document.body.innerText.includes('It is being delivered again')`)
	require.Contains(t, b.path(), "/events/parked/", "the page of what is parked no more stays")

	b.open("/events/parked")
	require.Equal(t, rows-1, ask[int](b, `document.querySelectorAll('.pickcell [name=ids]').length`))
	b.do(click("[data-all]"))
	b.look("chosen")
	b.leads(200, click(".bulk .btn:not(.quiet)"))
	b.until(`document.body.innerText.includes('It is being delivered again')`)
	b.until(`document.body.innerText.includes('No event is parked')`)
	b.look("none-parked")

	b.open("/events/schedules")
	b.do(click(".menucell button"))
	b.do(click(".menucell button[data-confirm]"))
	b.leads(200, click("#ask-yes"))
	b.until(`document.body.innerText.includes('It is being run')`)
}
