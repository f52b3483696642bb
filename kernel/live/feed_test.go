package live

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What is no snapshot is told from one before Postgres sees it.
func TestSnapshotsFromBrowsers(t *testing.T) {
	for _, good := range []string{"1:1:", "5:9:", "5:9:5", "5:9:5,7", "5:9:7,8"} {
		require.True(t, snapshot(good).valid(), good)
	}
	for _, bad := range []string{
		"", "1", "1:1", ":1:", "1::", "0:1:", "-1:1:", "5:4:", "5:9:9", "5:9:4", "5:9:7,7", "5:9:8,7", "5:9:7,", "5:9:,7", "5:9:x", "5:9:7:", "1:1:'",
		"9223372036854775808:9223372036854775809:", "5:9: 7", "5:9:7\n",
	} {
		require.False(t, snapshot(bad).valid(), bad)
	}
	low, high := snapshot("5:9:7").bounds()
	require.Equal(t, []int64{5, 9}, []int64{low, high})
}
