package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// PageSize is how many rows a list returns: as many as were asked for, or 50 when its caller does not say.
func PageSize(asked int32) int {
	if asked <= 0 {
		return 50
	}
	return int(asked)
}

const tokenMAC = 16 // bytes

// Errors of page tokens; compare with errors.Is.
var (
	// ErrPageToken: the token was altered, cut, or is of another list.
	ErrPageToken error = &Error{Code: codes.InvalidArgument, Text: "page_token is not one that this list gave: begin at the first page"}
	// ErrPageFilter: the token belongs to the same list with other filters or another order.
	ErrPageFilter error = &Error{Code: codes.InvalidArgument, Text: "page_token belongs to other filters or another order: begin at the first page"}
)

// Pages makes and reads the page tokens of lists. A [Store] has those of its module's.
type Pages struct{ key []byte }

// Pages are those of lists that none of the portal's modules serves, but the kernel.
func (db *DB) Pages() Pages { return Pages{derive(db.cfg.Key, "page", "kernel")} }

// NextPage cuts rows, which were read one beyond the page, to a page of size rows, and makes the token of the next page
// of the key of the last one. There is none when no more rows were read than that.
func NextPage[T any](p Pages, list proto.Message, rows []T, size int, key func(last T) []any) (page []T, token string, err error) {
	if len(rows) <= size {
		return rows, "", nil
	}
	page = rows[:size]
	token, err = p.EncodePageToken(list, key(page[size-1])...)
	return page, token, err
}

// EncodePageToken writes the sort key of a page's last row as a token for the next page. The token belongs to the
// list request: its fields page_token and page_size may differ when it is used, the others not. The key can be read
// by who has the token, but not changed.
func (p Pages) EncodePageToken(list proto.Message, key ...any) (string, error) {
	values, err := json.Marshal(key)
	if err != nil {
		return "", fmt.Errorf("store: page token: %w", err)
	}
	filter, err := filterHash(list)
	if err != nil {
		return "", err
	}
	body := append(filter, values...)
	return base64.RawURLEncoding.EncodeToString(append(p.mac(list, body), body...)), nil
}

// DecodePageToken reads a token into as many pointers as there were values. An empty token is the first page: it
// returns false, and key is as it was.
func (p Pages) DecodePageToken(list proto.Message, token string, key ...any) (bool, error) {
	if token == "" {
		return false, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) < 2*tokenMAC {
		return false, ErrPageToken
	}
	body := b[tokenMAC:]
	if !hmac.Equal(b[:tokenMAC], p.mac(list, body)) {
		return false, ErrPageToken
	}
	filter, err := filterHash(list)
	if err != nil {
		return false, err
	}
	if !bytes.Equal(filter, body[:tokenMAC]) {
		return false, ErrPageFilter
	}
	var values []json.RawMessage
	if err := json.Unmarshal(body[tokenMAC:], &values); err != nil || len(values) != len(key) {
		return false, ErrPageToken // of a version of the program with another order
	}
	for i, value := range values {
		if err := json.Unmarshal(value, key[i]); err != nil {
			return false, ErrPageToken
		}
	}
	return true, nil
}

func (p Pages) mac(list proto.Message, body []byte) []byte {
	h := hmac.New(sha256.New, p.key)
	h.Write([]byte(list.ProtoReflect().Descriptor().FullName()))
	h.Write([]byte{0})
	h.Write(body)
	return h.Sum(nil)[:tokenMAC]
}

// filterHash is of a list request without what says which page is meant.
func filterHash(list proto.Message) ([]byte, error) {
	m := proto.Clone(list).ProtoReflect()
	for _, name := range []protoreflect.Name{"page_token", "page_size"} {
		if f := m.Descriptor().Fields().ByName(name); f != nil {
			m.Clear(f)
		}
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m.Interface())
	if err != nil {
		return nil, fmt.Errorf("store: page token: %w", err)
	}
	h := sha256.Sum256(b)
	return h[:tokenMAC:tokenMAC], nil
}
