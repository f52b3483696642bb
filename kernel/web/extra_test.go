package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/custom"
)

const withFields = `
modules:
  clientmanager:
    settings:
      fields:
        - {id: tier, type: choice, title: {en: Tier, uk: Рівень, ru: Уровень}, searchable: true, listed: true, required: true,
           choices: [{id: gold, title: {en: Gold plan, uk: Золотий, ru: Золотой}}, {id: basic, title: {en: Basic plan, uk: Звичайний, ru: Обычный}}]}
        - {id: area, type: decimal, title: {en: Serviced area, uk: Площа, ru: Площадь}}
        - {id: remark, type: text, title: {en: Remark, uk: Ремарка, ru: Ремарка}, searchable: true}
`

// What an integrator declares is asked for, shown, listed and filtered by, and what is wrong with it is said beside it.
func TestFieldsOfTheIntegrator(t *testing.T) {
	t.Parallel()
	s := start(t, options{config: withFields})
	head := s.Head(t)
	form := s.formOf(t, head, "/clients/new")
	require.Contains(t, form, "extra.tier")
	form.Set("name", "Zerno Roastery")
	form.Set("kind", "CLIENT_KIND_COMPANY")
	form.Set("extra.area", "1 200,5 m")
	form.Set("extra.remark", `<script>alert("x")</script>`)
	form.Set("extra.made_up", "1")
	page := s.post(t, head, "/clients/new", form)
	require.Equal(t, http.StatusUnprocessableEntity, page.Status)
	require.Contains(t, page.Body, "Tier: Fill this in.")
	require.Contains(t, page.Body, "Serviced area: Write a number such as 12.50.")
	require.Contains(t, page.Body, "1 200,5 m", "what was typed is kept")
	form.Set("extra.tier", "gold")
	form.Set("extra.area", "1200,5")
	page = s.post(t, head, "/clients/new", form)
	require.Equal(t, http.StatusSeeOther, page.Status, page.Body)
	client := page.Location()
	c := s.read(t, head, strings.TrimPrefix(client, "/clients/"))
	require.Equal(t, "gold", custom.Of(c.GetExtra())["tier"])
	body := head.Get(t, client).Body
	require.Contains(t, body, "Gold plan")
	require.Contains(t, body, "1,200.5")
	require.NotContains(t, body, "<script>alert")

	form = s.formOf(t, head, client+"/edit")
	require.Equal(t, "1200.5", form.Get("extra.area"))
	form.Set("extra.area", "")
	require.Equal(t, http.StatusSeeOther, s.post(t, head, client+"/edit", form).Status)
	require.Empty(t, custom.Of(s.read(t, head, strings.TrimPrefix(client, "/clients/")).GetExtra())["area"])

	list := head.Get(t, "/clients?extra.tier=gold").Body
	require.Contains(t, list, "Zerno Roastery")
	require.Contains(t, list, "Gold plan")
	require.NotContains(t, head.Get(t, "/clients?extra.tier=basic").Body, "Zerno Roastery")
	require.Contains(t, head.Get(t, "/clients?extra.remark=nothing").Body, "Clear the filters")
	wrong := head.Get(t, "/clients?extra.tier=silver")
	require.Contains(t, wrong.Body, "Choose one of the values offered.")
	require.Equal(t, http.StatusUnprocessableEntity, head.Get(t, "/clients?extra=x").Status)
}
