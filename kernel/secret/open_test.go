package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func someKey(first byte) []byte {
	b := bytes.Repeat([]byte{7}, keySize)
	b[0] = first
	return b
}

func TestKeyIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder", "of its own")
	first, err := Open(Config{Dir: dir})
	require.NoError(t, err)
	info, err := os.Lstat(filepath.Join(dir, fileName))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	info, err = os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	sealed, err := first.Seal("p", []byte("x"))
	require.NoError(t, err)
	second, err := Open(Config{Dir: dir})
	require.NoError(t, err)
	require.Equal(t, first.KeyIDs(), second.KeyIDs())
	opened, err := second.Open("p", sealed)
	require.NoError(t, err)
	require.Equal(t, "x", string(opened))
	require.Len(t, entries(t, dir), 1, "nothing is left beside the key")
}

func entries(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	return list
}

func TestKeyFromEnvironment(t *testing.T) {
	want := nameKey([keySize]byte(someKey(1))).id.String()
	for name, value := range map[string]string{
		"base64":          base64.StdEncoding.EncodeToString(someKey(1)),
		"base64 unpadded": base64.RawStdEncoding.EncodeToString(someKey(1)),
		"base64 url":      base64.URLEncoding.EncodeToString(someKey(1)),
		"hex":             hex.EncodeToString(someKey(1)),
		"hex upper case":  strings.ToUpper(hex.EncodeToString(someKey(1))),
		"a newline":       hex.EncodeToString(someKey(1)) + "\r\n",
		"twice":           hex.EncodeToString(someKey(1)) + "," + base64.StdEncoding.EncodeToString(someKey(1)),
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "none")
			k, err := Open(Config{Dir: dir, Env: env(EnvKey, value)})
			require.NoError(t, err)
			require.Equal(t, []string{want}, k.KeyIDs())
			require.NoDirExists(t, dir, "a given key makes no file")

			file := filepath.Join(t.TempDir(), "key")
			require.NoError(t, os.WriteFile(file, []byte(value), 0o600))
			link := filepath.Join(t.TempDir(), "link")
			require.NoError(t, os.Symlink(file, link))
			k, err = Open(Config{Env: env(EnvKeyFile, link)})
			require.NoError(t, err)
			require.Equal(t, []string{want}, k.KeyIDs())
		})
	}
}

func TestBadKeyFromEnvironmentIsRefusedAndNotShown(t *testing.T) {
	good := hex.EncodeToString(someKey(1))
	for name, value := range map[string]string{
		"empty":         "",
		"blank":         " \n ",
		"a comment":     "# " + good,
		"too short":     good[:62],
		"too long":      good + "00",
		"not hex":       "zz" + good[2:],
		"a passphrase":  "correct-horse-battery-staple",
		"all zero":      strings.Repeat("0", 64),
		"second is bad": good + "," + good[:60],
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "none")
			_, err := Open(Config{Dir: dir, Env: env(EnvKey, value)})
			require.ErrorContains(t, err, EnvKey)
			require.ErrorContains(t, err, "openssl rand -base64 32")
			if len(value) > 20 {
				require.NotContains(t, err.Error(), value[:20])
			}
			require.NoDirExists(t, dir, "no key is made up instead")
		})
	}
	_, err := Open(Config{Dir: t.TempDir(), Env: env(EnvKey, good, EnvKeyFile, "/x")})
	require.ErrorContains(t, err, "set one of them")
	_, err = Open(Config{Dir: t.TempDir(), Env: env(EnvKeyFile, "/no/such/file")})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(Config{Dir: t.TempDir(), Env: env(EnvKeyFile, t.TempDir())})
	require.ErrorContains(t, err, "is not a file")
	_, err = Open(Config{})
	require.ErrorContains(t, err, EnvKey)
}

func TestKeyFileThatOthersReachIsRefused(t *testing.T) {
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644, 0o660, 0o610, 0o601, 0o777} {
		t.Run(mode.String(), func(t *testing.T) {
			dir := t.TempDir()
			_, err := Open(Config{Dir: dir})
			require.NoError(t, err)
			path := filepath.Join(dir, fileName)
			require.NoError(t, os.Chmod(path, mode))
			_, err = Open(Config{Dir: dir})
			var bad *FileError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, path, bad.Path)
			require.ErrorContains(t, err, "chmod 600 "+path)
			require.NoError(t, os.Chmod(path, 0o600))
			_, err = Open(Config{Dir: dir})
			require.NoError(t, err)
		})
	}
}

func TestWhatIsNoKeyFileIsRefusedAndKept(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(elsewhere, []byte(hex.EncodeToString(someKey(1))), 0o600))
	for name, c := range map[string]struct {
		make func(path string) error
		want string
	}{
		"a link":         {func(p string) error { return os.Symlink(elsewhere, p) }, "symbolic link"},
		"a dangling one": {func(p string) error { return os.Symlink("/nowhere", p) }, "symbolic link"},
		"a folder":       {func(p string) error { return os.Mkdir(p, 0o700) }, "is not a file"},
		"a pipe":         {func(p string) error { return syscall.Mkfifo(p, 0o600) }, "is not a file"},
		"empty":          {func(p string) error { return os.WriteFile(p, nil, 0o600) }, "restore it"},
		"cut":            {func(p string) error { return os.WriteFile(p, []byte("AAEC"), 0o600) }, "line 1"},
		"huge":           {func(p string) error { return os.WriteFile(p, make([]byte, maxFile+1), 0o600) }, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, fileName)
			require.NoError(t, c.make(path))
			before, err := os.Lstat(path)
			require.NoError(t, err)
			_, err = Open(Config{Dir: dir})
			require.ErrorContains(t, err, c.want)
			after, err := os.Lstat(path)
			require.NoError(t, err)
			require.True(t, os.SameFile(before, after), "nothing is replaced")
			require.Equal(t, before.Size(), after.Size())
		})
	}
}

// TestChild is the program of TestManyProcessesEndWithOneKey.
func TestChild(t *testing.T) {
	dir := os.Getenv("CABINET_TEST_SECRET_DIR")
	if dir == "" {
		t.Skip("started by another test")
	}
	_, _ = io.ReadAll(os.Stdin) // the parent closes it for all at once
	k, err := Open(Config{Dir: dir})
	require.NoError(t, err)
	if os.Getenv("CABINET_TEST_SECRET_ROTATE") != "" {
		_, err = k.Rotate()
		require.NoError(t, err)
	}
	sealed, err := k.Seal("p", []byte("x"))
	require.NoError(t, err)
	fmt.Printf("sealed:%x\n", sealed)
}

// startChildren runs n processes that open dir at the same moment and returns what each sealed.
func startChildren(t *testing.T, n int, dir string, extra ...string) [][]byte {
	t.Helper()
	gate, open, err := os.Pipe()
	require.NoError(t, err)
	outs := make([]bytes.Buffer, n)
	cmds := make([]*exec.Cmd, n)
	for i := range cmds {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
		cmd.Env = append(append(os.Environ(), "CABINET_TEST_SECRET_DIR="+dir), extra...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = gate, &outs[i], &outs[i]
		require.NoError(t, cmd.Start())
		cmds[i] = cmd
	}
	require.NoError(t, gate.Close())
	require.NoError(t, open.Close())
	var sealed [][]byte
	for i, cmd := range cmds {
		require.NoError(t, cmd.Wait(), outs[i].String())
		_, rest, found := strings.Cut(outs[i].String(), "sealed:")
		require.True(t, found, outs[i].String())
		line, _, _ := strings.Cut(rest, "\n")
		b, err := hex.DecodeString(line)
		require.NoError(t, err)
		sealed = append(sealed, b)
	}
	return sealed
}

func TestManyProcessesEndWithOneKey(t *testing.T) {
	for range 3 {
		dir := filepath.Join(t.TempDir(), "data")
		sealed := startChildren(t, 6, dir)
		k, err := Open(Config{Dir: dir})
		require.NoError(t, err)
		require.Len(t, k.KeyIDs(), 1)
		for _, s := range sealed {
			_, err := k.Open("p", s)
			require.NoError(t, err)
		}
		require.Len(t, entries(t, dir), 1)
	}
}

func TestManyGoroutinesEndWithOneKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	ids := make([][]string, 16)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			if k, err := Open(Config{Dir: dir}); err == nil {
				ids[i] = k.KeyIDs()
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		require.NotNil(t, id)
		require.Equal(t, ids[0], id)
	}
}

func TestOpenLogsNoKey(t *testing.T) {
	var log bytes.Buffer
	dir := t.TempDir()
	k, err := Open(Config{Dir: dir, Log: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	_, err = k.Rotate()
	require.NoError(t, err)
	for _, key := range k.keys() {
		require.Contains(t, log.String(), key.id.String())
		requireNoKey(t, log.String(), key)
	}
}

func requireNoKey(t *testing.T, text string, key masterKey) {
	t.Helper()
	for _, form := range []string{
		string(key.bytes[:]), hex.EncodeToString(key.bytes[:]), fmt.Sprint(key.bytes[:8]), fmt.Sprintf("%#v", key.bytes[:4])[7:20],
		base64.StdEncoding.EncodeToString(key.bytes[:]), base64.URLEncoding.EncodeToString(key.bytes[:]),
	} {
		require.NotContains(t, text, strings.Trim(form, "[]"))
	}
}
