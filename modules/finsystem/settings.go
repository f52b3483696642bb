package finsystem

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/money"
)

// Settings are what portal.yaml may say, below modules.finsystem.settings.
type Settings struct {
	// Currency is what the portal counts in when nothing else is said, ISO 4217. Default: UAH.
	Currency string `yaml:"currency" json:"currency"`
	// CreditLimit is how much a new client may owe at once, in minor units of the currency they owe in; below zero: as much as comes.
	// Default: 0, so that who gets something has paid for it, or was granted a deferral.
	CreditLimit int64 `yaml:"credit_limit" json:"credit_limit"`
	// Language is what documents are written in: "uk". Default: en.
	Language string `yaml:"language" json:"language"`
	// Colour of the brand on documents, "#3056b6". Default: a dark grey.
	Colour string `yaml:"colour" json:"colour"`
	// Seller is who issues documents, as it stands on them.
	Seller Seller `yaml:"seller" json:"seller"`
	// StatementTables are layouts of tables (CSV) that banks write their statements as.
	StatementTables []StatementTable `yaml:"statement_tables" json:"statement_tables"`
}

// Seller is the business, as it stands on documents.
type Seller struct {
	// Name in full, with its legal form.
	Name string `yaml:"name" json:"name"`
	// TaxID is its number with the tax office, and VATID with that of the VAT; empty for none.
	TaxID string `yaml:"tax_id" json:"tax_id"`
	VATID string `yaml:"vat_id" json:"vat_id"`
	// Address as it is written on a letter.
	Address string `yaml:"address" json:"address"`
	// IBAN and Bank are where it is paid to.
	IBAN string `yaml:"iban" json:"iban"`
	Bank string `yaml:"bank" json:"bank"`
	// Phone and Email are for questions.
	Phone string `yaml:"phone" json:"phone"`
	Email string `yaml:"email" json:"email"`
	// SignedBy signs, with their position: "Director O. Lysenko".
	SignedBy string `yaml:"signed_by" json:"signed_by"`
}

func defaults() Settings { return Settings{Currency: "UAH", Language: locale.English} }

// Validate names every setting at fault.
func (s *Settings) Validate() error {
	var errs []error
	if _, err := money.Scale(s.Currency); err != nil {
		errs = append(errs, fmt.Errorf("currency: %w", err))
	}
	if !slices.Contains(locale.Languages(), s.Language) {
		errs = append(errs, fmt.Errorf("language: %q is none of %s", s.Language, strings.Join(locale.Languages(), ", ")))
	}
	if s.Colour != "" && !colour.MatchString(s.Colour) {
		errs = append(errs, fmt.Errorf("colour: %q is no colour; write it as #3056b6", s.Colour))
	}
	for _, table := range s.StatementTables {
		if !tableID.MatchString(table.ID) {
			errs = append(errs, fmt.Errorf("statement_tables: %q is no id: write small letters, digits and hyphens", table.ID))
		}
		if err := table.mapping().Check(); err != nil {
			errs = append(errs, fmt.Errorf("statement_tables: %s: %w", table.ID, err))
		}
	}
	return errors.Join(errs...)
}

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// limit is that of a new account.
func (s *Settings) limit() *int64 {
	if s.CreditLimit < 0 {
		return nil
	}
	return &s.CreditLimit
}
