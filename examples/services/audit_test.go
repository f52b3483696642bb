package main

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// audited has a manager change a client, and looks at what each reader is told of it.
func audited(t *testing.T, browser context.Context, s *site, head, manager, director, client string) {
	b := newTab(t, browser, s, manager)
	b.open(client + "/edit")
	b.do(replace("[name=website]", "https://zerno.example/coffee"), replace("[name=note]", "Pays on the last day."))
	b.leads(200, click("main form .primary"))
	require.Contains(t, b.text("main"), "Taras Hnatiuk changed a client: Zerno Roastery — ")
	b.look("audit-client")
	b.leads(200, b.clickText("Taras Hnatiuk changed a client: Zerno Roastery — "))
	require.Contains(t, b.text("main table"), "https://zerno.example/coffee")
	require.Contains(t, b.text("main table"), "Pays on the last day.")
	require.Contains(t, b.text("main"), "127.0.0.1")
	require.Contains(t, b.text("main"), "Chrome · Linux")
	b.look("audit-entry")
	entry := b.path()

	h := newTab(t, browser, s, head)
	h.open("/audit?outcome=AUDIT_OUTCOME_REFUSED&from_date=2026-01-01")
	h.look("audit-none")
	// Of that client alone: others import hundreds meanwhile.
	h.open("/audit?from_date=2020-01-01&client_id=" + strings.TrimPrefix(client, "/clients/"))
	require.Contains(t, h.text("main tbody"), "Taras Hnatiuk changed a client: Zerno Roastery — ")
	h.look("audit-days")

	d := newTab(t, browser, s, director)
	d.open("/activity")
	d.leads(200, d.clickText("Taras Hnatiuk changed a client: Zerno Roastery — Website"))
	require.Contains(t, d.text("main table"), "https://zerno.example/coffee")
	for _, hidden := range []string{"Pays on the last day.", "127.0.0.1", "Chrome", "IdentityService"} {
		require.NotContains(t, d.text("main"), hidden)
	}
	d.look("activity-entry")
	d.refused(entry)
	d.refused("/audit")
}
