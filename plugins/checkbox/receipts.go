package checkbox

import (
	"context"
	"net/http"
	"time"

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
	if open, err := s.shift(ctx); err != nil || !open {
		return &v1.RegisterReceiptResponse{State: v1.ReceiptState_RECEIPT_STATE_WAITING}, err
	}
	if err := s.ask(ctx, http.MethodPost, "/api/v1/receipts/sell", s.sell(r, id, units), &known); err != nil {
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

// shift tells whether the cashier's shift is open, and opens one where there is none: receipts wait for it. Checkbox closes shifts at
// the end of the day by itself where that is set up in its own settings; until then it refuses what comes after 24 hours.
func (s *fiscalService) shift(ctx context.Context) (open bool, err error) {
	var now *struct {
		Status string `json:"status"` // CREATED, OPENED, CLOSING, CLOSED
	}
	if err := s.ask(ctx, http.MethodGet, "/api/v1/cashier/shift", nil, &now); err != nil && status.Code(err) != codes.NotFound {
		return false, err
	}
	if now != nil && now.Status != "CLOSED" {
		return now.Status == "OPENED", nil
	}
	var begun struct {
		Status string `json:"status"`
	}
	if err := s.ask(ctx, http.MethodPost, "/api/v1/shifts", map[string]any{}, &begun); err != nil {
		return false, err
	}
	return begun.Status == "OPENED", nil
}

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
