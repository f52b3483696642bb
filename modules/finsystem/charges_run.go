package finsystem

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

const (
	// chargedTogether is how many services, or charges, are gone through in one transaction.
	chargedTogether = 500
	// periodsTogether is how many periods of one service are made up for in one transaction.
	periodsTogether = 120
)

// chargeSchedule charges what is due.
func (m *Module) chargeSchedule() event.Subscription {
	s := event.OnSchedule(ID+".charge", event.Schedule{
		Title: ID + ".schedules.charge", Cron: "5 * * * *", CatchUp: event.CatchUpOnce,
	}, func(ctx context.Context, _ event.Event, due *kernelv1.ScheduleDue) error {
		// Each transaction is whole by itself and never done twice, so a run that is cut short goes on where it was. What Apply notes is
		// that it came to its end.
		if err := m.charge(ctx, due.GetDueTime().AsTime()); err != nil {
			return err
		}
		return event.Apply(ctx, m.host.Store, func(context.Context, *store.Tx) error { return nil })
	})
	s.Timeout = 30 * time.Minute
	return s
}

// charge begins the periods that are due, and posts what is not posted. What could not be for a run is left to the next one.
func (m *Module) charge(ctx context.Context, run time.Time) error {
	for more := true; more; {
		if err := m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			more, err = m.beginPeriods(ctx, tx)
			return err
		}); err != nil {
			return err
		}
	}
	clients := map[string]*clientmanagerv1.Client{}
	for {
		more, err := m.postDue(ctx, clients, run)
		if err != nil || !more {
			return err
		}
	}
}

// beginPeriods writes down what the periods come to that have begun, of some services, and says whether there may be more.
func (m *Module) beginPeriods(ctx context.Context, tx *store.Tx) (bool, error) {
	tx.Audit().Quiet = true // days passed, and nobody did anything
	rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[subscriptionRow], `select `+subscriptionFields+` from finsystem.subscriptions
		where status = 'active' and next_start <= $1 and (end_date is null or next_start <= end_date) and (paused_from is null or next_start < paused_from)
		order by next_start, subscriptions.id limit $2 for no key update skip locked`, m.today(), chargedTogether)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	var charges []chargeRow
	ids, following := make([]string, len(rows)), make([]*time.Time, len(rows))
	for i, row := range rows {
		begun, next, err := m.periodsOf(row)
		if err != nil {
			return false, err
		}
		charges, ids[i], following[i] = append(charges, begun...), row.ID, next
	}
	if err := insertCharges(ctx, tx, charges); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, "update finsystem.subscriptions s set next_start = n.next from unnest($1::uuid[], $2::date[]) n(id, next) where s.id = n.id", ids, following)
	return true, err
}

// periodsOf are the charges for the periods of a service that have begun by today, and when the next one begins; nil for never.
func (m *Module) periodsOf(row subscriptionRow) (charges []chargeRow, next *time.Time, err error) {
	today := m.today()
	for row.charges(today) && len(charges) < periodsTogether {
		c := chargeRow{
			SubscriptionID: row.ID, ClientID: row.ClientID, Kind: "period", From: *row.Next, To: *row.Next, Days: 1, OfDays: 1, Quantity: row.Quantity, Price: row.Price,
			TaxMode: row.TaxMode, TaxPercent: row.TaxPercent, Item: row.Item, Status: "due", Created: m.host.Now(),
			Name: row.Name, Unit: row.Unit, Currency: row.Currency, OwnAccount: row.OwnAccount, Start: row.Start,
		}
		row.Next = nil
		if row.usual() {
			periods := calendarOf(row.PeriodOfIt, int(row.BillingDay), row.Start)
			i := periods.at(c.From)
			following := periods.begin(i + 1)
			c.From, c.To, row.Next = periods.begin(i), following.AddDate(0, 0, -1), &following
			c.Days, c.OfDays = int32(served(c.From, c.To, row.Start, row.End, row.Pauses)), int32(daysFrom(c.From, c.To)) //nolint:gosec // of a year at most
		}
		if c.Days == 0 {
			continue // it was paused all the while
		}
		if err := c.reckon("subscription"); err != nil {
			return nil, nil, err
		}
		c.ID = store.NewID()
		charges = append(charges, c)
	}
	return charges, row.Next, nil
}

// dueCharges are those that are not posted and were not tried for a run, the oldest first.
const dueCharges = chargesOf + `where c.status in ('due', 'refused') and (c.try_time is null or c.try_time < $1) order by c.id limit $2`

// postDue posts some of what is not posted, and says whether there may be more. clients are those that were asked about before.
func (m *Module) postDue(ctx context.Context, clients map[string]*clientmanagerv1.Client, run time.Time) (bool, error) {
	whose, err := store.Query(ctx, m.host.Store, pgx.RowTo[string], `select c.client_id::text`+dueCharges, run, chargedTogether)
	if err != nil || len(whose) == 0 {
		return false, err
	}
	for _, id := range whose {
		if err := m.meet(ctx, clients, id); err != nil {
			return false, err
		}
	}
	tried := false
	err = m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		tx.Audit().Quiet = true // days passed, and nobody did anything
		rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[chargeRow], `select `+chargeFields+dueCharges+` for update of c skip locked`, run, chargedTogether)
		if err != nil {
			return err
		}
		tried = len(rows) > 0
		var charged []chargeRow
		var left []string
		for _, row := range rows {
			switch client, met := clients[row.ClientID]; {
			case met && client.GetStatus() == clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED:
				left = append(left, row.ID)
			case met:
				charged = append(charged, row)
			}
		}
		if _, err := tx.Exec(ctx, "update finsystem.charges set try_time = $2 where id = any ($1::uuid[])", left, run); err != nil {
			return err
		}
		return m.settle(ctx, tx, run, clients, charged...)
	})
	return tried, err
}

// meet asks about a client that was not asked about before.
func (m *Module) meet(ctx context.Context, clients map[string]*clientmanagerv1.Client, id string) error {
	if _, met := clients[id]; met {
		return nil
	}
	client, err := m.client(ctx, id)
	if status.Code(err) == codes.NotFound { // merged a moment ago: its charges have another client's id by now
		client, err = nil, nil
	}
	clients[id] = client
	return err
}

// paymentReceived charges what was refused to a client who paid.
func (m *Module) paymentReceived(ctx context.Context, _ event.Event, paid *v1.PaymentReceived) error {
	client, err := m.client(ctx, paid.GetClientId())
	if status.Code(err) == codes.NotFound {
		return nil
	} else if err != nil {
		return err
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		tx.Audit().Quiet = true // the payment has an entry of its own
		if client.GetStatus() == clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED {
			return nil
		}
		rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[chargeRow],
			`select `+chargeFields+chargesOf+`where c.client_id = $1 and c.status = 'refused' order by c.id limit $2 for update of c`, paid.GetClientId(), chargedTogether)
		if err != nil {
			return err
		}
		return m.settle(ctx, tx, m.host.Now(), map[string]*clientmanagerv1.Client{paid.GetClientId(): client}, rows...)
	})
}
