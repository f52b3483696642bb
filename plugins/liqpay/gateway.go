package liqpay

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// gatewayService is LiqPay as paysystem knows gateways.
type gatewayService struct {
	v1.UnimplementedGatewayServiceServer
	*Module
}

var _ v1.GatewayServiceServer = (*gatewayService)(nil)

// currencies are those that https://www.liqpay.ua/documentation/en/data_signature names and that are still money.
var currencies = []string{"UAH", "USD", "EUR"}

// DescribeGateway says what LiqPay can do here. LiqPay gives back parts too, but has no key by which a refund that is asked for
// again is the same one: only that of a whole payment cannot be made twice.
func (s *gatewayService) DescribeGateway(context.Context, *v1.DescribeGatewayRequest) (*v1.DescribeGatewayResponse, error) {
	return &v1.DescribeGatewayResponse{Title: "LiqPay", CurrencyCodes: currencies, Refunds: true, HostedPage: true, Reports: true}, nil
}

// languages are those of LiqPay's page; unverified.
var languages = map[string]string{"uk": "uk", "en": "en"}

// open is how long a page can be paid on, as long as paysystem lets a payment be paid where its settings say nothing.
const open = 24 * time.Hour

// expires is until when a payment can be paid, by the time of its own id, which is a UUIDv7: so the same payment has the same page.
func (s *gatewayService) expires(payment string) time.Time {
	begun := s.host.Now()
	if at, ok := store.IDTime(payment); ok && begun.Sub(at).Abs() < open {
		begun = at
	}
	return begun.Add(open).UTC().Truncate(time.Second)
}

// CreateCheckout makes the address of a page: LiqPay itself is asked nothing, and knows of the payment once its payer comes. The
// page is documented as the target of a form; that it takes the same fields in its address is what the vendor's own kits do.
func (s *gatewayService) CreateCheckout(_ context.Context, r *v1.CreateCheckoutRequest) (*v1.CreateCheckoutResponse, error) {
	expires := s.expires(r.GetPaymentId())
	fields := map[string]any{
		// In UTC, so written: https://www.liqpay.ua/documentation/en/api/aquiring/checkout/doc. A page without it could be paid on for ever.
		"expired_date": expires.Format(time.DateTime),
		"action":       "pay", "amount": json.Number(r.GetAmount().GetAmount()), "currency": r.GetAmount().GetCurrencyCode(), "description": r.GetDescription(),
		"order_id": r.GetPaymentId(), "result_url": r.GetReturnUrl(), "server_url": r.GetNotifyUrl(),
	}
	if language := languages[r.GetLanguage()]; language != "" {
		fields["language"] = language
	}
	data, err := s.data(fields)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "this payment cannot be written down for LiqPay")
	}
	query := url.Values{"data": {data}, "signature": {s.sign(data)}}
	return &v1.CreateCheckoutResponse{
		GatewayPaymentId: r.GetPaymentId(), RedirectUrl: s.settings.URL + "/api/3/checkout?" + query.Encode(), ExpireTime: timestamppb.New(expires),
	}, nil
}

// GetCheckout asks LiqPay.
func (s *gatewayService) GetCheckout(ctx context.Context, r *v1.GetCheckoutRequest) (*v1.GetCheckoutResponse, error) {
	said, err := s.ask(ctx, map[string]any{"action": "status", "order_id": r.GetPaymentId()})
	if err != nil {
		return nil, err
	}
	if said.OrderID != r.GetPaymentId() { // an order that LiqPay does not know: nobody has come to pay it
		return &v1.GetCheckoutResponse{}, nil
	}
	return &v1.GetCheckoutResponse{Facts: s.facts(said)}, nil
}

// facts are what a status says; the statuses are those of https://www.liqpay.ua/en/doc/callback. Of others nothing came yet.
func (s *gatewayService) facts(a *answer) []*v1.Fact {
	paid := &v1.Fact{
		Kind: v1.FactKind_FACT_KIND_PAYMENT_SUCCEEDED, PaymentId: a.OrderID, GatewayPaymentId: a.OrderID, Amount: a.money(a.Amount), Fee: a.money(a.Commission),
	}
	switch a.Status {
	// "Payment is successful, will be credited in the daily posting", and "The payment funds are reserved for a refund on a previously submitted request", says
	// the same page: the payer has paid. Of wait_accept it says that the payment may still be cancelled.
	case "success", "wait_compensation", "wait_reserve", "reversed":
	case "sandbox":
		if !s.settings.Sandbox {
			return nil
		}
	case "failure", "error":
		return []*v1.Fact{{Kind: v1.FactKind_FACT_KIND_PAYMENT_FAILED, PaymentId: a.OrderID, GatewayPaymentId: a.OrderID, Reason: a.ErrCode}}
	case "processing", "wait_secure", "wait_accept":
		return []*v1.Fact{{Kind: v1.FactKind_FACT_KIND_PAYMENT_IN_PROGRESS, PaymentId: a.OrderID, GatewayPaymentId: a.OrderID}}
	default:
		return nil
	}
	amount, all := a.refund()
	if amount == nil {
		return []*v1.Fact{paid}
	}
	// LiqPay names no refund. The whole of it, given back here or on LiqPay's own pages, there is once in a payment's life. A part was given back there, and is known
	// by the first amount that is told of it: another amount after that is not booked beside it, but told to staff as one that differs.
	back := &v1.Fact{Kind: v1.FactKind_FACT_KIND_REFUND_SUCCEEDED, PaymentId: a.OrderID, GatewayPaymentId: a.OrderID, GatewayId: refundedPart, Amount: amount}
	if all {
		back.GatewayId = refundedAll
	}
	return []*v1.Fact{paid, back}
}

// What refunds are called, as LiqPay does not.
const refundedAll, refundedPart = "reversed", "part"

// RefundCheckout gives a whole payment back: https://www.liqpay.ua/documentation/en/api/aquiring/refund/doc. LiqPay is asked first how
// it stands: what went back already does not go back again, and what was asked for and waits is not asked for again, which LiqPay would refuse.
func (s *gatewayService) RefundCheckout(ctx context.Context, r *v1.RefundCheckoutRequest) (*v1.RefundCheckoutResponse, error) {
	if r.GetAmount().GetAmount() != r.GetPaid().GetAmount() || r.GetAmount().GetCurrencyCode() != r.GetPaid().GetCurrencyCode() {
		return nil, status.Error(codes.FailedPrecondition, "LiqPay gives back whole payments here")
	}
	fact := &v1.Fact{PaymentId: r.GetPaymentId(), RefundId: r.GetRefundId(), GatewayId: refundedAll, Amount: r.GetAmount()}
	now, err := s.ask(ctx, map[string]any{"action": "status", "order_id": r.GetPaymentId()})
	if err != nil {
		return nil, err
	}
	part, all := now.refund()
	asked := r.GetGatewayRefundId() != "" || now.waits()
	switch {
	case all:
		fact.Kind = v1.FactKind_FACT_KIND_REFUND_SUCCEEDED
		return &v1.RefundCheckoutResponse{Fact: fact}, nil
	case asked:
		fact.Kind = v1.FactKind_FACT_KIND_REFUND_PENDING
		return &v1.RefundCheckoutResponse{Fact: fact}, nil
	case part != nil: // the whole is not there any more
		fact.Kind, fact.Reason, fact.GatewayId = v1.FactKind_FACT_KIND_REFUND_FAILED, "part_refunded", ""
		return &v1.RefundCheckoutResponse{Fact: fact}, nil
	}
	if now, err = s.ask(ctx, map[string]any{"action": "refund", "order_id": r.GetPaymentId(), "amount": json.Number(r.GetAmount().GetAmount())}); err != nil {
		return nil, err
	}
	switch now.Status {
	case "reversed":
		fact.Kind = v1.FactKind_FACT_KIND_REFUND_SUCCEEDED
	case "error", "failure":
		fact.Kind, fact.Reason, fact.GatewayId = v1.FactKind_FACT_KIND_REFUND_FAILED, now.ErrCode, ""
	default: // it waits for money of other payments: LiqPay is asked how it stands
		fact.Kind = v1.FactKind_FACT_KIND_REFUND_PENDING
	}
	return &v1.RefundCheckoutResponse{Fact: fact}, nil
}

// ReadNotice reads a notice: a form of data and signature.
func (s *gatewayService) ReadNotice(_ context.Context, r *v1.ReadNoticeRequest) (*v1.ReadNoticeResponse, error) {
	form, err := url.ParseQuery(string(r.GetBody()))
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "this is no form")
	}
	text, err := base64.StdEncoding.DecodeString(form.Get("data"))
	said := &answer{}
	if err == nil {
		err = json.Unmarshal(text, said)
	}
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "this form has no data of LiqPay's")
	}
	if !s.signed(form.Get("data"), form.Get("signature")) {
		return &v1.ReadNoticeResponse{Title: "not signed", Hints: []*v1.PaymentHint{{PaymentId: said.OrderID}}}, nil
	}
	return &v1.ReadNoticeResponse{Verified: true, Title: said.Status, Facts: s.facts(said)}, nil
}
