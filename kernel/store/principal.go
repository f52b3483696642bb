package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/opencabinet/cabinet/kernel/access"
)

// How long a signed principal holds.
const (
	signedFor     = time.Minute
	signedForMost = time.Hour
)

// signer writes principals as the database verifies them: "v1.KIND|WHO|CLIENT|MODULE|EXPIRY.MAC", the expiry in seconds
// since 1970, the MAC in hex.
type signer struct {
	key   []byte
	clock func() time.Time
	pool  sync.Pool // of hash.Hash
}

func newSigner(key []byte, clock func() time.Time) *signer {
	s := &signer{key: derive(key, "principal", "v1"), clock: clock}
	s.pool.New = func() any { return hmac.New(sha256.New, s.key) }
	return s
}

// pads are the two keys of HMAC, for the database.
func (s *signer) pads() (inner, outer []byte) {
	inner, outer = make([]byte, sha256.BlockSize), make([]byte, sha256.BlockSize)
	copy(inner, s.key)
	copy(outer, s.key)
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	return inner, outer
}

// word is a module's id, or the kernel's name.
var word = regexp.MustCompile(`^[a-z][a-z0-9]{0,39}$`)

// sign returns the setting for p acting on a module's rows, good for the deadline of ctx.
func (s *signer) sign(ctx context.Context, p access.Principal, module string) (string, error) {
	who, client := p.UserID, p.ActingFor
	switch p.Kind {
	case access.Contact, access.Staff:
		if !IsID(who) || (client != "" && !IsID(client)) {
			return "", fmt.Errorf("store: principal of kind %s has user %q and client %q: both must be UUIDs", p.Kind, who, client)
		}
	case access.Module, access.Kernel:
		who, client = p.Name, ""
		if !word.MatchString(who) {
			return "", fmt.Errorf("store: principal of kind %s has the name %q, which is no module's", p.Kind, who)
		}
	default:
		who, client = "", ""
	}
	if p.Kind != access.Contact {
		client = ""
	}
	until := s.until(ctx)
	text := make([]byte, 0, 256)
	text = append(text, "v1."...)
	text = append(text, p.Kind...)
	text = append(append(text, '|'), who...)
	text = append(append(text, '|'), client...)
	text = append(append(text, '|'), module...)
	text = strconv.AppendInt(append(text, '|'), until.Unix(), 10)
	h := s.pool.Get().(hash.Hash)
	h.Reset()
	h.Write(text)
	var sum [sha256.Size]byte
	text = hex.AppendEncode(append(text, '.'), h.Sum(sum[:0]))
	s.pool.Put(h)
	return string(text), nil
}

// until is how long what is signed for a call holds.
func (s *signer) until(ctx context.Context) time.Time {
	now := s.clock()
	if deadline, ok := ctx.Deadline(); ok {
		// The deadline is of the real clock: only what is left of it counts.
		if left := time.Until(deadline) + time.Second; left > signedFor {
			return now.Add(min(left, signedForMost))
		}
	}
	return now.Add(signedFor)
}
