package finsystem

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// subscriptionService keeps the services that clients have. A draft is the business's own: no contact sees it.
type subscriptionService struct {
	v1.UnimplementedSubscriptionServiceServer
	*Module
}

var _ v1.SubscriptionServiceServer = (*subscriptionService)(nil)

var (
	errNoService   = refuse(codes.NotFound, "", "no_service", "there is no such service among those you may see")
	errNoCharge    = refuse(codes.NotFound, "", "no_charge", "there is no such charge among those you may see")
	errNotInForce  = refuse(codes.FailedPrecondition, "id", "service_not_in_force", "the service is not in force: put it into force first")
	errServiceOver = refuse(codes.FailedPrecondition, "id", "service_ended", "the service has ended: make a new one")
)

// ListSubscriptions lists services of one client, or of all whom the caller serves, newest first.
func (s *subscriptionService) ListSubscriptions(ctx context.Context, r *v1.ListSubscriptionsRequest) (*v1.ListSubscriptionsResponse, error) {
	c := &store.Where{}
	if client, err := clientMeant(ctx, r.GetClientId()); err == nil {
		c.Add("client_id = ?::uuid", client)
	}
	if isContact(ctx) {
		c.Add("status <> 'draft'")
	}
	if r.GetAgreementId() != "" {
		c.Add("agreement_id = ?::uuid", r.GetAgreementId())
	}
	var states []string
	for _, state := range r.GetStatuses() {
		is := inState[state]
		if strings.Contains(is, "?") {
			is = strings.ReplaceAll(is, "?", c.Arg(s.today()))
		}
		if is != "" {
			states = append(states, "("+is+")")
		}
	}
	if len(states) > 0 {
		c.Add("(" + strings.Join(states, " or ") + ")")
	}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[subscriptionRow],
		`select `+subscriptionFields+` from finsystem.subscriptions`+c.String()+` order by subscriptions.id desc limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListSubscriptionsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last subscriptionRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		one, err := row.subscription(s.today())
		if err != nil {
			return nil, err
		}
		response.Subscriptions = append(response.Subscriptions, one)
	}
	return response, nil
}

// GetSubscription returns a service of a client the caller sees, with what was done and charged.
func (s *subscriptionService) GetSubscription(ctx context.Context, r *v1.GetSubscriptionRequest) (*v1.GetSubscriptionResponse, error) {
	row, err := findSubscription(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	if row.Status == draft && isContact(ctx) {
		return nil, errNoService
	}
	one, err := s.wholeService(ctx, s.host.Store, row)
	return &v1.GetSubscriptionResponse{Subscription: one}, err
}

// wholeService is a service with its figures.
func (m *Module) wholeService(ctx context.Context, q store.Querier, row subscriptionRow) (*v1.Subscription, error) {
	one, err := row.subscription(m.today())
	if err != nil || row.Status == draft {
		return one, err
	}
	type figures struct {
		Stage, Done     string
		Charged, Unpaid int64
	}
	sums, err := store.Query(ctx, q, pgx.RowToStructByPos[figures], `
		select stage, trim_scale(coalesce(sum(quantity) filter (where kind = 'usage' and status <> 'cancelled'), 0))::text, sum(posted_net + posted_tax)::bigint,
			sum(net + tax - posted_net - posted_tax)::bigint
		from finsystem.charges where subscription_id = $1 group by stage`, row.ID)
	if err != nil {
		return nil, err
	}
	var charged, unpaid int64
	for _, sum := range sums {
		charged, unpaid = charged+sum.Charged, unpaid+sum.Unpaid
		for _, stage := range one.GetStages() {
			if stage.GetName() == sum.Stage {
				stage.Done = sum.Done
			}
		}
	}
	one.Charged, one.Unpaid = money.Of(row.Currency, charged), money.Of(row.Currency, unpaid)
	if row.OwnAccount {
		balance, err := store.QueryOne(ctx, q, pgx.RowTo[int64], `
			select coalesce((select b.balance from finsystem.balances b join finsystem.accounts a on a.id = b.account_id
				where a.client_id = $1 and a.kind = 'service' and a.code = $2 and a.currency_code = $3), 0)`, row.ClientID, row.ID, row.Currency)
		if err != nil {
			return nil, err
		}
		one.Balance = money.Of(row.Currency, balance)
	}
	return one, nil
}

// subscriptionChanges are the fields of a service that can be written. What stands in onlyDrafts stays once it is in force.
var (
	subscriptionChanges = map[string]func(to, from *v1.Subscription){
		"agreement_id":  func(to, from *v1.Subscription) { to.AgreementId = from.GetAgreementId() },
		"name":          func(to, from *v1.Subscription) { to.Name = strings.Join(strings.Fields(from.GetName()), " ") },
		"item":          func(to, from *v1.Subscription) { to.Item = from.GetItem() },
		"unit":          func(to, from *v1.Subscription) { to.Unit = strings.TrimSpace(from.GetUnit()) },
		"currency_code": func(to, from *v1.Subscription) { to.CurrencyCode = from.GetCurrencyCode() },
		"price":         func(to, from *v1.Subscription) { to.Price = from.GetPrice() },
		"quantity":      func(to, from *v1.Subscription) { to.Quantity = from.GetQuantity() },
		"tax_mode":      func(to, from *v1.Subscription) { to.TaxMode = from.GetTaxMode() },
		"tax_percent":   func(to, from *v1.Subscription) { to.TaxPercent = from.GetTaxPercent() },
		"period":        func(to, from *v1.Subscription) { to.Period = from.GetPeriod() },
		"billing_day":   func(to, from *v1.Subscription) { to.BillingDay = from.GetBillingDay() },
		"start_date":    func(to, from *v1.Subscription) { to.StartDate = from.GetStartDate() },
		"end_date":      func(to, from *v1.Subscription) { to.EndDate = from.GetEndDate() },
		"own_account":   func(to, from *v1.Subscription) { to.OwnAccount = from.GetOwnAccount() },
		"stages": func(to, from *v1.Subscription) {
			to.Stages = nil
			for _, stage := range from.GetStages() {
				to.Stages = append(to.Stages, &v1.ServiceStage{Name: strings.TrimSpace(stage.GetName()), Quantity: stage.GetQuantity(), Price: stage.GetPrice()})
			}
		},
	}
	onlyDrafts = []string{"currency_code", "period", "billing_day", "start_date", "end_date", "own_account"}
)

// CreateSubscription makes a draft.
func (s *subscriptionService) CreateSubscription(ctx context.Context, r *v1.CreateSubscriptionRequest) (*v1.CreateSubscriptionResponse, error) {
	client, err := clientMeant(ctx, r.GetSubscription().GetClientId())
	if err != nil {
		return nil, err
	}
	whose, err := s.client(ctx, client)
	if err != nil {
		return nil, err
	}
	if _, err := s.agreementOf(ctx, "subscription.agreement_id", client, r.GetSubscription().GetAgreementId()); err != nil {
		return nil, err
	}
	var response *v1.CreateSubscriptionResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateSubscriptionResponse, error) {
			one := &v1.Subscription{Id: store.NewID(), ClientId: client, CreateTime: timestamppb.New(s.host.Now())}
			for _, apply := range subscriptionChanges {
				apply(one, r.GetSubscription())
			}
			made, err := s.writeService(ctx, tx, one)
			if err == nil && r.GetStart() {
				made, err = s.changeIn(ctx, tx, made.GetId(), whose, s.inForce(s.today()))
			}
			return &v1.CreateSubscriptionResponse{Subscription: made}, err
		})
		return err
	})
	if err != nil {
		return nil, refused(err)
	}
	return response, nil
}

// writeService checks a service and saves it.
func (s *subscriptionService) writeService(ctx context.Context, tx *store.Tx, one *v1.Subscription) (*v1.Subscription, error) {
	if one.GetQuantity() == "" {
		one.Quantity = "1"
	}
	if one.GetTaxMode() == v1.TaxMode_TAX_MODE_UNSPECIFIED {
		one.TaxMode = v1.TaxMode_TAX_MODE_NONE
	}
	if err := checkService(one); err != nil {
		return nil, err
	}
	one.Revision++
	if err := saveSubscription(ctx, tx, one, s.host.Now()); err != nil {
		return nil, err
	}
	row, err := findSubscription(ctx, tx, one.GetId())
	if err != nil {
		return nil, err
	}
	return s.wholeService(ctx, tx, row)
}

// checkService refuses what the contract's constraints cannot say, and writes the rate of tax in the one way in which it is booked.
func checkService(one *v1.Subscription) error {
	if err := module.Constrained("subscription", one); err != nil {
		return err
	}
	for field, text := range map[string]string{"start_date": one.GetStartDate(), "end_date": one.GetEndDate()} {
		if _, err := time.Parse(time.DateOnly, text); text != "" && err != nil {
			return refuse(codes.InvalidArgument, "subscription."+field, "no_date", "there is no such day")
		}
	}
	if one.GetEndDate() != "" && one.GetEndDate() < one.GetStartDate() {
		return refuse(codes.InvalidArgument, "subscription.end_date", "ends_before", "the last day lies before the first")
	}
	if one.GetBillingDay() > 0 && monthsOf[servicePeriods.Text(one.GetPeriod())] == 0 {
		return refuse(codes.InvalidArgument, "subscription.billing_day", "no_periods", "what is charged once or by usage has no periods that begin on a day")
	}
	names := map[string]bool{}
	for _, stage := range one.GetStages() {
		if names[stage.GetName()] {
			return refuse(codes.InvalidArgument, "subscription.stages", "two_stages", "two stages have one name")
		}
		names[stage.GetName()] = true
	}
	percent, err := taxPercent("subscription", one.GetTaxMode(), one.GetTaxPercent())
	if err != nil {
		return err
	}
	one.TaxPercent = percent
	_, _, err = amounts("subscription", terms{currency: one.GetCurrencyCode(), quantity: one.GetQuantity(), price: one.GetPrice(), mode: one.GetTaxMode(), percent: percent, part: 1, whole: 1})
	return err
}

// UpdateSubscription changes the named fields of a service. It stays with its client.
func (s *subscriptionService) UpdateSubscription(ctx context.Context, r *v1.UpdateSubscriptionRequest) (*v1.UpdateSubscriptionResponse, error) {
	if !store.IsID(r.GetSubscription().GetId()) {
		return nil, refuse(codes.InvalidArgument, "subscription.id", "which_service", "say by its id which service is meant")
	}
	known := func(field string) bool { _, ok := subscriptionChanges[field]; return ok }
	fields, err := module.Named(r.GetUpdateMask(), known, ID+".refusal.nothing_named", ID+".refusal.no_field")
	if err != nil {
		return nil, err
	}
	if slices.Contains(fields, "agreement_id") {
		row, err := findSubscription(ctx, s.host.Store, r.GetSubscription().GetId())
		if err != nil {
			return nil, err
		}
		if _, err := s.agreementOf(ctx, "subscription.agreement_id", row.ClientID, r.GetSubscription().GetAgreementId()); err != nil {
			return nil, err
		}
	}
	var out *v1.Subscription
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := holdSubscription(ctx, tx, r.GetSubscription().GetId())
		if err != nil {
			return err
		}
		present, err := row.subscription(s.today())
		if err != nil {
			return err
		}
		after := proto.CloneOf(present)
		for _, field := range fields {
			before := proto.CloneOf(after)
			subscriptionChanges[field](after, r.GetSubscription())
			if row.Status != draft && slices.Contains(onlyDrafts, field) && !proto.Equal(before, after) {
				return refuse(codes.FailedPrecondition, "subscription."+field, "service_in_force", "this stays as it is once a service is in force: end it and make a new one")
			}
		}
		switch {
		case present.GetStatus() == v1.SubscriptionStatus_SUBSCRIPTION_STATUS_ENDED:
			return errServiceOver
		case r.GetSubscription().GetRevision() != 0 && r.GetSubscription().GetRevision() != present.GetRevision():
			return errMeanwhile
		}
		if out, err = s.writeService(ctx, tx, after); err != nil {
			return err
		}
		audit.Changed(tx, present, out)
		return nil
	})
	return &v1.UpdateSubscriptionResponse{Subscription: out}, err
}

// DeleteSubscription takes a draft away.
func (s *subscriptionService) DeleteSubscription(ctx context.Context, r *v1.DeleteSubscriptionRequest) (*v1.DeleteSubscriptionResponse, error) {
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := holdSubscription(ctx, tx, r.GetId())
		if err != nil {
			return err
		}
		if row.Status != draft {
			return refuse(codes.FailedPrecondition, "id", "service_no_draft", "only a draft can be removed: end the service instead")
		}
		one, err := row.subscription(s.today())
		if err != nil {
			return err
		}
		audit.Changed(tx, one, nil)
		_, err = tx.Exec(ctx, "delete from finsystem.subscriptions where id = $1", row.ID)
		return err
	})
	return &v1.DeleteSubscriptionResponse{}, err
}
