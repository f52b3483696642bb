package yookassa

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
)

// sum is an amount: its value is a text with a point. https://yookassa.ru/developers/api#payment_object
type sum struct {
	Value    string `json:"value"`
	Currency string `json:"currency"`
}

// money is an amount as contracts write it; nil for none. Whether its text is one, whoever receives it finds out.
func (s *sum) money() *kernelv1.Money {
	if s == nil {
		return nil
	}
	return &kernelv1.Money{CurrencyCode: s.Currency, Amount: s.Value}
}

// payment is https://yookassa.ru/developers/api#payment_object
type payment struct {
	ID           string            `json:"id"`
	Status       string            `json:"status"` // pending, waiting_for_capture, succeeded, canceled
	Amount       *sum              `json:"amount"`
	Income       *sum              `json:"income_amount"` // what the shop gets of it
	CapturedAt   *time.Time        `json:"captured_at"`
	Metadata     map[string]string `json:"metadata"`
	Confirmation struct {
		URL string `json:"confirmation_url"`
	} `json:"confirmation"`
	Cancelled cancelled `json:"cancellation_details"`
}

// cancelled says why something did not come about.
type cancelled struct {
	Reason string `json:"reason"`
}

// refund is https://yookassa.ru/developers/api#refund_object
type refund struct {
	ID        string            `json:"id"`
	PaymentID string            `json:"payment_id"`
	Status    string            `json:"status"` // pending, succeeded, canceled
	Amount    *sum              `json:"amount"`
	CreatedAt *time.Time        `json:"created_at"`
	Metadata  map[string]string `json:"metadata"`
	Cancelled cancelled         `json:"cancellation_details"`
}

// refunds is a page of a list: https://yookassa.ru/developers/using-api/lists
type refunds struct {
	Items  []refund `json:"items"`
	Cursor string   `json:"next_cursor"`
}

// fact is what a refund says.
func (r *refund) fact(ours string) *v1.Fact {
	f := &v1.Fact{PaymentId: ours, GatewayPaymentId: r.PaymentID, GatewayId: r.ID, RefundId: r.Metadata[metaRefund], Amount: r.Amount.money(), Reason: r.Cancelled.Reason}
	if r.CreatedAt != nil {
		f.Time = timestamppb.New(*r.CreatedAt)
	}
	switch r.Status {
	case "succeeded":
		f.Kind = v1.FactKind_FACT_KIND_REFUND_SUCCEEDED
	case "canceled":
		f.Kind = v1.FactKind_FACT_KIND_REFUND_FAILED
	default:
		f.Kind = v1.FactKind_FACT_KIND_REFUND_PENDING
	}
	return f
}

// mostAnswer is how much of an answer is read, in bytes.
const mostAnswer = 4 << 20

// ask makes a request: the shop and its key as a basic authorisation, and for what makes something a key by which the same request
// is done once within 24 hours. https://yookassa.ru/developers/using-api/interaction-format
func (m *Module) ask(ctx context.Context, method, path, key string, body, into any) error {
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
	r.SetBasicAuth(m.settings.ShopID, m.settings.SecretKey.Reveal())
	if key != "" {
		r.Header.Set("Idempotence-Key", key)
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := m.client.Do(r)
	if err != nil {
		return status.Error(codes.Unavailable, "YooKassa does not answer")
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	switch code := response.StatusCode; {
	case err != nil:
		return status.Error(codes.Unavailable, "YooKassa broke off its answer")
	// 202 is "still being done": it is to be asked again with the same key. https://yookassa.ru/developers/using-api/response-handling/response-format
	case code == http.StatusAccepted, code == http.StatusTooManyRequests, code >= http.StatusInternalServerError:
		return status.Error(codes.Unavailable, fmt.Sprintf("YooKassa answers with %d", code))
	case code == http.StatusUnauthorized, code == http.StatusForbidden: // the business's settings, not the payer's matter
		return status.Error(codes.Unavailable, fmt.Sprintf("YooKassa does not know the shop: %d", code))
	case code == http.StatusNotFound:
		return status.Error(codes.NotFound, "YooKassa knows of no such thing")
	case code != http.StatusOK:
		return status.Error(codes.FailedPrecondition, fmt.Sprintf("YooKassa refuses: %d", code))
	}
	if err := json.Unmarshal(text, into); err != nil {
		return status.Error(codes.Unavailable, "YooKassa's answer cannot be read")
	}
	return nil
}
