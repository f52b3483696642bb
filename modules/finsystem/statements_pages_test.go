package finsystem_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// sent is a form with a file, as a browser sends it.
func (d *desk) sent(portal, path string, content []byte) *http.Response {
	d.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	require.NoError(d.t, form.WriteField("csrf", d.user.CSRF(d.t)))
	require.NoError(d.t, form.WriteField("request_id", store.NewID()))
	file, err := form.CreateFormFile("content", "Виписка за 5 листопада.txt")
	require.NoError(d.t, err)
	_, err = file.Write(content)
	require.NoError(d.t, err)
	require.NoError(d.t, form.Close())
	at := d.user.Get(d.t, path)
	require.Equal(d.t, http.StatusOK, at.Status)
	require.Contains(d.t, at.Body, `type="file"`)
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, portal+path, &body)
	require.NoError(d.t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Origin", portal)
	response, err := d.user.HTTP.Do(r)
	require.NoError(d.t, err)
	d.t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// A head brings a file in, looks through it, and posts, all by the pages.
func TestPagesOfTheBank(t *testing.T) {
	o := newOffice(t)
	invoice := o.manager.issued(o.zerno, nil)
	require.Equal(t, http.StatusForbidden, o.manager.user.Get(t, "/bank").Status)
	require.NotContains(t, o.manager.user.Get(t, "/").Body, `href="/bank"`)
	head := o.head.user
	require.Contains(t, head.Get(t, "/").Body, `href="/bank"`)

	back := o.head.sent(o.URL(), "/bank/upload", []byte("no statement"))
	require.NotEqual(t, http.StatusSeeOther, back.StatusCode)
	var said bytes.Buffer
	_, err := said.ReadFrom(back.Body)
	require.NoError(t, err)
	require.Contains(t, said.String(), "This is no bank statement in a format that the portal reads.")
	require.Contains(t, said.String(), "have the bank export one of these")

	done := o.head.sent(o.URL(), "/bank/upload", bankFile("05.11.2026",
		paid{amount: "1200.00", payer: "Zerno LLC", account: "UA1", purpose: invoice.GetNumber()}, paid{amount: "7.00", payer: "A stranger", account: "UA2", purpose: "thanks"}))
	require.Equal(t, http.StatusSeeOther, done.StatusCode)
	at, err := url.Parse(done.Header.Get("Location"))
	require.NoError(t, err)
	require.Regexp(t, "^/bank/statements/[0-9a-f-]{36}$", at.Path)
	page := head.Get(t, at.Path)
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, page.Body, "Виписка за 5 листопада.txt")
	require.Contains(t, page.Body, "A stranger")
	require.Contains(t, page.Body, "Zerno")

	entries := o.head.entries(at.Path[len("/bank/statements/"):])
	for _, path := range []string{
		"/bank", "/bank/entries", "/bank/entries?states=ENTRY_STATE_WAITING&states=ENTRY_STATE_MATCHED", "/bank/rules", at.Path + "/undo",
		"/bank/entries/" + entries[0].GetId(), "/bank/entries/" + entries[0].GetId() + "/match", "/bank/entries/" + entries[1].GetId() + "/match",
		"/bank/entries/" + entries[1].GetId() + "/ignore",
	} {
		page := head.Get(t, path)
		require.Equal(t, http.StatusOK, page.Status, path)
		require.NotRegexp(t, `finsystem\.[a-z]+\.`, regexp.MustCompile(`(?s)<script.*?</script>|(data|id|name|for|href|action|aria)[a-z-]*="[^"]*"`).ReplaceAllString(page.Body, ""), path)
	}
	form := head.Get(t, "/bank/entries/"+entries[0].GetId()+"/match").Body
	require.Contains(t, form, "INVOICE-00001")
	require.Regexp(t, `value="`+invoice.GetId()+`"[^>]*checked|checked[^>]*value="`+invoice.GetId()+`"`, form)

	// By hand: the stranger is the other client.
	sent := head.Post(t, "/bank/entries/"+entries[1].GetId()+"/match", url.Values{"client_id": {o.other}})
	require.Equal(t, http.StatusSeeOther, sent.Status, sent.Body)
	post := regexp.MustCompile(`action="([^"]*bank_statement/post[^"]*)"`).FindStringSubmatch(head.Get(t, at.Path).Body)
	require.NotNil(t, post, "the statement has a button that posts")
	require.Equal(t, http.StatusSeeOther, head.Post(t, strings.ReplaceAll(post[1], "&amp;", "&"), url.Values{"statement_id": {at.Path[len("/bank/statements/"):]}, ui.ConfirmedField: {"1"}}).Status)
	require.Equal(t, v1.StatementStatus_STATEMENT_STATUS_DONE, o.head.statement(at.Path[len("/bank/statements/"):]).GetStatus())
	require.Equal(t, "7.00", o.stranger.balance("").GetBalance().GetAmount())
}
