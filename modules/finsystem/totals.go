package finsystem

import (
	"fmt"
	"strings"

	"github.com/govalues/decimal"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
)

// totals are what a document's lines come to, in minor units. Each figure is rounded once, half away from zero: a line's amount is its
// quantity × price less the discount; the tax of a rate is taken of the sum of its lines, where it is on top and where it is in the price
// each for itself; everything else is added up. So the taxes of all rates are the document's tax, and net and tax its total, to the last unit.
type totals struct {
	net, tax, total int64
	taxes           []taxTotal
	// items are the net income of each item and rate of tax, which is what is posted.
	items []itemTotal
}

type taxTotal struct {
	percent  string
	net, tax int64
}

type itemTotal struct {
	item string
	net  int64
}

// generalItem is what income is booked as when a line does not say.
const generalItem = "general"

var hundred = decimal.MustNew(100, 0)

// rate is lines whose tax is reckoned together.
type rate struct {
	percent  decimal.Decimal
	included bool
	lines    []int
	amount   int64
}

// sum reckons a document's totals, and fills in the amounts of its lines.
func sum(currency string, lines []*v1.DocumentLine) (totals, error) {
	var t totals
	var rates []*rate
	amounts := make([]int64, len(lines))
	for i, line := range lines {
		at := fmt.Sprintf("document.lines[%d]", i)
		amount, err := lineAmount(currency, at, line)
		if err != nil {
			return t, err
		}
		amounts[i], line.Amount = amount, money.Of(currency, amount)
		r, err := rateOf(at, line)
		if err != nil {
			return t, err
		}
		known := false
		for _, other := range rates {
			if other.included == r.included && other.percent.Equal(r.percent) {
				r, known = other, true
			}
		}
		if !known {
			rates = append(rates, r)
		}
		r.lines = append(r.lines, i)
		if r.amount, err = money.Add(r.amount, amount); err != nil {
			return t, wrongAmount(at, err)
		}
	}
	nets := make([]int64, len(lines))
	for _, r := range rates {
		if err := r.reckon(&t, amounts, nets); err != nil {
			return t, wrongAmount("document.lines", err)
		}
	}
	for i, line := range lines {
		t.book(line.GetItem(), nets[i])
	}
	if t.total < 0 {
		return t, refuse(codes.InvalidArgument, "document.lines", "below_zero", "a document does not come to less than nothing: make a credit note of what is given back")
	}
	return t, nil
}

// reckon adds a rate's net and tax, and shares the net over its lines so that they come to it.
func (r *rate) reckon(t *totals, amounts, nets []int64) error {
	whole, net := hundred, r.amount
	if r.included {
		sum, err := hundred.Add(r.percent)
		if err != nil {
			return err
		}
		whole = sum
	}
	tax, err := money.Portion(r.amount, r.percent, whole)
	if err != nil {
		return err
	}
	if r.included {
		net -= tax
	}
	left := net
	for n, i := range r.lines {
		share := amounts[i]
		if r.included {
			if share, err = money.Portion(amounts[i], hundred, whole); err != nil {
				return err
			}
		}
		if n == len(r.lines)-1 {
			share = left // the last one takes what rounding left
		}
		nets[i] = share
		left -= share
	}
	percent := money.Format(r.percent)
	for i := range t.taxes {
		if t.taxes[i].percent == percent {
			t.taxes[i].net += net
			t.taxes[i].tax += tax
			percent = ""
		}
	}
	if percent != "" {
		t.taxes = append(t.taxes, taxTotal{percent, net, tax})
	}
	t.net, t.tax, t.total = t.net+net, t.tax+tax, t.total+net+tax
	return nil
}

func (t *totals) book(item string, net int64) {
	if item == "" {
		item = generalItem
	}
	for i := range t.items {
		if t.items[i].item == item {
			t.items[i].net += net
			return
		}
	}
	t.items = append(t.items, itemTotal{item, net})
}

func lineAmount(currency, at string, line *v1.DocumentLine) (int64, error) {
	factors := []decimal.Decimal{decimal.One}
	for field, text := range map[string]string{"quantity": line.GetQuantity(), "price": line.GetPrice()} {
		d, err := money.Parse(text)
		if err != nil {
			return 0, wrongAmount(at+"."+field, err)
		}
		factors = append(factors, d)
	}
	if line.GetDiscountPercent() != "" {
		off, err := money.Parse(line.GetDiscountPercent())
		if err != nil {
			return 0, wrongAmount(at+".discount_percent", err)
		}
		left, err := hundred.Sub(off)
		if err != nil {
			return 0, wrongAmount(at+".discount_percent", err)
		}
		factors = append(factors, left, decimal.MustNew(1, 2))
	}
	amount, err := money.Product(currency, factors...)
	return amount, wrongAmount(at+".price", err)
}

func rateOf(at string, line *v1.DocumentLine) (*rate, error) {
	r := &rate{included: line.GetTaxMode() == v1.TaxMode_TAX_MODE_INCLUDED}
	switch none := line.GetTaxMode() == v1.TaxMode_TAX_MODE_NONE || line.GetTaxMode() == v1.TaxMode_TAX_MODE_UNSPECIFIED; {
	case none && line.GetTaxPercent() != "" && strings.Trim(line.GetTaxPercent(), "0.") != "":
		return nil, refuse(codes.InvalidArgument, at+".tax_mode", "tax_mode", "say whether the tax is in the price or on top of it")
	case none:
		return r, nil
	case line.GetTaxPercent() == "":
		return nil, refuse(codes.InvalidArgument, at+".tax_percent", "tax_percent", "say how much tax there is, or that there is none")
	}
	percent, err := money.Parse(line.GetTaxPercent())
	if err != nil {
		return nil, wrongAmount(at+".tax_percent", err)
	}
	r.percent = percent
	return r, nil
}

// totalled is a document with what its lines come to.
func totalled(d *v1.Document) (*v1.Document, totals, error) {
	d = proto.CloneOf(d)
	t, err := sum(d.GetCurrencyCode(), d.GetLines())
	if err != nil {
		return nil, t, err
	}
	d.Net, d.Tax, d.Total = money.Of(d.GetCurrencyCode(), t.net), money.Of(d.GetCurrencyCode(), t.tax), money.Of(d.GetCurrencyCode(), t.total)
	d.Taxes = nil
	for _, tax := range t.taxes {
		d.Taxes = append(d.Taxes, &v1.DocumentTax{
			Percent: tax.percent, Net: money.Of(d.GetCurrencyCode(), tax.net), Tax: money.Of(d.GetCurrencyCode(), tax.tax),
		})
	}
	return d, t, nil
}
