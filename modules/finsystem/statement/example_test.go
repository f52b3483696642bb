package statement_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

const file = `:20:STARTUMSE
:25:UA213223130000026007233566001
:28C:131/1
:60F:C230510UAH15000,00
:61:2305110511C4800,00NTRF1204//A0511X7
:86:/CNTP/UA903052992990004149123456789/PBANUA2X/SVITANOK TOV//REMI/USTD//Invoice 123/
:61:2305110511D12,50NMSCNONREF
:86:Bank fee
:62F:C230511UAH19787,50
`

// An importer stages what it is given, and keeps it when the file has ended well.
func ExampleRead() {
	ctx := context.Background()
	type staged struct {
		entry      statement.Entry
		occurrence int
	}
	var stage []staged
	var seen statement.Occurrences
	for item, err := range statement.Read(ctx, strings.NewReader(file), statement.Options{}) {
		if err != nil {
			fmt.Println("nothing is imported:", err)
			return
		}
		switch item.Kind {
		case statement.Booked:
			stage = append(stage, staged{*item.Entry, seen.Next(item.Statement, item.Entry)})
		case statement.Ends:
			s := item.Statement
			fmt.Println(s.Format, s.Account, s.Number, "closes with", s.Closing.Amount, s.Currency, "balanced:", s.Balanced)
		}
	}
	for _, s := range stage { // insert … on conflict (fingerprint, occurrence) do nothing
		fmt.Println(s.entry.BookingDate.Format("2006-01-02"), s.entry.Amount, s.entry.Counterparty.Name, "|", s.entry.Purpose, "|", s.occurrence)
	}
	// Output:
	// mt940 UA213223130000026007233566001 131/1 closes with 19787.50 UAH balanced: true
	// 2023-05-11 4800.00 SVITANOK TOV | Invoice 123 | 1
	// 2023-05-11 -12.50  | Bank fee | 1
}

// A damaged file is refused whole, with what is wrong and where.
func ExampleError() {
	_, err := statement.ReadAll(context.Background(), strings.NewReader(strings.Replace(file, "4800,00", "4799,00", 1)), statement.Options{})
	fmt.Println(errors.Is(err, statement.ErrMismatch))
	var e *statement.Error
	if errors.As(err, &e) {
		fmt.Println(e.Statement, "|", e.Line, "|", e.Field, "|", e.Value)
		fmt.Println(e.Reason)
	}
	// Output:
	// true
	// 131/1 | 9 | closing balance | 19787.50
	// the opening balance 15000.00 and 2 entries that sum to 4786.50 make 19786.50: the file was cut or changed, so get the file from the bank anew, or accept the mismatch
}

// A table is read by saying which column is what.
func ExampleMapping() {
	table := "Дата;Дебет;Кредит;Контрагент;ЄДРПОУ;Призначення\n" +
		"11.05.2023;;4 800,00;ТОВ Світанок;14360570;Оплата рах. 123\n"
	all, err := statement.ReadAll(context.Background(), strings.NewReader(table), statement.Options{
		Account: "UA213223130000026007233566001", Currency: "UAH",
		Mapping: &statement.Mapping{
			Decimal: ",", DateLayouts: []string{"02.01.2006"}, Date: "Дата", Debit: "Дебет", Credit: "Кредит",
			Counterparty: "Контрагент", CounterpartyTaxID: "ЄДРПОУ", Purpose: []string{"Призначення"},
		},
	})
	fmt.Println(err)
	for _, e := range all[0].Entries {
		fmt.Println(e.Amount, e.Currency, e.Counterparty.Name, e.Counterparty.TaxID, e.Purpose)
	}
	// Output:
	// <nil>
	// 4800.00 UAH ТОВ Світанок 14360570 Оплата рах. 123
}

// Detect says what a file is before it is read.
func ExampleDetect() {
	d := statement.Detect([]byte("\xef\xbb\xbf1CClientBankExchange\nВерсияФормата=1.03\n"))
	fmt.Println(d.Format, d.Encoding)
	// Output:
	// clientbank utf-8
}
