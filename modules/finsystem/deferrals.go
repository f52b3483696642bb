package finsystem

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// deferralService lets clients pay later.
type deferralService struct {
	v1.UnimplementedDeferralServiceServer
	*Module
}

var _ v1.DeferralServiceServer = (*deferralService)(nil)

var (
	errNoDeferral = refuse(codes.NotFound, "", "no_deferral", "there is no such deferral among those you may see")
	errNoRule     = refuse(codes.NotFound, "", "no_rule", "there is no such rule")
	errDecided    = refuse(codes.FailedPrecondition, "id", "decided", "this was decided already: read it again")
)

// ListDeferrals lists deferrals of one client, or of all whom the caller serves, newest first.
func (s *deferralService) ListDeferrals(ctx context.Context, r *v1.ListDeferralsRequest) (*v1.ListDeferralsResponse, error) {
	c := &store.Where{}
	if client, err := clientMeant(ctx, r.GetClientId()); err == nil {
		c.Add("client_id = ?::uuid", client)
	}
	if len(r.GetStatuses()) > 0 {
		c.Add("status = any(?)", deferralStatuses.Texts(r.GetStatuses()))
	}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[deferralRow],
		`select `+deferralFields+` from finsystem.deferrals`+c.String()+` order by deferrals.id desc limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListDeferralsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last deferralRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Deferrals = append(response.Deferrals, row.deferral())
	}
	return response, nil
}

// GetDeferral returns a deferral of a client the caller sees.
func (s *deferralService) GetDeferral(ctx context.Context, r *v1.GetDeferralRequest) (*v1.GetDeferralResponse, error) {
	row, err := findDeferral(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	return &v1.GetDeferralResponse{Deferral: row.deferral()}, nil
}

// RequestDeferral asks that a client may owe an amount, and grants it where an agreement or a rule does.
func (s *deferralService) RequestDeferral(ctx context.Context, r *v1.RequestDeferralRequest) (*v1.RequestDeferralResponse, error) {
	id, err := clientMeant(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	client, err := s.client(ctx, id)
	if err != nil {
		return nil, err
	}
	if client.GetStatus() == clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED {
		return nil, refuse(codes.FailedPrecondition, "client_id", "suspended", "the client is suspended: resume the client first")
	}
	units, err := amountAbove("amount", r.GetCurrencyCode(), r.GetAmount())
	if err != nil {
		return nil, err
	}
	ask := deferralRow{
		ID: store.NewID(), ClientID: id, Currency: r.GetAmount().GetCurrencyCode(), Amount: units, Days: r.GetDays(), Why: strings.TrimSpace(r.GetWhy()), Status: requested,
		Created: s.host.Now(),
	}
	if r.GetAgreementId() != "" {
		ask.AgreementID = &r.AgreementId
	}
	verdict, err := s.byItself(ctx, ask)
	if err != nil {
		return nil, err
	}
	var response *v1.RequestDeferralResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.RequestDeferralResponse, error) {
			made, err := s.ask(ctx, tx, ask, verdict)
			return &v1.RequestDeferralResponse{Deferral: made}, err
		})
		return err
	})
	if err != nil {
		return nil, refused(err)
	}
	return response, nil
}

func (s *deferralService) ask(ctx context.Context, tx *store.Tx, ask deferralRow, verdict *decision) (*v1.Deferral, error) {
	made, err := tx.Exec(ctx, `
		insert into finsystem.deferrals (id, client_id, currency_code, amount, days, why, agreement_id, status, reason, create_time)
		values ($1, $2, $3, $4, $5, $6, $7, 'requested', '', $8) on conflict (client_id) where status = 'requested' do nothing`,
		ask.ID, ask.ClientID, ask.Currency, ask.Amount, ask.Days, ask.Why, ask.AgreementID, ask.Created)
	switch {
	case err != nil:
		return nil, err
	case made.RowsAffected() == 0:
		return nil, refuse(codes.FailedPrecondition, "", "one_request", "a request of the client is open: wait for its answer, or withdraw it")
	}
	if err := s.host.Publish(ctx, tx, ask.ClientID, &v1.DeferralRequested{
		DeferralId: ask.ID, ClientId: ask.ClientID, Amount: money.Of(ask.Currency, ask.Amount), ActorId: actor(ctx),
	}); err != nil {
		return nil, err
	}
	if verdict != nil {
		return s.grant(ctx, tx, ask, *verdict)
	}
	if limit, err := s.limitOf(ctx, tx, ask); err != nil {
		return nil, err
	} else if err := above(ask.Amount, limit, "amount"); err != nil {
		return nil, err
	}
	return ask.deferral(), nil
}

// byItself is how a request is decided without anybody: by the agreement that it names, or the first rule that grants it; nil for not at all.
func (s *deferralService) byItself(ctx context.Context, ask deferralRow) (*decision, error) {
	until := s.today().AddDate(0, 0, int(ask.Days))
	if ask.AgreementID != nil {
		got, err := s.agreements.GetAgreement(ctx, &clientmanagerv1.GetAgreementRequest{Id: *ask.AgreementID})
		if err != nil {
			return nil, err
		}
		a := got.GetAgreement()
		if a.GetClientId() != ask.ClientID {
			return nil, refuse(codes.InvalidArgument, "agreement_id", "other_agreement", "that agreement is another client's")
		}
		if last, err := time.Parse(time.DateOnly, a.GetEndDate()); err == nil && last.Before(until) {
			until = last
		}
		if s.allows(a, ask) {
			return &decision{units: ask.Amount, until: until}, nil
		}
		until = s.today().AddDate(0, 0, int(ask.Days))
	}
	rule, err := s.ruleFor(ctx, ask)
	if err != nil || rule == nil {
		return nil, err
	}
	return &decision{units: ask.Amount, until: until, rule: &rule.ID}, nil
}

// allows tells whether an agreement in force lets as much be owed.
func (s *deferralService) allows(a *clientmanagerv1.Agreement, ask deferralRow) bool {
	limit, err := money.Units(a.GetCreditLimit())
	running := a.GetTerm() == clientmanagerv1.AgreementTerm_AGREEMENT_TERM_RUNNING || a.GetTerm() == clientmanagerv1.AgreementTerm_AGREEMENT_TERM_EXPIRING
	return err == nil && a.GetStatus() == clientmanagerv1.AgreementStatus_AGREEMENT_STATUS_ACTIVE && running && a.GetCreditLimit().GetCurrencyCode() == ask.Currency && limit >= ask.Amount
}

// ruleFor is the first rule, by name, that grants a request; nil when none does. Whoever asks, the module looks: rules are the heads' alone.
func (s *deferralService) ruleFor(ctx context.Context, ask deferralRow) (*ruleRow, error) {
	ctx = s.host.Self(ctx)
	rules, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[ruleRow], `select `+ruleFields+` from finsystem.deferral_rules
		where active and currency_code = $1 and max_amount >= $2 and max_days >= $3 order by name, id`, ask.Currency, ask.Amount, ask.Days)
	if err != nil || len(rules) == 0 {
		return nil, err
	}
	segments, err := s.segments.GetClientSegments(ctx, &clientmanagerv1.GetClientSegmentsRequest{ClientId: ask.ClientID})
	if err != nil {
		return nil, err
	}
	for _, rule := range rules {
		if rule.SegmentID != nil && !slices.Contains(segments.GetSegmentIds(), *rule.SegmentID) {
			continue
		}
		met, err := store.QueryOne(ctx, s.host.Store, pgx.RowTo[bool], `
			select (select coalesce(sum(amount - reversed), 0) from finsystem.payments
					where client_id = $1 and currency_code = $2 and pay_date > $3 and source <> 'bonus') >= $4
				and (select count(*) from finsystem.documents where client_id = $1 and currency_code = $2 and kind = 'invoice' and status = 'issued'
					and issue_date > $3 and total > 0 and paid = total - credited and paid > 0) >= $5
				and not ($6 and exists (select from finsystem.documents where client_id = $1 and kind = 'invoice' and status = 'issued'
					and paid < total - credited and due_date < $7))`,
			ask.ClientID, ask.Currency, s.today().AddDate(0, -int(rule.Months), 0), rule.MinTurnover, rule.MinPaid, rule.NoOverdue, s.today())
		if err != nil || met {
			return &rule, err
		}
	}
	return nil, nil //nolint:nilnil // somebody decides
}

// WithdrawDeferral takes a request back. Doing it twice does nothing.
func (s *deferralService) WithdrawDeferral(ctx context.Context, r *v1.WithdrawDeferralRequest) (*v1.WithdrawDeferralResponse, error) {
	out, err := s.decide(ctx, r.GetId(), func(ctx context.Context, tx *store.Tx, row deferralRow) error {
		switch row.Status {
		case "withdrawn":
			return nil
		case requested:
			_, err := tx.Exec(ctx, "update finsystem.deferrals set status = 'withdrawn' where id = $1", row.ID)
			return err
		}
		return errDecided
	})
	return &v1.WithdrawDeferralResponse{Deferral: out}, err
}
