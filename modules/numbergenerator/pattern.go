package numbergenerator

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
)

// mostDigits is how many a number may be filled up to, and how long it gets.
const mostDigits = 12

var (
	placeholder = regexp.MustCompile(`\{([^{}]*)\}`)
	number      = regexp.MustCompile(`^n(?::([0-9]{1,3}))?$`)
)

// tidy brings what people write into the form it is kept in: spaces are not there twice, and a letter with its accent is one
// character.
func tidy(s *v1.Series) {
	for _, text := range []*string{&s.Name, &s.Pattern} {
		*text = norm.NFC.String(strings.Join(strings.Fields(*text), " "))
	}
	for _, text := range []*string{&s.Prefix, &s.BranchCode} {
		*text = norm.NFC.String(strings.TrimLeft(*text, " ")) // which may end with a space: "No 17"
	}
	s.FirstNumber = max(s.FirstNumber, 1)
}

// checkPattern refuses patterns by which two documents could get one number, or nobody could read it.
func checkPattern(s *v1.Series) error {
	has := map[string]int{}
	for _, found := range placeholder.FindAllStringSubmatch(s.GetPattern(), -1) {
		name := found[1]
		if width := number.FindStringSubmatch(name); width != nil {
			n, _ := strconv.Atoi(width[1])
			if width[1] != "" && (n < 1 || n > mostDigits) {
				return refuse(codes.InvalidArgument, "series.pattern", "refusal.width", "the number has 1 to 12 digits: {n:5} has at least five")
			}
			name = "n"
		}
		switch name {
		case "n", "yyyy", "yy", "mm", "prefix", "branch":
			has[name]++
		default:
			return refuse(codes.InvalidArgument, "series.pattern", "refusal.placeholder",
				"the pattern has something else in braces than {prefix}, {branch}, {yyyy}, {yy}, {mm}, {n} or {n:5}")
		}
	}
	year := has["yyyy"]+has["yy"] > 0
	switch {
	case strings.ContainsAny(placeholder.ReplaceAllString(s.GetPattern(), ""), "{}"):
		return refuse(codes.InvalidArgument, "series.pattern", "refusal.braces", "a brace in the pattern is not closed: each {placeholder} stands in two braces")
	case has["n"] != 1:
		return refuse(codes.InvalidArgument, "series.pattern", "refusal.no_number", "the pattern has the number once: {n}, or {n:5} for at least five digits")
	case s.GetRestart() == v1.Restart_RESTART_YEARLY && !year:
		return refuse(codes.InvalidArgument, "series.pattern", "refusal.no_year", "numbers begin anew each year, so the pattern has the year: {yyyy} or {yy}")
	case s.GetRestart() == v1.Restart_RESTART_MONTHLY && !(year && has["mm"] > 0):
		return refuse(codes.InvalidArgument, "series.pattern", "refusal.no_month", "numbers begin anew each month, so the pattern has year and month: {yyyy} or {yy}, and {mm}")
	case has["branch"] > 0 && (s.GetBranchId() == "" || s.GetBranchCode() == ""):
		return refuse(codes.InvalidArgument, "series.branch_code", "refusal.no_branch", "{branch} is for the series of one branch: choose it and say what {branch} stands for, or leave {branch} out")
	}
	for field, text := range map[string]string{"series.pattern": placeholder.ReplaceAllString(s.GetPattern(), ""), "series.prefix": s.GetPrefix(), "series.branch_code": s.GetBranchCode()} {
		if strings.ContainsFunc(text, unreadable) {
			return refuse(codes.InvalidArgument, field, "refusal.characters", "a number is made of letters, the digits 0 to 9, spaces and signs such as - / . № #: something else is in it, maybe unseen")
		}
	}
	return nil
}

// unreadable are characters that two people could read or type differently, or not see: marks, formats, other digits, and
// what fills in a brace.
func unreadable(r rune) bool {
	switch {
	case r >= '0' && r <= '9', r == ' ':
		return false
	case r == '{', r == '}':
		return true
	}
	return !unicode.IsLetter(r) && !unicode.IsPunct(r) && !unicode.IsSymbol(r) && r != '№'
}
