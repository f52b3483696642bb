package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opencabinet/cabinet/kernel/blob"
)

const envPut = "CABINET_TEST_PUT" // the folder that a process of this test puts into until it is killed

func TestMain(m *testing.M) {
	if folder := os.Getenv(envPut); folder != "" {
		putForEver(folder)
	}
	goleak.VerifyTestMain(m)
}

// clock is what the store goes by.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func open(t *testing.T) (*blob.Store, string, *clock) {
	t.Helper()
	folder, c := filepath.Join(t.TempDir(), "blobs"), &clock{time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)}
	place, err := blob.OpenFolder(folder)
	require.NoError(t, err)
	s := blob.New(place, c.now)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, folder, c
}

func put(t *testing.T, s *blob.Store, content string) blob.Ref {
	t.Helper()
	ref, err := s.Put(t.Context(), strings.NewReader(content), 1<<20)
	require.NoError(t, err)
	return ref
}

func read(s *blob.Store, hash string) (string, error) {
	c, err := s.Open(context.Background(), hash)
	if err != nil {
		return "", err
	}
	defer c.Close()
	b, err := io.ReadAll(c)
	return string(b), err
}

// files are all files below a folder.
func files(t *testing.T, folder string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	}))
	return names
}

func TestPutAndOpen(t *testing.T) {
	s, folder, _ := open(t)
	for _, content := range []string{"", "Рахунок", strings.Repeat("0123456789", 100_000)} {
		ref := put(t, s, content)
		sum := sha256.Sum256([]byte(content))
		require.Equal(t, blob.Ref{Hash: hex.EncodeToString(sum[:]), Size: int64(len(content))}, ref)
		got, err := read(s, ref.Hash)
		require.NoError(t, err)
		require.Equal(t, content, got)
	}
	again := put(t, s, "Рахунок")
	require.Len(t, files(t, folder), 3, "the same content lies there once")
	for _, name := range files(t, folder) {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.EqualValues(t, 0o600, info.Mode().Perm())
	}

	c, err := s.Open(t.Context(), again.Hash)
	require.NoError(t, err)
	require.EqualValues(t, 14, c.Size())
	_, err = c.Seek(-4, io.SeekEnd)
	require.NoError(t, err)
	part, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "ок", string(part))
	_, err = c.Seek(0, io.SeekStart)
	require.NoError(t, err)
	require.NoError(t, iotest.TestReader(c, []byte("Рахунок")))
	require.NoError(t, c.Close())

	for _, hash := range []string{strings.Repeat("0", 64), "", "../../etc/passwd", strings.ToUpper(again.Hash)} {
		_, err = s.Open(t.Context(), hash)
		require.ErrorIs(t, err, blob.ErrNotFound)
	}
}

func TestPutTakesNoMoreThanItIsTold(t *testing.T) {
	s, folder, _ := open(t)
	for limit, fits := range map[int64]bool{-1: false, 0: false, 9: false, 10: true, math.MaxInt64: true} {
		_, err := s.Put(t.Context(), strings.NewReader("0123456789"), limit)
		if fits {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, blob.ErrTooLarge)
	}
	broken := errors.New("the line broke")
	_, err := s.Put(t.Context(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), 1<<20)
	require.ErrorIs(t, err, broken)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Put(ctx, strings.NewReader("half"), 1<<20)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, files(t, folder), 1, "nothing is left of what was not taken")
}

func TestNoneSaysWhatToDo(t *testing.T) {
	s := blob.None()
	_, err := s.Put(t.Context(), strings.NewReader("x"), 1)
	require.ErrorIs(t, err, blob.ErrNone)
	_, err = s.Open(t.Context(), strings.Repeat("0", 64))
	require.ErrorIs(t, err, blob.ErrNone)
	_, err = s.Sweep(t.Context(), nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

func TestDamageIsNoticed(t *testing.T) {
	for name, damage := range map[string]func(content []byte) []byte{
		"a bit":       func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"the last":    func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"the end":     func(b []byte) []byte { return b[:len(b)-1] },
		"all":         func([]byte) []byte { return nil },
		"more":        func(b []byte) []byte { return append(b, 0) },
		"another one": func(b []byte) []byte { return bytes.Repeat([]byte{7}, len(b)) },
	} {
		t.Run(name, func(t *testing.T) {
			s, folder, _ := open(t)
			content := strings.Repeat("0123456789", 10_000)
			ref := put(t, s, content)
			file := files(t, folder)[0]
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(file, damage(b), 0o600))
			got, err := read(s, ref.Hash)
			require.ErrorIs(t, err, blob.ErrDamaged)
			require.Less(t, len(got), len(content), "its end is not given away as if it were whole")
			put(t, s, content)
			got, err = read(s, ref.Hash)
			require.NoError(t, err, "putting it anew mends it")
			require.Equal(t, content, got)
		})
	}
}

// naming is what rows name in a test.
func naming(hashes ...string) func(context.Context, []string) ([]string, error) {
	return func(_ context.Context, asked []string) (found []string, _ error) {
		for _, hash := range asked {
			for _, named := range hashes {
				if hash == named {
					found = append(found, hash)
				}
			}
		}
		return found, nil
	}
}

func TestSweep(t *testing.T) {
	s, folder, c := open(t)
	kept, lost := put(t, s, "named by a row"), put(t, s, "named by none")
	sweep := func(want blob.Swept, named ...string) {
		t.Helper()
		got, err := s.Sweep(t.Context(), naming(named...))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	sweep(blob.Swept{}, kept.Hash)
	c.at = c.at.Add(blob.Grace + time.Second)
	young := put(t, s, "its row follows")
	sweep(blob.Swept{Aside: 1}, kept.Hash)
	got, err := read(s, lost.Hash)
	require.NoError(t, err, "what is put aside can still be read")
	require.Equal(t, "named by none", got)
	sweep(blob.Swept{}, kept.Hash)
	c.at = c.at.Add(blob.Grace + time.Second)
	sweep(blob.Swept{Deleted: 1}, kept.Hash, young.Hash)
	_, err = read(s, lost.Hash)
	require.ErrorIs(t, err, blob.ErrNotFound)
	for _, ref := range []blob.Ref{kept, young} {
		_, err = read(s, ref.Hash)
		require.NoError(t, err)
	}
	require.Len(t, files(t, folder), 2)

	// When rows cannot be asked, nothing goes.
	c.at = c.at.Add(10 * blob.Grace)
	unknown := errors.New("the database is away")
	_, err = s.Sweep(t.Context(), func(context.Context, []string) ([]string, error) { return nil, unknown })
	require.ErrorIs(t, err, unknown)
	require.Len(t, files(t, folder), 2)
	_, err = read(s, kept.Hash)
	require.NoError(t, err)
}

// Somebody puts old content that no row names, at each of the moments when a sweep is about to take it. The row comes within a day,
// and the content is there then and ever after.
func TestSweepLosesNothingThatIsPutMeanwhile(t *testing.T) {
	for _, moment := range []string{"while it is there", "while it is aside"} {
		t.Run(moment, func(t *testing.T) {
			s, _, c := open(t)
			const content = "the same invoice again"
			ref := put(t, s, content)
			c.at = c.at.Add(blob.Grace + time.Second)
			if strings.HasSuffix(moment, "aside") {
				_, err := s.Sweep(t.Context(), naming())
				require.NoError(t, err)
				c.at = c.at.Add(blob.Grace + time.Second)
			}
			_, err := s.Sweep(t.Context(), func(_ context.Context, hashes []string) ([]string, error) {
				require.Equal(t, []string{ref.Hash}, hashes)
				put(t, s, content) // no row names it yet, and so none is found
				return nil, nil
			})
			require.NoError(t, err)
			for range 5 { // the row is there by the next night
				got, err := read(s, ref.Hash)
				require.NoError(t, err)
				require.Equal(t, content, got)
				c.at = c.at.Add(blob.Grace - time.Second)
				_, err = s.Sweep(t.Context(), naming(ref.Hash))
				require.NoError(t, err)
			}
		})
	}
}

func TestWritersOfOneContentAtOnce(t *testing.T) {
	s, folder, c := open(t)
	content := strings.Repeat("0123456789", 20_000)
	first := put(t, s, content)
	c.at = c.at.Add(blob.Grace + time.Second)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				ref, err := s.Put(t.Context(), strings.NewReader(content), 1<<20)
				if err == nil && ref != first {
					err = errors.New("another name")
				}
				if err == nil {
					_, err = read(s, first.Hash)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Go(func() {
		for range 20 {
			if _, err := s.Sweep(t.Context(), naming()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	all.Wait()
	got, err := read(s, first.Hash)
	require.NoError(t, err)
	require.Equal(t, content, got)
	require.LessOrEqual(t, len(files(t, folder)), 2, "there, and at most once aside")
}

// putForEver puts different contents, and says which are kept.
func putForEver(folder string) {
	place, err := blob.OpenFolder(folder)
	if err != nil {
		panic(err)
	}
	s := blob.New(place, time.Now)
	for i := byte(0); ; i++ {
		ref, err := s.Put(context.Background(), bytes.NewReader(bytes.Repeat([]byte{i, i + 1, i + 2}, 300_000)), 1<<20)
		if err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString(ref.Hash + "\n")
	}
}

func TestAKilledWriterLeavesNothingHalf(t *testing.T) {
	_, folder, c := open(t)
	for range 5 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), envPut+"="+folder)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		said := make([]byte, 3*65)
		_, err = io.ReadFull(out, said) // it is well in the middle of the next
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
		place, err := blob.OpenFolder(folder)
		require.NoError(t, err)
		s := blob.New(place, c.now)
		for hash := range strings.FieldsSeq(string(said)) {
			_, err := read(s, hash)
			require.NoError(t, err, "what it said is kept")
		}
		var all []string
		require.NoError(t, place.List(t.Context(), false, func(hash string, _ time.Time) error {
			all = append(all, hash)
			return nil
		}))
		for _, hash := range all {
			_, err := read(s, hash)
			require.NoError(t, err, "what has a name is whole")
		}
		require.NoError(t, s.Close())
	}
	// What it had begun is tidied away a day later.
	place, err := blob.OpenFolder(folder)
	require.NoError(t, err)
	s := blob.New(place, func() time.Time { return time.Now().Add(blob.Grace + time.Hour) })
	_, err = s.Sweep(t.Context(), func(_ context.Context, hashes []string) ([]string, error) { return hashes, nil })
	require.NoError(t, err)
	left, err := os.ReadDir(filepath.Join(folder, "incoming"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, s.Close())
}
