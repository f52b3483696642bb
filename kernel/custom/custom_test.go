package custom

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func title(text string) map[string]string {
	return map[string]string{"en": text, "uk": text, "ru": text}
}

func TestDeclarationsAreChecked(t *testing.T) {
	good := Fields{
		{ID: "tier", Type: "choice", Title: title("Tier"), Choices: []Choice{{ID: "gold", Title: title("Gold")}}},
		{ID: "area_2", Type: "decimal", Title: title("Area"), Required: true, Visible: "clients"},
	}
	require.NoError(t, good.Validate())
	require.NoError(t, Fields(nil).Validate())
	for want, f := range map[string]Field{
		`there is no type "texts"; did you mean "text"?`: {ID: "a", Type: "texts", Title: title("A")},
		`the id "A b"`:                    {ID: "A b", Type: "text", Title: title("A")},
		`the title lacks uk, ru`:          {ID: "a", Type: "text", Title: map[string]string{"en": "A"}},
		`instead of fr`:                   {ID: "a", Type: "text", Title: map[string]string{"en": "A", "uk": "A", "ru": "A", "fr": "A"}},
		`visible is "all"`:                {ID: "a", Type: "text", Title: title("A"), Visible: "all"},
		`a choice has choices`:            {ID: "a", Type: "choice", Title: title("A")},
		`a boolean is yes or no anyhow`:   {ID: "a", Type: "boolean", Title: title("A"), Required: true},
		`the choice "x" is there twice`:   {ID: "a", Type: "choice", Title: title("A"), Choices: []Choice{{ID: "x", Title: title("X")}, {ID: "x", Title: title("X")}}},
		`the title of the choice x lacks`: {ID: "a", Type: "choice", Title: title("A"), Choices: []Choice{{ID: "x"}}},
		`the id "tier" is there twice`:    good[0],
	} {
		err := append(good[:2:2], f).Validate()
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "fields[2]: ")
	}
}

func TestValuesGoThereAndBack(t *testing.T) {
	fields := Fields{
		{ID: "n", Type: "number"}, {ID: "d", Type: "decimal"}, {ID: "b", Type: "boolean"}, {ID: "t", Type: "text"}, {ID: "day", Type: "date"},
	}
	values, wrong := fields.Check([]*kernelv1.FieldValue{
		{Id: "n", Value: "-9223372036854775808"}, {Id: "d", Value: "1234567890123456789.123456789"}, {Id: "b", Value: "false"},
		{Id: "t", Value: `"quoted" \ <b> ʼ`}, {Id: "day", Value: "2024-02-29"},
	}, "x")
	require.Empty(t, wrong)
	again, err := Read(fields.JSON(values))
	require.NoError(t, err)
	require.Equal(t, values, again, "no digit is lost")
	_, wrong = fields.Check([]*kernelv1.FieldValue{
		{Id: "n", Value: "9223372036854775808"}, {Id: "d", Value: "1e5"}, {Id: "d", Value: "01"}, {Id: "b", Value: "1"}, {Id: "t", Value: strings.Repeat("ї", 1001)}, {Id: "day", Value: "2025-02-29"},
	}, "x")
	require.Len(t, wrong, 6)
}

// What is read as a number or a truth is written into JSON as it is: whatever is typed, JSON it stays.
func FuzzValuesAreJSON(f *testing.F) {
	for _, text := range []string{"1", "1.50", "-0", "true", `"`, "\x00", "1,5", "{}", "NaN", "0x1", " 1 "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for kind := range types {
			field := Field{ID: "a", Type: kind, Choices: []Choice{{ID: "x"}}}
			kept, reason := field.Parse(text)
			if reason != "" || kept == "" {
				continue
			}
			again, kept2 := field.Parse(kept)
			require.Empty(t, kept2)
			require.Equal(t, kept, again, "what is kept stays as it is")
			_, err := Read(Fields{field}.JSON(Values{"a": kept}))
			require.NoError(t, err, "%s %q", kind, kept)
		}
	})
}
