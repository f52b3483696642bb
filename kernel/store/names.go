package store

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// names gives the roles of a portal their names. A portal's id has no underscore and a module's neither, so that no two
// names meet: cab_PORTAL_kernel, cab_PORTAL_MODULE_own.
type names struct {
	portal string
	key    []byte
}

// roles are those of one module.
type roles struct{ owner, own, many, all, login string }

func (n names) role(parts ...string) string {
	name := "cab_" + n.portal + "_" + strings.Join(parts, "_")
	if len(name) <= 63 {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return name[:46] + "_" + hex.EncodeToString(sum[:8])
}

func (n names) kernel() string   { return n.role("kernel") }
func (n names) login() string    { return n.role("login") }
func (n names) group() string    { return n.role("modules") }
func (n names) database() string { return "cabinet_" + n.portal }

func (n names) module(id string) roles {
	return roles{
		owner: n.role(id, "owner"), own: n.role(id, "own"), many: n.role(id, "many"), all: n.role(id, "all"),
		login: n.role(id, "login"),
	}
}

// password of a login: made from the key, so that every process of the portal knows it and none has to be stored.
func (n names) password(role string) string {
	return hex.EncodeToString(derive(n.key, "password", role))
}

// verifier is what Postgres stores of a password (SCRAM-SHA-256): the password itself is never sent to be logged.
func (n names) verifier(role string) (string, error) {
	const iterations = 4096
	salt := derive(n.key, "salt", role)[:16]
	salted, err := pbkdf2.Key(sha256.New, n.password(role), salt, iterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("password of %s: %w", role, err)
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, b64(salt), b64(stored[:]), b64(mac(salted, "Server Key"))), nil
}

// derive makes a key for a purpose from the portal's.
func derive(key []byte, purpose, what string) []byte { return mac(key, purpose+":"+what) }

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
