package finsystem

import (
	"context"
	"strings"

	"github.com/govalues/decimal"
	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// terms are what an amount is reckoned of: quantity × price, of which a part is charged, and the tax.
type terms struct {
	currency, quantity, price string
	mode                      v1.TaxMode
	percent                   string
	part, whole               int64
}

// amounts reckons what is charged, in minor units: the amount is rounded once, however many days of how many it is for, and the tax of it once, as a
// document's are. at is where in the request the terms stand.
func amounts(at string, t terms) (net, tax int64, err error) {
	var factors []decimal.Decimal
	for _, f := range []struct{ field, text string }{{"quantity", t.quantity}, {"price", t.price}} {
		d, err := money.Parse(f.text)
		if err != nil {
			return 0, 0, wrongAmount(at+"."+f.field, err)
		}
		factors = append(factors, d)
	}
	amount, err := money.Share(t.currency, t.part, t.whole, factors...)
	if err != nil {
		return 0, 0, wrongAmount(at+".price", err)
	}
	r, err := rateOf(at, &v1.DocumentLine{TaxMode: t.mode, TaxPercent: t.percent})
	if err != nil {
		return 0, 0, err
	}
	r.lines, r.amount = []int{0}, amount
	var sum totals
	if err := r.reckon(&sum, []int64{amount}, []int64{0}); err != nil {
		return 0, 0, wrongAmount(at+".price", err)
	}
	return sum.net, sum.tax, nil
}

// taxPercent is a rate of tax in the one way in which it is booked; empty for none.
func taxPercent(at string, mode v1.TaxMode, text string) (string, error) {
	r, err := rateOf(at, &v1.DocumentLine{TaxMode: mode, TaxPercent: text})
	if err != nil || r.percent.IsZero() && text == "" {
		return "", err
	}
	return money.Format(r.percent), nil
}

// reckon fills in what a charge comes to.
func (r *chargeRow) reckon(at string) (err error) {
	r.Net, r.Tax, err = amounts(at, terms{
		currency: r.Currency, quantity: r.Quantity, price: r.Price, mode: taxModes.Of(r.TaxMode), percent: r.TaxPercent, part: int64(r.Days), whole: int64(r.OfDays),
	})
	return err
}

// RecordUsage writes down what was done and charges it.
func (s *subscriptionService) RecordUsage(ctx context.Context, r *v1.RecordUsageRequest) (*v1.RecordUsageResponse, error) {
	day, err := s.dayOf("use_date", r.GetUseDate())
	if err != nil {
		return nil, err
	}
	if day.After(s.today()) {
		return nil, refuse(codes.InvalidArgument, "use_date", "ahead", "this day has not come yet")
	}
	if strings.Trim(r.GetQuantity(), "0.") == "" {
		return nil, refuse(codes.InvalidArgument, "quantity", "quantity_zero", "say how much was done")
	}
	found, err := findSubscription(ctx, s.host.Store, r.GetSubscriptionId())
	if err != nil {
		return nil, err
	}
	client, err := s.client(ctx, found.ClientID)
	if err != nil {
		return nil, err
	}
	var response *v1.RecordUsageResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.RecordUsageResponse, error) {
			row, err := holdSubscription(ctx, tx, r.GetSubscriptionId())
			if err != nil {
				return nil, err
			}
			if row.Status == draft {
				return nil, errNotInForce
			}
			if day.Before(row.Start) || row.End != nil && day.After(*row.End) {
				return nil, refuse(codes.FailedPrecondition, "use_date", "outside_service", "the service was not there on this day")
			}
			charge := chargeRow{
				ID: store.NewID(), SubscriptionID: row.ID, ClientID: row.ClientID, Kind: "usage", From: day, To: day, Days: 1, OfDays: 1, Quantity: r.GetQuantity(),
				Price: row.Price, TaxMode: row.TaxMode, TaxPercent: row.TaxPercent, Item: row.Item, Note: strings.TrimSpace(r.GetNote()), Status: "due",
				Created: s.host.Now(), Name: row.Name, Unit: row.Unit, Currency: row.Currency, OwnAccount: row.OwnAccount, Start: row.Start,
			}
			if err := charge.ofStage(row, strings.TrimSpace(r.GetStage())); err != nil {
				return nil, err
			}
			if err := charge.reckon("quantity"); err != nil {
				return nil, wrongAmount("quantity", err)
			}
			if err := insertCharges(ctx, tx, []chargeRow{charge}); err != nil {
				return nil, err
			}
			if err := s.settle(ctx, tx, s.host.Now(), map[string]*clientmanagerv1.Client{row.ClientID: client}, charge); err != nil {
				return nil, err
			}
			charge, err = findCharge(ctx, tx, charge.ID)
			return &v1.RecordUsageResponse{Charge: charge.charge()}, err
		})
		return err
	})
	if err != nil {
		return nil, refused(err)
	}
	return response, nil
}

// ofStage makes a charge one of a stage of its service.
func (r *chargeRow) ofStage(of subscriptionRow, name string) error {
	if name == "" {
		return nil
	}
	stages, err := of.stages()
	if err != nil {
		return err
	}
	for _, stage := range stages {
		if stage.GetName() == name {
			r.Stage = name
			if stage.GetPrice() != "" {
				r.Price = stage.GetPrice()
			}
			return nil
		}
	}
	return refuse(codes.InvalidArgument, "stage", "no_stage", "the service has no such stage")
}

// ListCharges lists charges of a service, a client, or all whom the caller serves, newest first.
func (s *subscriptionService) ListCharges(ctx context.Context, r *v1.ListChargesRequest) (*v1.ListChargesResponse, error) {
	c := &store.Where{}
	if client, err := clientMeant(ctx, r.GetClientId()); err == nil {
		c.Add("c.client_id = ?::uuid", client)
	}
	if r.GetSubscriptionId() != "" {
		c.Add("c.subscription_id = ?::uuid", r.GetSubscriptionId())
	}
	if len(r.GetStatuses()) > 0 {
		c.Add("c.status = any(?)", chargeStatuses.Texts(r.GetStatuses()))
	}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("c.id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[chargeRow],
		`select `+chargeFields+` from (select * from finsystem.charges c`+c.String()+` order by c.id desc limit `+most+`) c
		join finsystem.subscriptions s on s.id = c.subscription_id order by c.id desc`, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListChargesResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last chargeRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Charges = append(response.Charges, row.charge())
	}
	return response, nil
}

// GetCharge returns a charge of a client the caller sees.
func (s *subscriptionService) GetCharge(ctx context.Context, r *v1.GetChargeRequest) (*v1.GetChargeResponse, error) {
	row, err := findCharge(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	return &v1.GetChargeResponse{Charge: row.charge()}, nil
}

// CancelCharge takes a charge back. Cancelling a cancelled one does nothing.
func (s *subscriptionService) CancelCharge(ctx context.Context, r *v1.CancelChargeRequest) (*v1.CancelChargeResponse, error) {
	found, err := findCharge(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	client, err := s.client(ctx, found.ClientID)
	if err != nil {
		return nil, err
	}
	var out *v1.Charge
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := holdCharge(ctx, tx, r.GetId())
		if err != nil {
			return err
		}
		if row.Status != "cancelled" {
			row.Net, row.Tax, row.Note = 0, 0, strings.TrimSpace(r.GetReason())
			if _, err := tx.Exec(ctx, "update finsystem.charges set net = 0, tax = 0, note = $2, status = 'due' where id = $1", row.ID, row.Note); err != nil {
				return err
			}
			if err := s.settle(ctx, tx, s.host.Now(), map[string]*clientmanagerv1.Client{row.ClientID: client}, row); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "update finsystem.charges set status = 'cancelled' where id = $1", row.ID); err != nil {
				return err
			}
		}
		row, err = findCharge(ctx, tx, row.ID)
		out = row.charge()
		return err
	})
	return &v1.CancelChargeResponse{Charge: out}, refused(err)
}
