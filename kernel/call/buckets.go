package call

import (
	"math/bits"
	"time"
)

// bucketOf is the bucket that counts a duration: each power of two is cut in eight, so that a bucket's ends are never
// more than an eighth apart.
func bucketOf(took time.Duration) int {
	n := uint64(max(took, 0)) //nolint:gosec // not negative
	power := bits.Len64(n) - 1
	switch {
	case power < leastPower:
		return 0
	case power >= mostPower:
		return buckets - 1
	}
	step := n >> (power - stepBits) & (1<<stepBits - 1)
	return (power-leastPower)<<stepBits + int(step) + 1 //nolint:gosec // below eight
}

// bucketEnd is the duration at which a bucket ends.
func bucketEnd(bucket int) time.Duration {
	if bucket == 0 {
		return 1 << leastPower
	}
	bucket--
	power, step := leastPower+bucket>>stepBits, bucket&(1<<stepBits-1)
	return time.Duration(1<<stepBits+step+1) << (power - stepBits)
}
