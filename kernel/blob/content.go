package blob

import (
	"encoding/hex"
	"errors"
	"hash"
	"io"
)

// Content is a blob that is read. Whoever reads it from its beginning to its end is given an error instead of its last bytes
// when they are not what was put. Parts of it, as a browser asks for after Seek, cannot be compared with anything.
type Content struct {
	from   io.ReadSeekCloser
	size   int64
	want   string
	at     int64     // in from
	hashed int64     // as many bytes of the beginning are in sum
	sum    hash.Hash // of what was read in order
}

var _ io.ReadSeekCloser = (*Content)(nil)

// Size in bytes.
func (c *Content) Size() int64 { return c.size }

// Read reads on. It is ErrDamaged at the end of content whose hash is another, or whose end is missing.
func (c *Content) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if c.at == c.hashed {
		c.sum.Write(p[:n])
		c.hashed += int64(n)
	}
	c.at += int64(n)
	if errors.Is(err, io.EOF) && c.at < c.size {
		return 0, ErrDamaged
	}
	if c.hashed >= c.size && c.at == c.hashed && (err == nil || errors.Is(err, io.EOF)) && hex.EncodeToString(c.sum.Sum(nil)) != c.want {
		return 0, ErrDamaged
	}
	return n, err
}

// Seek goes elsewhere. From the beginning on the content is compared again.
func (c *Content) Seek(offset int64, whence int) (int64, error) {
	at, err := c.from.Seek(offset, whence)
	if err != nil {
		return at, err
	}
	c.at = at
	if at == 0 {
		c.hashed = 0
		c.sum.Reset()
	}
	return at, nil
}

// Close ends reading.
func (c *Content) Close() error { return c.from.Close() }
