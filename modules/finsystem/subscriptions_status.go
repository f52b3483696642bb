package finsystem

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// PauseSubscription stops a service for a while. Pausing a paused one does nothing.
func (s *subscriptionService) PauseSubscription(ctx context.Context, r *v1.PauseSubscriptionRequest) (*v1.PauseSubscriptionResponse, error) {
	one, err := s.change(ctx, r.GetId(), func(row *subscriptionRow, _ *clientmanagerv1.Client) (*time.Time, error) {
		day, err := s.past("from_date", r.GetFromDate())
		switch {
		case err != nil || row.PausedFrom != nil:
			return nil, err
		case row.Status == draft:
			return nil, errNotInForce
		}
		return row.pause(day, false)
	})
	return &v1.PauseSubscriptionResponse{Subscription: one}, err
}

// past is a day of a request that does not lie ahead; empty is today.
func (m *Module) past(field, text string) (time.Time, error) {
	day, err := m.dayOf(field, text)
	if err == nil && day.After(m.today()) {
		err = refuse(codes.InvalidArgument, field, "ahead", "this day has not come yet")
	}
	return day, err
}

// pause has a service not be there from a day on, and returns the day.
func (r *subscriptionRow) pause(day time.Time, suspended bool) (*time.Time, error) {
	if day.Before(r.Start) {
		day = r.Start
	}
	if n := len(r.Pauses); n > 0 && day.Format(time.DateOnly) < r.Pauses[n-1].Until {
		return nil, refuse(codes.FailedPrecondition, "from_date", "in_pause", "this day lies before the end of an earlier pause")
	}
	r.Pauses, r.PausedFrom, r.Suspended = append(r.Pauses, pause{From: day.Format(time.DateOnly)}), &day, suspended
	return &day, nil
}

// ResumeSubscription puts a draft or a paused service into force. Doing it with one in force does nothing.
func (s *subscriptionService) ResumeSubscription(ctx context.Context, r *v1.ResumeSubscriptionRequest) (*v1.ResumeSubscriptionResponse, error) {
	day, err := s.past("from_date", r.GetFromDate())
	if err != nil {
		return nil, err
	}
	one, err := s.change(ctx, r.GetId(), s.inForce(day))
	return &v1.ResumeSubscriptionResponse{Subscription: one}, err
}

// standing changes how a held service stands, and says since which day, or nil when nothing changes.
type standing func(row *subscriptionRow, client *clientmanagerv1.Client) (since *time.Time, err error)

// inForce puts a draft into force from its first day on, and a paused service from a day on.
func (m *Module) inForce(day time.Time) standing {
	return func(row *subscriptionRow, client *clientmanagerv1.Client) (*time.Time, error) {
		switch {
		case row.Status == "active" && row.PausedFrom == nil:
			return nil, nil //nolint:nilnil // nothing changes
		case client.GetStatus() == clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED:
			return nil, refuse(codes.FailedPrecondition, "id", "suspended", "the client is suspended: resume the client first")
		case row.Status == draft:
			row.Status = "active"
			if row.PeriodOfIt != "usage" {
				row.Next = &row.Start
			}
			return &row.Start, nil
		case day.Before(*row.PausedFrom):
			return nil, refuse(codes.InvalidArgument, "from_date", "before_pause", "this day lies before the pause")
		}
		return row.resume(day), nil
	}
}

// resume has a paused service be there again from a day on, and returns since when that changes what is charged.
func (r *subscriptionRow) resume(day time.Time) *time.Time {
	since := r.PausedFrom
	r.Pauses[len(r.Pauses)-1].Until, r.PausedFrom, r.Suspended = day.Format(time.DateOnly), nil, false
	return since
}

// EndSubscription gives a service its last day.
func (s *subscriptionService) EndSubscription(ctx context.Context, r *v1.EndSubscriptionRequest) (*v1.EndSubscriptionResponse, error) {
	one, err := s.change(ctx, r.GetId(), func(row *subscriptionRow, _ *clientmanagerv1.Client) (*time.Time, error) {
		day, err := s.dayOf("last_date", r.GetLastDate())
		switch {
		case err != nil:
			return nil, err
		case row.Status == draft:
			return nil, errNotInForce
		case row.End != nil && row.End.Equal(day):
			return nil, nil //nolint:nilnil // nothing changes
		case row.End != nil && row.End.Before(s.today()):
			return nil, errServiceOver
		case day.Before(row.Start):
			return nil, refuse(codes.InvalidArgument, "last_date", "ends_before", "the last day lies before the first")
		}
		since := day
		if row.End != nil && row.End.Before(day) {
			since = *row.End
		}
		row.End = &day
		return &since, nil
	})
	return &v1.EndSubscriptionResponse{Subscription: one}, err
}

// change has a service stand otherwise, and charges or gives back what follows from that.
func (s *subscriptionService) change(ctx context.Context, id string, do standing) (*v1.Subscription, error) {
	found, err := findSubscription(ctx, s.host.Store, id)
	if err != nil {
		return nil, err
	}
	client, err := s.client(ctx, found.ClientID)
	if err != nil {
		return nil, err
	}
	var out *v1.Subscription
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		out, err = s.changeIn(ctx, tx, id, client, do)
		return err
	})
	return out, refused(err)
}

func (m *Module) changeIn(ctx context.Context, tx *store.Tx, id string, client *clientmanagerv1.Client, do standing) (*v1.Subscription, error) {
	row, err := holdSubscription(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	before, err := m.wholeService(ctx, tx, row)
	if err != nil {
		return nil, err
	}
	since, err := do(&row, client)
	if err != nil || since == nil {
		return before, err
	}
	if err := m.stand(ctx, tx, row, client, *since); err != nil {
		return nil, err
	}
	if row, err = findSubscription(ctx, tx, id); err != nil {
		return nil, err
	}
	after, err := m.wholeService(ctx, tx, row)
	if err == nil {
		audit.Changed(tx, before, after)
	}
	return after, err
}

// stand saves how a held service stands, begins the periods that are due then, and settles those that are other since a day.
func (m *Module) stand(ctx context.Context, tx *store.Tx, row subscriptionRow, client *clientmanagerv1.Client, since time.Time) error {
	charges, next, err := m.periodsOf(row)
	if err != nil {
		return err
	}
	if err := insertCharges(ctx, tx, charges); err != nil {
		return err
	}
	b := &pgx.Batch{}
	present, err := store.Query(ctx, tx, pgx.RowToStructByPos[chargeRow], `select `+chargeFields+chargesOf+`
		where c.subscription_id = $1 and c.kind = 'period' and c.to_date >= $2 and c.status <> 'cancelled' and not c.id = any ($3::uuid[]) order by c.id for update of c`,
		row.ID, since, idsOf(charges))
	if err != nil {
		return err
	}
	for _, c := range present {
		days := int32(served(c.From, c.To, row.Start, row.End, row.Pauses)) //nolint:gosec // of a year at most
		if !row.usual() || days == c.Days {
			continue
		}
		c.Days = days
		if err := c.reckon("subscription"); err != nil {
			return err
		}
		b.Queue("update finsystem.charges set days = $2, net = $3, tax = $4, status = case status when 'charged' then 'due' else status end where id = $1", c.ID, c.Days, c.Net, c.Tax)
		charges = append(charges, c)
	}
	row.Next = next
	if err := saveStanding(ctx, tx, row, m.host.Now()); err != nil {
		return err
	}
	if len(charges) == 0 {
		return nil
	}
	if b.Len() > 0 {
		if err := tx.Batch(ctx, b); err != nil {
			return err
		}
	}
	return m.settle(ctx, tx, m.host.Now(), map[string]*clientmanagerv1.Client{row.ClientID: client}, charges...)
}

func idsOf(charges []chargeRow) []string {
	ids := make([]string, len(charges))
	for i, c := range charges {
		ids[i] = c.ID
	}
	return ids
}

// clientSuspended pauses what a client has: nobody is charged for days on which they are not served.
func (m *Module) clientSuspended(ctx context.Context, _ event.Event, e *clientmanagerv1.ClientSuspended) error {
	return m.changeAll(ctx, e.GetClientId(), "paused_from is null", func(row *subscriptionRow) *time.Time {
		since, err := row.pause(m.dayIn(e.GetTime().AsTime()), true)
		if err != nil { // it was paused and resumed since: from today on then
			since, _ = row.pause(m.today(), true)
		}
		return since
	})
}

// clientResumed goes on with what was paused because the client was suspended.
func (m *Module) clientResumed(ctx context.Context, _ event.Event, e *clientmanagerv1.ClientResumed) error {
	return m.changeAll(ctx, e.GetClientId(), "paused_from is not null and suspended", func(row *subscriptionRow) *time.Time {
		day := m.dayIn(e.GetTime().AsTime())
		if day.Before(*row.PausedFrom) {
			day = *row.PausedFrom
		}
		return row.resume(day)
	})
}

// dayIn is the date of a moment in the portal's time zone.
func (m *Module) dayIn(at time.Time) time.Time {
	y, month, d := at.In(m.host.Zone).Date()
	return time.Date(y, month, d, 0, 0, 0, 0, time.UTC)
}

// changeAll changes how services of a client stand that are in force and meet a condition, for an event.
func (m *Module) changeAll(ctx context.Context, clientID, which string, do func(row *subscriptionRow) *time.Time) error {
	client, err := m.client(ctx, clientID)
	if status.Code(err) == codes.NotFound {
		return nil // merged since
	} else if err != nil {
		return err
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[subscriptionRow], `select `+subscriptionFields+` from finsystem.subscriptions
			where client_id = $1 and status = 'active' and (end_date is null or end_date >= $2) and `+which+` order by subscriptions.id for no key update`, clientID, m.today())
		if err != nil {
			return err
		}
		for _, row := range rows {
			if since := do(&row); since != nil {
				if err := m.stand(ctx, tx, row, client, *since); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
