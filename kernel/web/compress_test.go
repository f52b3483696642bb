package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A page travels compressed where nobody else can have asked for it.
func TestPagesAreCompressed(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	for name, c := range map[string]struct {
		headers []string
		packed  bool
	}{
		"from our own page":         {[]string{"Accept-Encoding", "gzip, deflate, br, zstd", "Sec-Fetch-Site", "same-origin"}, true},
		"from the address bar":      {[]string{"Accept-Encoding", "br, GZIP;q=0.5", "Sec-Fetch-Site", "none"}, true},
		"from another site":         {[]string{"Accept-Encoding", "gzip", "Sec-Fetch-Site", "cross-site"}, false},
		"from a sister site":        {[]string{"Accept-Encoding", "gzip", "Sec-Fetch-Site", "same-site"}, false},
		"from who does not say":     {[]string{"Accept-Encoding", "gzip"}, false},
		"by who takes anything but": {[]string{"Accept-Encoding", "gzip;q=0, br", "Sec-Fetch-Site", "none"}, false},
		"by who takes nothing":      {[]string{"Accept-Encoding", "identity", "Sec-Fetch-Site", "none"}, false},
	} {
		for path, code := range map[string]int{"/clients": http.StatusOK, "/nowhere": http.StatusNotFound} {
			page := s.send(t, head, http.MethodGet, path, nil, c.headers...)
			require.Equal(t, code, page.Status, name)
			require.Equal(t, []string{"Accept-Encoding", "Sec-Fetch-Site"}, page.Header.Values("Vary"), name)
			body := page.Body
			if c.packed {
				require.Equal(t, "gzip", page.Header.Get("Content-Encoding"), name)
				unpacked, err := gzip.NewReader(strings.NewReader(body))
				require.NoError(t, err, name)
				text, err := io.ReadAll(unpacked)
				require.NoError(t, err, name)
				require.Less(t, 2*len(body), len(text), name)
				body = string(text)
			}
			require.Equal(t, c.packed, page.Header.Get("Content-Encoding") == "gzip", name)
			require.Equal(t, "text/html; charset=utf-8", strings.ToLower(page.Header.Get("Content-Type")), name)
			require.Contains(t, body, "</html>", name)
		}
	}
}
