package access

import (
	"strings"
	"unicode/utf8"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// bullet stands for what is not shown. No phone number and no e-mail address that a contract takes has one.
const bullet = "•"

// Mask hides the middle of a text so that who knows it recognises it, and who does not learns neither it nor its length:
// of a phone number the country and the last two digits are left, of an e-mail address the first letter and the domain, of
// another text its first letter. Of a text too short for that nothing is left.
func Mask(kind kernelv1.Kind, text string) string {
	if text == "" {
		return ""
	}
	switch kind {
	case kernelv1.Kind_KIND_PHONE:
		return maskPhone(text)
	case kernelv1.Kind_KIND_EMAIL:
		if at := strings.LastIndexByte(text, '@'); at > 0 {
			return maskText(text[:at]) + text[at:]
		}
	}
	return maskText(text)
}

// IsMasked tells whether a text is what Mask made.
func IsMasked(text string) bool { return strings.Contains(text, bullet) }

func maskText(text string) string {
	hidden := strings.Repeat(bullet, 3)
	if _, size := utf8.DecodeRuneInString(text); size < len(text) {
		return text[:size] + hidden
	}
	return hidden
}

// maskPhone leaves the country of an E.164 number and its last two digits: "+380 •• ••• 42".
func maskPhone(number string) string {
	digits := strings.TrimPrefix(number, "+")
	if digits == number || len(digits) < 7 || strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return maskText(number)
	}
	return "+" + digits[:countryDigits(digits)] + " •• ••• " + digits[len(digits)-2:]
}

// twoDigits are the countries whose calling codes have two digits, by the first of them; 1 and 7 have one, the others three.
// ITU-T E.164, list of assigned country codes.
var twoDigits = map[byte]string{'2': "07", '3': "0123469", '4': "013456789", '5': "12345678", '6': "0123456", '8': "1246", '9': "0123458"}

func countryDigits(digits string) int {
	switch {
	case digits[0] == '1', digits[0] == '7':
		return 1
	case strings.IndexByte(twoDigits[digits[0]], digits[1]) >= 0:
		return 2
	}
	return 3
}
