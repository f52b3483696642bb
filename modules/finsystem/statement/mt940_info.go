package statement

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	// ?20 and the like, behind the bank's code of three digits. Banks in Poland part with <, ~ or ^ instead.
	mtGerman = regexp.MustCompile(`^\d{0,3}([?<>~^|@&])\d\d`)
	mtWord   = regexp.MustCompile(`/(EREF|PREF|IREF|RREF|MREF|MARF|CSID|CNTP|REMI|ISDT|BENM|ORDP|NAME|ID|ADDR|IBAN|BIC|TRTP|RTRN|TRCD|` +
		`ULTD|ULTC|ULTB|PURP|CDTRREFTP|CDTRREF|SVCL|INIT|ACCW|BUSP|ORDB|BENB|CHGS|OCMT|EXCH|KREF|CREF|SDBK)/`)
	// What a German purpose is made of.
	mtSepa = regexp.MustCompile(`(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|COAM|OAMT|PURP)\+`)
	// The account at the beginning of an unstructured text: digits, dotted as in the Netherlands, or an IBAN.
	mtLeading = regexp.MustCompile(`^(?:GIRO +(\d{3,9})|(\d{2}\.\d{2}\.\d{2}\.\d{3})|(\d{9,10})|([A-Z]{2}\d{2}[A-Z0-9]{11,30}))(?: |$)`)
	// What stands alone behind :61: as an account, at Rabobank also P and the number of the Postbank.
	mtAlone = regexp.MustCompile(`^(P?\d{7,10}|[A-Z]{2}\d{2}[A-Z0-9]{11,30})$`)
)

// mtInform makes what is known of an entry out of the lines behind :61: and those of :86:.
func mtInform(e *Entry, more, info []string) {
	whole := strings.TrimLeft(strings.Join(info, ""), " ")
	switch {
	case mtGerman.MatchString(whole):
		mtSubfields(e, whole, mtGerman.FindStringSubmatch(whole)[1])
	case mtWord.MatchString(whole) && strings.HasPrefix(whole, "/"):
		mtWords(e, whole)
	default:
		mtPlain(e, info)
	}
	extra := clean(strings.Join(more, " "))
	switch {
	case extra == "" || strings.HasPrefix(extra, "/"): // codes of the bank, amounts before exchange
	case e.Counterparty.Account == "" && mtAlone.MatchString(extra):
		e.Counterparty.Account = account(extra)
	case !strings.Contains(e.Purpose, extra) && extra != e.Counterparty.Account && reference(extra) != "":
		e.Purpose = clean(e.Purpose + " " + extra)
	}
}

// mtPlain takes a text without structure as it is.
func mtPlain(e *Entry, info []string) {
	var text strings.Builder
	for i, line := range info {
		text.WriteString(line)
		if i < len(info)-1 && !goesOn(line, info[i+1]) {
			text.WriteByte(' ')
		}
	}
	begins := strings.TrimLeft(text.String(), " ")
	e.Purpose = clean(begins)
	if m := mtLeading.FindStringSubmatch(begins); m != nil {
		number := strings.ReplaceAll(m[1]+m[2]+m[3]+m[4], ".", "")
		if m[4] == "" || isIBAN(number) {
			e.Counterparty.Account = number
		}
	}
}

// goesOn tells whether a number or word goes on in the next line: lines that are full end anywhere.
func goesOn(line, next string) bool {
	if utf8.RuneCountInString(line) < 64 {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(line)
	first, _ := utf8.DecodeRuneInString(next)
	return unicode.IsDigit(last) && unicode.IsDigit(first) || unicode.IsLetter(last) && unicode.IsLetter(first)
}

// mtSubfields reads "166?00GUTSCHRIFT?20SVWZ+RE 17?30COBADEFF?31DE…?32NAME".
func mtSubfields(e *Entry, text, sign string) {
	var purpose, bank, number, iban, name, kind string
	var pieces []string
	for i, piece := range strings.Split(text, sign) {
		switch {
		case i == 0: // the bank's code
		case len(piece) >= 2 && allDigits(piece[:2]):
			pieces = append(pieces, piece)
		case len(pieces) > 0: // the sign stands in a text
			pieces[len(pieces)-1] += sign + piece
		}
	}
	for _, piece := range pieces {
		code, value := piece[:2], piece[2:]
		switch {
		case code == "00":
			kind = value
		case code >= "20" && code <= "29", code >= "60" && code <= "63":
			purpose += piece27(value)
		case code == "30":
			bank = value
		case code == "31":
			number = value
		case code == "32" || code == "33":
			name += piece27(value)
		case code == "38":
			iban = value
		}
	}
	e.Counterparty = Counterparty{Name: clean(name), Account: account(number), BankID: account(bank)}
	if iban != "" {
		e.Counterparty.Account = account(iban)
	}
	e.Purpose = clean(purpose)
	marks := mtSepa.FindAllStringSubmatchIndex(purpose, -1)
	if len(marks) > 0 {
		e.Purpose = clean(purpose[:marks[0][0]])
	}
	for i, mark := range marks {
		end := len(purpose)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		value := clean(purpose[mark[1]:end])
		switch purpose[mark[2]:mark[3]] {
		case "EREF":
			e.EndToEndID = reference(value)
		case "SVWZ":
			e.Purpose = clean(e.Purpose + " " + value)
		case "IBAN":
			if e.Counterparty.Account == "" {
				e.Counterparty.Account = account(value)
			}
		case "BIC":
			if e.Counterparty.BankID == "" {
				e.Counterparty.BankID = account(value)
			}
		}
	}
	if e.Purpose == "" {
		e.Purpose = clean(kind)
	}
}

// piece27 is a piece of a text that is cut to 27 characters. Who stops before that has stopped at the end of a word.
func piece27(value string) string {
	if n := utf8.RuneCountInString(value); n > 0 && n < 27 {
		return value + " "
	}
	return value
}

// mtWords reads "/EREF/…/BENM//NAME/…/REMI/…", where a slash in a value is no mark.
func mtWords(e *Entry, text string) {
	marks := mtWord.FindAllStringSubmatchIndex(text, -1)
	for i := 0; i < len(marks); i++ { // "/BENM//NAME/": the mark that ends begins no other
		mark := marks[i]
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		value := text[mark[1]:end]
		switch text[mark[2]:mark[3]] {
		case "EREF":
			e.EndToEndID = reference(strings.Trim(value, "/"))
		case "NAME":
			mtOnce(&e.Counterparty.Name, clean(strings.Trim(value, "/")))
		case "IBAN":
			mtOnce(&e.Counterparty.Account, account(strings.Trim(value, "/")))
		case "BIC":
			mtOnce(&e.Counterparty.BankID, account(strings.Trim(value, "/")))
		case "CDTRREF":
			mtOnce(&e.CreditorReference, clean(strings.Trim(value, "/")))
		case "CNTP": // account/bank/name/city
			parts := strings.Split(value, "/")
			parts = append(parts, "", "", "")
			e.Counterparty.Account, e.Counterparty.BankID = account(parts[0]), account(parts[1])
			mtOnce(&e.Counterparty.Name, clean(parts[2]))
		case "ORDP", "BENM": // an account, where a bank writes it here
			if number := account(strings.Trim(value, "/")); isIBAN(number) {
				mtOnce(&e.Counterparty.Account, number)
			}
		case "REMI":
			mtRemittance(e, value)
		case "TRTP":
			if e.Purpose == "" && !strings.Contains(text, "/REMI/") {
				e.Purpose = clean(strings.Trim(value, "/"))
			}
		}
	}
}

// mtRemittance reads a purpose: free, "USTD//…/" or "STRD/CUR/reference/".
func mtRemittance(e *Entry, value string) {
	if free, ok := strings.CutPrefix(value, "USTD/"); ok {
		value = free
	} else if structured, ok := strings.CutPrefix(value, "STRD/"); ok {
		if _, number, ok := strings.Cut(structured, "/"); ok {
			mtOnce(&e.CreditorReference, clean(strings.Trim(number, "/")))
			structured = number
		}
		value = structured
	}
	e.Purpose = clean(e.Purpose + " " + strings.Trim(value, "/"))
}

func mtOnce(to *string, value string) {
	if *to == "" {
		*to = value
	}
}
