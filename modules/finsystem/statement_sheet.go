package finsystem

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// xlsx is the statement as a workbook: a row for each line, between the balances.
func (p *paperStatement) xlsx() ([]byte, error) {
	book := excelize.NewFile()
	w, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, err
	}
	date, amount := "yyyy-mm-dd", "#,##0.00"
	if _, digits, _ := strings.Cut(p.GetOpening().GetAmount(), "."); len(digits) != 2 {
		amount = strings.TrimSuffix("#,##0."+strings.Repeat("0", len(digits)), ".")
	}
	styles := map[string]int{}
	for name, style := range map[string]*excelize.Style{
		"bold": {Font: &excelize.Font{Bold: true}}, "date": {CustomNumFmt: &date}, "amount": {CustomNumFmt: &amount}, "sum": {CustomNumFmt: &amount, Font: &excelize.Font{Bold: true}},
		"day": {CustomNumFmt: &date, Font: &excelize.Font{Bold: true}},
	} {
		if styles[name], err = book.NewStyle(style); err != nil {
			return nil, err
		}
	}
	line := 0
	var errs []error
	row := func(cells ...any) {
		line++
		errs = append(errs, w.SetRow("A"+strconv.Itoa(line), cells))
	}
	text := func(style, text string) excelize.Cell {
		return excelize.Cell{StyleID: styles[style], Value: harmless(text)}
	}
	day := func(style, text string) any {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return nil
		}
		return excelize.Cell{StyleID: styles[style], Value: at}
	}
	number := func(style string, m *kernelv1.Money) any {
		if m == nil {
			return nil
		}
		n, err := strconv.ParseFloat(m.GetAmount(), 64) // a spreadsheet knows no other numbers
		if err != nil || len(m.GetAmount()) > 15 {      // and keeps so many digits of them
			return m.GetAmount()
		}
		return excelize.Cell{StyleID: styles[style], Value: n}
	}
	errs = append(errs, w.SetColWidth(1, 1, 12), w.SetColWidth(2, 2, 34), w.SetColWidth(3, 3, 40), w.SetColWidth(4, 6, 16))
	row(text("bold", p.t("title")), nil, text("", p.seller.Name+" – "+p.buyer.Name))
	row(text("bold", p.t("day")), text("bold", p.t("what")), text("bold", p.text.T(ID+".fields.memo")), text("bold", p.t("debit", "currency", p.GetCurrencyCode())),
		text("bold", p.t("credit", "currency", p.GetCurrencyCode())), text("bold", p.t("balance")))
	row(day("day", p.GetFromDate()), text("bold", p.t("opening")), nil, nil, nil, number("sum", p.GetOpening()))
	for _, l := range p.GetLines() {
		row(day("date", l.GetEffectiveDate()), text("", p.what(l)), text("", l.GetMemo()), number("amount", l.GetDebit()), number("amount", l.GetCredit()), number("amount", l.GetBalance()))
	}
	row(nil, text("bold", p.t("turnover")), nil, number("sum", p.GetDebits()), number("sum", p.GetCredits()), nil)
	row(day("day", p.GetToDate()), text("bold", p.t("closing")), nil, nil, nil, number("sum", p.GetClosing()))
	row(nil, text("", p.owed()))
	errs = append(errs, w.Flush())
	var out bytes.Buffer
	errs = append(errs, book.Write(&out), book.Close())
	return out.Bytes(), errors.Join(errs...)
}

// harmless is a text that no spreadsheet computes, whoever wrote it.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
