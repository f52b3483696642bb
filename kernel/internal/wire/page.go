package wire

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// PageHeader says who asks a module's process for a page. What a browser sends under this name never gets here.
const PageHeader = "Cabinet-Call"

// Page is what a module may know of a request for a page of its own. Nothing was decided about it, so it reaches no rows
// by itself.
type Page struct {
	Principal access.Principal `json:"principal"`
	Token     string           `json:"token"`
	Page      module.Page      `json:"page"`
	// Traceparent is the span that the request is; empty where nobody traces.
	Traceparent string `json:"traceparent,omitempty"`
}

// Attach adds who asks to a request's headers.
func (p Page) Attach(h http.Header) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("who asks cannot be written: %w", err)
	}
	h.Set(PageHeader, base64.StdEncoding.EncodeToString(text))
	return nil
}

// ReadPage takes who asks out of a request's headers.
func ReadPage(h http.Header) (p Page, err error) {
	values := h.Values(PageHeader)
	h.Del(PageHeader)
	if len(values) != 1 {
		return p, errors.New("the request does not say who asks")
	}
	text, err := base64.StdEncoding.DecodeString(values[0])
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return Page{}, fmt.Errorf("who asks cannot be read: %w", err)
	}
	return p, nil
}

// Context is that of the request in the module's process: the same values as in the portal's.
func (p Page) Context(ctx context.Context) context.Context {
	ctx = store.WithRows(access.With(ctx, p.Principal), store.Rows{})
	return module.WithPage(WithToken(WithTraceparent(ctx, p.Traceparent), p.Token), p.Page)
}
