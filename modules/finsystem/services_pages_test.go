package finsystem_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store"
)

// A manager gives a client a service and records what was done; its director sees it, asks to pay later, and is answered.
func TestServicesAndDeferralsInThePages(t *testing.T) {
	o := newOffice(t)
	manager, director := o.manager.user, o.director.user
	post := func(path string, form url.Values) string {
		t.Helper()
		form.Set("request_id", store.NewID())
		page := manager.Post(t, path, form)
		require.Equal(t, http.StatusSeeOther, page.Status, page.Body)
		return page.Location()
	}
	saw := func(body string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			require.Contains(t, body, part)
		}
	}
	saw(manager.Get(t, "/clients/"+o.zerno+"/services/new").Body, "Put into force at once", "Every month", "Day of the month", "stages")
	at := post("/clients/"+o.zerno+"/services/new", url.Values{
		"name": {"Maintenance of four units"}, "currency_code": {"UAH"}, "price": {"300"}, "quantity": {"1"},
		"tax_mode": {"TAX_MODE_NONE"}, "period": {"SERVICE_PERIOD_MONTH"}, "start_date": {"2026-11-01"}, "start": {"true"},
	})
	id := regexp.MustCompile(`/services/([0-9a-f-]{36})`).FindStringSubmatch(at)
	require.NotNil(t, id, at)
	post("/services/"+id[1]+"/record", url.Values{"quantity": {"0.5"}, "note": {"a call at night"}})
	saw(manager.Get(t, "/services/"+id[1]).Body, "Maintenance of four units", "Record what was done", "Pause service", "Not paid", "450.00")
	for _, step := range []string{"pause", "end", "edit"} {
		page := manager.Get(t, "/services/"+id[1]+"/"+step)
		require.Equal(t, http.StatusOK, page.Status, step+page.Body)
	}
	saw(director.Get(t, "/services").Body, "Maintenance of four units", "Not paid")
	body := director.Get(t, "/services/"+id[1]).Body
	saw(body, "Maintenance of four units", "450.00")
	require.NotContains(t, body, "Pause service")
	charge := regexp.MustCompile(`/charges/[0-9a-f-]{36}`).FindString(body)
	saw(director.Get(t, charge).Body, "Maintenance of four units", "Missing")

	saw(director.Get(t, "/balance").Body, "Request a deferral")
	require.Equal(t, http.StatusOK, director.Get(t, "/balance/deferrals/new?currency_code=UAH").Status)
	asked := director.Post(t, "/balance/deferrals/new", url.Values{"request_id": {store.NewID()}, "currency_code": {"UAH"}, "amount": {"1000"}, "days": {"10"}, "why": {"the harvest is late"}})
	require.Equal(t, http.StatusSeeOther, asked.Status, asked.Body)
	deferral := regexp.MustCompile(`/deferrals/[0-9a-f-]{36}`).FindString(asked.Location())
	saw(manager.Get(t, "/deferrals?statuses=DEFERRAL_STATUS_REQUESTED").Body, "1000.00", deferral)
	saw(manager.Get(t, deferral).Body, "the harvest is late", "Grant", "Decline")
	saw(manager.Get(t, deferral+"/grant").Body, "Leave the amount and the day empty")
	post(deferral+"/grant", url.Values{"currency_code": {"UAH"}, "granted": {"800"}, "until_date": {"2026-11-05"}})
	saw(director.Get(t, deferral).Body, "Granted", "800.00")
	saw(director.Get(t, "/balance/deferrals").Body, "800.00")

	head := o.head.user
	saw(head.Get(t, "/deferrals/rules/new").Body, "Paid in these months, at least", "Nothing is overdue")
	made := head.Post(t, "/deferrals/rules/new", url.Values{
		"request_id": {store.NewID()}, "name": {"Good payers"}, "currency_code": {"UAH"}, "max_amount": {"1000"}, "max_days": {"30"}, "months": {"6"}, "active": {"true"},
	})
	require.Equal(t, http.StatusSeeOther, made.Status, made.Body)
	saw(head.Get(t, "/deferrals/rules").Body, "Good payers")
	require.NotEqual(t, http.StatusOK, manager.Get(t, "/deferrals/rules").Status)
}
