package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// zeros gives bytes without holding them.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestHugeHeader(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	written := make(chan error, 1)
	go func() {
		_, err := io.Copy(conn, io.MultiReader(
			strings.NewReader("GET / HTTP/1.1\r\nHost: x\r\nX-Large: "), io.LimitReader(zeros{}, 5<<20), strings.NewReader("\r\n\r\n"),
		))
		written <- err
	}()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, response.StatusCode)
	_ = conn.Close()
	<-written
	require.Equal(t, http.StatusOK, s.Anonymous(t).Get(t, "/sign-in").Status, "the portal stays up")
}

// The page is sent only after the body was read: a browser that is still sending would show a broken connection.
func TestHugeBody(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	const begin, size = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n", 20 << 20
	for _, announced := range []bool{true, false} {
		for _, contentType := range []string{formType, "multipart/form-data; boundary=x"} {
			t.Run(fmt.Sprint(announced, contentType), func(t *testing.T) {
				body := io.LimitReader(io.MultiReader(strings.NewReader(begin), zeros{}), size)
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/clients/import", body)
				require.NoError(t, err)
				if announced {
					r.ContentLength = size
				}
				r.Header.Set("Content-Type", contentType)
				page := answer(t, head.HTTP, r)
				require.Equal(t, http.StatusRequestEntityTooLarge, page.Status)
				require.Contains(t, page.Body, "At most 15 MB")
				require.NotEmpty(t, page.Header.Get("Content-Security-Policy"), "an error's page is as strict as any")
			})
		}
	}
	require.Equal(t, http.StatusOK, head.Get(t, "/clients/import").Status)
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	for name, c := range map[string]struct{ contentType, body string }{
		"no boundary":       {"multipart/form-data", "--x\r\n"},
		"cut multipart":     {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nAAA"},
		"no parts":          {"multipart/form-data; boundary=x", "garbage"},
		"bad escapes":       {formType, "csrf=%zz&name=%"},
		"semicolons":        {formType, "csrf=a;name=b"},
		"json":              {"application/json", `{"name": "x"}`},
		"no type":           {"", "name=x"},
		"a type of nothing": {";;;", "name=x"},
	} {
		t.Run(name, func(t *testing.T) {
			page := s.send(t, head, http.MethodPost, "/clients/new", strings.NewReader(c.body), "Content-Type", c.contentType)
			require.Contains(t, []int{http.StatusBadRequest, http.StatusForbidden}, page.Status, page.Body)
			require.Contains(t, page.Body, "<h1>")
		})
	}
	require.NotContains(t, s.log.String(), "level=ERROR")
}

func TestTextThatCannotBeKept(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	client := s.Client(t, "Zerno Roastery")
	for _, bad := range []string{"%ff%fe", "a%00b", "%c3%28", "%ed%a0%80"} {
		raw, err := url.PathUnescape(bad)
		require.NoError(t, err)
		for _, path := range []string{
			"/clients?name=abc" + bad, "/clients?place=" + bad, "/clients?tags=" + bad, "/clients?statuses=" + bad, "/clients?page=" + bad,
			"/clients/" + bad, "/clients/" + bad + "/edit", "/clients/import?id=" + bad, "/people?query=" + bad, "/clients/" + client + "?r0page=" + bad,
			"/clients/" + client + "/contacts?page=" + bad,
		} {
			page := head.Get(t, path)
			require.Contains(t, []int{http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity}, page.Status, path)
		}
		for path, field := range map[string]string{
			"/clients/new": "name", "/clients/" + client + "/edit": "note", "/clients/" + client + "/suspend": "reason",
			"/clients/" + client + "/contacts/new": "name", "/clients/" + client + "/invite": "name", "/settings": "name",
		} {
			form := url.Values{"kind": {"CLIENT_KIND_COMPANY"}, "request_id": {"0197a3d2-6c8e-7f00-8000-000000000001"}, "role": {"client.director"}, "email": {"a@b.example"}}
			form.Set(field, "x"+raw)
			page := head.Post(t, path, form)
			require.Equal(t, http.StatusUnprocessableEntity, page.Status, path)
			require.Contains(t, page.Body, "Some of these characters cannot be kept", path)
		}
		for _, path := range []string{"/sign-in?to=/" + bad, "/clients/new?name=" + bad, "/language/" + bad, "/invitation/" + bad, "/" + bad} {
			require.Less(t, head.Get(t, path).Status, http.StatusInternalServerError, path)
		}
	}
	require.NotContains(t, s.log.String(), "level=ERROR", "what a reader typed is nobody's failure")
	require.Equal(t, 1, strings.Count(head.Get(t, "/clients").Body, "Zerno Roastery</"), "nothing was made or changed")
}

func TestMethods(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	for _, path := range []string{"/", "/clients", "/sign-in", "/healthz", "/nowhere"} {
		get, asked := head.Get(t, path), s.send(t, head, http.MethodHead, path, nil)
		require.Equal(t, get.Status, asked.Status, path)
		require.Equal(t, get.Header.Get("Content-Type"), asked.Header.Get("Content-Type"), path)
		require.Empty(t, asked.Body)
	}
	require.Equal(t, http.StatusSeeOther, s.send(t, s.Anonymous(t), http.MethodHead, "/clients", nil).Status)
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, http.MethodTrace, "PROPFIND", "get"} {
		for _, path := range []string{"/", "/clients", "/clients/new", "/assets/x", "/healthz"} {
			page := s.send(t, head, method, path, nil)
			require.Contains(t, []int{http.StatusNotFound, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNoContent}, page.Status, "%s %s", method, path)
		}
	}
	require.NotContains(t, s.log.String(), "level=ERROR")
}

func TestAssetsStayInTheirFolder(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	u, err := url.Parse(s.URL())
	require.NoError(t, err)
	for _, target := range []string{
		"/assets/../../../../etc/passwd", "/assets/..%2f..%2f..%2fetc%2fpasswd", "/assets/%2e%2e/%2e%2e/etc/passwd", "/assets//etc/passwd",
		"/assets/....//etc/passwd", "/assets/..\\..\\etc\\passwd", "/assets/", "/assets", "/assets/%00", "/assets/../healthz/../portal.yaml",
	} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", u.Host)
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", target, u.Host)
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		require.NotEqual(t, http.StatusOK, response.StatusCode, target)
		require.NotContains(t, string(body), "root:", target)
		require.NotContains(t, response.Header.Get("Cache-Control"), "max-age", target)
	}
}
