package secret

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// keeperWith returns a keeper whose key is in a new folder.
func keeperWith(t testing.TB) *Keeper {
	t.Helper()
	k, err := Open(Config{Dir: t.TempDir()})
	require.NoError(t, err)
	return k
}

func TestSealOpens(t *testing.T) {
	k := keeperWith(t)
	for _, plaintext := range [][]byte{nil, []byte("a"), bytes.Repeat([]byte("long"), 100_000)} {
		sealed, err := k.Seal("totp-seed", plaintext, []byte("user 1"))
		require.NoError(t, err)
		require.Len(t, sealed, len(plaintext)+Overhead)
		opened, err := k.Open("totp-seed", sealed, []byte("user 1"))
		require.NoError(t, err)
		require.True(t, bytes.Equal(plaintext, opened))
	}
	_, err := k.Seal("", []byte("x"))
	require.ErrorContains(t, err, "purpose")
}

func TestTwoSealsDiffer(t *testing.T) {
	k := keeperWith(t)
	a, err := k.Seal("p", []byte("same"))
	require.NoError(t, err)
	b, err := k.Seal("p", []byte("same"))
	require.NoError(t, err)
	require.NotEqual(t, a, b)
}

func TestEveryAlteredByteIsNoticed(t *testing.T) {
	k := keeperWith(t)
	sealed, err := k.Seal("p", []byte("a secret of some length"), []byte("row"))
	require.NoError(t, err)
	for i := range sealed {
		for bit := range 8 {
			altered := bytes.Clone(sealed)
			altered[i] ^= 1 << bit
			opened, err := k.Open("p", altered, []byte("row"))
			require.Error(t, err, "byte %d bit %d", i, bit)
			require.Nil(t, opened)
			if i >= 1 && i < headerSize {
				var unknown *UnknownKeyError
				require.ErrorAs(t, err, &unknown)
			} else {
				require.ErrorIs(t, err, ErrSealed)
			}
		}
	}
	for n := range sealed {
		_, err := k.Open("p", sealed[:n], []byte("row"))
		require.ErrorIs(t, err, ErrSealed, "cut to %d", n)
	}
	_, err = k.Open("p", append(bytes.Clone(sealed), 0), []byte("row"))
	require.ErrorIs(t, err, ErrSealed)
}

// A forged key id that names another key of the ring must not open either: the id is authenticated.
func TestKeyIDOfAnotherKeyOpensNothing(t *testing.T) {
	k := keeperWith(t)
	sealed, err := k.Seal("p", []byte("x"))
	require.NoError(t, err)
	_, err = k.Rotate()
	require.NoError(t, err)
	id := k.keys()[0].id
	copy(sealed[1:], id[:])
	_, err = k.Open("p", sealed)
	require.ErrorIs(t, err, ErrSealed)
}

func TestWrongPurposeOrBinding(t *testing.T) {
	k := keeperWith(t)
	sealed, err := k.Seal("p", []byte("x"), []byte("ab"), []byte("c"))
	require.NoError(t, err)
	_, err = k.Open("p", sealed, []byte("ab"), []byte("c"))
	require.NoError(t, err)

	for _, purpose := range []string{"", "q", "pp", "P"} {
		_, err := k.Open(purpose, sealed, []byte("ab"), []byte("c"))
		require.ErrorIs(t, err, ErrSealed, purpose)
	}
	for _, binding := range [][][]byte{
		nil,
		{[]byte("ab")},
		{[]byte("abc")},
		{[]byte("a"), []byte("bc")},
		{[]byte("c"), []byte("ab")},
		{[]byte("ab"), []byte("c"), nil},
		{nil, []byte("ab"), []byte("c")},
	} {
		_, err := k.Open("p", sealed, binding...)
		require.ErrorIs(t, err, ErrSealed, "%q", binding)
	}

	// An empty binding is still one more than none.
	sealed, err = k.Seal("p", []byte("x"))
	require.NoError(t, err)
	_, err = k.Open("p", sealed, []byte{})
	require.ErrorIs(t, err, ErrSealed)
}

func TestDerive(t *testing.T) {
	dir := t.TempDir()
	k, err := Open(Config{Dir: dir})
	require.NoError(t, err)
	again, err := Open(Config{Dir: dir})
	require.NoError(t, err)

	key := k.Derive("csrf", 32)
	require.Len(t, key, 32)
	require.Equal(t, key, again.Derive("csrf", 32), "the same in every process")
	require.NotEqual(t, key, k.Derive("principal", 32))
	require.NotEqual(t, key, keeperWith(t).Derive("csrf", 32))
	require.NotEqual(t, key, k.keys()[0].derive("seal", "csrf", 32), "never a sealing key")
	require.Len(t, k.Derive("csrf", 8160), 8160)

	_, err = k.Rotate()
	require.NoError(t, err)
	require.NotEqual(t, key, k.Derive("csrf", 32))
	require.Equal(t, [][]byte{k.Derive("csrf", 32), key}, k.Derivations("csrf", 32))

	require.Panics(t, func() { k.Derive("", 32) })
	require.Panics(t, func() { k.Derive("p", 0) })
	require.Panics(t, func() { k.Derivations("p", 8161) })
}

func FuzzOpen(f *testing.F) {
	k := keeperWith(f)
	good, err := k.Seal("p", []byte("plain"), []byte("row"))
	require.NoError(f, err)
	f.Add(good)
	f.Add(good[:Overhead])
	f.Add([]byte{version})
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		opened, err := k.Open("p", sealed, []byte("row"))
		if bytes.Equal(sealed, good) {
			require.NoError(t, err)
			return
		}
		require.Error(t, err, "a value that was never sealed opened")
		require.Nil(t, opened)
		_, changed, err := k.Resealed("p", sealed, []byte("row"))
		require.Error(t, err)
		require.False(t, changed)
	})
}

func BenchmarkSeal(b *testing.B) {
	k := keeperWith(b)
	plaintext := make([]byte, 300)
	for b.Loop() {
		_, _ = k.Seal("p", plaintext)
	}
}
