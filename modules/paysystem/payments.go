package paysystem

import (
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// paymentService is what people do about payments.
type paymentService struct {
	v1.UnimplementedPaymentServiceServer
	*Module
}

var _ v1.PaymentServiceServer = (*paymentService)(nil)

// ListPayments lists those the caller sees, newest first.
func (s *paymentService) ListPayments(ctx context.Context, r *v1.ListPaymentsRequest) (*v1.ListPaymentsResponse, error) {
	c := &store.Where{}
	if client := access.From(ctx).ClientMeant(r.GetClientId()); client != "" {
		c.Add("client_id = ?::uuid", client)
	}
	if len(r.GetStates()) > 0 {
		c.Add("state = any(?)", paymentStates.Texts(r.GetStates()))
	}
	if r.GetDocumentId() != "" {
		c.Add("document_id = ?::uuid", r.GetDocumentId())
	}
	if r.GetFlagged() {
		c.Add("flags <> '{}'")
	}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	rows, err := s.listPayments(ctx, c, n+1)
	if err != nil {
		return nil, err
	}
	response := &v1.ListPaymentsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last paymentRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Payments = append(response.Payments, row.payment())
	}
	return response, nil
}

// GetPayment returns a payment of a client the caller sees.
func (s *paymentService) GetPayment(ctx context.Context, r *v1.GetPaymentRequest) (*v1.GetPaymentResponse, error) {
	row, err := findPayment(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	return &v1.GetPaymentResponse{Payment: row.payment()}, nil
}

// clientOf is the client that is meant: the one named, or the one a contact acts for. It is asked for with the caller's own
// eyes, so that nobody pays for whom they do not see, and before the transaction: another module is asked.
func (m *Module) clientOf(ctx context.Context, named string) (*clientmanagerv1.Client, error) {
	if who := access.From(ctx); who.Kind == access.Contact {
		if named != "" && named != who.ActingFor {
			return nil, errNoClient
		}
		named = who.ActingFor
	}
	if named == "" {
		return nil, refuse(codes.InvalidArgument, "client_id", "refusal.client_needed", "say which client is meant")
	}
	response, err := m.clients.GetClient(ctx, &clientmanagerv1.GetClientRequest{Id: named})
	if err != nil {
		return nil, err
	}
	return response.GetClient(), nil
}

// change runs do with a payment that nobody else changes meanwhile, and saves it.
func (m *Module) change(ctx context.Context, id string, do func(ctx context.Context, tx *store.Tx, p *paymentRow) error) (*v1.Payment, error) {
	var after *v1.Payment
	err := m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		p, err := holdPayment(ctx, tx, id)
		if err != nil {
			return err
		}
		before := p.payment()
		if err := do(ctx, tx, &p); err != nil {
			return err
		}
		if p.payment().GetState() == before.GetState() { // it was so already
			after = before
			audit.About(tx, after)
			return nil
		}
		if err := savePayment(ctx, tx, &p); err != nil {
			return err
		}
		after = p.payment()
		audit.Changed(tx, before, after)
		return nil
	})
	return after, err
}

// CancelPayment calls off what is not paid.
func (s *paymentService) CancelPayment(ctx context.Context, r *v1.CancelPaymentRequest) (*v1.CancelPaymentResponse, error) {
	p, err := s.change(ctx, r.GetId(), func(ctx context.Context, tx *store.Tx, p *paymentRow) error {
		switch {
		case p.State == stateSucceeded:
			return errPaid
		case p.State == stateDeferred:
			return errDeferred
		case !p.open():
			return nil // it is over already, which is what was wanted
		}
		return s.fail(ctx, tx, p, stateCancelled, "")
	})
	if err != nil {
		return nil, err
	}
	return &v1.CancelPaymentResponse{Payment: p}, nil
}

// ConfirmPayment says that money came which no gateway reports.
func (s *paymentService) ConfirmPayment(ctx context.Context, r *v1.ConfirmPaymentRequest) (*v1.ConfirmPaymentResponse, error) {
	p, err := s.change(ctx, r.GetId(), func(ctx context.Context, tx *store.Tx, p *paymentRow) error {
		switch {
		case p.State == stateSucceeded:
			return nil
		case p.Reports:
			return errReported
		case ofAccount(p.MethodKind):
			return errByItself
		case !p.open():
			return errOver
		}
		return s.succeed(ctx, tx, p, s.host.Now(), nil, true)
	})
	if err != nil {
		return nil, err
	}
	return &v1.ConfirmPaymentResponse{Payment: p}, nil
}

// SettlePayment takes a payment for made whose money another module saw and booked.
func (s *paymentService) SettlePayment(ctx context.Context, r *v1.SettlePaymentRequest) (*v1.SettlePaymentResponse, error) {
	p, err := s.change(s.host.Self(ctx), r.GetPaymentId(), func(ctx context.Context, tx *store.Tx, p *paymentRow) error {
		units, err := money.Units(r.GetAmount())
		switch {
		case err != nil || r.GetAmount().GetCurrencyCode() != p.Currency || units != p.Amount:
			return errOtherAmount
		case p.State == stateSucceeded:
			return nil
		case p.Reports:
			return errReported
		case ofAccount(p.MethodKind):
			return errByItself
		}
		at := s.host.Now()
		if r.GetTime() != nil {
			at = r.GetTime().AsTime()
		}
		return s.succeed(ctx, tx, p, at, nil, false)
	})
	if err != nil {
		return nil, err
	}
	return &v1.SettlePaymentResponse{Payment: p}, nil
}

// UnsettlePayment has a payment wait for its money again, of which what it was settled with was taken back.
func (s *paymentService) UnsettlePayment(ctx context.Context, r *v1.UnsettlePaymentRequest) (*v1.UnsettlePaymentResponse, error) {
	p, err := s.change(s.host.Self(ctx), r.GetPaymentId(), func(_ context.Context, _ *store.Tx, p *paymentRow) error {
		switch {
		case p.Reports:
			return errReported
		case ofAccount(p.MethodKind):
			return errByItself
		case p.Refunded > 0:
			return errGivenBack
		case p.State == stateSucceeded:
			p.State, p.Succeeded = statePending, nil
			p.flag(flagUnsettled)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &v1.UnsettlePaymentResponse{Payment: p}, nil
}

// FindPayments finds payments by their references.
func (s *paymentService) FindPayments(ctx context.Context, r *v1.FindPaymentsRequest) (*v1.FindPaymentsResponse, error) {
	rows, err := store.Query(s.host.Self(ctx), s.host.Store, pgx.RowToStructByPos[paymentRow],
		`select `+paymentFields+` from paysystem.payments where reference = any ($1) order by id`, r.GetReferences())
	if err != nil {
		return nil, err
	}
	response := &v1.FindPaymentsResponse{}
	for _, row := range rows {
		response.Payments = append(response.Payments, row.payment())
	}
	return response, nil
}
