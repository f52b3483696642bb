package money

import "strings"

// The currencies of ISO 4217 list one, by how many digits their minor unit has, as the maintenance agency publishes them:
// https://www.six-group.com/en/products-services/financial-information/data-standards.html. Metals, baskets
// and test codes have no minor unit ("N.A.") and so are not here. Those that were withdrawn in the last years stay: books are
// older than that. The data of golang.org/x/text/currency is CLDR's, made for showing prices: it gives the dinars of Serbia and
// Iraq no minor unit, and does not know some newer currencies.
var currencies = map[int]string{
	0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
	2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW " +
		"CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF " +
		"IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV " +
		"MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD " +
		"SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG ZWL",
	3: "BHD IQD JOD KWD LYD OMR TND",
	4: "CLF UYW",
}

var scales = func() map[string]int {
	all := make(map[string]int, 180)
	for digits, codes := range currencies {
		for code := range strings.FieldsSeq(codes) {
			all[code] = digits
		}
	}
	return all
}()

// Scale is how many digits the minor unit of a currency (ISO 4217, "UAH") has: 2 for UAH, 0 for JPY, 3 for KWD.
// A code that no currency has is an Error that is ErrCurrency.
func Scale(code string) (int, error) {
	digits, known := scales[code]
	if !known {
		return 0, &Error{Kind: ErrCurrency, Currency: code}
	}
	return digits, nil
}
