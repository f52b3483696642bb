package finsystem

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// decision is what is granted.
type decision struct {
	units  int64
	until  time.Time
	rule   *string
	reason string
}

// amountAbove reads an amount above zero.
func amountAbove(field, currency string, amount *kernelv1.Money) (int64, error) {
	units, err := money.Units(amount)
	switch {
	case err != nil:
		return 0, wrongAmount(field, err)
	case currency != "" && currency != amount.GetCurrencyCode():
		return 0, refuse(codes.InvalidArgument, "currency_code", "two_currencies", "the amount says another currency")
	case units <= 0:
		return 0, refuse(codes.InvalidArgument, field, "amount_above_zero", "the amount is above zero")
	}
	return units, nil
}

// limitOf is how much the client of a deferral may owe without it, in its currency.
func (m *Module) limitOf(ctx context.Context, tx *store.Tx, d deferralRow) (*int64, error) {
	limits, err := store.Query(ctx, tx, pgx.RowTo[*int64], `
		select coalesce((select g.former_limit from finsystem.deferrals g where g.client_id = $1 and g.currency_code = $2 and g.status = 'granted'), b.credit_limit)
		from finsystem.balances b join finsystem.accounts a on a.id = b.account_id
		where a.client_id = $1 and a.currency_code = $2 and a.kind = 'client' and a.code = ''`, d.ClientID, d.Currency)
	if err != nil || len(limits) == 0 {
		return m.settings.limit(), err
	}
	return limits[0], nil
}

// above refuses a deferral that gives nothing.
func above(units int64, limit *int64, field string) error {
	if limit == nil || units <= *limit {
		return refuse(codes.FailedPrecondition, field, "owed_already", "as much may be owed without a deferral")
	}
	return nil
}

// grant lets a held request's client owe an amount until a day. What was granted before in the same currency ends by that.
func (m *Module) grant(ctx context.Context, tx *store.Tx, row deferralRow, d decision) (*v1.Deferral, error) {
	ids, err := ledger.Open(ctx, tx, m.settings.limit(), ledger.Of{ClientID: row.ClientID, Kind: "client", Currency: row.Currency})
	if err != nil {
		return nil, err
	}
	earlier, err := store.Query(ctx, tx, pgx.RowToStructByPos[deferralRow], `select `+deferralFields+` from finsystem.deferrals
		where client_id = $1 and currency_code = $2 and status = 'granted' for update`, row.ClientID, row.Currency)
	if err != nil {
		return nil, err
	}
	limit, err := m.limitOf(ctx, tx, row)
	if err != nil {
		return nil, err
	}
	if err := above(d.units, limit, "granted"); err != nil {
		return nil, err
	}
	for _, e := range earlier {
		if _, err := tx.Exec(ctx, "update finsystem.deferrals set status = 'expired' where id = $1", e.ID); err != nil {
			return nil, err
		}
		if err := m.host.Cancel(ctx, tx, e.ID, &v1.DeferralDue{}); err != nil {
			return nil, err
		}
	}
	if err := ledger.SetLimit(ctx, tx, ids[0], &d.units); err != nil {
		return nil, err
	}
	next := d.until.AddDate(0, 0, 1)
	ends, by := time.Date(next.Year(), next.Month(), next.Day(), 0, 0, 0, 0, m.host.Zone), (*string)(nil)
	if who := actor(ctx); who != "" && d.rule == nil && !isContact(ctx) {
		by = &who
	}
	if _, err := tx.Exec(ctx, `
		update finsystem.deferrals set status = 'granted', granted = $2, until_date = $3, until_time = $4, former_limit = $5, rule_id = $6, reason = $7, decided_by = $8,
			decide_time = $9 where id = $1`, row.ID, d.units, d.until, ends, *limit, d.rule, d.reason, by, m.host.Now()); err != nil {
		return nil, err
	}
	if err := m.host.PublishAt(ctx, tx, ends, row.ID, &v1.DeferralDue{DeferralId: row.ID}); err != nil {
		return nil, err
	}
	return m.decided(ctx, tx, row.ID)
}

// decided says what became of a deferral, and returns it.
func (m *Module) decided(ctx context.Context, tx *store.Tx, id string) (*v1.Deferral, error) {
	row, err := findDeferral(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	d := row.deferral()
	amount := d.GetAmount()
	if d.GetGranted() != nil {
		amount = d.GetGranted()
	}
	return d, m.host.Publish(ctx, tx, row.ClientID, &v1.DeferralDecided{
		DeferralId: row.ID, ClientId: row.ClientID, Status: d.GetStatus(), Amount: amount, UntilDate: d.GetUntilDate(), ActorId: d.GetDecidedBy(),
	})
}

// decide runs do with a deferral that nobody else changes meanwhile.
func (m *Module) decide(ctx context.Context, id string, do func(ctx context.Context, tx *store.Tx, row deferralRow) error) (*v1.Deferral, error) {
	var out *v1.Deferral
	err := m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := holdDeferral(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := do(ctx, tx, row); err != nil {
			return err
		}
		after, err := findDeferral(ctx, tx, id)
		if err != nil {
			return err
		}
		out = after.deferral()
		audit.Changed(tx, row.deferral(), out)
		return nil
	})
	return out, refused(err)
}

// GrantDeferral grants a request.
func (s *deferralService) GrantDeferral(ctx context.Context, r *v1.GrantDeferralRequest) (*v1.GrantDeferralResponse, error) {
	out, err := s.decide(ctx, r.GetId(), func(ctx context.Context, tx *store.Tx, row deferralRow) error {
		if row.Status != requested {
			return errDecided
		}
		d := decision{units: row.Amount, until: s.today().AddDate(0, 0, int(row.Days)), reason: strings.TrimSpace(r.GetReason())}
		var err error
		if r.GetGranted().GetAmount() != "" {
			if d.units, err = amountAbove("granted", r.GetCurrencyCode(), r.GetGranted()); err != nil {
				return err
			}
			if r.GetGranted().GetCurrencyCode() != row.Currency {
				return refuse(codes.InvalidArgument, "granted", "deferral_currency", "the request is in "+row.Currency)
			}
		}
		if r.GetUntilDate() != "" {
			if d.until, err = s.dayOf("until_date", r.GetUntilDate()); err != nil {
				return err
			}
		}
		if d.until.Before(s.today()) {
			return refuse(codes.InvalidArgument, "until_date", "past", "this day is past")
		}
		_, err = s.grant(ctx, tx, row, d)
		return err
	})
	return &v1.GrantDeferralResponse{Deferral: out}, err
}

// DeclineDeferral declines a request.
func (s *deferralService) DeclineDeferral(ctx context.Context, r *v1.DeclineDeferralRequest) (*v1.DeclineDeferralResponse, error) {
	out, err := s.decide(ctx, r.GetId(), func(ctx context.Context, tx *store.Tx, row deferralRow) error {
		if row.Status != requested {
			return errDecided
		}
		return s.close(ctx, tx, row, "declined", r.GetReason())
	})
	return &v1.DeclineDeferralResponse{Deferral: out}, err
}

// RevokeDeferral ends a granted one before its day.
func (s *deferralService) RevokeDeferral(ctx context.Context, r *v1.RevokeDeferralRequest) (*v1.RevokeDeferralResponse, error) {
	out, err := s.decide(ctx, r.GetId(), func(ctx context.Context, tx *store.Tx, row deferralRow) error {
		if row.Status != granted {
			return refuse(codes.FailedPrecondition, "id", "not_granted", "this is not granted: there is nothing to revoke")
		}
		return s.close(ctx, tx, row, "revoked", r.GetReason())
	})
	return &v1.RevokeDeferralResponse{Deferral: out}, err
}

// close ends a held deferral, and takes the limit back to what it was when it was granted.
func (m *Module) close(ctx context.Context, tx *store.Tx, row deferralRow, status, reason string) error {
	var by *string
	if who := actor(ctx); who != "" {
		by = &who
	}
	if _, err := tx.Exec(ctx, `update finsystem.deferrals set status = $2, reason = case when $3 = '' then reason else $3 end,
		decided_by = coalesce($4, decided_by), decide_time = $5 where id = $1`, row.ID, status, strings.TrimSpace(reason), by, m.host.Now()); err != nil {
		return err
	}
	if row.Status == granted {
		ids, err := ledger.Open(ctx, tx, m.settings.limit(), ledger.Of{ClientID: row.ClientID, Kind: "client", Currency: row.Currency})
		if err != nil {
			return err
		}
		if err := ledger.SetLimit(ctx, tx, ids[0], row.FormerLimit); err != nil {
			return err
		}
		if err := m.host.Cancel(ctx, tx, row.ID, &v1.DeferralDue{}); err != nil {
			return err
		}
	}
	_, err := m.decided(ctx, tx, row.ID)
	return err
}

// deferralDue ends a deferral whose last day is over.
func (m *Module) deferralDue(ctx context.Context, _ event.Event, due *v1.DeferralDue) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		row, err := holdDeferral(ctx, tx, due.GetDeferralId())
		switch {
		case status.Code(err) == codes.NotFound:
			return nil
		case err != nil || row.Status != granted:
			return err
		case m.host.Now().Before(*row.UntilTime):
			return m.host.PublishAt(ctx, tx, *row.UntilTime, row.ID, due)
		}
		return m.close(ctx, tx, row, "expired", "")
	})
}
