package finsystem

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// ownKinds are the kinds of the business's own accounts. What it has there is what left them for others' accounts; what it earned or has to
// hand on is the other way round, and is shown so.
var ownKinds = map[string]int64{
	"bank": 1, "cash": 1, "gateway": 1, "transfer": 1, "expense": 1, "revenue": -1, "tax": -1, "rounding": -1, "suspense": -1, "opening": -1,
}

// ownAccount is one of the business's own.
type ownAccount struct {
	ID                   int64
	Kind, Code, Currency string
}

// ownAccount finds the account of the business's own that a request means; nil when it means another.
func (s *ledgerService) ownAccount(ctx context.Context, r *v1.ListPostingsRequest) (*ownAccount, error) {
	kind, code, _ := strings.Cut(r.GetAccount(), ":")
	if ownKinds[kind] == 0 {
		return nil, nil
	}
	if !s.seesBooks(ctx) {
		return nil, errNoAccount
	}
	currency, err := s.currency(r.GetCurrencyCode())
	if err != nil {
		return nil, err
	}
	own, err := store.QueryOne(ctx, s.host.Store, pgx.RowToStructByPos[ownAccount],
		"select id, kind, code, currency_code from finsystem.accounts where client_id is null and kind = $1 and code = $2 and currency_code = $3", kind, code, currency)
	return &own, store.NotFoundAs(err, errNoAccount)
}

// ownPostings lists the postings of an account of the business's own, by the days they count for, the newest first.
func (s *ledgerService) ownPostings(ctx context.Context, r *v1.ListPostingsRequest, own *ownAccount) (*v1.ListPostingsResponse, error) {
	c := &store.Where{}
	account, sign := c.Arg(own.ID), c.Arg(ownKinds[own.Kind])
	c.Add("account_id = " + account)
	if client, err := clientMeant(ctx, r.GetClientId()); err == nil {
		c.Add("client_id = ?::uuid", client)
	}
	if err := s.postingsAsked(r, c); err != nil {
		return nil, err
	}
	var day string
	var last int64
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &day, &last); err != nil {
		return nil, err
	} else if on {
		c.Add("(effective_date, posting_id) < (?::date, ?)", day, last)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	from := func(table string) string {
		return "(select effective_date, posting_id from " + table + c.String() + " group by 1, 2 order by 1 desc, 2 desc limit " + most + ")"
	}
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[postingRow], `
		select p.id, p.client_id::text, p.kind, p.memo, p.currency_code, g.effective_date, p.post_time,
			(select d.id::text from finsystem.documents d where d.id = p.about_id), (select y.id::text from finsystem.payments y where y.id = p.about_id),
			p.reverses, p.actor_id::text, `+account+`::bigint, (
				select `+sign+`::bigint * coalesce(sum(case when e.contra_id = `+account+` then e.amount else -e.amount end), 0)::bigint
				from finsystem.entries e where e.posting_id = p.id and (e.contra_id = `+account+` or e.account_id = `+account+`)), null::bigint,
			`+takenBack+`
		from (select * from (`+from("finsystem.day_lines")+` union all `+from("finsystem.unsummed_lines()")+`) g order by 1 desc, 2 desc limit `+most+`) g
		join finsystem.postings p on p.id = g.posting_id order by g.effective_date desc, p.id desc`, c.Args...)
	if err != nil {
		return nil, err
	}
	balance, err := ledger.Balance(ctx, s.host.Store, own.ID)
	if err != nil {
		return nil, err
	}
	response := &v1.ListPostingsResponse{Account: ownAccountOf(own.Kind, own.Code, own.Currency, balance)}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last postingRow) []any { return []any{last.posting().GetEffectiveDate(), last.ID} })
	for _, row := range rows {
		response.Postings = append(response.Postings, row.posting())
	}
	return response, err
}

// ListAccounts lists what stands beside a client's balance, or the business's own accounts.
func (s *ledgerService) ListAccounts(ctx context.Context, r *v1.ListAccountsRequest) (*v1.ListAccountsResponse, error) {
	currency, err := s.currency(r.GetCurrencyCode())
	if err != nil {
		return nil, err
	}
	client, err := clientMeant(ctx, r.GetClientId())
	switch {
	case err != nil && s.seesBooks(ctx):
		accounts, err := s.ownAccounts(ctx, currency)
		return &v1.ListAccountsResponse{Accounts: accounts}, err
	case err != nil:
		return nil, err
	}
	agreements, err := s.agreementAccounts(ctx, client, currency)
	if err != nil {
		return nil, err
	}
	services, err := s.serviceAccounts(ctx, client, currency)
	return &v1.ListAccountsResponse{Accounts: slices.Concat(agreements, services)}, err
}

// ownAccounts are the business's own with what they come to, which is summed by days: they have no running balance.
func (s *ledgerService) ownAccounts(ctx context.Context, currency string) ([]*v1.Account, error) {
	type account struct {
		Kind, Code string
		Out        int64
	}
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[account], `
		select a.kind, a.code, (-coalesce((select sum(d.amount) from finsystem.own_days d where d.account_id = a.id), 0) - coalesce(t.amount, 0))::bigint
		from finsystem.accounts a left join (
			select account_id, sum(amount) as amount from finsystem.own_sums((select through from finsystem.summed), 9223372036854775807) group by 1
		) t on t.account_id = a.id
		where a.client_id is null and a.currency_code = $1
		order by array_position(array['bank', 'cash', 'gateway', 'suspense', 'revenue', 'expense', 'tax'], a.kind), a.kind, a.code`, currency)
	var out []*v1.Account
	for _, row := range rows {
		out = append(out, ownAccountOf(row.Kind, row.Code, currency, row.Out))
	}
	return out, err
}

func ownAccountOf(kind, code, currency string, out int64) *v1.Account {
	return &v1.Account{Account: kind + ":" + code, Kind: ID + ".accounts." + kind, Name: code, CurrencyCode: currency, Balance: money.Of(currency, out*ownKinds[kind])}
}

// accountNamed is the agreement or the service whose postings are asked for, with what it comes to; nil where none is, or none whose client the caller sees.
func (s *ledgerService) accountNamed(ctx context.Context, r *v1.ListPostingsRequest) (*v1.Account, error) {
	if r.GetAccount() == "" {
		return nil, nil
	}
	_, id, _ := strings.Cut(r.GetAccount(), ":")
	found, err := store.Query(ctx, s.host.Store, pgx.RowTo[string], `
		(select client_id::text from finsystem.subscriptions where $1::uuid in (id, agreement_id) and status <> 'draft' limit 1)
		union all (select client_id::text from finsystem.documents where agreement_id = $1::uuid and status <> 'draft' limit 1)`, id)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	list, err := s.ListAccounts(ctx, &v1.ListAccountsRequest{ClientId: found[0], CurrencyCode: r.GetCurrencyCode()})
	for _, a := range list.GetAccounts() {
		if a.GetAccount() == r.GetAccount() {
			return a, err
		}
	}
	return nil, err
}

// agreementAccounts are what was charged by each agreement of a client, which are the postings about its documents and services, and what is left to pay of its invoices.
func (s *ledgerService) agreementAccounts(ctx context.Context, client, currency string) ([]*v1.Account, error) {
	type sums struct {
		ID           string
		Charged, Due int64
	}
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[sums], `
		with things as (
			select id, agreement_id, case when kind = 'invoice' and status = 'issued' then total - credited - paid else 0 end as due
			from finsystem.documents where client_id = $1 and currency_code = $2 and agreement_id is not null and status <> 'draft'
			union all
			select id, agreement_id, 0 from finsystem.subscriptions where client_id = $1 and currency_code = $2 and agreement_id is not null and status <> 'draft'
		), charged as (
			select t.agreement_id, -sum(e.amount) as amount
			from things t join finsystem.postings p on p.about_id = t.id and p.kind <> 'transfer' and p.currency_code = $2
			join finsystem.entries e on e.posting_id = p.id and e.client_id = $1 group by 1
		)
		select t.agreement_id::text, coalesce(max(c.amount), 0)::bigint, sum(t.due)::bigint
		from things t left join charged c on c.agreement_id = t.agreement_id group by 1`, client, currency)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	// Whoever sees the balance reads what its agreements are called.
	list, err := s.agreements.ListAgreements(s.host.Self(ctx), &clientmanagerv1.ListAgreementsRequest{ClientId: client, PageSize: 200})
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, a := range list.GetAgreements() {
		names[a.GetId()] = a.GetNumber()
	}
	var out []*v1.Account
	for _, row := range rows {
		name := names[row.ID]
		if name == "" {
			name = row.ID
		}
		out = append(out, &v1.Account{
			Account: "agreement:" + row.ID, Kind: ID + ".accounts.agreement", Name: name, ClientId: client, CurrencyCode: currency,
			Charged: money.Of(currency, row.Charged), Due: money.Of(currency, row.Due),
		})
	}
	slices.SortFunc(out, func(a, b *v1.Account) int { return strings.Compare(a.GetName(), b.GetName()) })
	return out, nil
}

// serviceAccounts are what was charged for each service of a client, and what is on it where it has an account of its own.
func (s *ledgerService) serviceAccounts(ctx context.Context, client, currency string) ([]*v1.Account, error) {
	type sums struct {
		ID, Name     string
		Own          bool
		Balance      int64
		Charged, Due int64
	}
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[sums], `
		select s.id::text, s.name, s.own_account, coalesce((select b.balance from finsystem.balances b join finsystem.accounts a on a.id = b.account_id
				where a.client_id = $1 and a.kind = 'service' and a.code = s.id::text and a.currency_code = $2), 0),
			coalesce(sum(c.posted_net + c.posted_tax), 0)::bigint, coalesce(sum(c.net + c.tax - c.posted_net - c.posted_tax), 0)::bigint
		from finsystem.subscriptions s left join finsystem.charges c on c.subscription_id = s.id
		where s.client_id = $1 and s.currency_code = $2 and s.status <> 'draft' group by s.id order by s.name, s.id`, client, currency)
	var out []*v1.Account
	for _, row := range rows {
		a := &v1.Account{
			Account: "service:" + row.ID, Kind: ID + ".accounts.service", Name: row.Name, ClientId: client, CurrencyCode: currency,
			Charged: money.Of(currency, row.Charged), Due: money.Of(currency, row.Due),
		}
		if row.Own {
			a.Balance = money.Of(currency, row.Balance)
		}
		out = append(out, a)
	}
	return out, err
}
