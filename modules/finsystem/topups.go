package finsystem

import (
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// topUpService issues bills for paying ahead. Such a bill charges nothing, and what is paid towards it is the client's to pay other bills with: it is
// there so that somebody's bookkeeper has a paper to pay, and the portal a number to know the money by.
type topUpService struct {
	v1.UnimplementedTopUpServiceServer
	*Module
}

var _ v1.TopUpServiceServer = (*topUpService)(nil)

const (
	// topUp is the kind of document; it is numbered with the invoices.
	topUp = "top_up"
	// topUpDays is until when such a bill asks to be paid.
	topUpDays = 14
	// topUpsWaiting is how many bills of a client may wait: each takes a number for good.
	topUpsWaiting = 5
)

// series is the key of the numbers that a document takes one of.
func (r documentRow) series() string {
	if r.Kind == topUp {
		return "invoice"
	}
	return r.Kind
}

// RequestTopUp issues a bill for an amount of the client's choice.
func (s *topUpService) RequestTopUp(ctx context.Context, r *v1.RequestTopUpRequest) (*v1.RequestTopUpResponse, error) {
	id, err := clientMeant(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	client, err := s.client(ctx, id)
	if err != nil {
		return nil, err
	}
	currency, units, err := amountOf(r)
	switch {
	case err != nil:
		return nil, err
	case units <= 0:
		return nil, refuse(codes.InvalidArgument, "amount", "amount_above_zero", "the amount is above zero")
	case client.GetStatus() == clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED:
		return nil, refuse(codes.FailedPrecondition, "client_id", "suspended", "the client is suspended: resume the client first")
	}
	var response *v1.RequestTopUpResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.RequestTopUpResponse, error) {
			if err := s.lockMoney(ctx, tx, id, currency); err != nil { // two at once are one after the other
				return nil, err
			}
			row, known, err := s.waiting(ctx, tx, id, currency, units)
			if err == nil && !known {
				row, err = s.topUp(ctx, tx, client, currency, r)
			}
			if err != nil {
				return nil, err
			}
			d, err := row.document(s.today())
			audit.About(tx, d)
			return &v1.RequestTopUpResponse{Document: d}, err
		})
		return err
	})
	if err != nil {
		return nil, refused(err)
	}
	return response, nil
}

// waiting is the bill of that amount that waits already. Too many of any amount are refused.
func (s *topUpService) waiting(ctx context.Context, tx *store.Tx, client, currency string, units int64) (row documentRow, known bool, err error) {
	rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[documentRow], `select `+documentFields+` from finsystem.documents
		where client_id = $1 and kind = 'top_up' and status = 'issued' and paid = 0 order by documents.id desc limit $2`, client, topUpsWaiting)
	if err != nil {
		return row, false, err
	}
	for _, row := range rows {
		if row.Currency == currency && row.left() == units {
			return row, true, nil
		}
	}
	if len(rows) == topUpsWaiting {
		err = refuse(codes.FailedPrecondition, "", "many_top_ups", "too many bills for topping up wait: pay one of them, or have them voided")
	}
	return row, false, err
}

func (s *topUpService) topUp(ctx context.Context, tx *store.Tx, client *clientmanagerv1.Client, currency string, r *v1.RequestTopUpRequest) (documentRow, error) {
	what := s.words.For(s.settings.Language, s.host.Zone).T(ID + ".paper.top_up")
	documents := &documentService{Module: s.Module}
	d, err := documents.writeDraft(ctx, tx, &v1.Document{
		Id: store.NewID(), ClientId: client.GetId(), Kind: v1.DocumentKind_DOCUMENT_KIND_TOP_UP, Subject: what, CurrencyCode: currency, PaymentDays: topUpDays,
		CreateTime: timestamppb.New(s.host.Now()), Lines: []*v1.DocumentLine{{Description: what, Quantity: "1", Price: r.GetAmount().GetAmount()}},
	})
	if err != nil {
		return documentRow{}, err
	}
	row, err := holdDocument(ctx, tx, d.GetId())
	if err != nil {
		return row, err
	}
	return documents.issue(ctx, tx, row, client, nil)
}

// ofTopUp tells in SQL whether an allocation is to a bill for paying ahead.
const ofTopUp = `exists (select from finsystem.documents d where d.id = document_id and d.kind = 'top_up')`

// putAhead puts a payment towards a bill for paying ahead, as far as it goes towards no other. It stays free.
func (m *Module) putAhead(ctx context.Context, tx *store.Tx, p paymentRow, d documentRow) error {
	before, err := store.QueryOne(ctx, tx, pgx.RowTo[int64],
		"select coalesce(sum(amount), 0)::bigint from finsystem.allocations where payment_id = $1 and "+ofTopUp, p.ID)
	if err != nil {
		return err
	}
	if part := min(p.Amount-p.Reversed-before, d.left()); part > 0 {
		return m.put(ctx, tx, p.ID, d, part)
	}
	return nil
}

// freeTopUps has bills for paying ahead wait again whose money went back.
func freeTopUps(ctx context.Context, tx *store.Tx, payment string) error {
	over, err := store.QueryOne(ctx, tx, pgx.RowTo[int64], `
		select (coalesce((select sum(a.amount) from finsystem.allocations a where a.payment_id = p.id and `+ofTopUp+`), 0) - p.amount + p.reversed)::bigint
		from finsystem.payments p where p.id = $1`, payment)
	if err != nil || over <= 0 {
		return err
	}
	return free(ctx, tx, "payment_id = $1 and "+ofTopUp, payment, over)
}
