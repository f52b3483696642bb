package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSuggest(t *testing.T) {
	known := []string{"address", "listen", "time_zone", "url", "locale", "locales"}
	for name, want := range map[string]string{
		"adress":    "address",
		"addresss":  "address",
		"lsiten":    "listen", // swapped neighbours are one mistake
		"Time-Zone": "time_zone",
		"TimeZone":  "time_zone",
		"ulr":       "url",
		"locals":    "locale", // as near as locales, and first
		"address":   "address",
		"xyz":       "",
		"":          "",
		"port":      "",
	} {
		require.Equal(t, want, Suggest(name, known), name)
	}
	require.Empty(t, Suggest("x", nil))
	require.Equal(t, "адреса", Suggest("адрса", []string{"адреса"}))
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"ab", "ba", 1}, {"ca", "abc", 3}, {"kitten", "sitting", 3}, {"abcd", "abcd", 0}, {"abcdef", "abdcef", 1},
	} {
		require.Equal(t, c.want, distance([]rune(c.a), []rune(c.b), 100), "%s %s", c.a, c.b)
		require.Equal(t, c.want, distance([]rune(c.b), []rune(c.a), 100), "%s %s", c.b, c.a)
	}
	require.Equal(t, 2, distance([]rune("kitten"), []rune("sitting"), 2))
}
