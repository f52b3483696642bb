package locale

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/opencabinet/cabinet/kernel/money"
)

// AmountInWords writes an amount, given in minor units of its currency (an ISO 4217 code), as documents do, so that no digit can be
// added to it: whole units in words, minor ones in digits, the first letter a capital one. 1250050 in UAH is "Twelve thousand
// five hundred hryvnias 50 kopiykas", "Дванадцять тисяч пʼятсот гривень 50 копійок". A currency whose words are not in the
// package's table stands by its code, and its minor units as a fraction: "Five AUD 07/100". There is a no-break space behind the digits.
//
// The code must be one that money.Scale knows: another panics, as it does in money.Of.
func (l *Localizer) AmountInWords(code string, units int64) string {
	scale, err := money.Scale(code)
	if err != nil {
		panic(err)
	}
	speech := speeches[l.lang]
	parts := make([]string, 0, 16)
	magnitude := uint64(units)
	if units < 0 {
		parts, magnitude = append(parts, speech.minus), -magnitude
	}
	per := uint64(1)
	for range scale {
		per *= 10
	}
	whole, minor := magnitude/per, magnitude%per
	names, named := currencyNames[l.lang][code]
	if !named {
		names = currencyName{major: noun{forms: [3]string{code, code, code}}}
	}
	parts = speech.number(parts, whole, names.major.gender)
	parts = append(parts, names.major.forms[speech.form(whole)])
	switch {
	case scale > 0 && named:
		parts = append(parts, fmt.Sprintf("%0*d", scale, minor)+nbsp+names.minor.forms[speech.form(minor)])
	case scale > 0:
		parts = append(parts, fmt.Sprintf("%0*d/%d", scale, minor, per))
	}
	return capital(strings.Join(parts, " "))
}

func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// gender is that of a noun; numerals agree with it.
type gender int

const (
	masculine gender = iota
	feminine
)

// noun is what is counted: in the forms for one, for two to four and for five, or in English for one and for more.
type noun struct {
	gender gender
	forms  [3]string
}

// speech is how a language says numbers.
type speech struct {
	minus, zero string
	small       [20]string     // one to nineteen, masculine
	feminine    map[int]string // where the feminine differs
	tens        [10]string
	hundreds    [10]string
	joint       string  // between tens and ones
	powers      [6]noun // thousand and what follows
	form        func(uint64) int
}

// number appends a number's words: by groups of three digits, each with its thousands, the last in the gender of what is counted.
func (s *speech) number(words []string, n uint64, g gender) []string {
	if n == 0 {
		return append(words, s.zero)
	}
	for power := len(s.powers); power > 0; power-- {
		per := uint64(1)
		for range power {
			per *= 1000
		}
		if group := n / per; group > 0 {
			words = s.group(words, int(group), s.powers[power-1].gender)
			words = append(words, s.powers[power-1].forms[s.form(group)])
			n %= per
		}
	}
	return s.group(words, int(n), g)
}

// group appends the words of 0 to 999; none for 0.
func (s *speech) group(words []string, n int, g gender) []string {
	if n >= 100 {
		words = append(words, s.hundreds[n/100])
		n %= 100
	}
	ten := ""
	if n >= 20 {
		ten = s.tens[n/10]
		n %= 10
	}
	one := s.small[n]
	if other, differs := s.feminine[n]; differs && g == feminine {
		one = other
	}
	switch {
	case ten != "" && one != "":
		if s.joint != " " {
			return append(words, ten+s.joint+one)
		}
		return append(words, ten, one)
	case ten+one != "":
		return append(words, ten+one)
	}
	return words
}

// slavicForm is which form of a noun follows a number: одна гривня, дві гривні, пʼять гривень.
func slavicForm(n uint64) int {
	switch ten, hundred := n%10, n%100; {
	case ten == 1 && hundred != 11:
		return 0
	case ten >= 2 && ten <= 4 && (hundred < 12 || hundred > 14):
		return 1
	}
	return 2
}

func englishForm(n uint64) int {
	if n == 1 {
		return 0
	}
	return 1
}

// listed takes a list of words apart; "-" is none.
func listed(list string) []string {
	found := strings.Fields(list)
	for i := range found {
		found[i] = strings.TrimPrefix(found[i], "-")
	}
	return found
}

// hundreds are English ones. Nothing says "and" before tens: on documents it stands for the point.
func hundreds(ones string) (all [10]string) {
	for i, one := range listed(ones) {
		all[i+1] = one + " hundred"
	}
	return all
}

// same is a noun whose form is the same after every number.
func same(word string) noun { return noun{forms: [3]string{word, word, word}} }

var speeches = map[string]*speech{
	"en": {
		minus: "minus", zero: "zero", joint: "-", form: englishForm,
		small: [20]string(listed("- one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen " +
			"seventeen eighteen nineteen")),
		tens:     [10]string(listed("- - twenty thirty forty fifty sixty seventy eighty ninety")),
		hundreds: hundreds("one two three four five six seven eight nine"),
		powers: [6]noun{
			same("thousand"), same("million"), same("billion"), same("trillion"), same("quadrillion"), same("quintillion"),
		},
	},
	"uk": {
		minus: "мінус", zero: "нуль", joint: " ", form: slavicForm, feminine: map[int]string{1: "одна", 2: "дві"},
		small: [20]string(listed("- один два три чотири пʼять шість сім вісім девʼять десять одинадцять дванадцять тринадцять " +
			"чотирнадцять пʼятнадцять шістнадцять сімнадцять вісімнадцять девʼятнадцять")),
		tens:     [10]string(listed("- - двадцять тридцять сорок пʼятдесят шістдесят сімдесят вісімдесят девʼяносто")),
		hundreds: [10]string(listed("- сто двісті триста чотириста пʼятсот шістсот сімсот вісімсот девʼятсот")),
		powers: [6]noun{
			{feminine, [3]string{"тисяча", "тисячі", "тисяч"}},
			{masculine, [3]string{"мільйон", "мільйони", "мільйонів"}},
			{masculine, [3]string{"мільярд", "мільярди", "мільярдів"}},
			{masculine, [3]string{"трильйон", "трильйони", "трильйонів"}},
			{masculine, [3]string{"квадрильйон", "квадрильйони", "квадрильйонів"}},
			{masculine, [3]string{"квінтильйон", "квінтильйони", "квінтильйонів"}},
		},
	},
	"ru": {
		minus: "минус", zero: "ноль", joint: " ", form: slavicForm, feminine: map[int]string{1: "одна", 2: "две"},
		small: [20]string(listed("- один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать " +
			"четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать")),
		tens:     [10]string(listed("- - двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто")),
		hundreds: [10]string(listed("- сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот")),
		powers: [6]noun{
			{feminine, [3]string{"тысяча", "тысячи", "тысяч"}},
			{masculine, [3]string{"миллион", "миллиона", "миллионов"}},
			{masculine, [3]string{"миллиард", "миллиарда", "миллиардов"}},
			{masculine, [3]string{"триллион", "триллиона", "триллионов"}},
			{masculine, [3]string{"квадриллион", "квадриллиона", "квадриллионов"}},
			{masculine, [3]string{"квинтиллион", "квинтиллиона", "квинтиллионов"}},
		},
	},
}
