package finsystem

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

var (
	postingKinds = store.Enum[v1.PostingKind]{Prefix: "POSTING_KIND_", Values: v1.PostingKind_value}

	errNoAccount = refuse(codes.NotFound, "account", "no_account", "there is no such account among those you may see")
)

type postingRow struct {
	ID                    int64
	ClientID              *string
	Kind, Memo, Currency  string
	Date, Time            time.Time
	DocumentID, PaymentID *string
	Reverses              *int64
	ActorID               *string
	Account               int64
	Amount                int64
	Balance               *int64 // nil of an account of the business's own
	Reversed              int64
}

func (r postingRow) posting() *v1.Posting {
	p := &v1.Posting{
		Id: strconv.FormatInt(r.ID, 10), Kind: postingKinds.Of(r.Kind), Memo: r.Memo, Amount: money.Of(r.Currency, r.Amount),
		EffectiveDate: r.Date.Format(time.DateOnly), PostTime: timestamppb.New(r.Time),
	}
	if r.Balance != nil {
		p.Balance = money.Of(r.Currency, *r.Balance)
	}
	for to, from := range map[*string]*string{&p.ClientId: r.ClientID, &p.DocumentId: r.DocumentID, &p.PaymentId: r.PaymentID, &p.ActorId: r.ActorID} {
		if from != nil {
			*to = *from
		}
	}
	if r.Reverses != nil {
		p.Reverses = strconv.FormatInt(*r.Reverses, 10)
	}
	if r.Reversed > 0 {
		p.Reversed = money.Of(r.Currency, r.Reversed)
	}
	return p
}

// otherSides fills what may be known of postings about another client that moved money of the reader's too. Whose the other side is, and what was written about it,
// is not.
func (m *Module) otherSides(ctx context.Context, q store.Querier, rows []postingRow) error {
	var ids []int64
	for _, row := range rows {
		if row.Kind == "" {
			ids = append(ids, row.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	type side struct {
		ID             int64
		Kind, Currency string
		Date, Time     time.Time
	}
	sides, err := store.Query(ctx, q, pgx.RowToStructByPos[side], "select id, kind, currency_code, effective_date, post_time from finsystem.other_sides($1)", ids)
	if err != nil {
		return err
	}
	words := m.words.For(m.settings.Language, m.host.Zone)
	for _, s := range sides {
		for i := range rows {
			if r := &rows[i]; r.ID == s.ID {
				r.Kind, r.Currency, r.Date, r.Time, r.Memo = s.Kind, s.Currency, s.Date, s.Time, words.T(ID+".accounts.transfer")
			}
		}
	}
	return nil
}

// ListPostings lists what changed an account, newest first; of some days or kinds, by the days.
func (s *ledgerService) ListPostings(ctx context.Context, r *v1.ListPostingsRequest) (*v1.ListPostingsResponse, error) {
	if own, err := s.ownAccount(ctx, r); err != nil {
		return nil, err
	} else if own != nil {
		return s.ownPostings(ctx, r, own)
	}
	c := &store.Where{}
	single, err := s.accountsAsked(ctx, r, c)
	if err != nil {
		return nil, err
	}
	response := &v1.ListPostingsResponse{}
	if response.Account, err = s.accountNamed(ctx, r); err != nil {
		return nil, err
	}
	if single != nil && *single == 0 {
		return response, nil
	}
	list, err := s.postingPage(r, c, single)
	if err != nil {
		return nil, err
	}
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[postingRow], list.sql, c.Args...)
	if err != nil {
		return nil, err
	}
	if err := s.otherSides(ctx, s.host.Store, rows); err != nil {
		return nil, err
	}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, list.size, list.key)
	for _, row := range rows {
		response.Postings = append(response.Postings, row.posting())
	}
	return response, err
}

// accountsAsked puts into a condition on entries which accounts are asked for. single is the account where it is one, 0 for one that is not there; nil for several.
func (s *ledgerService) accountsAsked(ctx context.Context, r *v1.ListPostingsRequest, c *store.Where) (single *int64, err error) {
	kind, code, _ := strings.Cut(r.GetAccount(), ":")
	client, err := clientMeant(ctx, r.GetClientId())
	switch {
	case kind == "" && err != nil: // staff: of all clients whom they serve
		c.Add("client_id is not null")
		if r.GetCurrencyCode() != "" {
			c.Add("posting_id in (select q.id from finsystem.postings q where q.id = entries.posting_id and q.currency_code = ?)", r.GetCurrencyCode())
		}
		return nil, nil
	case kind != "" && !store.IsID(code):
		return nil, errNoAccount
	case kind == "agreement":
		if err == nil {
			c.Add("client_id = ?::uuid", client)
		}
		currency, err := s.currency(r.GetCurrencyCode())
		if err != nil {
			return nil, err
		}
		c.Add("posting_id = any(array(select q.id from finsystem.postings q where q.kind <> 'transfer' and q.currency_code = ? and q.about_id in ("+
			"select d.id from finsystem.documents d where d.agreement_id = ?::uuid union all select b.id from finsystem.subscriptions b where b.agreement_id = ?::uuid)))",
			currency, code, code)
		c.Add("client_id is not null")
		return nil, nil
	case kind == "service":
		row, err := findSubscription(ctx, s.host.Store, code)
		if err != nil {
			return nil, err
		}
		if client != "" && row.ClientID != client {
			return nil, errNoAccount
		}
		if row.OwnAccount {
			return s.account(ctx, c, row.ClientID, "service", row.ID, row.Currency)
		}
		c.Add("posting_id = any(array(select q.id from finsystem.postings q where q.about_id = ?::uuid))", row.ID)
		return s.account(ctx, c, row.ClientID, "client", "", row.Currency)
	case kind != "":
		return nil, errNoAccount
	}
	currency, err := s.currency(r.GetCurrencyCode())
	if err != nil {
		return nil, err
	}
	return s.account(ctx, c, client, "client", "", currency)
}

// account puts into a condition on entries that they are of one account of a client's, and finds it; 0 for one that is not there.
func (m *Module) account(ctx context.Context, c *store.Where, client, kind, code, currency string) (*int64, error) {
	id, err := store.QueryOne(ctx, m.host.Store, pgx.RowTo[int64], `
		select coalesce((select id from finsystem.accounts where client_id = $1 and kind = $2 and code = $3 and currency_code = $4), 0)`, client, kind, code, currency)
	c.Add("account_id = ?", id)
	return &id, err
}

// postingsAsked puts the other filters of a request into a condition on entries.
func (s *ledgerService) postingsAsked(r *v1.ListPostingsRequest, c *store.Where) error {
	if len(r.GetKinds()) > 0 {
		c.Add(ofKind+"any (?))", postingKinds.Texts(r.GetKinds()))
	}
	if r.GetAboutId() != "" {
		c.Add("posting_id = any(array(select q.id from finsystem.postings q where q.about_id = ?::uuid))", r.GetAboutId())
	}
	return s.daysAsked(r, c)
}

func (s *ledgerService) daysAsked(r *v1.ListPostingsRequest, c *store.Where) error {
	for _, edge := range []struct{ field, text, is string }{
		{"from_date", r.GetFromDate(), "effective_date >= ?::date"}, {"to_date", r.GetToDate(), "effective_date <= ?::date"},
	} {
		if edge.text != "" {
			if _, err := s.dayOf(edge.field, edge.text); err != nil {
				return err
			}
			c.Add(edge.is, edge.text)
		}
	}
	return nil
}

// GetPosting returns a posting with the accounts between which it moved.
func (s *ledgerService) GetPosting(ctx context.Context, r *v1.GetPostingRequest) (*v1.GetPostingResponse, error) {
	id, err := strconv.ParseInt(r.GetId(), 10, 64)
	if err != nil {
		return nil, errNoPosting
	}
	p, err := s.findPosting(ctx, s.host.Store, id)
	return &v1.GetPostingResponse{Posting: p}, err
}

// findPosting is a posting as the first account of a client's sees it that the reader may see, or, where it is the business's own matter, as the first of its accounts does.
func (m *Module) findPosting(ctx context.Context, q store.Querier, id int64) (*v1.Posting, error) {
	rows, err := store.Query(ctx, q, pgx.RowToStructByPos[postingRow], postingsOfAccount(entriesOf(" where posting_id = $1", asPosted, "100")), id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errNoPosting
	}
	row := rows[0]
	for _, r := range rows {
		if r.ClientID != nil {
			row = r
			break
		}
	}
	one := []postingRow{row}
	if err := m.otherSides(ctx, q, one); err != nil {
		return nil, err
	}
	if row = one[0]; row.Kind == "" {
		return nil, errNoPosting
	}
	p := row.posting()
	type entry struct {
		Kind, Code string
		Amount     int64
	}
	entries, err := store.Query(ctx, q, pgx.RowToStructByPos[entry],
		"select kind, code, amount from finsystem.posting_entries($1) where account_id = $2", id, row.Account)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		p.Entries = append(p.Entries, &v1.PostingEntry{Account: ID + ".accounts." + e.Kind, Code: e.Code, Amount: money.Of(row.Currency, e.Amount)})
	}
	return p, nil
}

// seesBooks tells whether the caller may see the business's own accounts.
func (m *Module) seesBooks(ctx context.Context) bool {
	who := access.From(ctx)
	if !who.IsUser() {
		return true
	}
	reach, _ := m.host.Policy.Reach(who.Roles, readBooks)
	return reach == access.All && who.Kind == access.Staff
}
