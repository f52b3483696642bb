package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// upload sends a file as the wizard's first step does.
func (s *site) upload(t *testing.T, u *kerneltest.User, name string, content []byte) *kerneltest.Page {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for field, value := range map[string]string{"csrf": u.CSRF(t), "step": "file", "request_id": store.NewID()} {
		require.NoError(t, form.WriteField(field, value))
	}
	file, err := form.CreateFormFile("file", name)
	require.NoError(t, err)
	_, err = file.Write(content)
	require.NoError(t, err)
	require.NoError(t, form.Close())
	return s.send(t, u, http.MethodPost, "/clients/import", &body, "Content-Type", form.FormDataContentType())
}

func TestImport(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	names := func() []string { return namesOn(head.Get(t, "/clients?order_by=CLIENT_ORDER_NAME")) }

	t.Run("through its steps", func(t *testing.T) {
		sent := s.upload(t, head, "clients.csv", []byte("Name;City;Code;Nonsense\nZerno Roastery;Kyiv;Z-1;x\n;Lviv;Z-2;y\nMuseum of Maps;Poltava;Z-3;=1+1\n"))
		require.Equal(t, http.StatusSeeOther, sent.Status, sent.Body)
		columns := head.Get(t, sent.Location())
		require.Contains(t, columns.Body, "clients.csv")
		form := formIn(t, columns, "/clients/import")
		require.Equal(t, []string{"name", "place", "code"}, []string{form.Get("column0"), form.Get("column1"), form.Get("column2")}, "the columns are known by their names")
		form.Set("column3", "")
		checked := s.post(t, head, "/clients/import", form)
		require.Equal(t, http.StatusSeeOther, checked.Status, checked.Body)
		report := head.Get(t, checked.Location())
		require.Contains(t, report.Body, "Zerno Roastery")
		require.Empty(t, names(), "a check writes nothing")

		run := formIn(t, report, "/clients/import")
		require.Equal(t, "run", run.Get("step"))
		for range 2 {
			done := s.post(t, head, "/clients/import", run)
			require.Equal(t, http.StatusSeeOther, done.Status, done.Body)
			page := head.Get(t, done.Location())
			if strings.Contains(page.Body, "<progress") { // it asks again by itself, without script
				require.Equal(t, "2", page.Header.Get("Refresh"))
			}
			require.NoError(t, s.Events().WaitDrained(t.Context()))
			page = head.Get(t, done.Location())
			require.Contains(t, page.Body, "Zerno Roastery")
			require.Empty(t, page.Header.Get("Refresh"))
		}
		require.Equal(t, []string{"Museum of Maps", "Zerno Roastery"}, names(), "the good rows, once")
	})
	t.Run("columns that were put wrong", func(t *testing.T) {
		sent := s.upload(t, head, "clients.csv", []byte("Name,City\nSchool of Wine,Uzhhorod\n"))
		form := formIn(t, head.Get(t, sent.Location()), "/clients/import")
		form.Set("column0", "place")
		form.Set("column1", "place")
		page := s.post(t, head, "/clients/import", form)
		require.Equal(t, http.StatusUnprocessableEntity, page.Status)
		require.Equal(t, "place", formIn(t, page, "/clients/import").Get("column0"), "what was chosen is kept")
		form.Set("column0", "salary")
		require.Equal(t, http.StatusUnprocessableEntity, s.post(t, head, "/clients/import", form).Status)
		run := s.post(t, head, "/clients/import", url.Values{"csrf": form["csrf"], "step": {"run"}, "id": form["id"]})
		require.Equal(t, http.StatusConflict, run.Status, "not before it was checked")
		require.NotContains(t, names(), "School of Wine")
	})
	t.Run("files that are none", func(t *testing.T) {
		for name, content := range map[string][]byte{
			"empty.csv": {}, "space.csv": []byte(" \n\n"), "zip.csv": []byte("PK\x03\x04\x00\x00"), "header.csv": []byte("Name\n"),
			"line.csv": append([]byte("Name\n"), bytes.Repeat([]byte("x"), 10<<20)...), "quote.csv": []byte("Name\n\"never closed\n"),
			"large.csv": bytes.Repeat([]byte("Name,City\n"), 15<<20/10+100),
		} {
			page := s.upload(t, head, name, content)
			require.Contains(t, []int{http.StatusUnprocessableEntity, http.StatusSeeOther}, page.Status, "%s: %s", name, page.Body)
			if page.Status == http.StatusSeeOther { // a row at fault is for the report to say
				require.Equal(t, http.StatusOK, head.Get(t, page.Location()).Status, name)
				continue
			}
			require.Contains(t, page.Body, `type="file"`, "%s: the form comes back", name)
			require.NotContains(t, page.Body, "value length must", "%s: no rule speaks for itself", name)
		}
		require.NotContains(t, s.log.String(), "level=ERROR")
	})
	t.Run("a report of many rows has pages", func(t *testing.T) {
		var file strings.Builder
		file.WriteString("Name\n")
		for i := range 130 {
			fmt.Fprintf(&file, "Bulk %03d\n", i)
		}
		sent := s.upload(t, head, "bulk.csv", []byte(file.String()))
		form := formIn(t, head.Get(t, sent.Location()), "/clients/import")
		path := s.post(t, head, "/clients/import", form).Location()
		seen := map[string]bool{}
		for range 3 {
			page := head.Get(t, path)
			for i := range 130 {
				if name := fmt.Sprintf("Bulk %03d", i); strings.Contains(page.Body, name) {
					seen[name] = true
				}
			}
			path = linkWith(page, func(v url.Values) bool { return len(v["page"]) > len(query(path)["page"]) })
			if path == "" {
				break
			}
		}
		require.Len(t, seen, 130)
	})
	t.Run("somebody else's", func(t *testing.T) {
		sent := s.upload(t, head, "clients.csv", []byte("Name\nSecret Client\n"))
		manager := s.Staff(t, "manager")
		page := manager.Get(t, sent.Location())
		require.Equal(t, http.StatusNotFound, page.Status)
		require.NotContains(t, page.Body, "Secret Client")
		id := query(sent.Location()).Get("id")
		require.Equal(t, http.StatusNotFound, manager.Post(t, "/clients/import", url.Values{"step": {"run"}, "id": {id}}).Status)
		require.Equal(t, http.StatusNotFound, manager.Post(t, "/clients/import", url.Values{"step": {"columns"}, "id": {id}, "column0": {"name"}}).Status)
	})
}

func query(address string) url.Values {
	u, err := url.Parse(address)
	if err != nil {
		return url.Values{}
	}
	return u.Query()
}
