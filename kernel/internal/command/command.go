// Package command is what a portal's program can do on the command line besides being a portal:
//
//	portal [run]     open the portal
//	portal check     look at all that can be looked at without a database and without serving
//	portal doctor    how the portal is that runs, and what ties its modules to each other
//	portal config    every setting, and where each comes from; portal schema describes the file for editors
//
// Package kernel imports it and says by [Portal] what the commands are about, so that nothing here knows how a portal is
// assembled. The files: a command is in the file of its name; problems.go lists what is wrong, text.go lays out lines.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/config"
)

// What a command answers to its shell.
const (
	well    = 0 // as it should be
	found   = 1 // problems were found
	misused = 2 // the command was not understood
)

// Portal is what commands are about.
type Portal interface {
	// Open runs the portal until ctx ends, and prints where it is.
	Open(ctx context.Context, out io.Writer) error
	// Check looks at all that can be looked at without a database. The error joins what is wrong; what could be found out
	// is returned with it.
	Check(ctx context.Context) (*Checked, error)
	// Config reads the configuration.
	Config() (*config.Config, error)
	// Schema is the JSON Schema of the configuration, with the settings of the portal's own modules.
	Schema() ([]byte, error)
}

// Checked is what a portal is found to be.
type Checked struct {
	ID, Name string
	Modules  []*kernelv1.Module
	Links    []*kernelv1.ModuleLink
	// Methods, Screens and Events are how many there are.
	Methods, Screens, Events int
}

// Flags are those of every command.
type Flags struct {
	Config  string `help:"The configuration file (default: portal.yaml in this folder, if there is one)." placeholder:"FILE" predictor:"file"`
	Verbose bool   `help:"Log what happens in detail."`
}

// grammar is the command line.
type grammar struct {
	Flags
	Run        struct{}                  `cmd:"" default:"1" help:"Open the portal. The command when none is named."`
	Check      jsonFlag                  `cmd:"" help:"Check configuration, composition, contracts and screens, without a database and without serving."`
	Doctor     jsonFlag                  `cmd:"" help:"Show how the portal is that runs: its modules, their states, and what ties them to each other."`
	Conf       jsonFlag                  `cmd:"" name:"config" help:"Show every setting, its value, and where it comes from. Secrets are not shown."`
	Schema     struct{}                  `cmd:"" help:"Print the JSON Schema of portal.yaml, with the settings of this portal's modules."`
	Completion kongcompletion.Completion `cmd:"" help:"Tell how the shell is to complete what is typed: bash, zsh or fish."`
}

type jsonFlag struct {
	JSON bool `name:"json" help:"Print it as JSON, for programs."`
}

// Run does what the command line says and returns what the program is to answer its shell. portal makes what flags ask for.
func Run(ctx context.Context, program string, args []string, out, errs io.Writer, portal func(Flags) Portal) int {
	var line grammar
	done, code := false, well
	parser, err := kong.New(&line,
		kong.Name(filepath.Base(program)), kong.Description("A portal, and what helps to keep it. Each command exits with 0 when all is well, 1 when it found problems, and 2 when it was not understood."),
		kong.Writers(out, errs), kong.Exit(func(c int) { done, code = true, c }), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 80}),
	)
	if err != nil {
		_, _ = fmt.Fprintln(errs, err)
		return misused
	}
	kongcompletion.Register(parser, kongcompletion.WithPredictor("file", complete.PredictFiles("*")))
	if done { // a shell asked
		return code
	}
	parsed, err := parser.Parse(doubleDashes(args))
	if done { // help was asked for, and printed
		return code
	}
	if err != nil {
		_, _ = fmt.Fprintf(errs, "%s\n", explain(err, args, parser))
		return misused
	}
	c := command{out: out, errs: errs, portal: portal(line.Flags)}
	switch parsed.Command() {
	case "check":
		return c.check(ctx, line.Check.JSON)
	case "doctor":
		return c.doctor(ctx, line.Doctor.JSON)
	case "config":
		return c.config(line.Conf.JSON)
	case "schema":
		return c.schema()
	case "run":
		return c.run(ctx)
	}
	if err := parsed.Run(parsed); err != nil {
		_, _ = fmt.Fprintln(errs, err)
		return misused
	}
	return code
}

// command is one command on its way.
type command struct {
	out, errs io.Writer
	portal    Portal
}

func (c *command) run(ctx context.Context) int {
	if err := c.portal.Open(ctx, c.out); err != nil {
		_, _ = fmt.Fprintf(c.errs, "The portal cannot run:\n%v\n", err)
		return found
	}
	return well
}

func (c *command) schema() int {
	text, err := c.portal.Schema()
	if err != nil {
		_, _ = fmt.Fprintln(c.errs, err)
		return found
	}
	_, _ = c.out.Write(text)
	return well
}

// doubleDashes lets long flags begin with one dash too.
func doubleDashes(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		if arg == "--" {
			break
		}
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' {
			out[i] = "-" + arg
		}
	}
	return out
}

// explain says what was not understood, and what was probably meant.
func explain(err error, args []string, parser *kong.Kong) string {
	text, _, _ := strings.Cut(err.Error(), ", did you mean")
	var parse *kong.ParseError
	at := parser.Model.Node
	if errors.As(err, &parse) && parse.Context.Selected() != nil && !strings.Contains(text, "unexpected argument") {
		at = parse.Context.Selected()
	}
	var known []string
	for node := at; node != nil; node = node.Parent {
		for _, flag := range node.Flags {
			known = append(known, "--"+flag.Name)
		}
	}
	for _, child := range parser.Model.Children {
		known = append(known, child.Name)
	}
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		if strings.HasPrefix(name, "-") && len(name) > 2 {
			name = "--" + strings.TrimLeft(name, "-")
		}
		if !strings.Contains(text, strings.TrimLeft(name, "-")) || slices.Contains(known, name) {
			continue
		}
		if near := config.Suggest(name, known); near != "" {
			return fmt.Sprintf("%s; did you mean %q?", text, near)
		}
	}
	return text + "; see --help"
}
