package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/opencabinet/cabinet/kernel/config"
)

// problem is one thing that is wrong.
type problem struct {
	// Where and Key are known of what is wrong in the configuration: "portal.yaml:7", "brand.hue".
	Where   string `json:"where,omitempty"`
	Key     string `json:"key,omitempty"`
	Problem string `json:"problem"`
}

// problems takes apart what errors.Join put together.
func problems(err error) []problem {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // errors within others stay where they are
		var all []problem
		for _, one := range joined.Unwrap() {
			all = append(all, problems(one)...)
		}
		return all
	}
	var in *config.Error
	if errors.As(err, &in) {
		return []problem{{Where: in.Origin, Key: in.Key, Problem: in.Problem}}
	}
	return []problem{{Problem: err.Error()}}
}

// printProblems lists what is wrong for people.
func printProblems(out io.Writer, all []problem) {
	what := "One problem"
	if len(all) > 1 {
		what = fmt.Sprintf("%d problems", len(all))
	}
	_, _ = fmt.Fprintf(out, "%s:\n", what)
	for _, p := range all {
		at := p.Where
		if p.Key != "" {
			at += ": " + p.Key
		}
		if at != "" {
			at += "\n    "
		}
		_, _ = fmt.Fprintf(out, "  %s%s\n", at, wrap(p.Problem, 4))
	}
}

// printJSON prints what programs read.
func printJSON(out io.Writer, value any) int {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return found
	}
	return well
}
