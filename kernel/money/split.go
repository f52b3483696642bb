package money

import (
	"cmp"
	"errors"
	"math/big"
	"slices"
)

// Split shares out an amount by weights, such as a discount of a document over its lines. The parts sum to units exactly: each is what
// is due to it rounded towards zero, and what is left goes one unit at a time to those whose remainders are largest, the
// earlier of two equals first. Where all weights are zero the parts are as equal as can be. There is a weight at least, and none is
// negative.
func Split(units int64, weights []int64) ([]int64, error) {
	total := new(big.Int)
	for _, weight := range weights {
		if weight < 0 {
			return nil, errors.New("an amount is not split by a negative weight: give 0 for what takes no part")
		}
		total.Add(total, big.NewInt(weight))
	}
	if len(weights) == 0 {
		return nil, errors.New("an amount is split into one part at least: give a weight for each")
	}
	if total.Sign() == 0 {
		equal := make([]int64, len(weights))
		for i := range equal {
			equal[i] = 1
		}
		return Split(units, equal)
	}
	parts, remainders, order := make([]int64, len(weights)), make([]*big.Int, len(weights)), make([]int, len(weights))
	left := units
	for i, weight := range weights {
		due := new(big.Int).Mul(big.NewInt(units), big.NewInt(weight))
		remainder := new(big.Int)
		due.QuoRem(due, total, remainder)
		parts[i], remainders[i], order[i] = due.Int64(), remainder, i
		left -= parts[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(remainders[b].CmpAbs(remainders[a]), cmp.Compare(a, b))
	})
	one := int64(1)
	if left < 0 {
		one = -1
	}
	for i := 0; left != 0; i++ { // fewer than there are parts
		parts[order[i]] += one
		left -= one
	}
	return parts, nil
}
