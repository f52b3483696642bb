package finsystem

import (
	"regexp"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

var tableID = regexp.MustCompile("^[a-z][a-z0-9-]{0,39}$")

// StatementTable says how to read a table (CSV) that a bank writes its statements as. Columns are given by their headers, or by their places
// as "#1", "#2"…
type StatementTable struct {
	// ID is what an upload names it by, Title what people read: the bank's name.
	ID    string `yaml:"id" json:"id"`
	Title string `yaml:"title" json:"title"`
	// Delimiter is ",", ";", "|" or a tab; empty is the one that the header row has most of.
	Delimiter string `yaml:"delimiter" json:"delimiter"`
	// SkipRows are rows at the beginning that are no entries, where no column is given by its header.
	SkipRows int `yaml:"skip_rows" json:"skip_rows"`
	// End is how the row begins at which the table ends; empty is the end of the file.
	End string `yaml:"end" json:"end"`
	// Decimal is "." or ","; empty is ".". Grouping are the characters that part thousands.
	Decimal  string `yaml:"decimal" json:"decimal"`
	Grouping string `yaml:"grouping" json:"grouping"`
	// Dates are how dates are written, as the second of January 2006: "02.01.2006".
	Dates []string `yaml:"dates" json:"dates"`
	// Sign is empty where money that came is above zero, "reversed" where it is below, "debit-minus" where the column of debits has a minus, and
	// "by-word" where a column says it in the words In and Out.
	Sign string   `yaml:"sign" json:"sign"`
	In   []string `yaml:"in" json:"in"`
	Out  []string `yaml:"out" json:"out"`

	// Columns. Amount, or Debit and Credit; Direction with sign by-word.
	Date      string `yaml:"date" json:"date"`
	ValueDate string `yaml:"value_date" json:"value_date"`
	Amount    string `yaml:"amount" json:"amount"`
	Debit     string `yaml:"debit" json:"debit"`
	Credit    string `yaml:"credit" json:"credit"`
	Direction string `yaml:"direction" json:"direction"`
	// OwnAccount and Currency are the business's account's; empty where the file is of one account, in the portal's currency.
	OwnAccount string `yaml:"own_account" json:"own_account"`
	Currency   string `yaml:"currency" json:"currency"`
	// The other side.
	Counterparty        string `yaml:"counterparty" json:"counterparty"`
	CounterpartyAccount string `yaml:"counterparty_account" json:"counterparty_account"`
	CounterpartyTaxID   string `yaml:"counterparty_tax_id" json:"counterparty_tax_id"`
	// Purpose may be several columns.
	Purpose        []string `yaml:"purpose" json:"purpose"`
	BankReference  string   `yaml:"bank_reference" json:"bank_reference"`
	DocumentNumber string   `yaml:"document_number" json:"document_number"`
}

func (t *StatementTable) mapping() *statement.Mapping {
	return &statement.Mapping{
		Delimiter: t.Delimiter, SkipRows: t.SkipRows, End: t.End, Decimal: t.Decimal, Grouping: t.Grouping, DateLayouts: t.Dates, Sign: statement.Sign(t.Sign),
		In: t.In, Out: t.Out, Date: t.Date, ValueDate: t.ValueDate, Amount: t.Amount, Debit: t.Debit, Credit: t.Credit, Direction: t.Direction,
		OwnAccount: t.OwnAccount, Currency: t.Currency, Counterparty: t.Counterparty, CounterpartyAccount: t.CounterpartyAccount,
		CounterpartyTaxID: t.CounterpartyTaxID, Purpose: t.Purpose, BankReference: t.BankReference, DocumentNumber: t.DocumentNumber,
	}
}
