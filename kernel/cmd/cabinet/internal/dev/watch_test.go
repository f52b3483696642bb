package dev

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// What is saved together is told of together, once nothing more is saved; and only what programs are made of.
func TestWatcher(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "plugins/notes/notes.go", "package notes\n")
	write(t, root, ".build/x.go", "package x\n")
	w, err := Watch(root)
	require.NoError(t, err)
	defer func() { require.NoError(t, w.Close()) }()
	// Calm comes when the test grants it. Each event asks for it anew.
	asked := make(chan chan time.Time, 1000)
	w.after = func(d time.Duration) <-chan time.Time {
		require.Equal(t, quiet, d)
		calm := make(chan time.Time, 1)
		asked <- calm
		return calm
	}
	told := make(chan []string)
	ctx, end := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	defer asking.Wait()
	defer end()
	next := func() {
		asking.Go(func() {
			if paths, err := w.Next(ctx); err == nil {
				select {
				case told <- paths:
				case <-ctx.Done(): // more was saved than is asked about
				}
			}
		})
	}

	next()
	write(t, root, "plugins/notes/notes.go", "package notes // changed\n")
	first := <-asked
	write(t, root, ".build/x.go", "package x // changed\n")
	write(t, root, "plugins/notes/notes_test.go", "package notes\n")
	write(t, root, "plugins/notes/v1/notes.pb.go", "package v1\n")
	write(t, root, "plugins/notes/.notes.go.swp", "")
	write(t, root, "plugins/notes/v1/notes.proto", "syntax = \"proto3\";\n") // in a folder that is new
	latest := <-asked
	first <- time.Time{} // calm that was asked for before the last event does not count
	select {
	case paths := <-told:
		require.Fail(t, "told too early", "%v", paths)
	default:
	}
	seen := map[string]bool{}
	for !seen["plugins/notes/v1/notes.proto"] {
		select {
		case latest = <-asked:
		case latest <- time.Time{}:
			latest = nil // granted: the next one is asked for by the next event
		case paths := <-told:
			require.True(t, slices.IsSorted(paths))
			for _, path := range paths {
				seen[path] = true
			}
			next()
		}
	}
	require.Equal(t, map[string]bool{"plugins/notes/notes.go": true, "plugins/notes/v1/notes.proto": true}, seen)

	over, cancel := context.WithCancel(t.Context())
	cancel()
	silent, err := Watch(root)
	require.NoError(t, err)
	defer func() { require.NoError(t, silent.Close()) }()
	_, err = silent.Next(over)
	require.ErrorIs(t, err, context.Canceled)
}
