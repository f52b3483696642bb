package atol

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// answer is what ATOL says of a receipt.
type answer struct {
	UUID   string `json:"uuid"`
	Status string `json:"status"` // wait, done, fail
	Token  string `json:"token"`
	Error  *struct {
		Code int    `json:"code"`
		Type string `json:"type"`
	} `json:"error"`
	Payload struct {
		// Number of the document, on the fiscal drive, and its attribute: by the three anybody finds it.
		Number    json.Number `json:"fiscal_document_number"`
		Drive     string      `json:"fn_number"`
		Attribute json.Number `json:"fiscal_document_attribute"`
		// Time is "02.01.2006 15:04:05", in the zone of the register.
		Time string `json:"receipt_datetime"`
		URL  string `json:"ofd_receipt_url"`
	} `json:"payload"`
}

// mostAnswer is how much of an answer is read, in bytes.
const mostAnswer = 1 << 20

// ask makes a request with the token, which is good for a day: one that is not any more is had anew.
func (m *Module) ask(ctx context.Context, method, path string, body any) (*answer, error) {
	for try := range 2 {
		token, err := m.signedIn(ctx, try > 0)
		if err != nil {
			return nil, err
		}
		said, err := m.send(ctx, method, "/"+m.settings.Group+path, token, body)
		if status.Code(err) != codes.Unauthenticated {
			return said, err
		}
	}
	return nil, status.Error(codes.Unavailable, "ATOL does not let the group in")
}

func (m *Module) signedIn(ctx context.Context, anew bool) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.token != "" && !anew {
		return m.token, nil
	}
	said, err := m.send(ctx, http.MethodPost, "/getToken", "", map[string]string{"login": m.settings.Login, "pass": m.settings.Password.Reveal()})
	if err != nil || said.Token == "" {
		return "", status.Error(codes.Unavailable, "ATOL gives no token")
	}
	m.token = said.Token
	return m.token, nil
}

// send makes one request. What is wrong with a receipt is told in the answer, with a status of 400 too: whoever asked looks at that.
func (m *Module) send(ctx context.Context, method, path, token string, body any) (*answer, error) {
	var content io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, m.settings.URL+path, content)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	if token != "" {
		r.Header.Set("Token", token)
	}
	response, err := m.client.Do(r)
	if err != nil {
		return nil, status.Error(codes.Unavailable, "ATOL does not answer")
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	switch code := response.StatusCode; {
	case err != nil, code == http.StatusTooManyRequests, code >= http.StatusInternalServerError:
		return nil, status.Error(codes.Unavailable, fmt.Sprintf("ATOL answers with %d", code))
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return nil, status.Error(codes.Unauthenticated, "ATOL asks for another token")
	}
	said := &answer{}
	if err := json.Unmarshal(text, said); err != nil {
		return nil, status.Error(codes.Unavailable, "ATOL's answer cannot be read")
	}
	return said, nil
}
