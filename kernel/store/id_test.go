package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store"
)

func TestIDTime(t *testing.T) {
	before := time.Now().Truncate(time.Millisecond)
	at, ok := store.IDTime(store.NewID())
	require.True(t, ok)
	require.False(t, at.Before(before))
	require.False(t, at.After(time.Now()))
	for _, none := range []string{"", "x", uuid.NewString()} {
		_, ok := store.IDTime(none)
		require.False(t, ok, none)
	}
}
