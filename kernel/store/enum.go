package store

import "strings"

// Valued is an enum of a contract.
type Valued interface {
	~int32
	String() string
}

// Enum says how an enum of a contract is kept in a column, as text that a CHECK can name: "ADDRESS_KIND_LEGAL" is "legal".
//
//	var kinds = store.Enum[v1.AddressKind]{Prefix: "ADDRESS_KIND_", Values: v1.AddressKind_value}
type Enum[E Valued] struct {
	// Prefix is what all its values begin with.
	Prefix string
	// Values are those that were generated.
	Values map[string]int32
}

// Text is a value as it is kept.
func (w Enum[E]) Text(e E) string { return strings.ToLower(strings.TrimPrefix(e.String(), w.Prefix)) }

// Texts are several values, as a query asks for them.
func (w Enum[E]) Texts(values []E) []string {
	out := make([]string, len(values))
	for i, e := range values {
		out[i] = w.Text(e)
	}
	return out
}

// Of is what text keeps; the enum's zero for what is none of its values.
func (w Enum[E]) Of(text string) E { return E(w.Values[w.Prefix+strings.ToUpper(text)]) }
