package clientmanager

import (
	"hash/fnv"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

// Clients that are there twice share a key: a phone, an e-mail, the host of a website, a name without its legal form, or that
// name less one letter. Keys are numbers, so that an index of them is small; what they promise is looked at before it is told.

// A name is compared with a letter missing only where that tells something, and its keys are not too many.
const (
	nearlyFrom = 6
	nearlyTo   = 24
)

// matchKeys are those of a client, sorted.
func matchKeys(c *v1.Client) []int64 {
	keys := []int64{}
	add := func(kind, text string) {
		if text != "" {
			h := fnv.New64a()
			_, _ = h.Write([]byte(kind + text)) // it never fails
			keys = append(keys, int64(h.Sum64()))
		}
	}
	add("p", c.GetPhone())
	add("e", fold(c.GetEmail()))
	add("w", host(c.GetWebsite()))
	name := plainName(c.GetName())
	add("n", name)
	if runes := []rune(name); len(runes) >= nearlyFrom && len(runes) <= nearlyTo {
		for i := range runes {
			add("n", string(runes[:i])+string(runes[i+1:]))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// alike says why two clients are likely the same, the strongest first; nil when they are not.
func alike(a, b *v1.Client) []v1.DuplicateReason {
	var reasons []v1.DuplicateReason
	say := func(yes bool, reason v1.DuplicateReason) {
		if yes {
			reasons = append(reasons, reason)
		}
	}
	same := func(a, b string) bool { return a != "" && a == b }
	nameA, nameB := plainName(a.GetName()), plainName(b.GetName())
	say(same(nameA, nameB), v1.DuplicateReason_DUPLICATE_REASON_NAME)
	say(same(a.GetPhone(), b.GetPhone()), v1.DuplicateReason_DUPLICATE_REASON_PHONE)
	say(same(fold(a.GetEmail()), fold(b.GetEmail())), v1.DuplicateReason_DUPLICATE_REASON_EMAIL)
	say(same(host(a.GetWebsite()), host(b.GetWebsite())), v1.DuplicateReason_DUPLICATE_REASON_WEBSITE)
	say(nameA != nameB && nearly([]rune(nameA), []rune(nameB)), v1.DuplicateReason_DUPLICATE_REASON_NAME_NEARLY)
	return reasons
}

// strength is how likely reasons make it: each counts, and a name or a website that others may share counts least.
func strength(reasons []v1.DuplicateReason) int16 {
	var sum int16
	for _, r := range reasons {
		switch r {
		case v1.DuplicateReason_DUPLICATE_REASON_NAME_NEARLY:
			sum += 2
		case v1.DuplicateReason_DUPLICATE_REASON_WEBSITE:
			sum += 3
		case v1.DuplicateReason_DUPLICATE_REASON_NAME:
			sum += 5
		default:
			sum += 4
		}
	}
	return sum
}

// nearly tells whether names are a letter apart: one more, one less, or another.
func nearly(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < nearlyFrom || len(b) > nearlyTo || len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i < len(a) && slices.Equal(a[i+1:], b[i+1:])
	}
	return slices.Equal(a[i:], b[i+1:])
}

// shared are hosts where many have a page of their own, so that they say nothing of whose it is.
var shared = []string{
	"facebook.com", "instagram.com", "linkedin.com", "t.me", "x.com", "twitter.com", "youtube.com", "tiktok.com", "google.com", "prom.ua",
	"olx.ua", "business.site", "wixsite.com", "blogspot.com", "wordpress.com", "github.io", "vk.com", "rozetka.com.ua",
}

// host is the host of a website, without www; empty for one that many share.
func host(website string) string {
	u, err := url.Parse(website)
	if err != nil {
		return ""
	}
	name := strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."), ".")
	for _, s := range shared {
		if name == s || strings.HasSuffix(name, "."+s) {
			return ""
		}
	}
	return name
}

// legalForms are words of names that say what a client is in law, in Latin letters.
var legalForms = func() map[string]bool {
	words := map[string]bool{}
	for _, word := range strings.Fields(`
		tov pp fop at pat prat dp kp vat zat ooo oao zao pao ao ip chp odo up tzov
		tovarystvo z obmezhenoiu obmezhenoyu vidpovidalnistiu vidpovidalnistyu pryvatne publichne aktsionerne pidpryiemstvo pidpryyemstvo
		fizychna osoba pidpryiemets pidpryyemets
		obshchestvo s ogranichennoi otvetstvennostiu ogranichennoy otvetstvennostyu individualnyi individualnyy predprinimatel
		llc ltd limited inc incorporated corp corporation co company plc llp lp gmbh mbh ag kg kgaa ohg ug eu
		sa sas sarl srl spa sl bv nv ab oy oyj as aps sro spol zoo doo ood eood jsc pjsc cjsc fzco`) {
		words[word] = true
	}
	return words
}()

// latin are Cyrillic letters as they are written in Latin ones: so that Зерно is Zerno. What Ukrainian and Russian write
// differently is made one.
var latin = func() map[rune]string {
	m := map[rune]string{}
	for _, pair := range strings.Fields(`а=a б=b в=v г=h ґ=g д=d е=e ё=e є=ie ж=zh з=z и=y і=i ї=i й=i ы=y э=e к=k л=l м=m н=n о=o п=p р=r с=s т=t
		у=u ф=f х=kh ц=ts ч=ch ш=sh щ=shch ю=iu я=ia ь= ъ= ’= ʼ=`) {
		from, to, _ := strings.Cut(pair, "=")
		m[[]rune(from)[0]] = to
	}
	return m
}()

// unmarked drops what stands above and below letters.
func unmarked(r rune) rune {
	if unicode.Is(unicode.Mn, r) {
		return -1
	}
	return r
}

// plainName is a name in the form it is compared in: Latin letters and digits of its words, without the legal form, in one order.
func plainName(name string) string {
	var out strings.Builder
	for _, r := range fold(name) {
		switch to, cyrillic := latin[r]; {
		case cyrillic:
			out.WriteString(to)
		case unicode.Is(unicode.Latin, r):
			out.WriteString(strings.Map(unmarked, norm.NFD.String(string(r)))) // "Café" is "Cafe"
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			out.WriteRune(r)
		case r == '.' || r == '\'':
			// "L.L.C." is one word
		default:
			out.WriteByte(' ')
		}
	}
	all := strings.Fields(out.String())
	words := slices.DeleteFunc(slices.Clone(all), func(word string) bool { return legalForms[word] })
	if len(words) == 0 {
		words = all
	}
	slices.Sort(words)
	return strings.Join(words, "")
}
