package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForgedPosts(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head, other := s.Head(t), s.Head(t)
	right := head.CSRF(t)
	client := func(csrf ...string) url.Values {
		form := url.Values{"name": {"Forged Ltd"}, "kind": {"CLIENT_KIND_COMPANY"}, "request_id": {"0197a3d2-6c8e-7f00-8000-000000000001"}}
		form["csrf"] = csrf
		return form
	}
	for name, c := range map[string]struct {
		form    url.Values
		headers []string
	}{
		"no token":            {client(), nil},
		"empty token":         {client(""), nil},
		"made up":             {client("AAAA"), nil},
		"not base64":          {client("\xff%"), nil},
		"of another browser":  {client(other.CSRF(t)), nil},
		"from another site":   {client(right), []string{"Origin", "https://evil.example"}},
		"from a sandbox":      {client(right), []string{"Origin", "null"}},
		"fetched cross-site":  {client(right), []string{"Sec-Fetch-Site", "cross-site"}},
		"from a sister site":  {client(right), []string{"Sec-Fetch-Site", "same-site"}},
		"the same host, http": {client(right), []string{"Origin", "https://" + s.URL()[len("http://"):] + "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/clients/new", "/sign-out", "/preferences/theme", "/actions/accountmanager.sessions/end_others"} {
				page := s.post(t, head, path, c.form, c.headers...)
				require.Equal(t, http.StatusForbidden, page.Status, path)
				require.Contains(t, page.Body, "The form has expired", path)
			}
		})
	}
	require.NotContains(t, head.Get(t, "/clients").Body, "Forged Ltd")
	require.Equal(t, http.StatusOK, head.Get(t, "/").Status, "nobody was signed out")

	require.Equal(t, http.StatusSeeOther, s.post(t, head, "/clients/new", client(right)).Status, "the real one goes through")
}

// A token in a form with a file counts as in any other.
func TestForgedUpload(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	send := func(csrf string) int {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		require.NoError(t, form.WriteField("csrf", csrf))
		file, err := form.CreateFormFile("file", "clients.csv")
		require.NoError(t, err)
		_, err = file.Write([]byte("Name\nZerno\n"))
		require.NoError(t, err)
		require.NoError(t, form.WriteField("request_id", "0197a3d2-6c8e-7f00-8000-000000000002"))
		require.NoError(t, form.Close())
		return s.send(t, head, http.MethodPost, "/clients/import", &body, "Content-Type", form.FormDataContentType()).Status
	}
	require.Equal(t, http.StatusForbidden, send("AAAA"))
	require.Equal(t, http.StatusSeeOther, send(head.CSRF(t)))
}
