package call

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each duration lies in the bucket that ends above it, no more than an eighth above.
func TestBucketsAreAnEighthWide(t *testing.T) {
	last := 0
	for took := time.Duration(1 << leastPower); took < 1<<mostPower; took += max(1, took/61) {
		b := bucketOf(took)
		require.GreaterOrEqual(t, b, last)
		last = b
		require.Greater(t, bucketEnd(b), took)
		require.LessOrEqual(t, bucketEnd(b), took+took/8+1)
		require.LessOrEqual(t, bucketEnd(b-1), took, "and not in the one before")
	}
	require.Equal(t, 0, bucketOf(-1))
	require.Equal(t, 0, bucketOf(0))
	require.Equal(t, 0, bucketOf(1<<leastPower-1))
	require.Equal(t, buckets-1, bucketOf(math.MaxInt64))
	require.Equal(t, time.Duration(1<<mostPower), bucketEnd(buckets-1), "as which all that is longer counts")
}
