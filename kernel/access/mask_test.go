package access_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
)

func TestMask(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind       kernelv1.Kind
		text, want string
	}{
		{kernelv1.Kind_KIND_PHONE, "+380445550142", "+380 •• ••• 42"}, {kernelv1.Kind_KIND_PHONE, "+12025550199", "+1 •• ••• 99"},
		{kernelv1.Kind_KIND_PHONE, "+442079460000", "+44 •• ••• 00"}, {kernelv1.Kind_KIND_PHONE, "044 555", "0•••"}, {kernelv1.Kind_KIND_PHONE, "+123", "+•••"},
		{kernelv1.Kind_KIND_EMAIL, "office@zerno.example", "o•••@zerno.example"}, {kernelv1.Kind_KIND_EMAIL, "я@пошта.укр", "•••@пошта.укр"},
		{kernelv1.Kind_KIND_EMAIL, "nonsense", "n•••"}, {kernelv1.Kind_KIND_EMAIL, "@x", "@•••"}, {0, "Олена", "О•••"}, {0, "x", "•••"}, {0, "", ""},
	} {
		require.Equal(t, c.want, access.Mask(c.kind, c.text), c.text)
	}
}

func FuzzMask(f *testing.F) {
	f.Add("+380445550142")
	f.Add("a@b")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []kernelv1.Kind{kernelv1.Kind_KIND_UNSPECIFIED, kernelv1.Kind_KIND_PHONE, kernelv1.Kind_KIND_EMAIL} {
			masked := access.Mask(kind, text)
			if text == "" {
				require.Empty(t, masked)
				continue
			}
			require.True(t, access.IsMasked(masked))
			require.True(t, utf8.ValidString(masked) || !utf8.ValidString(text))
			// What holds a bullet, or a part of one, is no address.
			plain := utf8.ValidString(text) && !access.IsMasked(text)
			require.False(t, plain && len(text) > 3 && strings.Contains(masked, text))
		}
	})
}
