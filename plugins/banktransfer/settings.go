package banktransfer

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/opencabinet/cabinet/kernel/money"
)

// Settings are what portal.yaml may say, below modules.banktransfer.settings.
type Settings struct {
	// Accounts are the business's, one in each currency. Required.
	Accounts []Account `yaml:"accounts" json:"accounts"`
	// Language is that of instructions where the payer's is not known: en, uk or ru. Default: en.
	Language string `yaml:"language" json:"language"`
}

// Account is where money goes.
type Account struct {
	// Currency is ISO 4217.
	Currency string `yaml:"currency" json:"currency"`
	// IBAN without spaces.
	IBAN string `yaml:"iban" json:"iban"`
	// Name is the payee's, as the bank has it.
	Name string `yaml:"name" json:"name"`
	// TaxCode is the payee's: in Ukraine the code by which banks check whom an account belongs to.
	TaxCode string `yaml:"tax_code" json:"tax_code"`
	// Bank is its name; BIC its code. Both may be empty.
	Bank string `yaml:"bank" json:"bank"`
	BIC  string `yaml:"bic" json:"bic"`
}

// Validate names every setting at fault.
func (s *Settings) Validate() error {
	var errs []error
	if len(s.Accounts) == 0 {
		errs = append(errs, errors.New("accounts: name an account at least"))
	}
	seen := map[string]bool{}
	for i, a := range s.Accounts {
		wrong := func(field, text string) { errs = append(errs, fmt.Errorf("accounts[%d].%s: %s", i, field, text)) }
		if _, err := money.Scale(a.Currency); err != nil {
			wrong("currency", "write three capital letters, such as UAH")
		}
		if seen[a.Currency] {
			wrong("currency", "there is another account in "+a.Currency)
		}
		seen[a.Currency] = true
		if !isIBAN(a.IBAN) {
			wrong("iban", "this is no IBAN: its digits do not fit each other")
		}
		if a.Name == "" || len([]rune(a.Name)) > 70 {
			wrong("name", "write the payee's name, of at most 70 letters")
		}
		if a.Currency == "UAH" && !taxCode.MatchString(a.TaxCode) {
			wrong("tax_code", "write the payee's code, of 8 or 10 digits")
		}
	}
	if _, ok := languages[s.Language]; s.Language != "" && !ok {
		errs = append(errs, fmt.Errorf("language: %q is not en, uk or ru", s.Language))
	}
	return errors.Join(errs...)
}

var (
	taxCode = regexp.MustCompile(`^([0-9]{8}|[0-9]{10})$`)
	iban    = regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$`)
)

// isIBAN checks the digits by ISO 13616: the country and the check digits go last, letters become numbers, and the rest of the
// division by 97 is 1.
func isIBAN(text string) bool {
	if !iban.MatchString(text) {
		return false
	}
	var digits strings.Builder
	for _, r := range text[4:] + text[:4] {
		if r >= 'A' {
			fmt.Fprintf(&digits, "%d", r-'A'+10)
		} else {
			digits.WriteRune(r)
		}
	}
	n, ok := new(big.Int).SetString(digits.String(), 10)
	return ok && new(big.Int).Mod(n, big.NewInt(97)).Int64() == 1
}
