package accountmanager

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// newToken makes the secret of a session: 256 random bits for the cookie, and their SHA-256, which alone is stored.
func newToken() (token string, hash []byte) {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails: the program would have ended
	token = base64.RawURLEncoding.EncodeToString(bits[:])
	return token, hashToken(token)
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// invitationToken is the secret part of an invitation's link. It follows from the invitation's id and the portal's
// master key, so that a request sent twice is answered with the same link though only the hash is stored.
func (m *Module) invitationToken(id string) string {
	mac := hmac.New(sha256.New, m.host.Key("invitations", 32))
	mac.Write([]byte(id))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// letterToken is the secret part of a letter's link. It follows from the letter's id, so that a module that sends it can
// ask for it though only the hash is stored.
func (m *Module) letterToken(id string) string {
	mac := hmac.New(sha256.New, m.host.Key("letters", 32))
	mac.Write([]byte(id))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// letterCode is the code of a letter to a phone: six digits. It follows from the letter's id too, so that it is stored
// nowhere: of six digits a hash hides nothing.
func (m *Module) letterCode(id string) string {
	mac := hmac.New(sha256.New, m.host.Key("letter codes", 32))
	mac.Write([]byte(id))
	// Of 2⁶⁴ numbers, a million is so small a part that every code is as likely as any other.
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(mac.Sum(nil))%1_000_000)
}

// strangerKey stands for a login that nobody has, without keeping what was typed.
func (m *Module) strangerKey(login string) string {
	mac := hmac.New(sha256.New, m.host.Key("logins", 32))
	mac.Write([]byte(login))
	return "login:" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
