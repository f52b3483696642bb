package locale

import (
	"strconv"
	"strings"

	"github.com/opencabinet/cabinet/kernel/money"
)

const (
	minus = "\u2212" // the sign, as wide as a digit; not the hyphen
	nbsp  = "\u00a0" // keeps a number on one line
)

// format is how a language writes numbers, and the dates that need no words.
type format struct {
	group     string // between thousands
	decimal   string // before the fraction
	shortDate string // a layout of time.Time.Format
}

var formats = map[string]format{
	"en": {group: ",", decimal: ".", shortDate: "2 Jan 2006"},
	"uk": {group: nbsp, decimal: ",", shortDate: "02.01.2006"},
	"ru": {group: nbsp, decimal: ",", shortDate: "02.01.2006"},
}

// signs are the currencies that Ukrainian and Russian texts write with a sign. English ones write codes throughout, since "$"
// alone does not say whose.
var signs = map[string]string{"UAH": "₴", "EUR": "€", "USD": "$", "GBP": "£", "PLN": "zł"}

// Number writes a whole number: "−1,234", "−1 234" with a no-break space.
func (l *Localizer) Number(n int64) string { return l.Decimal(strconv.FormatInt(n, 10)) }

// Decimal writes an exact decimal such as "-1234.50" with all its digits. What is no decimal comes back as it is.
func (l *Localizer) Decimal(amount string) string {
	d, ok := parseDecimal(amount)
	if !ok {
		return amount
	}
	return l.format.write(d)
}

// Money writes an exact amount such as "-184200.00" with the minor digits of its currency (an ISO 4217 code), without
// the currency: "−184,200.00", "−184 200,00" with no-break spaces. It never rounds: digits beyond the currency's that are not zero stay. What is
// no decimal comes back as it is; a currency nobody knows leaves the digits as they are.
func (l *Localizer) Money(code, amount string) string {
	d, ok := parseDecimal(amount)
	if !ok {
		return amount
	}
	if digits, err := money.Scale(code); err == nil {
		for len(d.fraction) < digits {
			d.fraction += "0"
		}
		for len(d.fraction) > digits && strings.HasSuffix(d.fraction, "0") {
			d.fraction = d.fraction[:len(d.fraction)-1]
		}
	}
	return l.format.write(d)
}

// MoneyText writes the amount as Money does, and the currency behind it: "15,000.00 UAH", "15 000,00 ₴", with no-break spaces.
func (l *Localizer) MoneyText(code, amount string) string {
	return l.Money(code, amount) + nbsp + l.Currency(code)
}

// Currency writes a currency as it stands behind an amount: "UAH" in English, "₴" in Ukrainian and Russian.
func (l *Localizer) Currency(code string) string {
	if sign, found := signs[code]; found && l.lang != English {
		return sign
	}
	return code
}

// decimal is an exact decimal: digits without leading zeros, and digits behind the point.
type decimal struct {
	negative        bool
	whole, fraction string
}

// parseDecimal reads [+-]digits[.digits].
func parseDecimal(s string) (d decimal, ok bool) {
	if rest, found := strings.CutPrefix(s, "-"); found {
		d.negative, s = true, rest
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	var point bool
	d.whole, d.fraction, point = strings.Cut(s, ".")
	if !isDigits(d.whole) || point && !isDigits(d.fraction) {
		return decimal{}, false
	}
	d.whole = strings.TrimLeft(d.whole, "0")
	if d.whole == "" {
		d.whole = "0"
		if strings.Trim(d.fraction, "0") == "" {
			d.negative = false // there is no −0.00
		}
	}
	return d, true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func (f format) write(d decimal) string {
	var out strings.Builder
	if d.negative {
		out.WriteString(minus)
	}
	for i := range len(d.whole) {
		if i > 0 && (len(d.whole)-i)%3 == 0 {
			out.WriteString(f.group)
		}
		out.WriteByte(d.whole[i])
	}
	if d.fraction != "" {
		out.WriteString(f.decimal)
		out.WriteString(d.fraction)
	}
	return out.String()
}
