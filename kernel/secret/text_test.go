package secret

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const hush = "hunter2-hunter2"

// holder has a Text in each place where a printer might look past its methods.
type holder struct {
	Public  Text
	Pointer *Text
	List    []Text
	Map     map[string]Text
	Any     any
	private Text
	deep    struct{ inner []Text }
}

func newHolder() holder {
	t := NewText(hush)
	h := holder{Public: t, Pointer: &t, List: []Text{t}, Map: map[string]Text{"k": t}, Any: t, private: t}
	h.deep.inner = []Text{t}
	return h
}

func requireHidden(t *testing.T, out string, what string) {
	t.Helper()
	require.NotContains(t, out, hush, what)
	require.NotContains(t, out, hex.EncodeToString([]byte(hush)), what)
	require.NotContains(t, out, fmt.Sprint([]byte(hush)), what)
	require.NotContains(t, out, "hunter", what)
}

func TestTextIsNeverPrinted(t *testing.T) {
	text := NewText(hush)
	h := newHolder()
	for verb := rune('!'); verb <= '~'; verb++ {
		for _, flags := range []string{"", "+", "#", "-", " ", "0", "20", ".3", "+#", "# "} {
			format := "%" + flags + string(verb)
			for _, v := range []any{text, &text, []Text{text}, h, &h, []any{text}} {
				requireHidden(t, fmt.Sprintf(format, v), format)
			}
		}
	}
	for _, verb := range []string{"%s", "%v", "%+v", "%#v", "%q", "%x", "%d", "%T%v"} {
		require.Contains(t, fmt.Sprintf(verb, text), Hidden[1:7], verb)
	}
	requireHidden(t, fmt.Sprint(text, &text, h), "Sprint")
	requireHidden(t, fmt.Errorf("cannot connect: %w", errors.New(text.String())).Error(), "error")
	require.Equal(t, Hidden, text.String())
	require.Equal(t, Hidden, text.GoString())
	require.Equal(t, Hidden, Text{}.String(), "whether one is set is nobody's business either")
}

func TestTextIsNeverEncoded(t *testing.T) {
	h := newHolder()
	for name, encode := range map[string]func(any) ([]byte, error){
		"json": json.Marshal,
		"yaml": yaml.Marshal,
		"xml":  func(any) ([]byte, error) { return xml.Marshal(NewText(hush)) },
		"slog text": func(v any) ([]byte, error) {
			var b bytes.Buffer
			slog.New(slog.NewTextHandler(&b, nil)).Error("m", "v", v, "t", NewText(hush), "g", slog.GroupValue(slog.Any("x", NewText(hush))))
			return b.Bytes(), nil
		},
		"slog json": func(v any) ([]byte, error) {
			var b bytes.Buffer
			slog.New(slog.NewJSONHandler(&b, nil)).Error("m", "v", v, "t", NewText(hush))
			return b.Bytes(), nil
		},
	} {
		out, err := encode(h)
		require.NoError(t, err, name)
		requireHidden(t, string(out), name)
	}
	out, err := json.Marshal(map[string]Text{"password": NewText(hush)})
	require.NoError(t, err)
	require.JSONEq(t, `{"password":"[secret]"}`, string(out))
	require.Error(t, gob.NewEncoder(&bytes.Buffer{}).Encode(NewText(hush)), "gob has no way to it at all")
	_, err = NewText(hush).Value()
	require.ErrorContains(t, err, "seal")
	requireHidden(t, err.Error(), "driver error")
}

func TestTextReveals(t *testing.T) {
	require.Equal(t, hush, NewText(hush).Reveal())
	require.Empty(t, Text{}.Reveal())
	require.True(t, Text{}.IsZero())
	require.True(t, NewText("").IsZero())
	require.False(t, NewText("x").IsZero())
	require.True(t, NewText(hush).Equal(NewText(hush)))
	require.False(t, NewText(hush).Equal(NewText("other")))
	require.True(t, Text{}.Equal(NewText("")))

	var in struct{ Password Text }
	require.NoError(t, yaml.Unmarshal([]byte("password: "+hush), &in))
	require.Equal(t, hush, in.Password.Reveal())
	require.NoError(t, json.Unmarshal([]byte(`{"Password":"x"}`), &in))
	require.Equal(t, "x", in.Password.Reveal())
	require.Error(t, json.Unmarshal([]byte(`{"Password":"[secret]"}`), &in))
}

func TestKeeperIsNeverPrinted(t *testing.T) {
	k := keeperWith(t)
	key := k.keys()[0]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		require.Equal(t, Hidden, fmt.Sprintf(verb, k))
		requireNoKey(t, fmt.Sprintf(verb, struct{ Keeper *Keeper }{k}), key)
		requireNoKey(t, fmt.Sprintf(verb, struct{ keeper *Keeper }{k}), key)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "keeper", k)
	require.Contains(t, log.String(), Hidden)
	out, err := json.Marshal(k)
	require.NoError(t, err)
	require.Equal(t, `"[secret]"`, string(out))
}
