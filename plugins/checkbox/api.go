package checkbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// mostAnswer is how much of an answer is read, in bytes.
const mostAnswer = 1 << 20

// ask makes a request as the cashier, and signs in first where that is needed: https://wiki.checkbox.ua/uk/api
func (m *Module) ask(ctx context.Context, method, path string, body, into any) error {
	for try := range 2 {
		token, err := m.signedIn(ctx, try > 0)
		if err != nil {
			return err
		}
		err = m.send(ctx, method, path, token, body, into)
		if status.Code(err) != codes.Unauthenticated {
			return err
		}
	}
	return status.Error(codes.Unavailable, "Checkbox does not let the cashier in")
}

// signedIn is the cashier's token; anew has another one be made.
func (m *Module) signedIn(ctx context.Context, anew bool) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.token != "" && !anew {
		return m.token, nil
	}
	var said struct {
		Token string `json:"access_token"`
	}
	err := m.send(ctx, http.MethodPost, "/api/v1/cashier/signinPinCode", "", map[string]string{"pin_code": m.settings.PIN.Reveal()}, &said)
	if err != nil || said.Token == "" {
		return "", status.Error(codes.Unavailable, "the cashier cannot be signed in at Checkbox")
	}
	m.token = said.Token
	return m.token, nil
}

// errShift is a refusal that another shift mends: what is refused is tried again.
var errShift = status.Error(codes.Aborted, "Checkbox refuses because of the shift")

// ofShift tells whether a refusal is about the cashier's shift. That its code begins so public clients of the API show, shift.not_opened being the one that they
// handle: unverified for a shift that has been open for too long.
func ofShift(text []byte) bool {
	var refusal struct {
		Code string `json:"code"`
	}
	return json.Unmarshal(text, &refusal) == nil && strings.HasPrefix(refusal.Code, "shift.")
}

// send makes one request. X-License-Key names the cash register, and X-Client-Name the program: https://wiki.checkbox.ua/uk/api
func (m *Module) send(ctx context.Context, method, path, token string, body, into any) error {
	var content io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, m.settings.URL+path, content)
	if err != nil {
		return err
	}
	r.Header.Set("X-Client-Name", "Cabinet")
	r.Header.Set("X-License-Key", m.settings.LicenseKey.Reveal())
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := m.client.Do(r)
	if err != nil {
		return status.Error(codes.Unavailable, "Checkbox does not answer")
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	switch code := response.StatusCode; {
	case err != nil, code == http.StatusTooManyRequests, code >= http.StatusInternalServerError:
		return status.Error(codes.Unavailable, fmt.Sprintf("Checkbox answers with %d", code))
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return status.Error(codes.Unauthenticated, "Checkbox asks the cashier to sign in")
	case code == http.StatusNotFound:
		return status.Error(codes.NotFound, "Checkbox knows of no such thing")
	case code >= http.StatusBadRequest && ofShift(text):
		return errShift
	case code >= http.StatusBadRequest:
		return status.Error(codes.FailedPrecondition, fmt.Sprintf("Checkbox refuses: %d", code))
	}
	if err := json.Unmarshal(text, into); err != nil {
		return status.Error(codes.Unavailable, "Checkbox's answer cannot be read")
	}
	return nil
}
