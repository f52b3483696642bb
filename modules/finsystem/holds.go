package finsystem

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

var (
	holdStatuses = store.Enum[v1.HoldStatus]{Prefix: "HOLD_STATUS_", Values: v1.HoldStatus_value}

	errNoHold         = refuse(codes.NotFound, "", "no_hold", "there is no such hold among those you may see")
	errHeldForInvoice = refuse(codes.FailedPrecondition, "id", "held_for_invoice", "this was paid for an invoice: void the invoice, or refund the payment")

	errHoldEnded = refuse(codes.FailedPrecondition, "id", "hold_ended", "this was charged already: it is held no more")
)

type holdRow struct {
	ID, ClientID, Currency string
	Amount                 int64
	What, Status           string
	Created                time.Time
	Expires                *time.Time
	DocumentID             *string
}

const holdsOf = `select h.id::text, h.client_id::text, b.currency_code, h.amount, coalesce(nullif(d.subject, ''), h.what), h.status, h.create_time, h.expire_time, h.document_id::text
	from %s h join finsystem.balances b on b.account_id = h.account_id left join finsystem.documents d on d.id = h.document_id`

func (r holdRow) hold() *v1.Hold {
	h := &v1.Hold{
		Id: r.ID, ClientId: r.ClientID, Amount: money.Of(r.Currency, r.Amount), What: r.What, Status: holdStatuses.Of(r.Status), CreateTime: timestamppb.New(r.Created),
	}
	if r.Expires != nil {
		h.ExpireTime = timestamppb.New(*r.Expires)
	}
	if r.DocumentID != nil {
		h.DocumentId = *r.DocumentID
	}
	return h
}

func findHold(ctx context.Context, q store.Querier, id string) (*v1.Hold, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[holdRow], fmt.Sprintf(holdsOf, "finsystem.holds")+" where h.id = $1", id)
	return row.hold(), store.NotFoundAs(err, errNoHold)
}

// ListHolds lists what is set aside of a client's balance, newest first.
func (s *ledgerService) ListHolds(ctx context.Context, r *v1.ListHoldsRequest) (*v1.ListHoldsResponse, error) {
	client, err := clientMeant(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	c := &store.Where{}
	c.Add("h.client_id = ?::uuid", client)
	if len(r.GetStatuses()) > 0 {
		c.Add("h.status = any(?)", holdStatuses.Texts(r.GetStatuses()))
	}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("h.id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[holdRow], fmt.Sprintf(holdsOf, "(select * from finsystem.holds h"+c.String()+" order by h.id desc limit "+most+")")+" order by h.id desc", c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListHoldsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last holdRow) []any { return []any{last.ID} })
	for _, row := range rows {
		response.Holds = append(response.Holds, row.hold())
	}
	return response, err
}

// CreateHold sets an amount of a client's balance aside.
func (s *ledgerService) CreateHold(ctx context.Context, r *v1.CreateHoldRequest) (*v1.CreateHoldResponse, error) {
	if _, err := s.client(ctx, r.GetClientId()); err != nil {
		return nil, err
	}
	currency, units, err := amountOf(r)
	if err != nil {
		return nil, err
	}
	if units <= 0 {
		return nil, refuse(codes.InvalidArgument, "amount", "hold_above_zero", "what is set aside is above zero")
	}
	var response *v1.CreateHoldResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateHoldResponse, error) {
			ids, err := ledger.Open(ctx, tx, s.settings.limit(), ledger.Of{ClientID: r.GetClientId(), Kind: "client", Currency: currency})
			if err != nil {
				return nil, err
			}
			id, expires := store.NewID(), time.Time{}
			if r.GetDays() > 0 {
				expires = s.host.Now().AddDate(0, 0, int(r.GetDays()))
				if err := s.host.PublishAt(ctx, tx, expires, id, &v1.HoldDue{HoldId: id}); err != nil {
					return nil, err
				}
			}
			if err := ledger.Hold(ctx, tx, id, ids[0], units, strings.TrimSpace(r.GetWhat()), expires); err != nil {
				return nil, err
			}
			h, err := findHold(ctx, tx, id)
			if err != nil {
				return nil, err
			}
			audit.About(tx, h)
			return &v1.CreateHoldResponse{Hold: h}, nil
		})
		return err
	})
	if err != nil {
		return nil, refused(err)
	}
	return response, nil
}

// ReleaseHold gives back what a hold set aside.
func (s *ledgerService) ReleaseHold(ctx context.Context, r *v1.ReleaseHoldRequest) (*v1.ReleaseHoldResponse, error) {
	var h *v1.Hold
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if h, err = findHold(ctx, tx, r.GetId()); err != nil {
			return err
		}
		if h.GetDocumentId() != "" {
			return errHeldForInvoice
		}
		if err = ledger.Release(ctx, tx, r.GetId()); errors.Is(err, ledger.ErrHold) {
			return errHoldEnded
		} else if err != nil {
			return err
		}
		h, err = findHold(ctx, tx, r.GetId())
		audit.About(tx, h)
		return err
	})
	return &v1.ReleaseHoldResponse{Hold: h}, err
}

// holdDue gives back what is held no more because its time is over.
func (m *Module) holdDue(ctx context.Context, _ event.Event, e *v1.HoldDue) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		if err := ledger.Release(ctx, tx, e.GetHoldId()); err != nil && !errors.Is(err, ledger.ErrHold) {
			return err
		}
		return nil
	})
}
