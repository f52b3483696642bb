package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"time"
)

// Ref names content.
type Ref struct {
	// Hash is the SHA-256 of the content: 64 lower-case hexadecimal digits. A column for it has the type kernel.blob.
	Hash string
	// Size in bytes.
	Size int64
}

// What goes wrong; compare with errors.Is.
var (
	// ErrTooLarge: the content is longer than Put was told to take.
	ErrTooLarge = errors.New("blob: the content is larger than is taken here: send a smaller file")
	// ErrNotFound: there is no content of that hash.
	ErrNotFound = errors.New("blob: there is no content of this hash")
	// ErrDamaged: the content is not what was put, on the disk or on the way.
	ErrDamaged = errors.New("blob: the content is damaged: put it back from a backup, or put it anew")
	// ErrNone: the module has no blobs at all.
	ErrNone = errors.New("blob: a module in a program of its own has no blobs: give the content to a module of the portal by a call")
)

// Store keeps blobs. It is safe for concurrent use, by several processes too.
type Store struct {
	place Place // nil for a module that has none
	now   func() time.Time
}

// New keeps blobs in a place, which the store closes with itself. now is the clock.
func New(place Place, now func() time.Time) *Store { return &Store{place: place, now: now} }

// None is for a module that has no blobs: whatever it does with them is ErrNone.
func None() *Store { return &Store{} }

// Place is where blobs are: [OpenFolder], or the bucket of kernel/blob/s3. It holds those that are there and those that are put
// aside. What is not there any more is no error where it is moved or removed.
type Place interface {
	// Incoming makes a file to write content to. Put or Drop ends it.
	Incoming() (*os.File, error)
	// Drop takes away an incoming file that is not to be put.
	Drop(file *os.File)
	// Put has the content of an incoming file be there, durably, and as young as content that was not there before.
	Put(ctx context.Context, file *os.File, ref Ref, now time.Time) error
	// Open opens what is there, or put aside; ErrNotFound when it is neither.
	Open(ctx context.Context, hash string) (content io.ReadSeekCloser, size int64, err error)
	// List tells of each blob that is there, or of each put aside, and since when it is.
	List(ctx context.Context, aside bool, each func(hash string, since time.Time) error) error
	PutAside(ctx context.Context, hash string, now time.Time) error
	PutBack(ctx context.Context, hash string) error
	// Remove deletes what is put aside.
	Remove(ctx context.Context, hash string) error
	// Tidy takes away what was left by writers that were killed, before a time.
	Tidy(ctx context.Context, before time.Time) error
	Close() error
}

// Put takes content in, at most limit bytes, and names it. It is kept when Put returns, also if the machine stops then. It takes
// all of r before it knows the name, so hold no transaction while somebody uploads. A row that names it has to be committed
// within a day.
func (s *Store) Put(ctx context.Context, r io.Reader, limit int64) (_ Ref, err error) {
	if s.place == nil {
		return Ref{}, ErrNone
	}
	file, err := s.place.Incoming()
	if err != nil {
		return Ref{}, err
	}
	defer func() {
		if err != nil {
			s.place.Drop(file)
		}
	}()
	h := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, h), io.LimitReader(&interrupted{ctx, r}, min(max(limit, 0), math.MaxInt64-1)+1))
	if err != nil {
		return Ref{}, err
	}
	if size > limit {
		return Ref{}, fmt.Errorf("%w (at most %d bytes)", ErrTooLarge, limit)
	}
	ref := Ref{Hash: hex.EncodeToString(h.Sum(nil)), Size: size}
	if err := s.place.Put(ctx, file, ref, s.now()); err != nil {
		return Ref{}, err
	}
	return ref, nil
}

// interrupted reads until its context is over.
type interrupted struct {
	ctx context.Context
	r   io.Reader
}

func (i *interrupted) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

var named = regexp.MustCompile(`^[0-9a-f]{64}$`)

// IsHash tells whether a text could name a blob. Places go by it before they make a path of one.
func IsHash(text string) bool { return named.MatchString(text) }

// Open opens content by the hash that a row names. Whether the caller may see that row was found out before: no other check is
// made. Close what it returns.
func (s *Store) Open(ctx context.Context, hash string) (*Content, error) {
	switch {
	case s.place == nil:
		return nil, ErrNone
	case !IsHash(hash):
		return nil, ErrNotFound
	}
	from, size, err := s.place.Open(ctx, hash)
	if err != nil {
		return nil, err
	}
	return &Content{from: from, size: size, want: hash, sum: sha256.New()}, nil
}

// Close lets go of the place. What is open stays readable.
func (s *Store) Close() error {
	if s.place == nil {
		return nil
	}
	return s.place.Close()
}
