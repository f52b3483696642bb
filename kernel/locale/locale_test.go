package locale

import (
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

func files(pairs ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		out["locales/"+pairs[i]+".yaml"] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return out
}

const en = `
shop.hello: Hello, {name}
shop.only_english: Only English
shop.brace: "{{name}} is {name}"
shop.found:
  one: "{n} client in {place}"
  other: "{n} clients in {place}"
`

const uk = `
shop.hello: Вітаємо, {name}
shop.brace: "{{name}} це {name}"
shop.found:
  one: "{n} клієнт у {place}"
  few: "{n} клієнти у {place}"
  many: "{n} клієнтів у {place}"
  other: "{n} клієнта у {place}"
shop.only_ukrainian: Лише українською
`

func shop(t testing.TB) *Bundle {
	t.Helper()
	b, err := NewBundle(Source{Prefix: "shop", FS: files("en", en, "uk", uk, "ru", "")})
	require.NoError(t, err)
	return b
}

func TestTexts(t *testing.T) {
	b := shop(t)
	var reported []Missing
	b.OnMissing(func(m Missing) { reported = append(reported, m) })
	require.Equal(t, "Hello, Ann", b.For("en", nil).T("shop.hello", "name", "Ann"))
	require.Equal(t, "Вітаємо, <b>{name}</b>", b.For("uk", nil).T("shop.hello", "name", "<b>{name}</b>"), "neither escaped nor filled twice")
	require.Equal(t, "{name} is 1,000", b.For("en", nil).T("shop.brace", "name", 1000))
	require.Equal(t, "Hello, 31 December 2026", b.For("en", nil).T("shop.hello", "name", time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)))
	require.Equal(t, "en", b.For("de", nil).Language())
	require.Equal(t, "uk", b.For("uk", nil).Language())
	require.Empty(t, reported)
}

func TestUkrainianPlurals(t *testing.T) {
	loc := shop(t).For("uk", nil)
	for n, want := range map[int64]string{
		0: "0 клієнтів у X", 1: "1 клієнт у X", 2: "2 клієнти у X", 4: "4 клієнти у X", 5: "5 клієнтів у X", 11: "11 клієнтів у X",
		12: "12 клієнтів у X", 14: "14 клієнтів у X", 21: "21 клієнт у X", 22: "22 клієнти у X", 25: "25 клієнтів у X",
		111: "111 клієнтів у X", 112: "112 клієнтів у X", 121: "121 клієнт у X", 1001: "1\u00a0001 клієнт у X", -1: "−1 клієнт у X", -2: "−2 клієнти у X",
	} {
		require.Equal(t, want, loc.Plural("shop.found", n, "place", "X"))
	}
	en := shop(t).For("en", nil)
	require.Equal(t, "1 client in X", en.Plural("shop.found", 1, "place", "X"))
	require.Equal(t, "0 clients in X", en.Plural("shop.found", 0, "place", "X"))
	require.Equal(t, "21 clients in X", en.Plural("shop.found", 21, "place", "X"))
}

func TestMissing(t *testing.T) {
	b := shop(t)
	var reported []Missing
	b.OnMissing(func(m Missing) { reported = append(reported, m) })
	loc := b.For("uk", nil)
	for range 3 {
		require.Equal(t, "shop.nope", loc.T("shop.nope"))
		require.Equal(t, "Only English", loc.T("shop.only_english"))
		require.Equal(t, "Вітаємо, {name}", loc.T("shop.hello"))
		require.Equal(t, "Вітаємо, {name}", loc.T("shop.hello", "nam", "x"))
		require.Equal(t, "5 клієнтів у {place}", loc.Plural("shop.found", 5))
		require.Equal(t, "1 client in X", b.For("ru", nil).Plural("shop.found", 1, "place", "X"))
	}
	want := []Missing{
		{Language: "uk", Key: "shop.nope"},
		{Language: "uk", Key: "shop.only_english"},
		{Language: "uk", Key: "shop.hello", Argument: "name"},
		{Language: "uk", Key: "shop.found", Argument: "place"},
		{Language: "ru", Key: "shop.found"},
	}
	require.Equal(t, want, reported, "each once")
	require.ElementsMatch(t, want, b.Missing())
	require.Equal(t, "shop.only_ukrainian", b.For("en", nil).T("shop.only_ukrainian"))

	for i := range 2 * maxMissing {
		loc.T("from outside " + string(rune('0'+i%10)) + time.Duration(i).String())
	}
	require.Len(t, b.Missing(), maxMissing)
}

func TestHasAndFirst(t *testing.T) {
	b := shop(t)
	loc := b.For("uk", nil)
	require.True(t, loc.Has("shop.hello"))
	require.True(t, loc.Has("shop.only_english"), "English fills in")
	require.False(t, loc.Has("shop.nope"))
	require.False(t, b.For("en", nil).Has("shop.only_ukrainian"))

	text, found := loc.First("shop.nope", "shop.only_ukrainian", "shop.hello")
	require.True(t, found)
	require.Equal(t, "Лише українською", text)
	text, found = loc.First("shop.only_english", "shop.only_ukrainian")
	require.True(t, found)
	require.Equal(t, "Лише українською", text, "the reader's language goes first")
	text, found = b.For("ru", nil).First("shop.nope", "shop.only_english")
	require.True(t, found)
	require.Equal(t, "Only English", text)
	_, found = loc.First("shop.nope")
	require.False(t, found)
	_, found = loc.First()
	require.False(t, found)
	require.Equal(t, []Missing{{Language: "ru", Key: "shop.only_english"}}, b.Missing(), "looking is not missing")
}

func TestList(t *testing.T) {
	b := shop(t)
	require.Empty(t, b.For("en", nil).List())
	require.Equal(t, "a", b.For("en", nil).List("a"))
	require.Equal(t, "a and b", b.For("en", nil).List("a", "b"))
	require.Equal(t, "a, b and {c}", b.For("en", nil).List("a", "b", "{c}"))
	require.Equal(t, "a, b і c", b.For("uk", nil).List("a", "b", "c"))
	require.Equal(t, "a, b и c", b.For("ru", nil).List("a", "b", "c"))
}

func TestManyAtOnce(t *testing.T) {
	b := shop(t)
	b.OnMissing(func(Missing) {})
	var wg sync.WaitGroup
	wrong := make(chan string, 1000)
	for range 8 {
		wg.Go(func() {
			for i := range int64(200) {
				for _, lang := range Languages() {
					loc := b.For(lang, nil)
					loc.T("shop.nope")
					loc.Date(time.Unix(i, 0))
				}
				if got := b.For("uk", nil).Plural("shop.found", 21, "place", "X"); got != "21 клієнт у X" {
					wrong <- got
				}
			}
		})
	}
	wg.Wait()
	require.Empty(t, wrong)
	require.Len(t, b.Missing(), 3)
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		accept, cookie, user string
		offered              []string
		want                 string
	}{
		{"", "", "", nil, "en"},
		{"uk-UA,uk;q=0.9,en;q=0.8", "", "", nil, "uk"},
		{"de, ru;q=0.5, uk;q=0.7", "", "", nil, "uk"},
		{"ru", "uk", "", nil, "uk"},
		{"ru", "uk", "en", nil, "en"},
		{"ru", "../../etc", "<script>", nil, "ru"},
		{"uk;q=0, ru;q=0.1", "", "", nil, "ru"},
		{"be, kk", "", "", nil, "en"},
		{"uk", "", "", []string{"en", "ru"}, "en"},
		{"de", "", "", []string{"uk", "en"}, "uk"},
		{"en", "uk", "", []string{"ru", "en"}, "en"},
		{"*", "", "", []string{"ru", "en"}, "ru"},
		{";;;,,q=", "", "", nil, "en"},
		{"\xff\xfe", "", "", nil, "en"},
	} {
		require.Equal(t, c.want, Match(c.accept, c.cookie, c.user, c.offered...), "%+v", c)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("uk-UA,uk;q=0.9")
	f.Add("x-u-----_____")
	f.Fuzz(func(t *testing.T, accept string) {
		require.Contains(t, Languages(), Match(accept, accept, accept))
	})
}

func BenchmarkT(b *testing.B) {
	loc := shop(b).For("uk", nil)
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			loc.T("shop.only_ukrainian")
		}
	})
	b.Run("argument", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			loc.T("shop.hello", "name", "Ann")
		}
	})
	b.Run("plural", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			loc.Plural("shop.found", 22, "place", "X")
		}
	})
	b.Run("date", func(b *testing.B) {
		now := time.Unix(1790000000, 0)
		for b.Loop() {
			loc.Date(now)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				loc.T("shop.hello", "name", "Ann")
			}
		})
	})
}
