package atol

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
)

// moscow is the zone of times that ATOL writes; unverified.
var moscow = time.FixedZone("MSK", 3*60*60)

// written is how ATOL writes times.
const written = "02.01.2006 15:04:05"

// sentBefore is the error of a receipt whose external_id ATOL has already, with the uuid that it has it under; unverified.
const sentBefore = 33

// fiscalService is ATOL as paysystem knows cash registers.
type fiscalService struct {
	v1.UnimplementedFiscalServiceServer
	*Module
}

var _ v1.FiscalServiceServer = (*fiscalService)(nil)

// RegisterReceipt sends a receipt, or asks how one stands that was sent. Our id of it is its external_id, which ATOL takes once.
func (s *fiscalService) RegisterReceipt(ctx context.Context, r *v1.RegisterReceiptRequest) (*v1.RegisterReceiptResponse, error) {
	if r.GetAmount().GetCurrencyCode() != "RUB" {
		return nil, status.Error(codes.InvalidArgument, "ATOL registers roubles")
	}
	if r.GetProviderReceiptId() != "" {
		said, err := s.ask(ctx, http.MethodGet, "/report/"+r.GetProviderReceiptId(), nil)
		if err != nil {
			return nil, err
		}
		return stands(said, r.GetProviderReceiptId()), nil
	}
	operation := "/sell"
	if r.GetKind() == v1.ReceiptKind_RECEIPT_KIND_REFUND {
		operation = "/sell_refund"
	}
	said, err := s.ask(ctx, http.MethodPost, operation, s.document(r))
	if err != nil {
		return nil, err
	}
	if said.Error != nil && said.Error.Code == sentBefore && said.UUID != "" {
		return &v1.RegisterReceiptResponse{State: v1.ReceiptState_RECEIPT_STATE_WAITING, ProviderReceiptId: said.UUID}, nil
	}
	return stands(said, said.UUID), nil
}

// external is our id of a receipt, another one for each time that staff had it tried anew.
func external(r *v1.RegisterReceiptRequest) string {
	if r.GetRetries() == 0 {
		return r.GetReceiptId()
	}
	return fmt.Sprintf("%s-%d", r.GetReceiptId(), r.GetRetries())
}

// document is a receipt of one line. Amounts are JSON numbers, written digit by digit.
func (s *fiscalService) document(r *v1.RegisterReceiptRequest) map[string]any {
	sum := json.Number(r.GetAmount().GetAmount())
	name := []rune(r.GetDescription())
	client := map[string]any{"email": s.settings.Email} // the law wants one: what a payer without an address gets, the business keeps
	if r.GetCustomerEmail() != "" {
		client["email"] = r.GetCustomerEmail()
	}
	way := 1 // electronically
	if r.GetCash() {
		way = 0
	}
	return map[string]any{
		"external_id": external(r), "timestamp": r.GetTime().AsTime().In(moscow).Format(written),
		"receipt": map[string]any{
			"client":  client,
			"company": map[string]any{"email": s.settings.Email, "sno": s.settings.Taxation, "inn": s.settings.INN, "payment_address": s.settings.Address},
			"items": []any{map[string]any{
				"name": string(name[:min(len(name), 128)]), "price": sum, "quantity": 1, "sum": sum, "payment_method": s.settings.Method, "payment_object": s.settings.Object,
				"vat": map[string]any{"type": s.settings.VAT},
			}},
			"payments": []any{map[string]any{"type": way, "sum": sum}},
			"total":    sum,
		},
	}
}

// stands is how a receipt stands.
func stands(a *answer, uuid string) *v1.RegisterReceiptResponse {
	out := &v1.RegisterReceiptResponse{ProviderReceiptId: uuid, State: v1.ReceiptState_RECEIPT_STATE_WAITING}
	switch {
	case a.Status == "done":
		out.State, out.Url = v1.ReceiptState_RECEIPT_STATE_DONE, a.Payload.URL
		out.Number = fmt.Sprintf("%s / %s / %s", a.Payload.Number, a.Payload.Drive, a.Payload.Attribute)
		if at, err := time.ParseInLocation(written, a.Payload.Time, moscow); err == nil {
			out.Time = timestamppb.New(at)
		}
	case a.Status == "fail" || uuid == "":
		out.State = v1.ReceiptState_RECEIPT_STATE_FAILED
		if a.Error != nil {
			out.Reason = fmt.Sprintf("%s %d", a.Error.Type, a.Error.Code)
		}
	}
	return out
}
