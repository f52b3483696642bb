package yookassa

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
)

// Names of metadata that we send and get back.
const (
	metaPayment = "cabinet_payment_id"
	metaRefund  = "cabinet_refund_id"
)

// gatewayService is YooKassa as paysystem knows gateways.
type gatewayService struct {
	v1.UnimplementedGatewayServiceServer
	*Module
}

var _ v1.GatewayServiceServer = (*gatewayService)(nil)

// DescribeGateway says what YooKassa can do here.
func (s *gatewayService) DescribeGateway(context.Context, *v1.DescribeGatewayRequest) (*v1.DescribeGatewayResponse, error) {
	return &v1.DescribeGatewayResponse{Title: "ЮKassa", CurrencyCodes: []string{"RUB"}, Refunds: true, PartialRefunds: true, HostedPage: true, Reports: true}, nil
}

// mostDescription is how long the description of a payment may be.
const mostDescription = 128

// CreateCheckout makes a payment that its payer confirms on a page: https://yookassa.ru/developers/api#create_payment. Its id is the
// key by which it is made once.
func (s *gatewayService) CreateCheckout(ctx context.Context, r *v1.CreateCheckoutRequest) (*v1.CreateCheckoutResponse, error) {
	description := []rune(r.GetDescription())
	request := map[string]any{
		"amount": sum{r.GetAmount().GetAmount(), r.GetAmount().GetCurrencyCode()}, "capture": true,
		"confirmation": map[string]any{"type": "redirect", "return_url": r.GetReturnUrl()},
		"description":  string(description[:min(len(description), mostDescription)]),
		"metadata":     map[string]string{metaPayment: r.GetPaymentId()},
	}
	var made payment
	if err := s.ask(ctx, http.MethodPost, "/payments", r.GetPaymentId(), request, &made); err != nil {
		return nil, err
	}
	return &v1.CreateCheckoutResponse{GatewayPaymentId: made.ID, RedirectUrl: made.Confirmation.URL}, nil
}

// GetCheckout says what is true of a payment, and of what of it went back.
func (s *gatewayService) GetCheckout(ctx context.Context, r *v1.GetCheckoutRequest) (*v1.GetCheckoutResponse, error) {
	if r.GetGatewayPaymentId() == "" {
		return &v1.GetCheckoutResponse{}, nil
	}
	var p payment
	if err := s.ask(ctx, http.MethodGet, "/payments/"+url.PathEscape(r.GetGatewayPaymentId()), "", nil, &p); err != nil {
		return nil, err
	}
	if p.Metadata[metaPayment] != r.GetPaymentId() {
		return nil, status.Error(codes.FailedPrecondition, "YooKassa says that this is another's payment")
	}
	fact := &v1.Fact{PaymentId: r.GetPaymentId(), GatewayPaymentId: p.ID, Amount: p.Amount.money()}
	response := &v1.GetCheckoutResponse{}
	switch p.Status {
	case "canceled":
		fact.Kind, fact.Reason = v1.FactKind_FACT_KIND_PAYMENT_CANCELLED, p.Cancelled.Reason
		response.Facts = []*v1.Fact{fact}
		return response, nil
	case "succeeded":
		fact.Kind, fact.Fee = v1.FactKind_FACT_KIND_PAYMENT_SUCCEEDED, fee(p.Amount, p.Income)
		if p.CapturedAt != nil {
			fact.Time = timestamppb.New(*p.CapturedAt)
		}
		response.Facts = []*v1.Fact{fact}
	default:
		return response, nil
	}
	list, err := s.refunds(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	for i := range list {
		response.Facts = append(response.Facts, list[i].fact(r.GetPaymentId()))
	}
	return response, nil
}

// fee is what YooKassa keeps: what was paid without what the shop gets. Nil where it does not say.
func fee(paid, income *sum) *kernelv1.Money {
	whole, err := money.Units(paid.money())
	if err != nil || income == nil || income.Currency != paid.Currency {
		return nil
	}
	rest, err := money.Units(income.money())
	if err != nil || rest > whole {
		return nil
	}
	return money.Of(paid.Currency, whole-rest)
}

// mostPages bounds how many pages of a payment's refunds are read.
const mostPages = 20

// refunds are those of a payment: https://yookassa.ru/developers/api#get_refunds_list
func (s *gatewayService) refunds(ctx context.Context, payment string) ([]refund, error) {
	var all []refund
	query := url.Values{"payment_id": {payment}, "limit": {"100"}}
	for range mostPages {
		var page refunds
		if err := s.ask(ctx, http.MethodGet, "/refunds?"+query.Encode(), "", nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Cursor == "" {
			break
		}
		query.Set("cursor", page.Cursor)
	}
	return all, nil
}

// RefundCheckout gives money back: https://yookassa.ru/developers/api#create_refund. One that was asked for before is found again, also
// after YooKassa has forgotten its key.
func (s *gatewayService) RefundCheckout(ctx context.Context, r *v1.RefundCheckoutRequest) (*v1.RefundCheckoutResponse, error) {
	list, err := s.refunds(ctx, r.GetGatewayPaymentId())
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Metadata[metaRefund] == r.GetRefundId() {
			return &v1.RefundCheckoutResponse{Fact: list[i].fact(r.GetPaymentId())}, nil
		}
	}
	request := map[string]any{
		"payment_id": r.GetGatewayPaymentId(), "amount": sum{r.GetAmount().GetAmount(), r.GetAmount().GetCurrencyCode()},
		"metadata": map[string]string{metaPayment: r.GetPaymentId(), metaRefund: r.GetRefundId()},
	}
	var made refund
	if err := s.ask(ctx, http.MethodPost, "/refunds", r.GetRefundId(), request, &made); err != nil {
		return nil, err
	}
	return &v1.RefundCheckoutResponse{Fact: made.fact(r.GetPaymentId())}, nil
}

// ReadNotice only finds out which payment a notice is about: it is not signed, and YooKassa itself says to ask for the object's
// present state. https://yookassa.ru/developers/using-api/webhooks
func (s *gatewayService) ReadNotice(_ context.Context, r *v1.ReadNoticeRequest) (*v1.ReadNoticeResponse, error) {
	var notice struct {
		Event  string `json:"event"`
		Object struct {
			ID        string `json:"id"`
			PaymentID string `json:"payment_id"`
		} `json:"object"`
	}
	if err := json.Unmarshal(r.GetBody(), &notice); err != nil {
		return nil, status.Error(codes.InvalidArgument, "this is no notice of YooKassa's")
	}
	response := &v1.ReadNoticeResponse{Title: notice.Event}
	id := ""
	switch {
	case strings.HasPrefix(notice.Event, "payment."):
		id = notice.Object.ID
	case strings.HasPrefix(notice.Event, "refund."):
		id = notice.Object.PaymentID
	}
	if id != "" {
		response.Hints = []*v1.PaymentHint{{GatewayPaymentId: id}}
	}
	if title := []rune(response.GetTitle()); len(title) > 100 {
		response.Title = string(title[:100])
	}
	return response, nil
}
