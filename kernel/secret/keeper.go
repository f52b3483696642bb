package secret

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	version    = 1
	headerSize = 1 + idSize

	// Overhead is how many bytes a sealed value is longer than what it seals.
	Overhead = headerSize + chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead
)

// ErrSealed says that a value cannot be opened: it was cut or altered, or it was sealed for another purpose or with
// another binding. Which of these cannot be told apart, and must not be.
var ErrSealed = errors.New("the sealed value cannot be opened: it was altered, or sealed for another purpose or owner")

// UnknownKeyError says that a value was sealed with a key that the keeper does not have.
type UnknownKeyError struct {
	// ID is the id of the missing key, as the key file writes it beside each key.
	ID string
}

func (e *UnknownKeyError) Error() string {
	return fmt.Sprintf("sealed with the master key %s, which is not here; add that key behind the current one", e.ID)
}

// FileError says that a key file cannot be used, and what to do about it.
type FileError struct {
	// Path is the file at fault.
	Path string
	// Problem says what is wrong with it and what helps.
	Problem string
}

func (e *FileError) Error() string { return e.Path + " " + e.Problem }

// Keeper holds the master keys, seals with the current one and opens with any. It is safe for concurrent use, and it
// never prints a key.
type Keeper struct {
	log   *slog.Logger
	path  string // of the key file; empty without a data folder
	given ring   // from the environment; goes before the file's
	ring  atomic.Pointer[ring]
}

var (
	_ fmt.Formatter  = (*Keeper)(nil)
	_ slog.LogValuer = (*Keeper)(nil)
)

func (k *Keeper) keys() ring { return *k.ring.Load() }

// Seal encrypts plaintext for a purpose, a short constant such as "totp-seed". The binding says whose it is (a row's
// id, for example): it is not stored, and Open needs the same again, so that a sealed value copied into another row
// does not open there. Two seals of one plaintext differ. The error is for an empty purpose alone.
func (k *Keeper) Seal(purpose string, plaintext []byte, binding ...[]byte) ([]byte, error) {
	if purpose == "" {
		return nil, errors.New("seal: a purpose is needed, such as \"totp-seed\"")
	}
	key := k.keys()[0]
	aead, err := chacha20poly1305.NewX(key.derive("seal", purpose, chacha20poly1305.KeySize))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	out := make([]byte, headerSize+chacha20poly1305.NonceSizeX, Overhead+len(plaintext))
	out[0] = version
	copy(out[1:], key.id[:])
	_, _ = rand.Read(out[headerSize:])
	return aead.Seal(out, out[headerSize:], plaintext, authenticated(out[:headerSize], purpose, binding)), nil
}

// Open decrypts what Seal made for the same purpose and binding. The error is ErrSealed, or an *UnknownKeyError when
// the key is missing.
func (k *Keeper) Open(purpose string, sealed []byte, binding ...[]byte) ([]byte, error) {
	if purpose == "" || len(sealed) < Overhead || sealed[0] != version {
		return nil, ErrSealed
	}
	id := keyID(sealed[1:headerSize])
	key, known := k.keys().find(id)
	if !known {
		// Another process may have rotated the file meanwhile.
		if err := k.Reload(); err != nil {
			k.log.Warn("the master key file cannot be read again", "error", err)
		}
		if key, known = k.keys().find(id); !known {
			return nil, &UnknownKeyError{ID: id.String()}
		}
	}
	aead, err := chacha20poly1305.NewX(key.derive("seal", purpose, chacha20poly1305.KeySize))
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	nonce, body := sealed[headerSize:headerSize+chacha20poly1305.NonceSizeX], sealed[headerSize+chacha20poly1305.NonceSizeX:]
	plaintext, err := aead.Open(nil, nonce, body, authenticated(sealed[:headerSize], purpose, binding))
	if err != nil {
		return nil, ErrSealed
	}
	return plaintext, nil
}

// Resealed returns the value sealed with the current key, and whether that is a change: a value that the current key
// sealed is returned as it is. It opens the value either way, so a damaged one is an error and never passes for done.
func (k *Keeper) Resealed(purpose string, sealed []byte, binding ...[]byte) (out []byte, changed bool, err error) {
	plaintext, err := k.Open(purpose, sealed, binding...)
	if err != nil {
		return nil, false, err
	}
	if current := k.keys()[0].id; keyID(sealed[1:headerSize]) == current {
		return sealed, false, nil
	}
	out, err = k.Seal(purpose, plaintext, binding...)
	return out, err == nil, err
}

// Derive returns n bytes (1 to 8,160) made from the current key for a purpose: a key for HMAC, for example. The same key and purpose
// give the same bytes in every process; another purpose gives unrelated ones, and never those that Seal uses.
//
// They change when the key is rotated. See the package's "Rotation" for what may be signed with them. Derive panics
// when the purpose is empty or n out of range: both are constants of the program.
func (k *Keeper) Derive(purpose string, n int) []byte {
	checkDerive(purpose, n)
	return k.keys()[0].derive("derive", purpose, n)
}

// Derivations returns what Derive gives for every key, the current one's first: sign with the first, accept all.
func (k *Keeper) Derivations(purpose string, n int) [][]byte {
	checkDerive(purpose, n)
	var out [][]byte
	for _, key := range k.keys() {
		out = append(out, key.derive("derive", purpose, n))
	}
	return out
}

func checkDerive(purpose string, n int) {
	if purpose == "" || n < 1 || n > 255*32 {
		panic("secret: Derive needs a purpose and 1 to 8160 bytes")
	}
}

// KeyIDs returns the ids of the keys, the current one first. They tell nothing about the keys.
func (k *Keeper) KeyIDs() []string {
	var out []string
	for _, key := range k.keys() {
		out = append(out, key.id.String())
	}
	return out
}

// Format writes [Hidden] for every verb.
func (k *Keeper) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Hidden) }

// LogValue returns [Hidden].
func (k *Keeper) LogValue() slog.Value { return slog.StringValue(Hidden) }

// MarshalText returns [Hidden].
func (k *Keeper) MarshalText() ([]byte, error) { return []byte(Hidden), nil }

// authenticated joins what must not change, each part behind its length: "ab" and "c" are not "a" and "bc".
func authenticated(header []byte, purpose string, binding [][]byte) []byte {
	out := append([]byte(nil), header...)
	out = binary.BigEndian.AppendUint64(out, uint64(len(purpose)))
	out = append(out, purpose...)
	for _, part := range binding {
		out = binary.BigEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}
