package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/opencabinet/cabinet/kernel/internal/command"
)

// stopWithin is how long a portal that was told to stop has for what is under way.
const stopWithin = 20 * time.Second

// Main runs a portal as a program: it does what the command line says, which is to open the portal where it says
// nothing else. An open portal is stopped by an interrupt or a termination signal. Main does not return.
func Main(options Options) {
	if Serve(options.Assemble) {
		os.Exit(0)
	}
	os.Exit(run(options, os.Args, os.Stdout, os.Stderr))
}

// run does what a command line says, whose first word is the program.
func run(options Options, args []string, out, errs io.Writer) int {
	ctx, end := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer end()
	return command.Run(ctx, args[0], args[1:], out, errs, func(flags command.Flags) command.Portal {
		return newCommands(options, flags, errs)
	})
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
