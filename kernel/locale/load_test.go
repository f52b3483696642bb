package locale

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestOwnTextsAgree(t *testing.T) {
	b, err := NewBundle()
	require.NoError(t, err)
	require.NoError(t, b.Check([]string{"locale.date"}))
}

// One broken file each, and what is said of it.
func TestBrokenFiles(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a.hello: x", `shop/locales/en.yaml:1: the key "a.hello" must begin with "shop."`},
		{"shopping.hello: x", `must begin with "shop."`},
		{"\nshop.a: x\nshop.a: y", `shop/locales/en.yaml:3: the key "shop.a" stands already at shop/locales/en.yaml:2`},
		{"shop.: x", "is no key"},
		{"shop: x", "is no key"},
		{"'shop.a b': x", "is no key"},
		{"shop.a:", "shop.a: this is no string"},
		{"shop.a: yes\nshop.b: 5", "shop.b: this is no string; put it in quotes"},
		{"shop.a: ''", "the text is empty"},
		{"shop.a: [x]", "write a string"},
		{"shop.a: {b: x}", `"b" is no plural form; write one, few, many, other, or keys that are flat`},
		{"shop.a: {one: x}", "a plural needs the form other"},
		{"shop.a: {other: x, other: y}", "stands twice"},
		{"shop.a: {other: {one: x}}", "this is no string"},
		{"shop.a: 'x {name'", "a placeholder is {name}"},
		{"shop.a: 'x name}'", "a } without its {"},
		{"shop.a: 'x {}'", "a placeholder is {name}"},
		{"shop.a: 'x {.name}'", "a placeholder is {name}"},
		{"shop.a: 'x {1a}'", "a placeholder is {name}"},
		{"shop.a: {one: 'x {', other: x}", "a placeholder is {name}"},
		{"- x", "write a list of keys and texts"},
		{"shop.a: 'x", "this is not YAML"},
	} {
		b, err := NewBundle(Source{Prefix: "shop", FS: files("en", c.text)})
		require.ErrorContains(t, err, c.want, c.text)
		require.Nil(t, b)
		var e *FileError
		require.ErrorAs(t, err, &e)
	}
}

func TestBrokenSources(t *testing.T) {
	good := files("en", "shop.a: x")
	for name, c := range map[string]struct {
		sources []Source
		want    string
	}{
		"twice":            {[]Source{{Prefix: "shop", FS: good}, {Prefix: "shop", FS: good}}, "two sources have this prefix"},
		"the package's":    {[]Source{{Prefix: "locale", FS: good}}, "two sources have this prefix"},
		"no prefix":        {[]Source{{FS: good}}, "the module's id"},
		"no file system":   {[]Source{{Prefix: "shop"}}, "no file system"},
		"no folder":        {[]Source{{Prefix: "shop", FS: fstest.MapFS{}}}, "cannot be read"},
		"another language": {[]Source{{Prefix: "shop", FS: files("de", "")}}, "shop/locales/de.yaml: this is no file of texts; they are en.yaml, uk.yaml, ru.yaml"},
		"another ending":   {[]Source{{Prefix: "shop", FS: fstest.MapFS{"locales/en.yml": {}}}}, "this is no file of texts"},
	} {
		_, err := NewBundle(c.sources...)
		require.ErrorContains(t, err, c.want, name)
	}
	sub, err := fs.Sub(good, "locales")
	require.NoError(t, err)
	b, err := NewBundle(Source{Prefix: "shop", FS: sub, Dir: "."})
	require.NoError(t, err)
	require.Equal(t, "x", b.For("en", nil).T("shop.a"))
}

func TestAllFilesAreReportedAtOnce(t *testing.T) {
	_, err := NewBundle(Source{Prefix: "shop", FS: files("en", "x.a: b\nshop.b: 5", "uk", "x.c: d")}, Source{Prefix: "mall"})
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	require.Len(t, joined.Unwrap(), 4)
}

func TestCheck(t *testing.T) {
	same := "shop.a: x {p} {q}\n"
	for _, c := range []struct {
		name, en, uk, ru, want string
	}{
		{"placeholders", same, "shop.a: x {q} {q} {p}", "shop.a: x {p}", "shop.a (ru): it has the placeholders [p] (form other), en has [p q]"},
		{"a wrong placeholder", same, "shop.a: x {p} {r}", same, "shop.a (uk): it has the placeholders [p r]"},
		{"a key less", same, same, "", "shop.a (ru): there is no text"},
		{"a key more", "", same, same, "shop.a (en): there is no text"},
		{"a form less", "shop.a: {one: x, other: x}", "shop.a: {one: x, few: x, other: x}", "shop.a: {one: x, few: x, many: x, other: x}",
			`shop.a (uk): the plural form "many" is missing`},
		{"a form more", "shop.a: {one: x, few: x, other: x}", "shop.a: {one: x, few: x, many: x, other: x}", "shop.a: {one: x, few: x, many: x, other: x}",
			`shop.a (en): the language has no plural form "few"; it has one, other`},
		{"a plural and none", "shop.a: {one: x, other: x}", "shop.a: x", "shop.a: {one: x, few: x, many: x, other: x}",
			"shop.a (uk): it is a plural in one language and none in another"},
		{"a form's placeholder", "shop.a: {one: 'x {p}', other: 'x {p}'}", "shop.a: {one: 'x {p}', few: x, many: 'x {p}', other: 'x {p}'}",
			"shop.a: {one: 'x {p}', few: 'x {p}', many: 'x {p}', other: 'x {p}'}", "shop.a (uk): it has the placeholders [] (form few), en has [p]"},
		{"a number may be words", "shop.a: {one: a client, other: '{n} clients'}", "shop.a: {one: x, few: '{n}', many: '{n}', other: '{n}'}",
			"shop.a: {one: x, few: '{n}', many: '{n}', other: '{n}'}", ""},
		{"fine", same, same, same, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := NewBundle(Source{Prefix: "shop", FS: files("en", c.en, "uk", c.uk, "ru", c.ru)})
			require.NoError(t, err)
			err = b.Check(nil)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			var e *CheckError
			require.ErrorAs(t, err, &e)
			require.Len(t, err.(interface{ Unwrap() []error }).Unwrap(), 1, err)
		})
	}
	b, err := NewBundle()
	require.NoError(t, err)
	require.ErrorContains(t, b.Check([]string{"shop.nope"}), "shop.nope (uk): there is no text")
}

func FuzzParseText(f *testing.F) {
	f.Add("a {b} {{c}} d")
	f.Add("{")
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseText(text)
		if err != nil {
			return
		}
		for _, p := range parsed {
			require.NotEqual(t, p.words == "", p.name == "", "a piece is words or a name")
		}
		out, err := parsed.Execute(nil)
		require.NoError(t, err)
		require.LessOrEqual(t, len(out), len(text))
	})
}
