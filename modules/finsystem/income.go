package finsystem

import (
	"context"
	"math/big"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// reportService says what the business earned and spent.
type reportService struct {
	v1.UnimplementedReportServiceServer
	*Module
}

var _ v1.ReportServiceServer = (*reportService)(nil)

// incomeKinds are the kinds of accounts that income and expense are booked to.
var incomeKinds = map[v1.IncomeKind]string{v1.IncomeKind_INCOME_KIND_INCOME: "revenue", v1.IncomeKind_INCOME_KIND_EXPENSE: "expense"}

// incomeGroup is how lines are put together, in SQL: l is a line.
type incomeGroup struct {
	key string
	// byClient is whether it takes each entry by itself: days are summed for branches and managers, not for clients.
	byClient bool
	// posted is whether it goes by what the posting says.
	posted bool
	// inOrder has rows in the order of their keys, not of their amounts.
	inOrder bool
	// fill puts the key into a row, for readers.
	fill func(*v1.IncomeRow, string)
}

var incomeGroups = map[v1.IncomeGroup]incomeGroup{
	v1.IncomeGroup_INCOME_GROUP_ITEM:    {key: "l.code", fill: func(r *v1.IncomeRow, key string) { r.Name = key }},
	v1.IncomeGroup_INCOME_GROUP_MONTH:   {key: "to_char(l.day, 'YYYY-MM')", inOrder: true, fill: func(r *v1.IncomeRow, key string) { r.Name = key }},
	v1.IncomeGroup_INCOME_GROUP_CLIENT:  {key: "coalesce(l.client_id::text, '-')", byClient: true, fill: func(r *v1.IncomeRow, key string) { r.ClientId = key }},
	v1.IncomeGroup_INCOME_GROUP_BRANCH:  {key: "coalesce(l.branch_id::text, '-')", posted: true, fill: func(r *v1.IncomeRow, key string) { r.BranchId = key }},
	v1.IncomeGroup_INCOME_GROUP_MANAGER: {key: "coalesce(l.manager_id::text, '-')", posted: true, fill: func(r *v1.IncomeRow, key string) { r.ManagerId = key }},
}

// noKey is the key of what belongs to nobody.
const noKey = "-"

// income is a report that is asked for.
type income struct {
	span, before span
	back         shift
	compared     bool
	currency     string
	kinds        []string
	by           v1.IncomeGroup
	group        incomeGroup
	// all is whether the caller reaches all rows, and summed whether days that were summed do: so it is then, where the report does not go by clients.
	all, summed bool
}

func (s *reportService) income(ctx context.Context, from, to, currency string, by v1.IncomeGroup, compare v1.IncomeCompare, kinds ...v1.IncomeKind) (income, error) {
	in := income{by: by}
	var err error
	if in.currency, err = s.currency(currency); err != nil {
		return in, err
	}
	if in.span, err = s.spanOf(from, to); err != nil {
		return in, err
	}
	in.before, in.back, in.compared = in.span.before(compare)
	if by == v1.IncomeGroup_INCOME_GROUP_UNSPECIFIED {
		in.by = v1.IncomeGroup_INCOME_GROUP_ITEM
	}
	in.group = incomeGroups[in.by]
	in.all = access.DecisionFrom(ctx).Reach == access.All
	in.summed = in.all && !in.group.byClient
	for _, kind := range kinds {
		if text := incomeKinds[kind]; text != "" {
			in.kinds = append(in.kinds, text)
		}
	}
	if len(in.kinds) == 0 {
		in.kinds = []string{"revenue", "expense"}
	}
	return in, nil
}

type incomeRow struct {
	// Ord is 0 for what a kind comes to in all, and 1 for a row.
	Ord            int
	Kind, Key      string
	Amount, Before int64
	Rank           int64
}

// GetIncomeReport adds up income and expense.
func (s *reportService) GetIncomeReport(ctx context.Context, r *v1.GetIncomeReportRequest) (*v1.GetIncomeReportResponse, error) {
	in, err := s.income(ctx, r.GetFromDate(), r.GetToDate(), r.GetCurrencyCode(), r.GetGroupBy(), r.GetCompare(), r.GetKinds()...)
	if err != nil {
		return nil, err
	}
	if err := s.fewEnough(ctx, in, ""); err != nil {
		return nil, err
	}
	c := &store.Where{}
	with := in.lines(c)
	c.Add("(amount <> 0 or before <> 0)")
	var last incomeRow
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &last.Kind, &last.Rank, &last.Key); err != nil {
		return nil, err
	} else if on {
		c.Add("(kind < ? or kind = ? and (rank < ? or rank = ? and key > ?))", last.Kind, last.Kind, last.Rank, last.Rank, last.Key)
	}
	n := store.PageSize(r.GetPageSize())
	rank := "amount"
	if in.group.inOrder {
		rank = "0"
	}
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[incomeRow], with+`,
		sums as materialized (
			select l.kind, `+in.group.key+` as key, coalesce(sum(l.amount) filter (where l.n = 1), 0)::bigint as amount, coalesce(sum(l.amount) filter (where l.n = 2), 0)::bigint as before
			from lines l group by 1, 2
		), ranked as (select *, (`+rank+`)::bigint as rank from sums),
		page as (select * from ranked`+c.String()+` order by kind desc, rank desc, key limit `+most+`)
		select 0 as ord, kind, '' as key, sum(amount)::bigint as amount, sum(before)::bigint as before, 0::bigint as rank from sums group by kind
		union all select 1, kind, key, amount, before, rank from page order by ord, kind desc, rank desc, key`, c.Args...)
	if err != nil {
		return nil, err
	}
	totals := map[string]incomeRow{}
	for len(rows) > 0 && rows[0].Ord == 0 {
		totals[rows[0].Kind], rows = rows[0], rows[1:]
	}
	response := &v1.GetIncomeReportResponse{Report: in.report(totals["revenue"], totals["expense"])}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last incomeRow) []any { return []any{last.Kind, last.Rank, last.Key} })
	for _, row := range rows {
		response.Rows = append(response.Rows, in.row(row, totals[row.Kind].Amount))
	}
	return response, err
}

// mostReported is how many postings a report goes through where it cannot go by days that were summed, and mostOpened how many it opens for what they say.
const mostReported, mostOpened = 2_000_000, 500_000

// fewEnough refuses a report that would go through more postings than that, of one client's or of all whom the caller reaches.
func (s *reportService) fewEnough(ctx context.Context, in income, client string) error {
	if in.summed {
		return nil
	}
	c := &store.Where{}
	c.Add("currency_code = ?", in.currency)
	if client != "" {
		c.Add("client_id = ?::uuid", client)
	}
	if in.compared {
		c.Add("(effective_date between ? and ? or effective_date between ? and ?)", in.span.first, in.span.last, in.before.first, in.before.last)
	} else {
		c.Add("effective_date between ? and ?", in.span.first, in.span.last)
	}
	n, err := store.QueryOne(ctx, s.host.Store, pgx.RowTo[int64], "select coalesce(sum(lines), 0)::bigint from finsystem.client_days"+c.String(), c.Args...)
	if err == nil && (n > mostReported || in.group.posted && n > mostOpened) {
		err = refuse(codes.FailedPrecondition, "from_date", "too_many_postings", "there are too many postings in these days: ask for fewer days, or compare them with none")
	}
	return err
}

// report is what its rows come to.
func (in income) report(income, expense incomeRow) *v1.IncomeReport {
	out := &v1.IncomeReport{
		FromDate: in.span.first.Format(time.DateOnly), ToDate: in.span.last.Format(time.DateOnly), CurrencyCode: in.currency,
		Income: money.Of(in.currency, income.Amount), Expense: money.Of(in.currency, expense.Amount), Result: money.Of(in.currency, income.Amount-expense.Amount),
	}
	if in.compared {
		out.BeforeFromDate, out.BeforeToDate = in.before.first.Format(time.DateOnly), in.before.last.Format(time.DateOnly)
		out.IncomeBefore, out.ExpenseBefore = money.Of(in.currency, income.Before), money.Of(in.currency, expense.Before)
		out.ResultBefore = money.Of(in.currency, income.Before-expense.Before)
	}
	return out
}

func (in income) row(r incomeRow, total int64) *v1.IncomeRow {
	out := &v1.IncomeRow{
		Kind: v1.IncomeKind_INCOME_KIND_INCOME, Amount: money.Of(in.currency, r.Amount), SharePercent: percent(r.Amount, total),
		GroupBy: in.by, Key: r.Key, FromDate: in.span.first.Format(time.DateOnly), ToDate: in.span.last.Format(time.DateOnly), CurrencyCode: in.currency,
	}
	if r.Kind == incomeKinds[v1.IncomeKind_INCOME_KIND_EXPENSE] {
		out.Kind = v1.IncomeKind_INCOME_KIND_EXPENSE
	}
	if r.Key != noKey {
		in.group.fill(out, r.Key)
	}
	if in.compared {
		out.Before, out.Difference = money.Of(in.currency, r.Before), money.Of(in.currency, r.Amount-r.Before)
		out.ChangePercent = percent(r.Amount-r.Before, r.Before)
	}
	return out
}

// percent is what share of a whole a part is, to a tenth of a hundredth; empty where there is no whole. Its sign is the part's.
func percent(part, whole int64) string {
	if whole == 0 {
		return ""
	}
	r := new(big.Rat).SetFrac(big.NewInt(part), new(big.Int).Abs(big.NewInt(whole)))
	text := r.Mul(r, big.NewRat(100, 1)).FloatString(1) // exact, and rounded half away from zero
	if text == "-0.0" {
		return "0"
	}
	return strings.TrimSuffix(text, ".0")
}
