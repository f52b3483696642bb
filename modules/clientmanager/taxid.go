package clientmanager

import "strings"

// The codes of Ukraine carry a check digit. Companies have that of the unified state register of enterprises (EDRPOU,
// eight digits; the rule is in the State Statistics Service's order on the register), people the registration number of
// the taxpayer's card (RNOKPP, ten digits; order 822 of the Ministry of Finance, 2017).

// validEDRPOU checks a company's code. Which weights are used depends on the number; where the remainder is 10 they are
// all two more, and a second 10 counts as 0.
func validEDRPOU(code string) bool {
	if len(code) != 8 || !digits(code) {
		return false
	}
	weights := []int{1, 2, 3, 4, 5, 6, 7}
	if code > "30000000" && code < "60000000" {
		weights = []int{7, 1, 2, 3, 4, 5, 6}
	}
	check := weighted(code, weights, 0) % 11
	if check == 10 {
		check = weighted(code, weights, 2) % 11 % 10
	}
	return check == int(code[7]-'0')
}

// validRNOKPP checks a person's number.
func validRNOKPP(number string) bool {
	if len(number) != 10 || !digits(number) || number == "0000000000" {
		return false
	}
	sum := weighted(number, []int{-1, 5, 7, 9, 4, 6, 10, 5, 7}, 0)
	return ((sum%11)+11)%11%10 == int(number[9]-'0')
}

func weighted(number string, weights []int, more int) int {
	sum := 0
	for i, w := range weights {
		sum += int(number[i]-'0') * (w + more)
	}
	return sum
}

func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// bare is a code without the spaces and dots that people write in it.
func bare(code string) string {
	return strings.NewReplacer(" ", "", ".", "", "-", "").Replace(code)
}
