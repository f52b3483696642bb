package command

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/opencabinet/cabinet/kernel/config"
)

// configReport is what config prints for programs.
type configReport struct {
	File     string      `json:"file"`
	Values   []valueJSON `json:"values"`
	Problems []problem   `json:"problems"`
}

type valueJSON struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Origin string `json:"origin"`
	// Secret tells that the value is not shown, and Set whether there is one.
	Secret bool `json:"secret,omitempty"`
	Set    bool `json:"set"`
}

func (c *command) config(asJSON bool) int {
	cfg, err := c.portal.Config()
	if asJSON {
		report := configReport{Values: []valueJSON{}, Problems: append([]problem{}, problems(err)...)}
		if cfg != nil {
			report.File = cfg.File()
			for _, v := range cfg.Values() {
				report.Values = append(report.Values, valueJSON{Key: v.Key(), Value: v.Value, Origin: v.Origin, Secret: v.Secret, Set: v.Set})
			}
		}
		return max(printJSON(c.out, report), exit(err))
	}
	if err != nil {
		printProblems(c.out, problems(err))
		return found
	}
	_, _ = fmt.Fprintf(c.out, "# What the portal goes by: %s, the environment, and defaults.\n", cfg.File())
	var open []string
	for _, v := range cfg.Values() {
		open = c.value(v, open, cfg.File())
	}
	return well
}

// column is where origins begin.
const column = 44

// value prints one setting as it would stand in the file, below the sections that are open, and returns those open now.
func (c *command) value(v config.Value, open []string, file string) []string {
	sections := v.Path[:len(v.Path)-1]
	same := 0
	for same < len(sections) && same < len(open) && open[same] == sections[same] {
		same++
	}
	for i := same; i < len(sections); i++ {
		_, _ = fmt.Fprintf(c.out, "%s%s\n", strings.Repeat("  ", i), name(sections[i]))
	}
	left := strings.Repeat("  ", len(sections)) + name(v.Path[len(v.Path)-1]) + " " + shown(v)
	gap := max(column-utf8.RuneCountInString(left), 2)
	_, _ = fmt.Fprintf(c.out, "%s%s# %s\n", left, strings.Repeat(" ", gap), origin(v.Origin, file))
	return sections
}

// name is that of a key, or a dash for an item of a list.
func name(part string) string {
	if strings.HasPrefix(part, "[") {
		return "-"
	}
	return part + ":"
}

// shown is a value in a line.
func shown(v config.Value) string {
	if v.Secret {
		if v.Set {
			return "(set, not shown)"
		}
		return "(not set)"
	}
	switch value := v.Value.(type) {
	case nil:
		return "(none)"
	case string:
		if value == "" || strings.TrimSpace(value) != value || strings.ContainsAny(value, "#\n\"'") || strings.HasPrefix(value, "${") || strings.Contains(value, ": ") {
			return strconv.Quote(value)
		}
		return value
	case []any:
		var items []string
		for _, item := range value {
			items = append(items, shown(config.Value{Value: item}))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	text, err := json.Marshal(v.Value)
	if err != nil {
		return fmt.Sprint(v.Value)
	}
	return string(text)
}

// origin is where a value came from, the file without the folders that stand above all anyhow.
func origin(text, file string) string {
	if rest, inFile := strings.CutPrefix(text, file); inFile {
		return filepath.Base(file) + rest
	}
	return text
}
