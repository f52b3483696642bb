package secret

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const (
	keySize = 32
	idSize  = 8
)

// keyID names a key without telling anything about it. It is derived from the key, so the same key has the same id
// wherever it is kept.
type keyID [idSize]byte

func (id keyID) String() string { return hex.EncodeToString(id[:]) }

// masterKey is 32 random bytes and their name.
type masterKey struct {
	id    keyID
	bytes [keySize]byte
}

// ring is the keys of a portal: the first seals, all of them open. It is never changed once made.
type ring []masterKey

func (r ring) find(id keyID) (masterKey, bool) {
	for _, k := range r {
		if k.id == id {
			return k, true
		}
	}
	return masterKey{}, false
}

// with returns the ring with those keys of more that it lacks added at its end.
func (r ring) with(more ring) ring {
	out := append(ring(nil), r...)
	for _, k := range more {
		if _, known := out.find(k.id); !known {
			out = append(out, k)
		}
	}
	return out
}

func newMasterKey() masterKey {
	var b [keySize]byte
	_, _ = rand.Read(b[:]) // never fails: the program ends instead
	return nameKey(b)
}

func nameKey(b [keySize]byte) masterKey {
	k := masterKey{bytes: b}
	copy(k.id[:], k.derive("id", "", idSize))
	return k
}

// derive makes n bytes for a use (id, seal, derive) and a purpose. The use ends at a byte that no use contains, so no
// pair of use and purpose is another pair's.
func (k masterKey) derive(use, purpose string, n int) []byte {
	out, err := hkdf.Key(sha256.New, k.bytes[:], nil, "cabinet/1/"+use+"\x00"+purpose, n)
	if err != nil {
		panic(fmt.Sprintf("secret: derive %d bytes: %v", n, err))
	}
	return out
}

// parseRing reads keys separated by white space or commas; the rest of a line after # is a comment. Errors tell the
// place of a key, never its text.
func parseRing(text string) (ring, error) {
	var out ring
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\r' }) {
			b, err := parseKey(word)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			out = out.with(ring{nameKey(b)})
		}
	}
	if len(out) == 0 {
		return nil, errors.New("it holds no key; write 32 random bytes as base64 or hex, for example from `openssl rand -base64 32`")
	}
	return out, nil
}

func parseKey(word string) (out [keySize]byte, err error) {
	var b []byte
	if len(word) == hex.EncodedLen(keySize) {
		b, err = hex.DecodeString(word)
	} else {
		plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(word, "="))
		b, err = base64.RawStdEncoding.Strict().DecodeString(plain)
	}
	if err != nil || len(b) != keySize {
		// The decoder's error would quote parts of the key.
		return out, errors.New("a master key is 32 bytes as base64 or hex; make one with `openssl rand -base64 32`")
	}
	copy(out[:], b)
	if bytes.Count(b, b[:1]) == keySize {
		return out, errors.New("a master key of one repeated byte is no secret; make one with `openssl rand -base64 32`")
	}
	return out, nil
}

// fileText is what a key file holds.
func (r ring) fileText() string {
	var b strings.Builder
	b.WriteString("# The portal's master keys. The first seals, all of them open what they sealed.\n" +
		"# Keep this file secret, and a copy of it apart from the copies of the database.\n")
	for _, k := range r {
		fmt.Fprintf(&b, "%s # %s\n", base64.StdEncoding.EncodeToString(k.bytes[:]), k.id)
	}
	return b.String()
}
