package finsystem

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/jackc/pgx/v5"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// settlementService says how clients and the business stand with each other.
type settlementService struct {
	v1.UnimplementedSettlementServiceServer
	*Module
}

var _ v1.SettlementServiceServer = (*settlementService)(nil)

// mostLines is how many lines a statement in one answer has.
const mostLines = 5000

// stretch is whose statement is meant, and of which days.
type stretch struct {
	client, currency string
	span             span
}

func (s *settlementService) statement(ctx context.Context, client, currency, from, to string) (stretch, error) {
	var out stretch
	var err error
	if out.client, err = clientMeant(ctx, client); err != nil {
		return out, err
	}
	if out.currency, err = s.currency(currency); err != nil {
		return out, err
	}
	if out.span, err = s.spanOf(from, to); err != nil {
		return out, err
	}
	seen, err := store.QueryOne(ctx, s.host.Store, pgx.RowTo[bool], "select exists (select from "+settledAccounts+")", out.client, out.currency)
	if err == nil && !seen { // nobody has accounts before something happened
		_, err = s.client(ctx, out.client)
	}
	return out, err
}

// GetReconciliation returns the whole statement of some days.
func (s *settlementService) GetReconciliation(ctx context.Context, r *v1.GetReconciliationRequest) (*v1.GetReconciliationResponse, error) {
	st, err := s.statement(ctx, r.GetClientId(), r.GetCurrencyCode(), r.GetFromDate(), r.GetToDate())
	if err != nil {
		return nil, err
	}
	sums, rows, err := settle(ctx, s.host.Store, st, nil, mostLines+1)
	if err != nil {
		return nil, err
	}
	if len(rows) > mostLines {
		return nil, refuse(codes.FailedPrecondition, "from_date", "too_many_lines", "there are more than 5,000 lines: ask for them page by page, or for fewer days")
	}
	out := sums.reconciliation(st)
	out.Lines = linesOf(rows, st.currency, sums.Opening)
	return &v1.GetReconciliationResponse{Reconciliation: out}, nil
}

// ListReconciliationLines returns a page of the statement. Its token has the balance after the last line.
func (s *settlementService) ListReconciliationLines(ctx context.Context, r *v1.ListReconciliationLinesRequest) (*v1.ListReconciliationLinesResponse, error) {
	st, err := s.statement(ctx, r.GetClientId(), r.GetCurrencyCode(), r.GetFromDate(), r.GetToDate())
	if err != nil {
		return nil, err
	}
	var after *lineKey
	var last lineKey
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &last.Day, &last.ID, &last.Balance); err != nil {
		return nil, err
	} else if on {
		after = &last
	}
	n := store.PageSize(r.GetPageSize())
	sums, rows, err := settle(ctx, s.host.Store, st, after, n+1)
	if err != nil {
		return nil, err
	}
	balance := sums.Opening
	if after != nil {
		balance = after.Balance
	}
	response := &v1.ListReconciliationLinesResponse{Reconciliation: sums.reconciliation(st)}
	response.Lines = linesOf(rows[:min(n, len(rows))], st.currency, balance)
	_, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(at settledRow) []any {
		for _, row := range rows[:n] {
			balance += row.Amount
		}
		return []any{at.Date.Format(time.DateOnly), at.ID, balance}
	})
	return response, err
}

// reconciliation is what a statement's lines come to.
func (u settled) reconciliation(st stretch) *v1.Reconciliation {
	out := &v1.Reconciliation{
		ClientId: st.client, CurrencyCode: st.currency, FromDate: st.span.first.Format(time.DateOnly), ToDate: st.span.last.Format(time.DateOnly),
		Opening: money.Of(st.currency, u.Opening), Debits: money.Of(st.currency, u.Debits), Credits: money.Of(st.currency, u.Credits),
		Closing: money.Of(st.currency, u.closing()), State: v1.ReconciliationState_RECONCILIATION_STATE_EVEN,
	}
	switch closing := u.closing(); {
	case closing < 0:
		out.State = v1.ReconciliationState_RECONCILIATION_STATE_CLIENT_OWES
	case closing > 0:
		out.State = v1.ReconciliationState_RECONCILIATION_STATE_CLIENT_HAS
	}
	return out
}

// linesOf are rows with the balance after each.
func linesOf(rows []settledRow, currency string, balance int64) []*v1.ReconciliationLine {
	out := make([]*v1.ReconciliationLine, len(rows))
	for i, row := range rows {
		balance += row.Amount
		out[i] = row.line(currency, balance)
	}
	return out
}
