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

var statementTasks = store.Enum[v1.StatementTask]{Prefix: "STATEMENT_TASK_", Values: v1.StatementTask_value}

type statementRow struct {
	ID, Name, Format                         string
	From, To                                 *time.Time
	Entries, NotBooked                       int32
	Mismatches                               []string
	Task                                     string
	Undone                                   bool
	UndoReason                               string
	Actor                                    *string
	Created                                  time.Time
	Fresh, Waiting, Matched, Posted, Ignored int32
}

func (r statementRow) statement() *v1.Statement {
	out := &v1.Statement{
		Id: r.ID, FileName: r.Name, Format: r.Format, Status: v1.StatementStatus_STATEMENT_STATUS_DONE, FromDate: dateText(r.From), ToDate: dateText(r.To),
		Entries: r.Entries, NewEntries: r.Fresh, KnownEntries: r.Entries - r.Fresh, Waiting: r.Waiting, Matched: r.Matched, Posted: r.Posted, Ignored: r.Ignored,
		NotBooked: r.NotBooked, Mismatches: r.Mismatches, UndoReason: r.UndoReason, CreateTime: timestamppb.New(r.Created),
	}
	if r.Actor != nil {
		out.ActorId = *r.Actor
	}
	switch {
	case r.Task != "":
		out.Status = v1.StatementStatus_STATEMENT_STATUS_WORKING
	case r.Undone:
		out.Status = v1.StatementStatus_STATEMENT_STATUS_UNDONE
	case r.Waiting+r.Matched > 0:
		out.Status = v1.StatementStatus_STATEMENT_STATUS_REVIEW
	}
	return out
}

type accountRow struct {
	StatementID, Account, Currency   string
	Opening, Closing                 *int64
	OpeningCurrency, ClosingCurrency string
	In, Out                          int64
	Entries, Fresh                   int32
}

// listStatements are statements, named s in the conditions, newest first.
func listStatements(ctx context.Context, q store.Querier, c *store.Where, most int) ([]*v1.Statement, error) {
	limit := c.Arg(most)
	rows, err := store.Query(ctx, q, pgx.RowToStructByPos[statementRow], `
		select s.id::text, s.file_name, s.format, s.from_date, s.to_date, s.entries, s.not_booked, s.mismatches, s.task, s.undone, s.undo_reason, s.actor_id::text,
			s.create_time, e.fresh, e.waiting, e.matched, e.posted, e.ignored
		from (select * from finsystem.statements s`+c.String()+` order by s.id desc limit `+limit+`) s
		cross join lateral (
			select count(*)::int as fresh, count(*) filter (where e.state = 'waiting')::int as waiting, count(*) filter (where e.state = 'matched')::int as matched,
				count(*) filter (where e.state = 'posted')::int as posted, count(*) filter (where e.state = 'ignored')::int as ignored
			from finsystem.statement_entries e where e.statement_id = s.id) e
		order by s.id desc`, c.Args...)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	out := make([]*v1.Statement, len(rows))
	by := map[string]*v1.Statement{}
	for i, row := range rows {
		out[i], ids[i] = row.statement(), row.ID
		by[row.ID] = out[i]
	}
	accounts, err := store.Query(ctx, q, pgx.RowToStructByPos[accountRow], `
		select statement_id::text, account, currency_code, opening, closing, opening_currency, closing_currency, money_in, money_out, entries, new_entries
		from finsystem.statement_accounts where statement_id = any ($1::uuid[]) order by statement_id, position`, ids)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		account := &v1.StatementAccount{
			Account: a.Account, CurrencyCode: a.Currency, MoneyIn: money.Of(a.Currency, a.In), MoneyOut: money.Of(a.Currency, a.Out), Entries: a.Entries, NewEntries: a.Fresh,
		}
		if a.Opening != nil {
			account.Opening = money.Of(a.OpeningCurrency, *a.Opening)
		}
		if a.Closing != nil {
			account.Closing = money.Of(a.ClosingCurrency, *a.Closing)
		}
		by[a.StatementID].Accounts = append(by[a.StatementID].Accounts, account)
	}
	return out, nil
}

func findStatement(ctx context.Context, q store.Querier, id string) (*v1.Statement, error) {
	c := &store.Where{}
	c.Add("s.id = ?::uuid", id)
	found, err := listStatements(ctx, q, c, 1)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errNoStatement
	}
	return found[0], nil
}

func insertStatement(ctx context.Context, tx *store.Tx, id string, f *readFile, actor string, now time.Time) error {
	entries := 0
	for _, a := range f.accounts {
		entries += len(a.entries)
	}
	_, err := tx.Exec(ctx, `
		insert into finsystem.statements (id, file_name, format, from_date, to_date, entries, not_booked, mismatches, actor_id, create_time)
		values ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, '')::uuid, $10)`,
		id, f.name, f.format, day(f.from), day(f.to), entries, f.notBooked, append([]string{}, f.mismatches...), actor, now)
	return err
}

// day is a date as a column has it; the zero time is none.
func day(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func insertAccounts(ctx context.Context, tx *store.Tx, id string, accounts []*readAccount) error {
	for i, a := range accounts {
		var opening, closing, lastOpening *int64
		var openingCurrency, closingCurrency string
		var closingDate, lastDate *time.Time
		if b := a.first.Opening; b != nil {
			units := b.Units()
			opening, openingCurrency = &units, b.Currency
		}
		if b := a.last.Closing; b != nil {
			units := b.Units()
			closing, closingCurrency, closingDate = &units, b.Currency, day(b.Date)
		}
		if b := a.last.Opening; b != nil {
			units := b.Units()
			lastOpening, lastDate = &units, day(b.Date)
		}
		if _, err := tx.Exec(ctx, `
			insert into finsystem.statement_accounts (statement_id, position, account, currency_code, opening, opening_currency, closing, closing_currency, closing_date,
				money_in, money_out, entries, new_entries, last_opening, last_opening_date, last_name, last_number, digest)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
			id, i, a.number, a.first.Currency, opening, openingCurrency, closing, closingCurrency, closingDate, a.in, a.out, len(a.entries), a.fresh,
			lastOpening, lastDate, a.last.ID, a.last.Number, a.digest()); err != nil {
			return err
		}
	}
	return nil
}
