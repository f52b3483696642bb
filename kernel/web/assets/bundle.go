package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"
	"github.com/tdewolff/minify/v2/svg"
)

//go:embed styles/*.css
var styles embed.FS

//go:embed script/cabinet.js
var script []byte

//go:embed script/live.js
var liveScript []byte

//go:embed script/passkey.js
var passkeyScript []byte

//go:embed script/calendar.js
var calendarScript []byte

//go:embed script/rows.js
var rowsScript []byte

//go:embed icons/icons.svg
var sprite []byte

//go:embed icons/logo.svg
var ownLogo []byte

// styleOrder names the files of styles/ in the order in which they are joined. Layers decide between them; inside of a
// layer the later one wins.
var styleOrder = []string{
	"tokens", "base",
	"shell", "navigation", "topbar",
	"text", "head", "buttons", "badges", "panels", "notices", "facts", "bars", "timeline", "menus", "tables", "filters", "forms", "rowset", "choices", "compare", "calendar",
	"calendar-days", "calendar-month", "calendar-rows",
	"dashboard", "gate", "factor", "matrix", "passkey", "print",
}

// Bundle is the look of one portal, ready to be served. It is an http.Handler and safe for concurrent use.
type Bundle struct {
	brand Brand
	base  string
	// files by the name they are served by, and that name by the one that pages know.
	files map[string]*file
	names map[string]string
}

// file is one thing to be served, in each form a browser may ask for.
type file struct {
	name        string // as pages know it
	served      string // with the hash of its content
	contentType string
	etag        string // quoted, of the plain form
	plain       []byte
	gzip, br    []byte // nil when they would not be smaller
}

// Option changes how a Bundle is built.
type Option func(*Bundle)

// WithBase says below which path the portal lives, such as "/my"; the root by default.
func WithBase(base string) Option {
	return func(b *Bundle) { b.base = "/" + strings.Trim(base, "/") }
}

// New builds the bundle of a brand. It fails on a brand that cannot be used; see ErrFont and ErrLogo.
func New(brand Brand, opts ...Option) (*Bundle, error) {
	normal, err := brand.normal()
	if err != nil {
		return nil, err
	}
	b := &Bundle{brand: normal, base: "/", files: map[string]*file{}, names: map[string]string{}}
	for _, o := range opts {
		o(b)
	}
	same, err := common()
	if err != nil {
		return nil, err
	}
	for _, f := range same {
		b.put(f)
	}
	ext, err := logoType(normal.Logo)
	if err != nil {
		return nil, err
	}
	sign, err := pack("logo", ext, normal.Logo)
	if err != nil {
		return nil, err
	}
	b.put(sign)
	tokens, err := pack("brand.css", "css", normal.stylesheet(sign.served))
	if err != nil {
		return nil, err
	}
	b.put(tokens)
	return b, nil
}

// common packs what is the same for every brand, once in a process: the best compression takes its time.
var common = sync.OnceValues(func() ([]*file, error) {
	joined, err := joinStyles(styles)
	if err != nil {
		return nil, err
	}
	var out []*file
	for _, f := range []struct {
		name    string
		content []byte
	}{
		{"cabinet.css", joined},
		{"cabinet.js", script},
		{"live.js", liveScript},
		{"passkey.js", passkeyScript},
		{"calendar.js", calendarScript},
		{"rows.js", rowsScript},
		{"icons.svg", sprite},
	} {
		packed, err := pack(f.name, strings.TrimPrefix(path.Ext(f.name), "."), f.content)
		if err != nil {
			return nil, err
		}
		out = append(out, packed)
	}
	return out, nil
})

func (b *Bundle) put(f *file) {
	b.files[f.served] = f
	b.names[f.name] = f.served
}

// Brand is the brand of the bundle, with defaults filled in.
func (b *Bundle) Brand() Brand { return b.brand }

// Prefix is the path below which the bundle answers, such as "/my/assets/".
func (b *Bundle) Prefix() string { return path.Join(b.base, "assets") + "/" }

// URL is the path of a file, named by its content: "cabinet.css", "brand.css", "cabinet.js", "live.js", "passkey.js",
// "calendar.js", "rows.js", "icons.svg", "logo".
// An unknown name gives a path that answers 404.
func (b *Bundle) URL(name string) string {
	if hashed, ok := b.names[name]; ok {
		return b.Prefix() + hashed
	}
	return b.Prefix() + name
}

// joinStyles is one stylesheet out of the files of styles/. Every file must be named in styleOrder.
func joinStyles(from fs.FS) ([]byte, error) {
	found, err := fs.Glob(from, "styles/*.css")
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if !slices.Contains(styleOrder, strings.TrimSuffix(path.Base(f), ".css")) {
			return nil, fmt.Errorf("assets: %s is not named in styleOrder", f)
		}
	}
	var out bytes.Buffer
	for _, name := range styleOrder {
		content, err := fs.ReadFile(from, "styles/"+name+".css")
		if err != nil {
			return nil, fmt.Errorf("assets: styleOrder names %s: %w", name, err)
		}
		out.Write(content)
		out.WriteByte('\n')
		if name == "calendar" {
			out.WriteString(places())
		}
	}
	return out.Bytes(), nil
}

var contentTypes = map[string]string{
	"css": "text/css; charset=utf-8",
	"js":  "text/javascript; charset=utf-8",
	"svg": "image/svg+xml",
	"png": "image/png",
}

func minifier() *minify.M {
	m := minify.New()
	m.Add("css", &css.Minifier{})
	m.Add("js", &js.Minifier{})
	m.Add("svg", &svg.Minifier{})
	return m
}

// tightSum is a sum in a stylesheet without spaces around its sign, which is none, and its declaration dropped. The
// minifier takes what begins a nested @media for a selector, and spaces from it.
var tightSum = regexp.MustCompile(`(calc\([^;{}]*?[\w)%])[+]`)

// pack minifies, hashes and compresses one file. A PNG stays as it is.
func pack(name, ext string, content []byte) (*file, error) {
	plain := content
	if ext != "png" {
		small, err := minifier().Bytes(ext, content)
		if err != nil {
			return nil, fmt.Errorf("assets: minify %s: %w", name, err)
		}
		for plain = small; tightSum.Match(plain); {
			plain = tightSum.ReplaceAll(plain, []byte("$1 + "))
		}
	}
	sum := sha256.Sum256(plain)
	hash := hex.EncodeToString(sum[:])[:16]
	f := &file{
		name:        name,
		served:      strings.TrimSuffix(name, "."+ext) + "." + hash + "." + ext,
		contentType: contentTypes[ext],
		etag:        `"` + hash + `"`,
		plain:       plain,
	}
	if ext == "png" {
		return f, nil
	}
	var err error
	if f.gzip, err = gzipped(plain); err != nil {
		return nil, err
	}
	if f.br, err = brotlied(plain); err != nil {
		return nil, err
	}
	return f, nil
}

func gzipped(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return smaller(out.Bytes(), plain), nil
}

func brotlied(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, brotli.BestCompression)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return smaller(out.Bytes(), plain), nil
}

func smaller(packed, plain []byte) []byte {
	if len(packed) >= len(plain) {
		return nil
	}
	return packed
}
