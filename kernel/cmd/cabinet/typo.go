package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/opencabinet/cabinet/kernel/config"
)

// meant makes of a mistake on the command line an error that names what was probably meant.
func meant(model *kong.Application, args []string, err error) error {
	node := model.Node
	for _, arg := range args {
		if name, ok := strings.CutPrefix(arg, "--"); ok {
			name, _, _ = strings.Cut(name, "=")
			var known []string
			for _, flags := range node.AllFlags(false) {
				for _, f := range flags {
					known = append(known, f.Name)
				}
			}
			if unknown(name, known) {
				return fmt.Errorf("there is no flag --%s%s", name, hint("--", name, known))
			}
			continue
		}
		if len(node.Children) == 0 || strings.HasPrefix(arg, "-") {
			continue
		}
		var known []string
		next := (*kong.Node)(nil)
		for _, child := range node.Children {
			if known = append(known, child.Name); child.Name == arg {
				next = child
			}
		}
		if next == nil {
			return fmt.Errorf("there is no command %q%s", strings.TrimSpace(node.FullPath()+" "+arg), hint("", arg, known))
		}
		node = next
	}
	return fmt.Errorf("%w; %s --help says more", err, node.FullPath())
}

func unknown(name string, known []string) bool {
	for _, k := range known {
		if k == name {
			return false
		}
	}
	return true
}

func hint(prefix, name string, known []string) string {
	if near := config.Suggest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %s%s?", prefix, near)
	}
	return "; known are " + prefix + strings.Join(known, ", "+prefix)
}
