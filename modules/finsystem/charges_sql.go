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

var chargeStatuses = store.Enum[v1.ChargeStatus]{Prefix: "CHARGE_STATUS_", Values: v1.ChargeStatus_value}

// chargeRow is what a period of a service, or something done, comes to, and what of it is posted.
type chargeRow struct {
	ID, SubscriptionID, ClientID, Kind         string
	From, To                                   time.Time
	Days, OfDays                               int32
	Quantity, Price, TaxMode, TaxPercent, Item string
	Stage, Note                                string
	Net, Tax, PostedNet, PostedTax             int64
	Postings                                   int32
	Status                                     string
	Short                                      int64
	Charged                                    *time.Time
	Created                                    time.Time
	// Of the service.
	Name, Unit, Currency string
	OwnAccount           bool
	Start                time.Time
}

const chargeFields = `c.id::text, c.subscription_id::text, c.client_id::text, c.kind, c.from_date, c.to_date, c.days, c.of_days, c.quantity::text, c.price::text,
	c.tax_mode, c.tax_percent, c.item, c.stage, c.note, c.net, c.tax, c.posted_net, c.posted_tax, c.postings, c.status, c.short, c.charge_time, c.create_time,
	s.name, s.unit, s.currency_code, s.own_account, s.start_date`

const chargesOf = ` from finsystem.charges c join finsystem.subscriptions s on s.id = c.subscription_id `

func (r chargeRow) charge() *v1.Charge {
	c := &v1.Charge{
		Id: r.ID, ClientId: r.ClientID, SubscriptionId: r.SubscriptionID, Name: r.Name, FromDate: r.From.Format(time.DateOnly), ToDate: r.To.Format(time.DateOnly),
		Days: r.Days, OfDays: r.OfDays, Quantity: r.Quantity, Unit: r.Unit, Price: r.Price, Stage: r.Stage, Note: r.Note,
		Net: money.Of(r.Currency, r.Net), Tax: money.Of(r.Currency, r.Tax), Total: money.Of(r.Currency, r.Net+r.Tax),
		Status: chargeStatuses.Of(r.Status), CreateTime: timestamppb.New(r.Created),
	}
	if r.Status == "refused" {
		c.Short = money.Of(r.Currency, r.Short)
	}
	if r.Charged != nil {
		c.ChargeTime = timestamppb.New(*r.Charged)
	}
	return c
}

// open is what of it is not posted.
func (r chargeRow) open() int64 { return r.Net + r.Tax - r.PostedNet - r.PostedTax }

func findCharge(ctx context.Context, q store.Querier, id string) (chargeRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[chargeRow], `select `+chargeFields+chargesOf+`where c.id = $1`, id)
	return row, store.NotFoundAs(err, errNoCharge)
}

// queueCharge has a new charge written.
func queueCharge(b *pgx.Batch, r chargeRow) {
	b.Queue(`
		insert into finsystem.charges (id, subscription_id, client_id, kind, from_date, to_date, days, of_days, quantity, price, tax_mode, tax_percent, item, stage, note,
			net, tax, status, create_time)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::numeric, $10::text::numeric, $11, $12, $13, $14, $15, $16, $17, 'due', $18)
		on conflict (subscription_id, from_date) where kind = 'period' do nothing`,
		r.ID, r.SubscriptionID, r.ClientID, r.Kind, r.From, r.To, r.Days, r.OfDays, r.Quantity, r.Price, r.TaxMode, r.TaxPercent, r.Item, r.Stage, r.Note,
		r.Net, r.Tax, r.Created)
}
