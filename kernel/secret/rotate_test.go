package secret

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	k, err := Open(Config{Dir: dir})
	require.NoError(t, err)
	old, err := k.Seal("p", []byte("x"), []byte("row"))
	require.NoError(t, err)
	same, changed, err := k.Resealed("p", old, []byte("row"))
	require.NoError(t, err)
	require.False(t, changed)
	require.Equal(t, old, same)

	id, err := k.Rotate()
	require.NoError(t, err)
	require.Equal(t, id, k.KeyIDs()[0])
	require.Len(t, k.KeyIDs(), 2)

	opened, err := k.Open("p", old, []byte("row"))
	require.NoError(t, err)
	require.Equal(t, "x", string(opened))
	fresh, changed, err := k.Resealed("p", old, []byte("row"))
	require.NoError(t, err)
	require.True(t, changed)
	_, changed, err = k.Resealed("p", fresh, []byte("row"))
	require.NoError(t, err)
	require.False(t, changed)
	_, _, err = k.Resealed("p", old, []byte("another row"))
	require.ErrorIs(t, err, ErrSealed)

	// The old key's line is taken out by hand, as the documentation allows once all is resealed.
	require.NoError(t, os.WriteFile(filepath.Join(dir, fileName), []byte(k.keys()[:1].fileText()), 0o600))
	k, err = Open(Config{Dir: dir})
	require.NoError(t, err)
	_, err = k.Open("p", fresh, []byte("row"))
	require.NoError(t, err)
	_, err = k.Open("p", old, []byte("row"))
	var unknown *UnknownKeyError
	require.ErrorAs(t, err, &unknown)
	require.ErrorContains(t, err, unknown.ID)
}

func TestAnotherProcessLearnsOfARotation(t *testing.T) {
	dir := t.TempDir()
	here, err := Open(Config{Dir: dir})
	require.NoError(t, err)
	there, err := Open(Config{Dir: dir})
	require.NoError(t, err)
	_, err = there.Rotate()
	require.NoError(t, err)
	require.NotEqual(t, here.KeyIDs(), there.KeyIDs())
	sealed, err := there.Seal("p", []byte("x"))
	require.NoError(t, err)
	_, err = here.Open("p", sealed)
	require.NoError(t, err)
	require.Equal(t, there.KeyIDs(), here.KeyIDs())
}

func TestRotationsAtOnceLoseNoKey(t *testing.T) {
	dir := t.TempDir()
	first, err := Open(Config{Dir: dir})
	require.NoError(t, err)
	oldest, err := first.Seal("p", []byte("x"))
	require.NoError(t, err)

	sealed := startChildren(t, 4, dir, "CABINET_TEST_SECRET_ROTATE=1")
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 8 {
		wg.Go(func() {
			_, err := first.Rotate()
			s, err2 := first.Seal("p", []byte("x"))
			mu.Lock()
			defer mu.Unlock()
			assert.NoError(t, err)
			assert.NoError(t, err2)
			sealed = append(sealed, s)
		})
	}
	wg.Wait()

	k, err := Open(Config{Dir: dir})
	require.NoError(t, err)
	require.Len(t, k.KeyIDs(), 1+4+8)
	require.Equal(t, k.KeyIDs(), first.KeyIDs())
	for _, s := range append(sealed, oldest) {
		_, err := k.Open("p", s)
		require.NoError(t, err)
	}
	require.Len(t, entries(t, dir), 1)
}

func TestRotateRemovesWhatAKilledWriterLeft(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a [folder] *")
	k, err := Open(Config{Dir: dir})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, fileName+".new-1"), []byte("half"), 0o600))
	_, err = k.Rotate()
	require.NoError(t, err)
	require.Len(t, entries(t, dir), 1)
}

func TestRotateWithoutItsFileChangesNothing(t *testing.T) {
	dir := t.TempDir()
	k, err := Open(Config{Dir: dir})
	require.NoError(t, err)
	before := k.KeyIDs()
	require.NoError(t, os.Remove(filepath.Join(dir, fileName)))
	_, err = k.Rotate()
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Equal(t, before, k.KeyIDs())
	require.Empty(t, entries(t, dir))
}

func TestKeyMovesFromFileToEnvironment(t *testing.T) {
	dir := t.TempDir()
	k, err := Open(Config{Dir: dir})
	require.NoError(t, err)
	sealed, err := k.Seal("p", []byte("x"))
	require.NoError(t, err)

	k, err = Open(Config{Dir: dir, Env: env(EnvKey, hex.EncodeToString(someKey(1)))})
	require.NoError(t, err)
	_, err = k.Open("p", sealed)
	require.NoError(t, err)
	fresh, changed, err := k.Resealed("p", sealed)
	require.NoError(t, err)
	require.True(t, changed)
	_, err = k.Rotate()
	require.ErrorIs(t, err, ErrExternalKey)

	// Rotation in the environment: the new key in front of the old one.
	k, err = Open(Config{Env: env(EnvKey, fmt.Sprintf("%x, %x", someKey(2), someKey(1)))})
	require.NoError(t, err)
	_, changed, err = k.Resealed("p", fresh)
	require.NoError(t, err)
	require.True(t, changed)
	_, err = k.Open("p", sealed)
	var unknown *UnknownKeyError
	require.ErrorAs(t, err, &unknown)
}
