package secret_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/secret"
)

// A module that is lent keys still opens what it sealed before they were rotated, and nothing of another module's.
func TestKeysThatAreLent(t *testing.T) {
	key := func(b byte) []byte { return append(bytes.Repeat([]byte{b}, 31), b+1) }
	before, err := secret.Of(key(1))
	require.NoError(t, err)
	sealed, err := before.Seal("totp-seed", []byte("seed"), []byte("user"))
	require.NoError(t, err)

	after, err := secret.Of(key(2), key(1))
	require.NoError(t, err)
	opened, err := after.Open("totp-seed", sealed, []byte("user"))
	require.NoError(t, err)
	require.Equal(t, "seed", string(opened))
	_, err = after.Open("totp-seed", sealed, []byte("another"))
	require.ErrorIs(t, err, secret.ErrSealed)
	_, moved, err := after.Resealed("totp-seed", sealed, []byte("user"))
	require.NoError(t, err)
	require.True(t, moved)

	other, err := secret.Of(key(3))
	require.NoError(t, err)
	var unknown *secret.UnknownKeyError
	_, err = other.Open("totp-seed", sealed, []byte("user"))
	require.ErrorAs(t, err, &unknown)
	for _, bad := range [][][]byte{nil, {[]byte("short")}} {
		_, err := secret.Of(bad...)
		require.Error(t, err)
	}
}
