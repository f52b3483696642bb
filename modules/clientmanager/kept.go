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

func (w kept[E]) of(text string) E { return E(w.values[w.prefix+strings.ToUpper(text)]) }
