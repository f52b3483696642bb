package assets_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/web/assets"
)

var files = []string{"cabinet.css", "brand.css", "cabinet.js", "live.js", "icons.svg", "logo"}

func build(t testing.TB, opts ...assets.Option) *assets.Bundle {
	t.Helper()
	b, err := assets.New(assets.DefaultBrand(), opts...)
	require.NoError(t, err)
	return b
}

func get(t testing.TB, b *assets.Bundle, method, path string, header ...string) *http.Response {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	b.ServeHTTP(rec, req)
	return rec.Result()
}

func body(t testing.TB, res *http.Response) []byte {
	t.Helper()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	switch res.Header.Get("Content-Encoding") {
	case "br":
		raw, err = io.ReadAll(brotli.NewReader(bytes.NewReader(raw)))
	case "gzip":
		var z *gzip.Reader
		z, err = gzip.NewReader(bytes.NewReader(raw))
		require.NoError(t, err)
		raw, err = io.ReadAll(z)
	}
	require.NoError(t, err)
	return raw
}

func TestFilesAreNamedByTheirContent(t *testing.T) {
	b := build(t)
	name := regexp.MustCompile(`^/assets/[a-z]+\.[0-9a-f]{16}\.(css|js|svg|png)$`)
	types := map[string]string{"cabinet.css": "text/css; charset=utf-8", "brand.css": "text/css; charset=utf-8", "cabinet.js": "text/javascript; charset=utf-8", "live.js": "text/javascript; charset=utf-8", "passkey.js": "text/javascript; charset=utf-8", "icons.svg": "image/svg+xml", "logo": "image/svg+xml"}
	for _, f := range files {
		require.Regexp(t, name, b.URL(f))
		res := get(t, b, "GET", b.URL(f))
		require.Equal(t, http.StatusOK, res.StatusCode, f)
		require.Equal(t, types[f], res.Header.Get("Content-Type"))
		require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "public, max-age=31536000, immutable", res.Header.Get("Cache-Control"))
		require.Equal(t, "Accept-Encoding", res.Header.Get("Vary"))
		require.NotEmpty(t, body(t, res))
	}
	require.Equal(t, b.URL("cabinet.css"), build(t).URL("cabinet.css"), "the same content has the same name")
	other, err := assets.New(assets.Brand{Name: "Nord", Hue: 178, Chroma: 0.085, Radius: 3})
	require.NoError(t, err)
	require.Equal(t, b.URL("cabinet.css"), other.URL("cabinet.css"))
	require.NotEqual(t, b.URL("brand.css"), other.URL("brand.css"))
}

func TestFilesAreCompressed(t *testing.T) {
	b := build(t)
	for _, f := range []string{"cabinet.css", "cabinet.js", "icons.svg"} {
		plain := body(t, get(t, b, "GET", b.URL(f)))
		for _, c := range []struct{ accept, encoding string }{
			{"gzip, deflate, br, zstd", "br"}, {"gzip", "gzip"}, {"br;q=0, gzip;q=0.5", "gzip"}, {"*", "br"}, {"br;q=0, *", "gzip"}, {"identity", ""}, {"", ""}, {"br;q=x", ""},
		} {
			res := get(t, b, "GET", b.URL(f), "Accept-Encoding", c.accept)
			require.Equal(t, c.encoding, res.Header.Get("Content-Encoding"), c.accept)
			require.Equal(t, plain, body(t, res), c.accept)
		}
	}
}

// A sum without spaces around its sign is none, and the whole declaration is dropped.
func TestSumsStayWhole(t *testing.T) {
	b := build(t)
	require.Empty(t, regexp.MustCompile(`calc\([^;{}]*?[\w)%][+]`).FindAllString(string(body(t, get(t, b, "GET", b.URL("cabinet.css")))), -1))
}

func TestCachesAreTold(t *testing.T) {
	b := build(t)
	for _, accept := range []string{"", "gzip", "br"} {
		res := get(t, b, "GET", b.URL("cabinet.css"), "Accept-Encoding", accept)
		tag := res.Header.Get("ETag")
		for _, header := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			again := get(t, b, "GET", b.URL("cabinet.css"), "Accept-Encoding", accept, "If-None-Match", header)
			require.Equal(t, http.StatusNotModified, again.StatusCode, header)
			require.Empty(t, body(t, again))
			require.Equal(t, tag, again.Header.Get("ETag"))
		}
		require.Equal(t, http.StatusOK, get(t, b, "GET", b.URL("cabinet.css"), "Accept-Encoding", accept, "If-None-Match", `"other"`).StatusCode)
	}
	plain, br := get(t, b, "GET", b.URL("cabinet.css")), get(t, b, "GET", b.URL("cabinet.css"), "Accept-Encoding", "br")
	require.NotEqual(t, plain.Header.Get("ETag"), br.Header.Get("ETag"))
}

func TestWhatIsNotThere(t *testing.T) {
	b := build(t)
	for _, path := range []string{"/assets/", "/assets/cabinet.css", "/assets/cabinet.0000000000000000.css", "/assets/../bundle.go", "/assets/styles/tokens.css", b.URL("nothing.css")} {
		res := get(t, b, "GET", path)
		require.Equal(t, http.StatusNotFound, res.StatusCode, path)
		require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	}
	res := get(t, b, "POST", b.URL("cabinet.css"))
	require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
	require.Equal(t, "GET, HEAD", res.Header.Get("Allow"))
	head := get(t, b, "HEAD", b.URL("cabinet.css"))
	require.Equal(t, http.StatusOK, head.StatusCode)
	require.Empty(t, body(t, head))
	require.NotEqual(t, "0", head.Header.Get("Content-Length"))
}

func TestBasePath(t *testing.T) {
	for base, want := range map[string]string{"": "/assets/", "/": "/assets/", "/my": "/my/assets/", "my/": "/my/assets/", "/a/b/": "/a/b/assets/"} {
		b := build(t, assets.WithBase(base))
		require.Equal(t, want, b.Prefix())
		require.True(t, strings.HasPrefix(b.URL("logo"), want))
		require.Equal(t, http.StatusOK, get(t, b, "GET", b.URL("logo")).StatusCode)
		// Behind http.StripPrefix it answers as well.
		require.Equal(t, http.StatusOK, get(t, b, "GET", "/assets/"+strings.TrimPrefix(b.URL("logo"), want)).StatusCode)
	}
}

// A first page is its HTML, two stylesheets, a script, the sprite and the sign; all but the HTML are counted here.
func TestFirstPageIsSmall(t *testing.T) {
	b := build(t)
	total := 0
	for _, f := range files {
		res := get(t, b, "GET", b.URL(f), "Accept-Encoding", "gzip")
		raw, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		t.Logf("%-12s %6d bytes gzip", f, len(raw))
		total += len(raw)
	}
	require.Less(t, total, 60_000)
	js := body(t, get(t, b, "GET", b.URL("cabinet.js")))
	require.Less(t, len(js), 6_000, "the core script stays small")
	require.Less(t, len(body(t, get(t, b, "GET", b.URL("live.js")))), 6_000, "so does the one of live updates")
	require.Less(t, len(body(t, get(t, b, "GET", b.URL("calendar.js")))), 6_000, "and the one of calendars")
	require.Less(t, len(body(t, get(t, b, "GET", b.URL("rows.js")))), 3_000, "and the one of rows")
}

func TestScriptStaysInsideThePolicy(t *testing.T) {
	for name, also := range map[string]string{"cabinet.js": "fetch(", "live.js": "insertAdjacentHTML", "calendar.js": "fetch(", "rows.js": "fetch("} {
		js := string(body(t, get(t, build(t), "GET", build(t).URL(name))))
		for _, banned := range []string{"eval(", "Function(", "innerHTML", "outerHTML", "XMLHttpRequest", ".style.", "import(", also} {
			require.NotContains(t, js, banned, name)
		}
	}
}

// Every number that a calendar's place may have has its rule, and the minifier keeps it.
func TestPlacesHaveRules(t *testing.T) {
	css := string(body(t, get(t, build(t), "GET", build(t).URL("cabinet.css"))))
	for _, rule := range []string{`[data-h="1"]{--h:1}`, `[data-h="25"]{--h:25}`, `[data-m="55"]{--m:55}`, `[data-l="25"]{--l:25}`, `[data-k="5"]{--k:5}`, `[data-lane="11"]{--lane:11}`, `[data-of="12"]{--of:12}`} {
		require.Contains(t, strings.NewReplacer(`"`, "").Replace(css), strings.ReplaceAll(rule, `"`, ""), rule)
	}
}

func TestStylesFetchNothing(t *testing.T) {
	b := build(t)
	css := string(body(t, get(t, b, "GET", b.URL("cabinet.css"))))
	require.NotContains(t, css, "url(")
	require.NotContains(t, css, "@import")
	require.NotContains(t, css, "@font-face")
}

func TestIcons(t *testing.T) {
	require.True(t, assets.HasIcon("building"))
	require.False(t, assets.HasIcon("buildings"))
	require.False(t, assets.HasIcon(""))
	b := build(t)
	sprite := string(body(t, get(t, b, "GET", b.URL("icons.svg"))))
	require.Greater(t, len(assets.Icons()), 50)
	for _, icon := range assets.Icons() {
		require.Regexp(t, `<symbol[^>]* id="?`+icon+`"?[ >]`, sprite, "lost by minifying: %s", icon)
	}
}

func brandCSS(t testing.TB, brand assets.Brand) string {
	t.Helper()
	b, err := assets.New(brand)
	require.NoError(t, err)
	return string(body(t, get(t, b, "GET", b.URL("brand.css"))))
}

func TestBrandNumbersAreClamped(t *testing.T) {
	b, err := assets.New(assets.Brand{Hue: -90, Chroma: 9, Tint: 725, HeadWeight: 5000, Radius: -4, Density: 0.1, Measure: 1e9})
	require.NoError(t, err)
	got := b.Brand()
	require.Equal(t, []float64{270, 0.17, 5, 0, 0.85, 120}, []float64{got.Hue, got.Chroma, got.Tint, got.Radius, got.Density, got.Measure})
	require.Equal(t, 800, got.HeadWeight)

	nan, inf := math.NaN(), math.Inf(-1)
	b, err = assets.New(assets.Brand{Hue: nan, Chroma: inf, Tint: inf, Radius: nan, Density: nan, Measure: inf})
	require.NoError(t, err)
	d := assets.DefaultBrand()
	got = b.Brand()
	require.Equal(t, []float64{d.Hue, d.Chroma, d.Tint, d.Radius, d.Density, d.Measure}, []float64{got.Hue, got.Chroma, got.Tint, got.Radius, got.Density, got.Measure})

	b, err = assets.New(assets.Brand{})
	require.NoError(t, err)
	require.Equal(t, d.Hue, b.Brand().Hue)
	require.Equal(t, d.Name, b.Brand().Name)
}

func TestBrandCannotBreakOutOfItsStylesheet(t *testing.T) {
	for _, evil := range []string{
		`x;} body{display:none} :root{--a:b`, `x"; } * { color: red`, `a\22 ;}`, "a\nb", `url(https://evil.example/x)`, `Inter, expression(alert(1))`,
		`</style><script>`, `/* x`, `a,,b`, `var(--x)`, `"Inter`, `'In"ter'`, `--x`, `a{b`, `@import "x"`, strings.Repeat("a", 65), "a\x00b", ",",
	} {
		_, err := assets.New(assets.Brand{Font: evil})
		if evil == "--x" {
			continue // a font of that name: quoted below
		}
		require.ErrorIs(t, err, assets.ErrFont, evil)
		_, err = assets.New(assets.Brand{FontHead: evil})
		require.ErrorIs(t, err, assets.ErrFont, evil)
	}
	css := brandCSS(t, assets.Brand{Name: `"; } body { display: none`, Font: `--x, "Segoe UI", Шрифт, system-ui, sans-serif`, FontHead: "Georgia,serif", RailDark: true, Hue: 20, Chroma: 0.1})
	require.NotContains(t, css, "body", "the name is for pages, not for the stylesheet")
	require.Contains(t, css, `"--x"`)
	require.Contains(t, css, `"Segoe UI"`)
	require.NotContains(t, css, `"system-ui"`)
	require.NotContains(t, css, `"sans-serif"`)
	require.Equal(t, 1, strings.Count(css, "{"))
	require.Equal(t, 1, strings.Count(css, "}"))
	require.Contains(t, css, "--rail-scheme:")
}

func TestLogo(t *testing.T) {
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 64)...)
	b, err := assets.New(assets.Brand{Logo: png})
	require.NoError(t, err)
	res := get(t, b, "GET", b.URL("logo"), "Accept-Encoding", "br")
	require.Equal(t, "image/png", res.Header.Get("Content-Type"))
	require.Equal(t, png, body(t, res))

	good := []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>`)
	b, err = assets.New(assets.Brand{Logo: good})
	require.NoError(t, err)
	res = get(t, b, "GET", b.URL("logo"))
	require.Contains(t, res.Header.Get("Content-Security-Policy"), "sandbox")

	for name, evil := range map[string][]byte{
		"script":   []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
		"handler":  []byte("<svg xmlns=\"http://www.w3.org/2000/svg\"\nonload=alert(1)></svg>"),
		"foreign":  []byte(`<svg><ForeignObject><p/></ForeignObject></svg>`),
		"link":     []byte(`<svg><a href="JavaScript:alert(1)"/></svg>`),
		"entities": []byte(`<!DOCTYPE s [<!ENTITY a "b">]><svg/>`),
		"html":     []byte(`<html><body>hello</body></html>`),
		"gif":      []byte("GIF89a"),
		"bytes":    {0xff, 0xfe, '<', 's', 'v', 'g'},
		"big":      append([]byte("<svg>"), make([]byte, 300<<10)...),
	} {
		_, err := assets.New(assets.Brand{Logo: evil})
		require.ErrorIs(t, err, assets.ErrLogo, name)
	}
}
