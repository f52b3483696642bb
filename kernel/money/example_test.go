package money_test

import (
	"fmt"

	"github.com/govalues/decimal"

	"github.com/opencabinet/cabinet/kernel/money"
)

// A column of amounts is read into an int64, beside its currency, and leaves as the contracts' Money.
func ExampleOf() {
	// select currency_code, amount from finsystem.entry
	row := struct {
		CurrencyCode string
		Amount       int64 // bigint, minor units
	}{"UAH", 125000}

	m := money.Of(row.CurrencyCode, row.Amount)
	fmt.Println(m.GetAmount(), m.GetCurrencyCode())

	units, err := money.Units(m) // and so it comes back
	fmt.Println(units, err)
	// Output:
	// 1250.00 UAH
	// 125000 <nil>
}

func ExampleProduct() {
	price, quantity := decimal.MustParse("0.1"), decimal.MustParse("3")
	units, err := money.Product("UAH", price, quantity)
	fmt.Println(units, err)
	// Output: 30 <nil>
}

func ExamplePortion() {
	vat, err := money.Portion(10000, decimal.MustParse("20"), decimal.MustParse("120"))
	fmt.Println(vat, err)
	// Output: 1667 <nil>
}

func ExampleSplit() {
	parts, err := money.Split(10000, []int64{1, 1, 1})
	fmt.Println(parts, err)
	// Output: [3334 3333 3333] <nil>
}
