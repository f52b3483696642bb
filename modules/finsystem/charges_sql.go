package finsystem

import (
	"context"
	"encoding/json"
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

// insertCharges writes new charges, in one statement however many they are. A period that is there already stays as it is.
func insertCharges(ctx context.Context, tx *store.Tx, rows []chargeRow) error {
	type written struct {
		ID, Subscription, Client, Kind, From, To string
		Days, Of                                 int32
		Quantity, Price, Mode, Percent           string
		Item, Stage, Note                        string
		Net, Tax                                 int64
		Created                                  time.Time
	}
	list := make([]written, len(rows))
	for i, r := range rows {
		list[i] = written{
			r.ID, r.SubscriptionID, r.ClientID, r.Kind, r.From.Format(time.DateOnly), r.To.Format(time.DateOnly), r.Days, r.OfDays, r.Quantity, r.Price, r.TaxMode, r.TaxPercent,
			r.Item, r.Stage, r.Note, r.Net, r.Tax, r.Created,
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into finsystem.charges (id, subscription_id, client_id, kind, from_date, to_date, days, of_days, quantity, price, tax_mode, tax_percent, item, stage, note,
			net, tax, status, create_time)
		select "ID", "Subscription", "Client", "Kind", "From", "To", "Days", "Of", "Quantity", "Price", "Mode", "Percent", "Item", "Stage", "Note", "Net", "Tax", 'due', "Created"
		from jsonb_to_recordset($1) as x("ID" uuid, "Subscription" uuid, "Client" uuid, "Kind" text, "From" date, "To" date, "Days" integer, "Of" integer,
			"Quantity" numeric, "Price" numeric, "Mode" text, "Percent" text, "Item" text, "Stage" text, "Note" text, "Net" bigint, "Tax" bigint, "Created" timestamptz)
		on conflict (subscription_id, from_date) where kind = 'period' do nothing`, string(text))
	return err
}
