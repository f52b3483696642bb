package pagestest

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
)

// What programs elsewhere post comes to the module as it was sent, in nobody's name.
func TestHooks(t *testing.T) {
	heard := map[string]string{}
	both(t, func(t *testing.T, p *kerneltest.Portal) {
		roastery := p.Client(t, "Zerno Roastery")
		head := p.Head(t)
		post := func(client *http.Client, path, body string, headers ...string) (int, string, http.Header) {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL()+path, strings.NewReader(body))
			require.NoError(t, err)
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			response, err := client.Do(r)
			require.NoError(t, err)
			text, err := io.ReadAll(response.Body)
			require.NoError(t, response.Body.Close())
			require.NoError(t, err)
			return response.StatusCode, string(text), response.Header
		}
		// Somebody's browser posts no more than anybody: whose cookies it has does not matter.
		code, text, header := post(head.HTTP, "/m/pages/hooks/"+roastery+"?q=1", "a=1&b=%ff\x00", "Vendor-Signature", "signed", "Cabinet-Call", "forged", "Cabinet-Token", "forged",
			"X-Forwarded-For", "203.0.113.7", "Origin", "https://vendor.example")
		require.Equal(t, http.StatusAccepted, code, text)
		require.Contains(t, text, `"Vendor-Signature":["signed"]`)
		require.Contains(t, text, "a=1&b=%ff\x00", "as it was sent")
		require.Contains(t, text, "Unauthenticated", "nobody acts")
		require.NotContains(t, text, "forged")
		require.NotContains(t, text, "Cookie")
		require.Empty(t, header.Get("Set-Cookie"))
		require.Equal(t, "text/plain; charset=utf-8", header.Get("Content-Type"))
		heard[regexp.MustCompile(`[0-9a-f-]{36}`).ReplaceAllString(text, "ID")] = t.Name()

		anybody := p.Anonymous(t).HTTP
		code, _, _ = post(anybody, "/m/pages/hooks/large", strings.Repeat("x", module.MostHook))
		require.Equal(t, http.StatusAccepted, code)
		code, _, _ = post(anybody, "/m/pages/hooks/large", strings.Repeat("x", module.MostHook+1))
		require.Equal(t, http.StatusRequestEntityTooLarge, code)
		code, text, _ = post(anybody, "/m/pages/hooks/panic", "")
		require.GreaterOrEqual(t, code, http.StatusInternalServerError)
		require.NotContains(t, text, "defect")
		code, _, _ = post(anybody, "/m/pages/say", "text=x")
		require.Equal(t, http.StatusForbidden, code, "what is no hook asks for a form's token as before")
		require.NotEqual(t, http.StatusAccepted, p.Anonymous(t).Get(t, "/m/pages/hooks/"+roastery).Status, "posts alone")
	})
	require.Len(t, heard, 1, "a handler hears the same in both modes: %v", heard)
}
