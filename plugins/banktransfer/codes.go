package banktransfer

import (
	"encoding/base64"
	"strings"
	"unicode"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// code is what a picture says that banks' programs read; empty for currencies that have no such code.
func code(a Account, amount *kernelv1.Money, purpose string) string {
	switch {
	case a.Currency == "EUR":
		return epc(a, amount, purpose)
	case a.Currency == "UAH" && strings.HasPrefix(a.IBAN, "UA"):
		return nbu(a, amount, purpose)
	}
	return ""
}

// epc is the code of a SEPA credit transfer: European Payments Council, EPC069-12, "Quick Response Code: Guidelines to Enable Data
// Capture for the Initiation of a SEPA Credit Transfer", https://www.europeanpaymentscouncil.eu/document-library/guidance-documents/quick-response-code-guidelines-enable-data-capture-initiation.
// Lines: service tag, version, character set (1 is UTF-8), identification, BIC (may be empty in version 002), name of at most 70
// letters, IBAN, amount, purpose, structured remittance, unstructured remittance of at most 140. Its picture has error level M.
func epc(a Account, amount *kernelv1.Money, purpose string) string {
	return strings.Join([]string{"BCD", "002", "1", "SCT", a.BIC, line(a.Name, 70), a.IBAN, "EUR" + amount.GetAmount(), "", "", line(purpose, 140)}, "\n")
}

// nbu is the code of a credit transfer in Ukraine, format 002: National Bank of Ukraine, resolution 97 of 19 August 2025,
// https://bank.gov.ua/admin_uploads/law/19082025_97.pdf. The lines follow public implementations of it, and are unverified against
// its text: service tag, version, encoding (1 is UTF-8), function, reserved, name, IBAN, amount, code of the payee, reserved,
// reserved, purpose, text to show. The resolution wants the sign of the hryvnia in the middle of the picture: it is not drawn.
func nbu(a Account, amount *kernelv1.Money, purpose string) string {
	lines := []string{"BCD", "002", "1", "UCT", "", line(a.Name, 70), a.IBAN, "UAH" + plain(amount.GetAmount()), a.TaxCode, "", "", line(purpose, 140), ""}
	return "https://bank.gov.ua/qr/" + base64.RawURLEncoding.EncodeToString([]byte(strings.Join(lines, "\n")))
}

// plain is an amount without zeros at its end: 12.50 is 12.5, 12.00 is 12.
func plain(amount string) string {
	if strings.Contains(amount, ".") {
		amount = strings.TrimRight(strings.TrimRight(amount, "0"), ".")
	}
	return amount
}

// purposeOf begins with the reference, so that it is there however much a bank cuts off at the end.
func purposeOf(reference, description string) string {
	description = strings.TrimSpace(strings.ReplaceAll(description, "("+reference+")", ""))
	if description == "" || description == reference {
		return reference
	}
	return line(reference+" "+description, 140)
}

// line is a text on one line, of so many letters at most.
func line(text string, most int) string {
	runes := []rune(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " "))
	return strings.TrimSpace(string(runes[:min(len(runes), most)]))
}
