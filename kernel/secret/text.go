package secret

import (
	"crypto/subtle"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Hidden is what a Text shows instead of itself.
const Hidden = "[secret]"

// Text is a string that is never printed: fmt with any verb, slog, JSON, YAML and text encoders show [Hidden], also for
// an empty one. Reveal is the one way to the value, so that a search for it finds every use.
//
// In a module's settings it works as well where the module runs in a process of its own: config.Encode carries the value
// there.
//
// The value lies behind a pointer and not in a string type, because fmt prints a string in an unexported field without
// asking its methods. Compare with Equal, not with ==. The zero Text is the empty string.
type Text struct{ value *string }

var (
	_ fmt.Formatter            = Text{}
	_ fmt.Stringer             = Text{}
	_ fmt.GoStringer           = Text{}
	_ json.Marshaler           = Text{}
	_ encoding.TextMarshaler   = Text{}
	_ encoding.TextUnmarshaler = (*Text)(nil)
	_ slog.LogValuer           = Text{}
	_ driver.Valuer            = Text{}
)

// NewText hides value.
func NewText(value string) Text {
	if value == "" {
		return Text{}
	}
	return Text{value: &value}
}

// Reveal returns the value itself. Hand it to what needs it and keep it out of errors and logs.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// IsZero reports whether the value is empty.
func (t Text) IsZero() bool { return t.value == nil || *t.value == "" }

// Equal reports whether both hide the same value, in a time that depends on their lengths alone.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// String returns [Hidden].
func (Text) String() string { return Hidden }

// GoString returns [Hidden].
func (Text) GoString() string { return Hidden }

// Format writes [Hidden] for every verb and flag.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Hidden) }

// MarshalJSON returns [Hidden] as a JSON string.
func (Text) MarshalJSON() ([]byte, error) { return []byte(`"` + Hidden + `"`), nil }

// MarshalText returns [Hidden].
func (Text) MarshalText() ([]byte, error) { return []byte(Hidden), nil }

// MarshalYAML returns [Hidden].
func (Text) MarshalYAML() (any, error) { return Hidden, nil }

// LogValue returns [Hidden].
func (Text) LogValue() slog.Value { return slog.StringValue(Hidden) }

// UnmarshalText hides the text it is given, so that decoders may fill a Text. A value that was marshalled is refused:
// taking "[secret]" for the secret would lose it silently.
func (t *Text) UnmarshalText(text []byte) error {
	if string(text) == Hidden {
		return errors.New("this is a hidden secret, not its value; write the value itself")
	}
	*t = NewText(string(text))
	return nil
}

// Value always fails: a secret goes into a row sealed, or revealed on purpose.
func (Text) Value() (driver.Value, error) {
	return nil, errors.New("a secret cannot be stored as it is; seal it with Keeper.Seal first")
}
