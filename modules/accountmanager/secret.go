package accountmanager

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
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

// strangerKey stands for a login that nobody has, without keeping what was typed.
func (m *Module) strangerKey(login string) string {
	mac := hmac.New(sha256.New, m.host.Key("logins", 32))
	mac.Write([]byte(login))
	return "login:" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
