package clientmanager

import "strings"

// valued is an enum of the contract.
type valued interface {
	~int32
	String() string
}

// kept says how an enum is kept in a column: "ADDRESS_KIND_LEGAL" is "legal".
type kept[E valued] struct {
	prefix string
	values map[string]int32
}

func (w kept[E]) text(e E) string { return strings.ToLower(strings.TrimPrefix(e.String(), w.prefix)) }

// texts are several values, as a query asks for them.
func (w kept[E]) texts(values []E) []string {
	out := make([]string, len(values))
	for i, e := range values {
		out[i] = w.text(e)
	}
	return out
}

func (w kept[E]) of(text string) E { return E(w.values[w.prefix+strings.ToUpper(text)]) }
