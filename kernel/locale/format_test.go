package locale

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func speak(t testing.TB, lang, zone string) *Localizer {
	t.Helper()
	location, err := time.LoadLocation(zone)
	require.NoError(t, err)
	b, err := NewBundle()
	require.NoError(t, err)
	return b.WithZone(location).For(lang, nil)
}

func TestMoney(t *testing.T) {
	en, uk, ru := speak(t, "en", "UTC"), speak(t, "uk", "UTC"), speak(t, "ru", "UTC")
	for _, c := range []struct{ code, amount, en, uk string }{
		{"UAH", "-184200.00", "−184,200.00", "−184 200,00"},
		{"UAH", "0", "0.00", "0,00"},
		{"UAH", "-0.00", "0.00", "0,00"},
		{"UAH", "-0.01", "−0.01", "−0,01"},
		{"UAH", "+5.5", "5.50", "5,50"},
		{"UAH", "999", "999.00", "999,00"},
		{"UAH", "1000", "1,000.00", "1 000,00"},
		{"UAH", "0001000.100", "1,000.10", "1 000,10"},
		{"UAH", "12.3456", "12.3456", "12,3456"}, // never rounded
		{"JPY", "1234567.00", "1,234,567", "1 234 567"},
		{"JPY", "1.5", "1.5", "1,5"},
		{"KWD", "1", "1.000", "1,000"},
		{"???", "1.5", "1.5", "1,5"},
		{"", "1.50", "1.50", "1,50"},
		{"UAH", "123456789012345678901234567890.12", "123,456,789,012,345,678,901,234,567,890.12", "123 456 789 012 345 678 901 234 567 890,12"},
	} {
		require.Equal(t, c.en, en.Money(c.code, c.amount))
		want := strings.ReplaceAll(c.uk, " ", "\u00a0")
		require.Equal(t, want, uk.Money(c.code, c.amount))
		require.Equal(t, want, ru.Money(c.code, c.amount))
	}
	for _, amount := range []string{"", "-", ".", ".5", "5.", "1e3", "1,5", "1 000", "--1", "NaN", "٣", "1.2.3", "0x10", " 1"} {
		require.Equal(t, amount, en.Money("UAH", amount), "what is no amount stays visible")
	}
	require.Equal(t, "15,000.00\u00a0UAH", en.MoneyText("UAH", "15000"))
	require.Equal(t, "15\u00a0000,00\u00a0₴", uk.MoneyText("UAH", "15000"))
	require.Equal(t, "1,00\u00a0CHF", uk.MoneyText("CHF", "1"))
}

func TestNumber(t *testing.T) {
	en, uk := speak(t, "en", "UTC"), speak(t, "uk", "UTC")
	for n, want := range map[int64]string{0: "0", 7: "7", -7: "−7", 999: "999", 1000: "1,000", -123456: "−123,456", 1234567: "1,234,567",
		math.MinInt64: "−9,223,372,036,854,775,808", math.MaxInt64: "9,223,372,036,854,775,807"} {
		require.Equal(t, want, en.Number(n))
		require.Equal(t, strings.ReplaceAll(want, ",", "\u00a0"), uk.Number(n))
	}
	require.Equal(t, "1,234.50", en.Decimal("1234.50"))
}

// Whatever is written can be read back, digit for digit.
func FuzzMoney(f *testing.F) {
	b, err := NewBundle()
	require.NoError(f, err)
	loc := b.For("uk", nil)
	f.Add("-184200.00")
	f.Add("000.500")
	f.Fuzz(func(t *testing.T, amount string) {
		want, ok := parseDecimal(amount)
		out := loc.Money("UAH", amount)
		if !ok {
			require.Equal(t, amount, out)
			return
		}
		got, ok := parseDecimal(strings.NewReplacer(minus, "-", nbsp, "", ",", ".").Replace(out))
		require.True(t, ok, out)
		require.Equal(t, want.negative, got.negative)
		require.Equal(t, want.whole, got.whole)
		require.Equal(t, strings.TrimRight(want.fraction, "0"), strings.TrimRight(got.fraction, "0"))
		require.GreaterOrEqual(t, len(got.fraction), 2)
	})
}

func TestDates(t *testing.T) {
	// One instant, another day in each place.
	instant := time.Date(2026, 11, 22, 22, 30, 0, 0, time.UTC)
	for _, c := range []struct{ lang, zone, date, dayMonth, short, dateTime, month string }{
		{"en", "UTC", "22 November 2026", "22 November", "22 Nov 2026", "22 November 2026, 22:30", "November 2026"},
		{"en", "Europe/Kyiv", "23 November 2026", "23 November", "23 Nov 2026", "23 November 2026, 00:30", "November 2026"},
		{"uk", "Europe/Kyiv", "23 листопада 2026 р.", "23 листопада", "23.11.2026", "23 листопада 2026 р., 00:30", "листопад 2026"},
		{"ru", "Europe/Kyiv", "23 ноября 2026 г.", "23 ноября", "23.11.2026", "23 ноября 2026 г., 00:30", "ноябрь 2026"},
		{"uk", "America/New_York", "22 листопада 2026 р.", "22 листопада", "22.11.2026", "22 листопада 2026 р., 17:30", "листопад 2026"},
	} {
		loc := speak(t, c.lang, c.zone)
		require.Equal(t, c.date, loc.Date(instant))
		require.Equal(t, c.dayMonth, loc.DayMonth(instant))
		require.Equal(t, c.short, loc.DateShort(instant))
		require.Equal(t, c.dateTime, loc.DateTime(instant))
		require.Equal(t, c.month, loc.Month(instant))
	}
	require.Equal(t, "22 Nov", speak(t, "en", "UTC").DayMonthShort(instant))
	require.Equal(t, "22 лист.", speak(t, "uk", "UTC").DayMonthShort(instant))
	require.Equal(t, "22 нояб.", speak(t, "ru", "UTC").DayMonthShort(instant))
	loc := speak(t, "uk", "Pacific/Honolulu")
	require.Equal(t, "1 січня 2026 р.", loc.Day(2026, time.January, 1))
	require.Equal(t, "Pacific/Honolulu", loc.Zone().String(), "Day leaves the zone alone")
	for _, write := range []func(time.Time) string{loc.Date, loc.DayMonth, loc.DayMonthShort, loc.DateShort, loc.Month, loc.DateTime, loc.Time} {
		require.Empty(t, write(time.Time{}))
	}
	// No month of a language bears another's name.
	for _, lang := range Languages() {
		seen := map[string]bool{}
		for m := time.January; m <= time.December; m++ {
			seen[speak(t, lang, "UTC").DayMonth(time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC))] = true
		}
		require.Len(t, seen, 12)
	}
}

func TestRelative(t *testing.T) {
	kyiv, err := time.LoadLocation("Europe/Kyiv")
	require.NoError(t, err)
	now := time.Date(2026, 11, 23, 16, 0, 0, 0, kyiv)
	en, uk, ru := speak(t, "en", "Europe/Kyiv"), speak(t, "uk", "Europe/Kyiv"), speak(t, "ru", "Europe/Kyiv")
	for _, c := range []struct {
		t          time.Time
		en, uk, ru string
	}{
		{now, "just now", "щойно", "только что"},
		{now.Add(-59 * time.Second), "just now", "щойно", "только что"},
		{now.Add(-time.Minute), "1 minute ago", "1 хвилину тому", "1 минуту назад"},
		{now.Add(-22 * time.Minute), "22 minutes ago", "22 хвилини тому", "22 минуты назад"},
		{now.Add(-59*time.Minute - 59*time.Second), "59 minutes ago", "59 хвилин тому", "59 минут назад"},
		{now.Add(-2 * time.Hour), "2 hours ago", "2 години тому", "2 часа назад"},
		{now.Add(2 * time.Hour), "in 2 hours", "через 2 години", "через 2 часа"},
		{now.Add(-15 * time.Hour), "15 hours ago", "15 годин тому", "15 часов назад"},
		{now.Add(-17 * time.Hour), "yesterday", "учора", "вчера"},
		{now.Add(-40*time.Hour + time.Second), "yesterday", "учора", "вчера"},
		{now.Add(-40*time.Hour - time.Second), "2 days ago", "2 дні тому", "2 дня назад"},
		{now.AddDate(0, 0, 1), "tomorrow", "завтра", "завтра"},
		{now.AddDate(0, 0, 5), "in 5 days", "через 5 днів", "через 5 дней"},
		{now.AddDate(0, 0, -30), "30 days ago", "30 днів тому", "30 дней назад"}, // across the end of summer time
		{now.AddDate(0, 0, -31), "23 October 2026", "23 жовтня 2026 р.", "23 октября 2026 г."},
		{time.Time{}, "", "", ""},
	} {
		require.Equal(t, c.en, en.Relative(c.t, now))
		require.Equal(t, c.uk, uk.Relative(c.t, now))
		require.Equal(t, c.ru, ru.Relative(c.t, now))
	}
	// Shortly after midnight, what was two hours ago is not "yesterday".
	midnight := time.Date(2026, 11, 23, 0, 30, 0, 0, kyiv)
	require.Equal(t, "2 hours ago", en.Relative(midnight.Add(-2*time.Hour), midnight))
}
