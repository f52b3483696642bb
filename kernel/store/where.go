package store

import (
	"fmt"
	"strings"
)

// Where gathers what a query asks for: conditions, all of which must hold, and the arguments of the whole statement. The
// zero Where asks for nothing.
type Where struct {
	Conditions []string
	Args       []any
}

// Add adds a condition; each ? in it stands for the next of args.
func (w *Where) Add(condition string, args ...any) {
	for _, arg := range args {
		condition = strings.Replace(condition, "?", w.Arg(arg), 1)
	}
	w.Conditions = append(w.Conditions, condition)
}

// Arg adds an argument and returns how the statement names it: "$3". Go does not say which of two is evaluated first in
// Query(…, sql+w.Arg(x), w.Args...): call it before.
func (w *Where) Arg(arg any) string {
	w.Args = append(w.Args, arg)
	return fmt.Sprintf("$%d", len(w.Args))
}

// String is " where …", or empty when nothing is asked for.
func (w *Where) String() string {
	if len(w.Conditions) == 0 {
		return ""
	}
	return " where " + strings.Join(w.Conditions, " and ")
}
