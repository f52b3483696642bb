package store_test

import (
	"encoding/base64"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

func TestPageTokens(t *testing.T) {
	db := storetest.Open(t)
	s := storetest.Module(t, db, store.ModuleSpec{ID: "shop"})
	desk := storetest.Module(t, db, store.ModuleSpec{ID: "desk"})
	list := &clientmanagerv1.ListClientsRequest{PageSize: 50, Name: "name"}
	token, err := s.EncodePageToken(list, "Київ ʼ", int64(math.MaxInt64))
	require.NoError(t, err)

	var name string
	var n int64
	more, err := s.DecodePageToken(&clientmanagerv1.ListClientsRequest{PageSize: 9, PageToken: token, Name: "name"}, token, &name, &n)
	require.NoError(t, err)
	require.True(t, more)
	require.Equal(t, "Київ ʼ", name)
	require.EqualValues(t, math.MaxInt64, n)

	more, err = s.DecodePageToken(list, "", &name, &n)
	require.NoError(t, err)
	require.False(t, more)

	_, err = s.DecodePageToken(&clientmanagerv1.ListClientsRequest{Name: "other"}, token, &name, &n)
	require.ErrorIs(t, err, store.ErrPageFilter)
	requireCode(t, codes.InvalidArgument, err)
	_, err = desk.DecodePageToken(list, token, &name, &n)
	require.ErrorIs(t, err, store.ErrPageToken, "another module's")
	_, err = s.DecodePageToken(&clientmanagerv1.GetClientRequest{}, token, &name, &n)
	require.ErrorIs(t, err, store.ErrPageToken, "another list's")
	_, err = s.DecodePageToken(list, token, &name)
	require.ErrorIs(t, err, store.ErrPageToken, "another key's")

	raw, err := base64.RawURLEncoding.DecodeString(token)
	require.NoError(t, err)
	for i := range raw {
		altered := append([]byte(nil), raw...)
		altered[i] ^= 1
		_, err = s.DecodePageToken(list, base64.RawURLEncoding.EncodeToString(altered), &name, &n)
		require.ErrorIs(t, err, store.ErrPageToken)
		_, err = s.DecodePageToken(list, base64.RawURLEncoding.EncodeToString(raw[:i]), &name, &n)
		if i > 0 {
			require.ErrorIs(t, err, store.ErrPageToken)
		}
	}
	_, err = s.DecodePageToken(list, "!!", &name, &n)
	require.ErrorIs(t, err, store.ErrPageToken)
}
