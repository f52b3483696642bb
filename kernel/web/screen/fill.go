package screen

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// BadValueError says that what was typed is not of the field's kind.
type BadValueError struct {
	// Field is the field's path in the request.
	Field string
	// Wanted is what it should be: "number", "choice", "boolean".
	Wanted string
}

func (e *BadValueError) Error() string {
	return fmt.Sprintf("field %s: not a %s", e.Field, e.Wanted)
}

// fill puts what a reader typed into a field. No value leaves the field as it is; an empty one clears it. White space
// around texts is dropped, but never in a secret.
func fill(m protoreflect.Message, path fieldPath, values []string) error {
	if len(values) == 0 {
		return nil
	}
	f := path.last()
	if f.IsMap() || (f.Message() != nil && !f.IsList()) {
		return &BadValueError{Field: path.String(), Wanted: "simple value"}
	}
	if f.IsList() {
		return fillList(m, path, values)
	}
	v, empty, err := parse(f, values[len(values)-1])
	if err != nil {
		return &BadValueError{Field: path.String(), Wanted: err.Error()}
	}
	if empty {
		if f.HasPresence() {
			return nil
		}
		v = f.Default()
	}
	path.set(m, v)
	return nil
}

// fillList takes values one by one; tags also in one text, separated by commas, and texts of lines each on a line of its own.
func fillList(m protoreflect.Message, path fieldPath, values []string) error {
	f := path.last()
	parent := m
	for _, step := range path[:len(path)-1] {
		parent = parent.Mutable(step).Message()
	}
	parent.Clear(f)
	list := parent.Mutable(f).List()
	seen := map[string]bool{}
	for _, value := range values {
		parts := []string{value}
		switch meaning(f).GetKind() {
		case kernelv1.Kind_KIND_TAG:
			parts = strings.Split(value, ",")
		case kernelv1.Kind_KIND_MULTILINE:
			parts = strings.Split(lineEnds.Replace(value), "\n")
		}
		for _, part := range parts {
			v, empty, err := parse(f, part)
			if err != nil {
				return &BadValueError{Field: path.String(), Wanted: err.Error()}
			}
			if empty || seen[v.String()] {
				continue
			}
			seen[v.String()] = true
			list.Append(v)
		}
	}
	return nil
}

// parse reads one value; the error's text is what it should have been.
func parse(f protoreflect.FieldDescriptor, text string) (v protoreflect.Value, empty bool, err error) {
	// Neither can be kept: not in a message, not in a row.
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return v, false, fmt.Errorf("text")
	}
	if f.Kind() == protoreflect.StringKind {
		if !meaning(f).GetSecret() {
			text = strings.TrimSpace(lineEnds.Replace(text))
		}
		if text = tidy(meaning(f).GetKind(), text); isDecimal(f) {
			text = amountOf(text)
		}
		return protoreflect.ValueOfString(text), text == "", nil
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return protoreflect.Value{}, true, nil
	}
	switch f.Kind() {
	case protoreflect.BoolKind:
		switch text {
		case "on", "true", "1":
			return protoreflect.ValueOfBool(true), false, nil
		case "off", "false", "0":
			return protoreflect.ValueOfBool(false), false, nil
		}
		return v, false, fmt.Errorf("boolean")
	case protoreflect.EnumKind:
		if value := f.Enum().Values().ByName(protoreflect.Name(text)); value != nil {
			return protoreflect.ValueOfEnum(value.Number()), false, nil
		}
		return v, false, fmt.Errorf("choice")
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return v, false, fmt.Errorf("number")
		}
		return protoreflect.ValueOfInt32(int32(n)), false, nil
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return v, false, fmt.Errorf("number")
		}
		return protoreflect.ValueOfInt64(n), false, nil
	}
	return v, false, fmt.Errorf("value this form can take (%s)", f.Kind())
}

// lineEnds makes line ends of every system one.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// tidy takes the decoration off what people type for a machine: "+380 (44) 555-01-42" is one phone.
func tidy(kind kernelv1.Kind, text string) string {
	switch kind {
	case kernelv1.Kind_KIND_PHONE:
		digits := strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || strings.ContainsRune("-().", r) {
				return -1
			}
			return r
		}, text)
		if strings.HasPrefix(digits, "00") {
			digits = "+" + digits[2:]
		}
		return digits
	case kernelv1.Kind_KIND_EMAIL:
		return strings.ToLower(text)
	case kernelv1.Kind_KIND_COUNTRY:
		return strings.ToUpper(text)
	}
	return text
}

// fillNamed fills the fields of a message that have a name in values; names it does not know are passed over, for
// they are other people's: the CSRF token, the page's own switches.
func fillNamed(m protoreflect.Message, values url.Values, names []string) error {
	for _, name := range names {
		given, ok := values[name]
		if !ok {
			continue
		}
		path, err := findIn(m.Descriptor(), name)
		if err != nil {
			return err
		}
		if err := fill(m, path, given); err != nil {
			return err
		}
	}
	return nil
}
