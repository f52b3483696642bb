// Package money counts exact amounts: whole minor units of a currency (kopiykas, cents, fils) in an int64, which is what tables
// keep and what is added; decimals for prices, rates and quantities, which are not amounts yet; and the contracts' Money,
// which is text. Nothing here is a float, and nothing loses a digit without a word: what does not fit is an [Error].
//
// A table keeps an amount as `amount bigint` beside `currency_code text`, and a price, rate or quantity as
// numeric with at most 19 digits in all. See the package's examples for how they are read and written.
//
//	Text on the wire           minor units in tables          decimals of prices
//	Money{"UAH", "1250.00"} ── Units ─▶ 125000
//	                        ◀── Of ───
//	                                            ◀── Round ──  1249.996
//	"0.125"                 ─────────────── Parse ──────────▶ 0.125
//	                        ◀────────────── Format ──────────
//
// The files of the package:
//
//	currency.go  Scale: how many digits a currency has
//	units.go     Units, Of, Add, Neg: minor units and the contracts' Money
//	decimal.go   Parse, Format: decimals as text
//	round.go     Round, Product, Portion: from decimals to minor units, rounded once
//	split.go     Split: parts whose sum is the whole
//	error.go     Error and what it may be
package money
