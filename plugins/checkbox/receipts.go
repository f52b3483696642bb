package checkbox

import (
	"context"
	"net/http"
	"time"
	_ "time/tzdata" // a machine without zone files knows Kyiv's too

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
)

// receipt is what Checkbox says of one; the names of fields are those of https://api.checkbox.ua/api/docs, as public clients of it use
// them: tax_url is unverified.
type receipt struct {
	ID     string `json:"id"`
	Status string `json:"status"` // CREATED, DONE, ERROR
	// Code is the tax office's number of it, Date when it was registered, TaxURL where the tax office shows it.
	Code   string     `json:"fiscal_code"`
	Date   *time.Time `json:"fiscal_date"`
	TaxURL string     `json:"tax_url"`
}

// fiscalService is Checkbox as paysystem knows cash registers.
type fiscalService struct {
	v1.UnimplementedFiscalServiceServer
	*Module
}

var _ v1.FiscalServiceServer = (*fiscalService)(nil)

// RegisterReceipt registers a receipt, under our own id: one that Checkbox has is not sent again.
func (s *fiscalService) RegisterReceipt(ctx context.Context, r *v1.RegisterReceiptRequest) (*v1.RegisterReceiptResponse, error) {
	if r.GetAmount().GetCurrencyCode() != "UAH" {
		return nil, status.Error(codes.InvalidArgument, "Checkbox registers hryvnias")
	}
	units, err := money.Units(r.GetAmount())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "this is no amount")
	}
	var known receipt
	id := idOf(r.GetReceiptId(), r.GetRetries())
	switch err := s.ask(ctx, http.MethodGet, "/api/v1/receipts/"+id, nil, &known); status.Code(err) {
	case codes.OK:
		return said(&known), nil
	case codes.NotFound:
	default:
		return nil, err
	}
	open, err := s.shift(ctx)
	if err == nil && open {
		err = s.ask(ctx, http.MethodPost, "/api/v1/receipts/sell", s.sell(r, id, units), &known)
	}
	switch {
	case status.Code(err) == codes.Aborted, err == nil && !open: // another shift takes it
		return &v1.RegisterReceiptResponse{State: v1.ReceiptState_RECEIPT_STATE_WAITING}, nil
	case err != nil:
		return nil, err
	}
	return said(&known), nil
}

// idOf is our id of a receipt, another one for each time that staff had it tried anew.
func idOf(receipt string, retries int32) string {
	if retries == 0 {
		return receipt
	}
	return uuid.NewSHA1(uuid.MustParse(receipt), []byte{byte(retries)}).String()
}

// sell is a receipt of one line: amounts are kopiykas, quantities thousandths.
func (s *fiscalService) sell(r *v1.RegisterReceiptRequest, id string, units int64) map[string]any {
	back := r.GetKind() == v1.ReceiptKind_RECEIPT_KIND_REFUND
	good := map[string]any{"code": "1", "name": r.GetDescription(), "price": units}
	if len(s.settings.Tax) > 0 {
		good["tax"] = s.settings.Tax
	}
	way := "CASHLESS"
	if r.GetCash() {
		way = "CASH"
	}
	body := map[string]any{
		"id":       id,
		"goods":    []any{map[string]any{"good": good, "quantity": 1000, "is_return": back}},
		"payments": []any{map[string]any{"type": way, "value": units}},
	}
	if r.GetCustomerEmail() != "" {
		body["delivery"] = map[string]any{"email": r.GetCustomerEmail()}
	}
	if back {
		body["related_receipt_id"] = r.GetSaleProviderReceiptId()
	}
	return body
}

// longest is how long a shift is open before it is closed here: a little less than the 24 hours that the law lets it be, after which sales are refused.
const longest = 23 * time.Hour

// shift tells whether the cashier's shift is open, and opens one where there is none: receipts wait for it. Checkbox is asked to close it by itself at the end of the
// day; one that has been open for too long all the same, as a hand may have opened it, is closed before it is sold in.
func (s *fiscalService) shift(ctx context.Context) (open bool, err error) {
	var now *struct {
		Status string     `json:"status"` // CREATED, OPENED, CLOSING, CLOSED
		Opened *time.Time `json:"opened_at"`
	}
	if err := s.ask(ctx, http.MethodGet, "/api/v1/cashier/shift", nil, &now); err != nil && status.Code(err) != codes.NotFound {
		return false, err
	}
	var after struct {
		Status string `json:"status"`
	}
	if now != nil && now.Status == "OPENED" && now.Opened != nil && s.host.Now().Sub(*now.Opened) >= longest {
		// The next time there is none, and one is opened. A refusal is no receipt's fault.
		if err := s.ask(ctx, http.MethodPost, "/api/v1/shifts/close", map[string]any{}, &after); err != nil {
			s.host.Log.WarnContext(ctx, "Checkbox does not close a shift that has been open for too long", "error", err)
		}
		return false, nil
	}
	if now != nil && now.Status != "CLOSED" {
		return now.Status == "OPENED", nil
	}
	// auto_close_at is what the vendor's kit for Python calls it; unverified: that it may have an offset from UTC.
	body := map[string]any{"auto_close_at": closes(s.host.Now()).Format(time.RFC3339)}
	if err := s.ask(ctx, http.MethodPost, "/api/v1/shifts", body, &after); err != nil {
		return false, err
	}
	return after.Status == "OPENED", nil
}

// closes is when a shift that is opened at a time is to be closed: at the end of the day in Ukraine, before the tax office's own day ends.
func closes(opened time.Time) time.Time {
	y, month, d := opened.In(kyiv).Date()
	at := time.Date(y, month, d, 23, 55, 0, 0, kyiv)
	if !at.After(opened) {
		at = time.Date(y, month, d+1, 23, 55, 0, 0, kyiv)
	}
	return at
}

// kyiv is the zone in which Ukraine's tax office counts days.
var kyiv = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Kyiv")
	if err != nil {
		panic(err) // the zones are part of the program
	}
	return zone
}()

// said is how a receipt stands.
func said(r *receipt) *v1.RegisterReceiptResponse {
	out := &v1.RegisterReceiptResponse{ProviderReceiptId: r.ID}
	switch r.Status {
	case "DONE":
		out.State, out.Number, out.Url = v1.ReceiptState_RECEIPT_STATE_DONE, r.Code, r.TaxURL
		if out.GetUrl() == "" {
			out.Url = "https://check.checkbox.ua/" + r.ID
		}
		if r.Date != nil {
			out.Time = timestamppb.New(*r.Date)
		}
	case "ERROR":
		out.State, out.Reason = v1.ReceiptState_RECEIPT_STATE_FAILED, "ERROR"
	default:
		out.State = v1.ReceiptState_RECEIPT_STATE_WAITING
	}
	return out
}
