// Command cabinet writes new portals, modules and plugins, makes Go of their contracts, and runs a portal while it is worked on.
//
//	go install github.com/opencabinet/cabinet/kernel/cmd/cabinet@latest
//
//	cabinet new portal acme && cd acme
//	cabinet new plugin notes
//	cabinet dev
//
// plugins/README.md goes the whole way. The files of the command:
//
//	main.go        the command line
//	new.go         new portal, new module, new plugin
//	generate.go    generate
//	portal.go      check, doctor, config, schema, run: the portal's own commands
//	dev.go         dev
//	completion.go  completion
//	typo.go        what was meant
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
)

// commands are the command line. Each field is a command, its tags what help says of it.
type commands struct {
	New struct {
		Portal newPortal `cmd:"" help:"Write a portal into a folder of its name."`
		Module newModule `cmd:"" help:"Write a module, which runs in the portal's process."`
		Plugin newPlugin `cmd:"" help:"Write a plugin, which runs in a process of its own."`
	} `cmd:"" help:"Write a portal, a module or a plugin that works at once."`
	Generate   generate                  `cmd:"" help:"Make Go of the .proto files of this repository."`
	Dev        develop                   `cmd:"" passthrough:"" help:"Run this folder's portal, and take in what is saved: plugins without a gap, the rest by a restart."`
	Start      start                     `cmd:"" passthrough:"" name:"run" help:"Build this folder's portal and its plugins, and open it."`
	Check      check                     `cmd:"" passthrough:"" help:"Check configuration, composition, contracts and screens of this folder's portal, without serving."`
	Doctor     doctor                    `cmd:"" passthrough:"" help:"Show how this folder's portal is that runs: its modules, their states, and what ties them together."`
	Configure  configure                 `cmd:"" passthrough:"" name:"config" help:"Show every setting of this folder's portal, and where it comes from."`
	Schema     schema                    `cmd:"" passthrough:"" help:"Print the JSON Schema of portal.yaml, with the settings of this portal's modules."`
	Version    version                   `cmd:"" help:"Say which version this is."`
	Completion kongcompletion.Completion `cmd:"" help:"Tell how the shell is to complete what is typed: bash, zsh or fish."`
}

// tool is what every command is given.
type tool struct {
	ctx       context.Context
	out, errs io.Writer
	folder    string // the working folder
}

// exit is an error that says nothing more: what went wrong is on the screen already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	ctx, end := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) //nolint:forbidigo // where contexts begin
	folder, err := os.Getwd()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "cabinet:", err)
		os.Exit(1)
	}
	code := run(ctx, folder, os.Args[1:], os.Stdout, os.Stderr)
	end()
	os.Exit(code)
}

// run does what the arguments say in a folder and returns the exit code: 1 for what went wrong, 2 for what cannot be understood.
func run(ctx context.Context, folder string, args []string, out, errs io.Writer) int {
	t := &tool{ctx: ctx, out: out, errs: errs, folder: folder}
	ended := -1
	parser, err := kong.New(&commands{}, kong.Name("cabinet"), kong.Writers(out, errs), kong.Bind(t),
		kong.Exit(func(code int) { ended = code }),
		kong.Description("Writes portals, modules and plugins, makes Go of their contracts, and runs a portal while it is worked on."))
	if err != nil {
		_, _ = fmt.Fprintln(errs, err)
		return 1
	}
	kongcompletion.Register(parser)
	if ended >= 0 { // a shell asked how to go on
		return ended
	}
	parsed, err := parser.Parse(args)
	switch {
	case ended >= 0: // it was help
		return ended
	case err != nil:
		_, _ = fmt.Fprintf(errs, "cabinet: %v\n", meant(parser.Model, args, err))
		return 2
	}
	var code exit
	switch err := parsed.Run(parsed); {
	case errors.As(err, &code):
		return int(code)
	case err != nil:
		_, _ = fmt.Fprintf(errs, "cabinet: %v\n", err)
		return 1
	}
	return 0
}

// json writes a value as one.
func (t *tool) json(v any) error {
	e := json.NewEncoder(t.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func (t *tool) say(format string, args ...any) { _, _ = fmt.Fprintf(t.out, format+"\n", args...) }
