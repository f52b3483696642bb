package statement

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// What may be wrong with a file; an [Error] is one of them, as errors.Is tells.
var (
	// ErrFormat: it is in no format that is read, or in another than was said.
	ErrFormat = errors.New("unknown format")
	// ErrEncoding: its bytes are no text in the encoding it is said to be in.
	ErrEncoding = errors.New("wrong encoding")
	// ErrDamaged: something that must be there is not, or makes no sense.
	ErrDamaged = errors.New("damaged")
	// ErrMismatch: entries and control figures of the file contradict each other.
	ErrMismatch = errors.New("control figures do not agree")
	// ErrUnsupported: the file is right, and a hand has to do what it says.
	ErrUnsupported = errors.New("unsupported")
	// ErrLimit: a line, a text, the depth or the number of something is beyond Limits.
	ErrLimit = errors.New("beyond a limit")
	// ErrMapping: the table does not have what the mapping says, or the mapping says too little.
	ErrMapping = errors.New("mapping does not fit")
)

// Error is why a file cannot be imported. Its text is for people: it names the statement, the line and the field, and
// says what to do.
type Error struct {
	// Kind is one of the package's errors.
	Kind error
	// Format is "" where it is not known.
	Format Format
	// Statement is the number or name of the statement, and Line the line of the file, where they are known.
	Statement string
	Line      int
	// Field is as the format calls it: ":61:", "Ntry/Amt", "Сумма", "TRNAMT", the name of a column.
	Field string
	// Value is what stands there, cut short.
	Value string
	// Reason is a sentence without a capital: what is wrong and what to do.
	Reason string
	// Err is what was underneath, such as a failed read.
	Err error
}

// Unwrap makes errors.Is tell the kinds apart, and what is underneath.
func (e *Error) Unwrap() []error {
	if e.Err != nil {
		return []error{e.Kind, e.Err}
	}
	return []error{e.Kind}
}

// Code is a word for the kind, by which texts in other languages are found: format, encoding, damaged, mismatch, unsupported,
// limit or mapping.
func (e *Error) Code() string {
	for kind, code := range map[error]string{
		ErrFormat: "format", ErrEncoding: "encoding", ErrDamaged: "damaged", ErrMismatch: "mismatch",
		ErrUnsupported: "unsupported", ErrLimit: "limit", ErrMapping: "mapping",
	} {
		if errors.Is(e.Kind, kind) {
			return code
		}
	}
	return ""
}

// Error says where, what is wrong and what to do.
func (e *Error) Error() string {
	var where []string
	if e.Statement != "" {
		where = append(where, "statement "+e.Statement)
	}
	if e.Line > 0 {
		where = append(where, "line "+strconv.Itoa(e.Line))
	}
	if e.Field != "" {
		where = append(where, "field "+e.Field)
	}
	if e.Value != "" {
		where = append(where, strconv.Quote(e.Value))
	}
	if len(where) == 0 {
		return e.Reason
	}
	return strings.Join(where, ", ") + ": " + e.Reason
}

const anew = "get the file from the bank anew"

// shortened is as much of a value as helps to find it.
func shortened(value string) string { return cut(value, 60) }

func cut(value string, most int) string {
	value = strings.ToValidUTF8(value, "\uFFFD")
	if r := []rune(value); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return value
}

func damaged(line int, field, value, reason string, args ...any) *Error {
	return &Error{Kind: ErrDamaged, Line: line, Field: field, Value: shortened(value), Reason: fmt.Sprintf(reason, args...)}
}

func beyond(line int, field, reason string, args ...any) *Error {
	return &Error{Kind: ErrLimit, Line: line, Field: field, Reason: fmt.Sprintf(reason, args...)}
}

func noText(line int, value string) *Error {
	return &Error{Kind: ErrEncoding, Line: line, Value: shortened(value),
		Reason: "there are bytes that are no text: say which encoding the file is in, or save it as UTF-8"}
}
