package finsystem

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

var (
	servicePeriods = store.Enum[v1.ServicePeriod]{Prefix: "SERVICE_PERIOD_", Values: v1.ServicePeriod_value}
	taxModes       = store.Enum[v1.TaxMode]{Prefix: "TAX_MODE_", Values: v1.TaxMode_value}
)

type subscriptionRow struct {
	ID, ClientID                                                                 string
	AgreementID                                                                  *string
	Name, Item, Unit, Currency, Price, Quantity, TaxMode, TaxPercent, PeriodOfIt string
	BillingDay                                                                   int32
	Start                                                                        time.Time
	End                                                                          *time.Time
	Stages                                                                       []byte
	OwnAccount                                                                   bool
	Status                                                                       string
	Next                                                                         *time.Time
	Pauses                                                                       []pause
	PausedFrom                                                                   *time.Time
	Suspended                                                                    bool
	Created, Updated                                                             time.Time
	Revision                                                                     int64
	Unpaid                                                                       bool
}

const subscriptionFields = `subscriptions.id::text, subscriptions.client_id::text, agreement_id::text, name, item, unit, currency_code, price::text, quantity::text,
	tax_mode, tax_percent, period, billing_day, start_date, end_date, stages, own_account, status, next_start, pauses, paused_from, suspended, create_time,
	update_time, revision, exists (select from finsystem.charges c where c.subscription_id = subscriptions.id and c.status = 'refused')`

// usual tells whether a service is charged by itself more than once.
func (r subscriptionRow) usual() bool { return monthsOf[r.PeriodOfIt] > 0 }

// charges tells whether a period that begins on the day next is charged by itself, as far as days until one are concerned.
func (r subscriptionRow) charges(today time.Time) bool {
	return r.Next != nil && !r.Next.After(today) && (r.End == nil || !r.Next.After(*r.End)) && (r.PausedFrom == nil || r.Next.Before(*r.PausedFrom))
}

// state is how a service stands today.
func (r subscriptionRow) state(today time.Time) v1.SubscriptionStatus {
	switch {
	case r.Status == draft:
		return v1.SubscriptionStatus_SUBSCRIPTION_STATUS_DRAFT
	case r.End != nil && r.End.Before(today):
		return v1.SubscriptionStatus_SUBSCRIPTION_STATUS_ENDED
	case r.PausedFrom != nil:
		return v1.SubscriptionStatus_SUBSCRIPTION_STATUS_PAUSED
	case r.Unpaid:
		return v1.SubscriptionStatus_SUBSCRIPTION_STATUS_UNPAID
	}
	return v1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE
}

// inState says in SQL what subscriptionRow.state says; ? is today.
var inState = map[v1.SubscriptionStatus]string{
	v1.SubscriptionStatus_SUBSCRIPTION_STATUS_DRAFT:  "status = 'draft'",
	v1.SubscriptionStatus_SUBSCRIPTION_STATUS_ENDED:  "status = 'active' and end_date < ?::date",
	v1.SubscriptionStatus_SUBSCRIPTION_STATUS_PAUSED: inForceSQL + " and paused_from is not null",
	v1.SubscriptionStatus_SUBSCRIPTION_STATUS_UNPAID: inForceSQL + " and paused_from is null and " + unpaidSQL,
	v1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE: inForceSQL + " and paused_from is null and not " + unpaidSQL,
}

const (
	inForceSQL = "status = 'active' and (end_date is null or end_date >= ?::date)"
	unpaidSQL  = "exists (select from finsystem.charges c where c.subscription_id = subscriptions.id and c.status = 'refused')"
)

func (r subscriptionRow) subscription(today time.Time) (*v1.Subscription, error) {
	s := &v1.Subscription{
		Id: r.ID, ClientId: r.ClientID, Name: r.Name, Item: r.Item, Unit: r.Unit, CurrencyCode: r.Currency, Price: r.Price, Quantity: r.Quantity,
		TaxMode: taxModes.Of(r.TaxMode), TaxPercent: r.TaxPercent, Period: servicePeriods.Of(r.PeriodOfIt), BillingDay: r.BillingDay,
		StartDate: r.Start.Format(time.DateOnly), EndDate: dateText(r.End), OwnAccount: r.OwnAccount, Status: r.state(today), PausedFrom: dateText(r.PausedFrom),
		ClientSuspended: r.Suspended, CreateTime: timestamppb.New(r.Created), UpdateTime: timestamppb.New(r.Updated), Revision: r.Revision,
	}
	if r.AgreementID != nil {
		s.AgreementId = *r.AgreementID
	}
	if r.Status == "active" && r.PausedFrom == nil && r.Next != nil && (r.End == nil || !r.Next.After(*r.End)) {
		s.NextChargeDate = dateText(r.Next)
	}
	stages, err := r.stages()
	s.Stages = stages
	return s, err
}

func (r subscriptionRow) stages() ([]*v1.ServiceStage, error) {
	var texts []json.RawMessage
	if err := json.Unmarshal(r.Stages, &texts); err != nil {
		return nil, err
	}
	var out []*v1.ServiceStage
	for _, text := range texts {
		stage := &v1.ServiceStage{}
		if err := protojson.Unmarshal(text, stage); err != nil {
			return nil, err
		}
		out = append(out, stage)
	}
	return out, nil
}

func findSubscription(ctx context.Context, q store.Querier, id string) (subscriptionRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[subscriptionRow], `select `+subscriptionFields+` from finsystem.subscriptions where subscriptions.id = $1`, id)
	return row, store.NotFoundAs(err, errNoService)
}

// holdSubscription is findSubscription of one that nobody else changes until the transaction ends.
func holdSubscription(ctx context.Context, tx *store.Tx, id string) (subscriptionRow, error) {
	row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[subscriptionRow], `select `+subscriptionFields+` from finsystem.subscriptions where subscriptions.id = $1 for no key update`, id)
	return row, store.NotFoundAs(err, errNoService)
}

// saveSubscription writes what can be said of a service, new or over the present one.
func saveSubscription(ctx context.Context, tx *store.Tx, s *v1.Subscription, now time.Time) error {
	stages, err := jsonOf(s.GetStages())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into finsystem.subscriptions (id, client_id, agreement_id, name, item, unit, currency_code, price, quantity, tax_mode, tax_percent, period,
			billing_day, start_date, end_date, stages, own_account, status, pauses, suspended, create_time, update_time, revision)
		values ($1, $2, nullif($3, '')::uuid, $4, $5, $6, $7, $8::text::numeric, $9::text::numeric, $10, $11, $12, $13, $14::text::date, nullif($15, '')::date, $16, $17,
			'draft', '[]', false, $18, $19, $20)
		on conflict (id) do update set agreement_id = excluded.agreement_id, name = excluded.name, item = excluded.item, unit = excluded.unit,
			currency_code = excluded.currency_code, price = excluded.price, quantity = excluded.quantity, tax_mode = excluded.tax_mode,
			tax_percent = excluded.tax_percent, period = excluded.period, billing_day = excluded.billing_day, start_date = excluded.start_date,
			end_date = excluded.end_date, stages = excluded.stages, own_account = excluded.own_account, update_time = excluded.update_time,
			revision = excluded.revision`,
		s.GetId(), s.GetClientId(), s.GetAgreementId(), s.GetName(), s.GetItem(), s.GetUnit(), s.GetCurrencyCode(), s.GetPrice(), s.GetQuantity(),
		taxModes.Text(s.GetTaxMode()), s.GetTaxPercent(), servicePeriods.Text(s.GetPeriod()), s.GetBillingDay(), s.GetStartDate(), s.GetEndDate(), stages,
		s.GetOwnAccount(), s.GetCreateTime().AsTime(), now, s.GetRevision())
	return err
}

// saveStanding writes how a service stands: whether it is in force, until when, its pauses, and what is charged next.
func saveStanding(ctx context.Context, tx *store.Tx, r subscriptionRow, now time.Time) error {
	pauses, err := json.Marshal(r.Pauses)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		update finsystem.subscriptions set status = $2, end_date = $3, next_start = $4, pauses = $5, paused_from = $6, suspended = $7, update_time = $8,
			revision = revision + 1 where id = $1`, r.ID, r.Status, r.End, r.Next, string(pauses), r.PausedFrom, r.Suspended, now)
	return err
}
