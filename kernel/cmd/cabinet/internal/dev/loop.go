package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/control"
)

// Options say what Run runs.
type Options struct {
	Repository Repository
	// Args are given to the portal.
	Args []string
	// Generate makes Go of the repository's contracts anew.
	Generate func(ctx context.Context) error
	Out, Err io.Writer
	Now      func() time.Time
}

// loop is a run.
type loop struct {
	Options
	portal *portal
	data   string // the portal's folder
}

// Run builds the portal and its plugins, runs it, and takes in what is saved until ctx ends. What cannot be built is told of
// and changes nothing.
func Run(ctx context.Context, o Options) error {
	watcher, err := Watch(o.Repository.Root)
	if err != nil {
		return err
	}
	defer func() { _ = watcher.Close() }()
	l := &loop{Options: o}
	l.take(ctx, nil)
	for {
		saved, err := watcher.Next(ctx)
		if err != nil {
			return errors.Join(l.portal.stop(), unlessOver(ctx, err))
		}
		l.take(ctx, saved)
	}
}

// unlessOver leaves out an error that only says that the run was ended.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // to be ended is no failure
	}
	return err
}

// take builds what there is and puts it to work. saved are the files by which it is called.
func (l *loop) take(ctx context.Context, saved []string) {
	if contracts(saved) {
		if err := l.Generate(ctx); err != nil {
			l.failed("the contracts cannot be read", err)
			return
		}
	}
	plugins, err := l.Repository.Plugins()
	if err != nil {
		l.failed("the plugins cannot be found", err)
		return
	}
	// What is saved in plugins alone most often changes nothing else, so they come first then.
	calm := l.portal.running() && within("plugins/", saved)
	done := false
	if calm {
		done = l.swapAll(ctx, plugins, saved)
	}
	restart, err := l.Repository.Build(ctx, l.Repository.Main())
	if err != nil {
		l.failed("the portal cannot be built", err)
		return
	}
	restart = restart || configured(saved) || !l.portal.running()
	if restart {
		for _, p := range plugins {
			if _, err := l.Repository.Build(ctx, p); err != nil {
				l.failed(p.Name+" cannot be built", err)
			}
		}
		l.restart(ctx, saved)
		return
	}
	if !calm {
		done = l.swapAll(ctx, plugins, saved)
	}
	if !done && ctx.Err() == nil {
		l.say("%s: nothing that runs is changed by it", listed(saved))
	}
}

// swapAll builds plugins and has the portal take those that are others now. It tells whether it said anything.
func (l *loop) swapAll(ctx context.Context, plugins []Program, saved []string) (said bool) {
	for _, p := range plugins {
		began := l.Now()
		switch changed, err := l.Repository.Build(ctx, p); {
		case err != nil:
			said = true
			l.failed(p.Name+" cannot be built", err)
		case changed:
			said = true
			l.swap(ctx, p, saved, began)
		}
	}
	return said
}

// contracts tells whether some contract was saved.
func contracts(saved []string) bool {
	return slices.ContainsFunc(saved, func(path string) bool { return strings.HasSuffix(path, ".proto") })
}

// within tells whether all of some files are in a folder.
func within(folder string, paths []string) bool {
	for _, path := range paths {
		if !strings.HasPrefix(path, folder) {
			return false
		}
	}
	return true
}

// configured tells whether the portal's configuration was saved, which it reads when it starts.
func configured(saved []string) bool {
	return slices.ContainsFunc(saved, func(path string) bool { return filepath.Base(path) == config.DefaultPath })
}

// restart ends the portal and starts the program that was built.
func (l *loop) restart(ctx context.Context, saved []string) {
	began := l.Now()
	again := l.portal != nil
	if err := l.portal.stop(); err != nil {
		l.failed("the portal does not stop", err)
		return
	}
	l.data = ""
	p, err := startPortal(ctx, l.Repository, l.Args, l.Out, l.Err, func(err error) {
		l.failed("the portal has ended, and is started again when something is saved", err)
	})
	if err != nil {
		l.failed("the portal cannot be started", err)
		return
	}
	l.portal = p
	conn, err := l.connect(ctx)
	if err != nil {
		if ctx.Err() == nil {
			l.failed("the portal does not open", err)
		}
		return
	}
	_ = conn.Close()
	if again {
		l.say("the portal was restarted in %s: %s", l.since(began), listed(saved))
	}
}

// connect reaches the portal that runs, once it is open.
func (l *loop) connect(ctx context.Context) (conn *control.Conn, err error) {
	if l.data == "" {
		if l.data, err = dataFolder(ctx, l.Repository, l.Args); err != nil {
			return nil, err
		}
	}
	return dial(ctx, l.data, l.portal)
}

// swap puts a plugin's new program into the place of the old one. When the portal does not take it, the old one runs on and
// stands where it stood; but a contract that was changed to what no portal takes while it runs is had by a restart.
func (l *loop) swap(ctx context.Context, p Program, saved []string, began time.Time) {
	built := l.Now()
	pause, err := l.swapped(ctx, p)
	switch {
	case err == nil:
		l.say("%s was swapped in %s (built in %s, calls waited %s at most): %s", p.Name, l.since(built),
			built.Sub(began).Round(time.Millisecond), pause.Round(time.Microsecond), listed(saved))
	case errors.Is(err, errNotTaken):
		l.say("%s was built and does not run: %v", p.Name, err)
	case contracts(saved):
		l.failed(p.Name+" cannot be swapped, so the portal is restarted", err)
		l.restart(ctx, saved)
	default:
		l.failed(p.Name+" is not taken in, the one before runs on", errors.Join(err, p.Restore()))
	}
}

func (l *loop) swapped(ctx context.Context, p Program) (pause time.Duration, err error) {
	conn, err := l.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	return swap(ctx, conn, p.Name)
}

func (l *loop) since(t time.Time) time.Duration { return l.Now().Sub(t).Round(time.Millisecond) }

func (l *loop) say(format string, args ...any) {
	_, _ = fmt.Fprintf(l.Out, "cabinet: "+format+"\n", args...)
}

func (l *loop) failed(what string, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, errEnded) {
		return // somebody ended the run; or it was said
	}
	_, _ = fmt.Fprintf(l.Err, "cabinet: %s:\n%v\n", what, err)
}

// listed names a few files.
func listed(paths []string) string {
	switch n := len(paths); {
	case n == 0:
		return "nothing saved"
	case n > 4:
		return fmt.Sprintf("%s and %d more", strings.Join(paths[:3], ", "), n-3)
	}
	return strings.Join(paths, ", ")
}
