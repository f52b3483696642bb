package liqpay

import (
	"context"
	"crypto/sha1" //nolint:gosec // it is what LiqPay signs with
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/money"
)

// sign is base64_encode(sha1(private_key + data + private_key)), of requests and of notices:
// https://www.liqpay.ua/documentation/en/data_signature, https://www.liqpay.ua/documentation/en/api/callback
func (m *Module) sign(data string) string {
	key := m.settings.PrivateKey.Reveal()
	sum := sha1.Sum([]byte(key + data + key)) //nolint:gosec // as above
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (m *Module) signed(data, signature string) bool {
	return subtle.ConstantTimeCompare([]byte(m.sign(data)), []byte(signature)) == 1
}

// data is a request as it is sent: its fields as JSON, in base64.
func (m *Module) data(fields map[string]any) (string, error) {
	fields["version"], fields["public_key"] = 3, m.settings.PublicKey
	text, err := json.Marshal(fields)
	return base64.StdEncoding.EncodeToString(text), err
}

// answer is what LiqPay says of a payment, in answer to action "status" and in notices:
// https://www.liqpay.ua/documentation/en/api/information/status/doc, https://www.liqpay.ua/en/doc/callback
type answer struct {
	Result   string      `json:"result"` // "ok" or "error"
	Status   string      `json:"status"`
	OrderID  string      `json:"order_id"`
	Amount   json.Number `json:"amount"`
	Currency string      `json:"currency"`
	// Commission is what LiqPay keeps; unverified: named so in answers, and not on the pages above.
	Commission json.Number `json:"receiver_commission"`
	// RefundAmount is what went back: see refund.
	RefundAmount json.Number `json:"refund_amount"`
	// WaitAmount says that a refund waits until other payments come to as much; unverified: whether it is written as a word or as a text.
	WaitAmount json.RawMessage `json:"wait_amount"`
	ErrCode    string          `json:"err_code"`
}

// waits tells whether a refund waits for money.
func (a *answer) waits() bool { return strings.Trim(string(a.WaitAmount), `"`) == "true" }

// refund is what of a payment went back, and whether that is all of it; nil for nothing. refund_amount is documented as "refund amount" alone. Unverified: that it
// is the sum of all that went back, and that it stands beside "success" where only a part did.
func (a *answer) refund() (back *kernelv1.Money, all bool) {
	paid, back := a.money(a.Amount), a.money(a.RefundAmount)
	if units, err := money.Units(back); back == nil || err != nil || units <= 0 { // older answers have the status alone
		if a.Status != "reversed" {
			return nil, false
		}
		return paid, true
	}
	return back, proto.Equal(back, paid)
}

// money is an amount that LiqPay writes as a JSON number; nil for what is none. The number is read as text, so that no digit of
// it is lost.
func (a *answer) money(n json.Number) *kernelv1.Money {
	d, err := money.Parse(n.String())
	if err != nil {
		return nil
	}
	units, err := money.Round(d, a.Currency)
	if err != nil {
		return nil
	}
	if exact, err := money.Decimal(a.Currency, units); err != nil || exact.Cmp(d) != 0 {
		return nil
	}
	return money.Of(a.Currency, units)
}

// mostAnswer is how much of an answer is read, in bytes.
const mostAnswer = 1 << 20

// ask makes a request between servers: data and signature as a form.
func (m *Module) ask(ctx context.Context, fields map[string]any) (*answer, error) {
	data, err := m.data(fields)
	if err != nil {
		return nil, err
	}
	form := url.Values{"data": {data}, "signature": {m.sign(data)}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.settings.URL+"/api/request", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := m.client.Do(r)
	if err != nil {
		return nil, status.Error(codes.Unavailable, "LiqPay does not answer")
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil || response.StatusCode != http.StatusOK {
		return nil, status.Error(codes.Unavailable, fmt.Sprintf("LiqPay answers with %d", response.StatusCode))
	}
	said := &answer{}
	if err := json.Unmarshal(text, said); err != nil {
		return nil, status.Error(codes.Unavailable, "LiqPay's answer cannot be read")
	}
	return said, nil
}
