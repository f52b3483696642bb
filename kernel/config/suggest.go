package config

import (
	"fmt"
	"strings"
)

// Suggest returns the known name that is nearest to name, or "" when none is near enough to be meant. Near is at most
// one wrong, missing, extra or swapped neighbouring letter in three. Case, "-" and "_" do not count. Of equally near
// names, the first one wins.
func Suggest(name string, known []string) string {
	plain := func(s string) []rune {
		return []rune(strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(s)))
	}
	want := plain(name)
	best, bestDistance := "", max(1, len(want)/3)+1
	for _, k := range known {
		if d := distance(want, plain(k), bestDistance); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// didYouMean is the end of a message about an unknown name.
func didYouMean(name string, known []string) string {
	if near := Suggest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	if len(known) == 0 {
		return "; nothing is known here"
	}
	return "; known are " + strings.Join(known, ", ")
}

// distance is the Damerau-Levenshtein distance (optimal string alignment) of a and b, or limit when it is not less.
func distance(a, b []rune, limit int) int {
	if gap := len(a) - len(b); gap >= limit || -gap >= limit {
		return limit
	}
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return min(limit, last[len(b)])
}
