package finsystem

import (
	"strconv"
	"time"

	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
)

// span is days, the first and the last one.
type span struct{ first, last time.Time }

// spanOf reads the days of a request. Without them they are this month until today; with a last day alone, that day's month until it.
func (m *Module) spanOf(from, to string) (span, error) {
	last, err := m.dayOf("to_date", to)
	if err != nil {
		return span{}, err
	}
	first := monthOf(last)
	if from != "" {
		if first, err = m.dayOf("from_date", from); err != nil {
			return span{}, err
		}
		if to == "" && first.After(last) {
			last = first
		}
	}
	if last.Before(first) {
		return span{}, refuse(codes.InvalidArgument, "to_date", "days_order", "the last day comes before the first one")
	}
	return span{first, last}, nil
}

func monthOf(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// monthsOn is the same day so many months on, or the last one of that month where it has no such day.
func monthsOn(day time.Time, months int) time.Time {
	month := monthOf(day).AddDate(0, months, 0)
	return month.AddDate(0, 0, min(day.Day(), month.AddDate(0, 1, -1).Day())-1)
}

func endsMonth(day time.Time) bool { return day.AddDate(0, 0, 1).Day() == 1 }

// shift is how far back days are that others are compared with.
type shift struct{ months, days int }

// before are the days that a report is compared with, and how far back they are; ok is false for none. From the first of a month on they are as many
// months back: November until the 20th is compared with October until the 20th, and a whole month with a whole one.
func (s span) before(compare v1.IncomeCompare) (before span, back shift, ok bool) {
	switch {
	case compare == v1.IncomeCompare_INCOME_COMPARE_NONE:
		return span{}, shift{}, false
	case compare == v1.IncomeCompare_INCOME_COMPARE_LAST_YEAR:
		back.months = 12
	case s.first.Day() == 1:
		back.months = (s.last.Year()-s.first.Year())*12 + int(s.last.Month()-s.first.Month()) + 1
	default:
		back.days = int(s.last.Sub(s.first).Hours()/24) + 1
		return span{s.first.AddDate(0, 0, -back.days), s.last.AddDate(0, 0, -back.days)}, back, true
	}
	before = span{monthsOn(s.first, -back.months), monthsOn(s.last, -back.months)}
	if endsMonth(s.last) {
		before.last = monthOf(before.last).AddDate(0, 1, -1)
	}
	return before, back, true
}

// interval writes how far back days are as Postgres reads it.
func (s shift) interval() string {
	if s.months > 0 {
		return strconv.Itoa(s.months) + " months"
	}
	return strconv.Itoa(s.days) + " days"
}
