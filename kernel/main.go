package kernel

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stopWithin is how long a portal that was told to stop has for what is under way.
const stopWithin = 20 * time.Second

// Main runs a portal as a program: it reads the command line and the environment, opens the portal, prints where it
// is, and stops it on an interrupt or a termination signal. It does not return.
func Main(options Options) {
	if Serve(options.Assemble) {
		os.Exit(0)
	}
	os.Exit(run(options, os.Args[1:], os.Stdout, os.Stderr))
}

func run(options Options, args []string, out, errs io.Writer) int {
	ctx, end := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer end()
	flags := flag.NewFlagSet("portal", flag.ContinueOnError)
	flags.SetOutput(errs)
	path := flags.String("config", "", "the configuration `file` (default: portal.yaml in this folder, if there is one)")
	verbose := flags.Bool("verbose", false, "log what happens in detail")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		_, _ = fmt.Fprintf(errs, "unknown argument %q; see -help\n", flags.Arg(0))
		return 2
	}
	options = options.fromProcess()
	if *path != "" {
		options.Config.Path = *path
	}
	if options.Log == nil {
		level := slog.LevelWarn
		if *verbose {
			level = slog.LevelDebug
		}
		options.Log = slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: level}))
	}
	if err := open(ctx, options, out); err != nil {
		_, _ = fmt.Fprintf(errs, "The portal cannot run:\n%v\n", err)
		return 1
	}
	return 0
}

// open runs a portal until ctx ends.
func open(ctx context.Context, options Options, out io.Writer) error {
	began := options.clock()
	p, err := New(options)
	if err != nil {
		return err
	}
	if err := p.Start(ctx); err != nil {
		return err
	}
	link, err := p.firstHead(ctx)
	if err == nil {
		_, _ = fmt.Fprintf(out, "\n%s is open at %s (%.1f s)\n", p.config.Name, p.url, options.clock().Sub(began).Seconds())
		if link != "" {
			_, _ = fmt.Fprintf(out, "It has no head yet. This link works once, for the first one:\n  %s\n", link)
		}
		for _, line := range p.said {
			_, _ = fmt.Fprintln(out, line)
		}
		_, _ = fmt.Fprintln(out, "Ctrl-C stops it.")
		err = p.Wait(ctx)
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return errors.Join(err, p.Stop(stopping))
}

func (o Options) clock() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}
