package finsystem

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

var deferralStatuses = store.Enum[v1.DeferralStatus]{Prefix: "DEFERRAL_STATUS_", Values: v1.DeferralStatus_value}

const (
	requested = "requested"
	granted   = "granted"
)

type deferralRow struct {
	ID, ClientID, Currency string
	Amount                 int64
	Days                   int32
	Why                    string
	AgreementID            *string
	Status                 string
	Granted                *int64
	Until                  *time.Time
	UntilTime              *time.Time
	FormerLimit            *int64
	RuleID                 *string
	Reason                 string
	DecidedBy              *string
	Decided                *time.Time
	Created                time.Time
}

const deferralFields = `id::text, client_id::text, currency_code, amount, days, why, agreement_id::text, status, granted, until_date, until_time, former_limit,
	rule_id::text, reason, decided_by::text, decide_time, create_time`

func (r deferralRow) deferral() *v1.Deferral {
	d := &v1.Deferral{
		Id: r.ID, ClientId: r.ClientID, CurrencyCode: r.Currency, Amount: money.Of(r.Currency, r.Amount), Days: r.Days, Why: r.Why, Status: deferralStatuses.Of(r.Status),
		UntilDate: dateText(r.Until), Reason: r.Reason, CreateTime: timestamppb.New(r.Created),
	}
	for to, from := range map[*string]*string{&d.AgreementId: r.AgreementID, &d.RuleId: r.RuleID, &d.DecidedBy: r.DecidedBy} {
		if from != nil {
			*to = *from
		}
	}
	shown := d.GetAmount()
	if r.Granted != nil {
		d.Granted = money.Of(r.Currency, *r.Granted)
		shown = d.GetGranted()
	}
	d.Title = shown.GetAmount() + " " + r.Currency
	if r.Decided != nil {
		d.DecideTime = timestamppb.New(*r.Decided)
	}
	return d
}

func findDeferral(ctx context.Context, q store.Querier, id string) (deferralRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[deferralRow], `select `+deferralFields+` from finsystem.deferrals where id = $1`, id)
	return row, store.NotFoundAs(err, errNoDeferral)
}

// holdDeferral is findDeferral of one that nobody else changes until the transaction ends.
func holdDeferral(ctx context.Context, tx *store.Tx, id string) (deferralRow, error) {
	row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[deferralRow], `select `+deferralFields+` from finsystem.deferrals where id = $1 for update`, id)
	return row, store.NotFoundAs(err, errNoDeferral)
}

type ruleRow struct {
	ID, Name, Currency string
	MaxAmount          int64
	MaxDays            int32
	SegmentID          *string
	Months             int32
	MinTurnover        int64
	MinPaid            int32
	NoOverdue, Active  bool
	Updated            time.Time
	Revision           int64
}

const ruleFields = `id::text, name, currency_code, max_amount, max_days, segment_id::text, months, min_turnover, min_paid_invoices, no_overdue, active, update_time, revision`

func (r ruleRow) rule() *v1.DeferralRule {
	d := &v1.DeferralRule{
		Id: r.ID, Name: r.Name, CurrencyCode: r.Currency, MaxAmount: money.Of(r.Currency, r.MaxAmount), MaxDays: r.MaxDays, Months: r.Months,
		MinPaidInvoices: r.MinPaid, NoOverdue: r.NoOverdue, Active: r.Active, UpdateTime: timestamppb.New(r.Updated), Revision: r.Revision,
	}
	if r.MinTurnover > 0 {
		d.MinTurnover = money.Of(r.Currency, r.MinTurnover)
	}
	if r.SegmentID != nil {
		d.SegmentId = *r.SegmentID
	}
	return d
}

func findRule(ctx context.Context, q store.Querier, id, lock string) (ruleRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[ruleRow], `select `+ruleFields+` from finsystem.deferral_rules where id = $1`+lock, id)
	return row, store.NotFoundAs(err, errNoRule)
}
