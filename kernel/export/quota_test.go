package export

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/kernel/web/screen"
)

// What an export reserved and never gave back, because its portal was killed, counts until its day is over.
func TestAKilledExportCounts(t *testing.T) {
	t.Parallel()
	now := time.Date(2031, 5, 5, 10, 0, 0, 0, time.UTC)
	q := quota{db: storetest.Open(t), rows: 100, most: 100, now: func() time.Time { return now }}
	user := store.NewID()
	killed := &reservation{quota: q, id: store.NewID(), user: user, screen: "a.b"}
	_, ok, err := killed.take(t.Context(), 10, 60, nil)
	require.NoError(t, err)
	require.True(t, ok)
	next := &reservation{quota: q, id: store.NewID(), user: user, screen: "a.b"}
	left, ok, err := next.take(t.Context(), 41, 41, nil)
	require.NoError(t, err)
	require.False(t, ok)
	require.Equal(t, 40, left.Rows)
	require.True(t, left.Free.Equal(now.Add(day)))
	_, ok, err = next.take(t.Context(), 40, 90, nil)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, 40, next.rows, "no more than is left")
	now = now.Add(day)
	left, err = q.left(t.Context(), user)
	require.NoError(t, err)
	require.Equal(t, 100, left.Rows)
	n, err := Sweep(t.Context(), q.db, now)
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = Sweep(t.Context(), q.db, now.Add(day+time.Second))
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
}

func FuzzNoCellIsComputed(f *testing.F) {
	for _, text := range []string{"=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "'=1", "''", "plain", "\"=1", "; =1", "''=1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, separator := range []rune{',', ';'} {
			var out bytes.Buffer
			sheet, err := newCSV(&out, separator)
			require.NoError(t, err)
			require.NoError(t, sheet.Row([]screen.Cell{{Text: text}, {Text: "x"}}))
			require.NoError(t, sheet.close())
			r := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), byteOrderMark)))
			r.Comma = separator
			got, err := r.Read()
			require.NoError(t, err)
			require.Len(t, got, 2)
			if got[0] == "" {
				continue
			}
			require.NotContains(t, "=+-@\t\r\n", got[0][:1])
		}
	})
}
