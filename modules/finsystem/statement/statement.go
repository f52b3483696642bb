package statement

import (
	"time"

	"github.com/govalues/decimal"
)

// Format is how a statement is written.
type Format string

// The formats that are read.
const (
	Camt053    Format = "camt.053"   // ISO 20022, versions 2 to 13
	MT940      Format = "mt940"      // SWIFT, and what banks make of it
	ClientBank Format = "clientbank" // 1CClientBankExchange
	OFX        Format = "ofx"        // 1.x (SGML) and 2.x (XML)
	CSV        Format = "csv"        // any table, by a Mapping
)

// Statement is what a bank says about one account for some time. Dates are midnights in UTC, the days as the bank wrote
// them. What a format or bank does not state is empty, nil or the zero time.
type Statement struct {
	// Index counts the statements of a file from 0; Line is where this one begins.
	Index, Line int
	Format      Format
	// Version of the format, as the file has it: "001.08", "1.03", "102".
	Version string
	// Account is the account's IBAN or the bank's own number, without spaces, in capitals.
	Account string
	// BankID is who keeps the account: a BIC, or the national code of the bank.
	BankID string
	// Currency of the account (ISO 4217), and so of the entries.
	Currency string
	// ID is what the bank calls this statement, and Number its running number, with the page behind a slash.
	ID, Number string
	// Opening and Closing are booked balances. In most formats Closing is known only when the statement has ended.
	Opening, Closing *Balance
	// From and To are the first and the last day.
	From, To time.Time

	// The rest is known when the statement has ended.

	// Entries were handed out. In is the sum of those that brought money in, Out of those that took it, below zero.
	Entries int
	In, Out decimal.Decimal
	// NotBooked are the file's entries that were left out because the bank has not booked them (yet).
	NotBooked int
	// Balanced: the file states both balances, and they agree with the entries.
	Balanced bool
	// Mismatches are the control figures of the file that its own entries contradict. There can be some only with
	// [Options].AcceptMismatch; without it the first of them ends the reading.
	Mismatches []*Error
}

// Balance is what was on the account: below zero where the account is overdrawn.
type Balance struct {
	Amount   decimal.Decimal
	Currency string
	Date     time.Time
	// Intermediate: the balance at the end of a page, or at the beginning of a further one.
	Intermediate bool
	// Line of the file that states it.
	Line int
}

// Entry is money that came or went.
type Entry struct {
	// Account, Currency are the statement's.
	Account, Currency string
	// Line of the file where the entry begins.
	Line int
	// BookingDate is the day on which the bank booked it, ValueDate from when on it counts. BookingDate is always there.
	BookingDate, ValueDate time.Time
	// Amount is exact, with all digits of the currency. Above zero is money in, below zero is money out.
	Amount decimal.Decimal
	// Reversal: the bank takes an earlier entry back. Amount has the sign of this entry, not of the earlier.
	Reversal     bool
	Counterparty Counterparty
	// Purpose is what the payer wrote or the bank says, in one line.
	Purpose string
	// BankReference is the bank's own name for the entry; EndToEndID what the payer named the payment for the payee.
	BankReference, EndToEndID string
	// DocumentNumber is that of the payment order or cheque, or the reference of the account's owner.
	DocumentNumber string
	// CreditorReference is the reference that the payee gave the payer to quote (RF…, KID, OGM).
	CreditorReference string
	// References are what else the payer says it pays: the documents it refers to, and further references of the payee's.
	References []string
}

// Units is the amount in minor units of its currency, as tables keep it: 125000 for 1250.00 UAH.
func (e *Entry) Units() int64 { return units(e.Amount) }

// Units is the balance in minor units of its currency.
func (b *Balance) Units() int64 { return units(b.Amount) }

// Counterparty is who paid, where money came in, and who was paid, where it went.
type Counterparty struct {
	Name string
	// Account is an IBAN or a bank's number, written as [Statement].Account is.
	Account string
	// TaxID is the number the state knows it by: ЄДРПОУ, РНОКПП, ИНН, VAT number.
	TaxID string
	// BankID is a BIC or a national code.
	BankID string
}
