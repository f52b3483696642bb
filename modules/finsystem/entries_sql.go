package finsystem

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

var (
	entryStates    = store.Enum[v1.EntryState]{Prefix: "ENTRY_STATE_", Values: v1.EntryState_value}
	matchStrengths = store.Enum[v1.MatchStrength]{Prefix: "MATCH_STRENGTH_", Values: v1.MatchStrength_value}
	matchReasons   = store.Enum[v1.MatchReason]{Prefix: "MATCH_REASON_", Values: v1.MatchReason_value}
	bookings       = store.Enum[v1.BookAs]{Prefix: "BOOK_AS_", Values: v1.BookAs_value}
)

const waiting, matched, posted, ignored, undone = "waiting", "matched", "posted", "ignored", "undone"

// entryRow is an entry of a statement. Where Documents, Strength and Reason say something, and who, it was matched or is suggested.
type entryRow struct {
	ID, StatementID, Fingerprint                   string
	Occurrence                                     int
	Account, Currency                              string
	Amount                                         int64
	BookingDate                                    time.Time
	ValueDate                                      *time.Time
	Name, PayerAccount, TaxID, Purpose             string
	BankReference, DocumentNumber, OtherReferences string
	Reversal                                       bool
	State                                          string
	ClientID                                       *string
	Documents                                      []string
	Strength, Reason                               string
	PaymentID                                      *string
	PostingID                                      *int64
	BookAs, Item, Note                             string
	Round                                          int
	ActorID                                        *string

	// at is the account in the file that it was just read from, referenced, that the bank has a reference of its own for it, and knownOf, the statement
	// that told of it.
	at         *readAccount
	referenced bool
	knownOf    string
}

const entryFields = `id::text, statement_id::text, fingerprint, occurrence, account, currency_code, amount, booking_date, value_date, counterparty_name,
	counterparty_account, counterparty_tax_id, purpose, bank_reference, document_number, other_references, reversal, state, client_id::text,
	document_ids::text[], strength, match_reason, payment_id::text, posting_id, book_as, item, note, round, actor_id::text`

func (r *entryRow) entry() *v1.StatementEntry {
	e := &v1.StatementEntry{
		Id: r.ID, StatementId: r.StatementID, Title: r.title(), State: entryStates.Of(r.State), Amount: money.Of(r.Currency, r.Amount), Account: r.Account,
		BookingDate: r.BookingDate.Format(time.DateOnly), ValueDate: dateText(r.ValueDate), CounterpartyName: r.Name, CounterpartyAccount: r.PayerAccount,
		CounterpartyTaxId: r.TaxID, Purpose: r.Purpose, BankReference: r.BankReference, DocumentNumber: r.DocumentNumber, Reversal: r.Reversal,
		DocumentIds: r.Documents, Strength: matchStrengths.Of(r.Strength), MatchReason: matchReasons.Of(r.Reason), BookAs: bookings.Of(r.BookAs),
		Item: r.Item, Note: r.Note,
	}
	for to, from := range map[*string]*string{&e.ClientId: r.ClientID, &e.PaymentId: r.PaymentID, &e.ActorId: r.ActorID} {
		if from != nil {
			*to = *from
		}
	}
	return e
}

// title is who paid or was paid, or else what it was for, or the account, as a line of a list has it.
func (r *entryRow) title() string {
	for _, text := range []string{r.Name, r.Purpose, r.PayerAccount, r.BankReference} {
		if text != "" {
			if runes := []rune(text); len(runes) > 120 {
				return string(runes[:119]) + "…"
			}
			return text
		}
	}
	return r.Account
}

// findEntry is an entry that the caller sees; with " for update" nobody else changes it until the transaction ends.
func findEntry(ctx context.Context, q store.Querier, id, lock string) (entryRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[entryRow], `select `+entryFields+` from finsystem.statement_entries where id = $1`+lock, id)
	return row, store.NotFoundAs(err, errNoEntry)
}

// insertEntries writes entries that are not known yet and returns those.
func insertEntries(ctx context.Context, tx *store.Tx, statement string, rows []*entryRow, examined bool) ([]*entryRow, error) {
	text := func(of func(*entryRow) string) []string {
		out := make([]string, len(rows))
		for i, r := range rows {
			out[i] = of(r)
		}
		return out
	}
	n := len(rows)
	occurrences, amounts, dates, values, reversals, clients := make([]int32, n), make([]int64, n), make([]time.Time, n), make([]*time.Time, n), make([]bool, n), make([]*string, n)
	by := map[string]*entryRow{}
	for i, r := range rows {
		occurrences[i], amounts[i], dates[i], values[i], reversals[i], clients[i] = int32(r.Occurrence), r.Amount, r.BookingDate, r.ValueDate, r.Reversal, r.ClientID //nolint:gosec // of a file in memory
		by[r.ID] = r
	}
	made, err := store.Query(ctx, tx, pgx.RowTo[string], `
		insert into finsystem.statement_entries (statement_id, examined, id, fingerprint, occurrence, account, currency_code, amount, booking_date, value_date,
			counterparty_name, counterparty_account, counterparty_tax_id, purpose, bank_reference, document_number, other_references, reversal, state, client_id,
			document_ids, strength, match_reason)
		select $1, $2, id, fingerprint, occurrence, account, currency, amount, booked, valued, name, payer, tax, purpose, bank, document, other, reversal, state, client,
			case when documents = '' then '{}' else string_to_array(documents, ' ')::uuid[] end, strength, reason
		from unnest($3::uuid[], $4::text[], $5::int[], $6::text[], $7::text[], $8::bigint[], $9::date[], $10::date[], $11::text[], $12::text[], $13::text[], $14::text[],
			$15::text[], $16::text[], $17::text[], $18::boolean[], $19::text[], $20::uuid[], $21::text[], $22::text[], $23::text[])
			w(id, fingerprint, occurrence, account, currency, amount, booked, valued, name, payer, tax, purpose, bank, document, other, reversal, state, client, documents, strength, reason)
		on conflict (fingerprint, occurrence) where state <> 'undone' do nothing
		returning id::text`,
		statement, examined, text(func(r *entryRow) string { return r.ID }), text(func(r *entryRow) string { return r.Fingerprint }), occurrences,
		text(func(r *entryRow) string { return r.Account }), text(func(r *entryRow) string { return r.Currency }), amounts, dates, values,
		text(func(r *entryRow) string { return r.Name }), text(func(r *entryRow) string { return r.PayerAccount }), text(func(r *entryRow) string { return r.TaxID }),
		text(func(r *entryRow) string { return r.Purpose }), text(func(r *entryRow) string { return r.BankReference }),
		text(func(r *entryRow) string { return r.DocumentNumber }), text(func(r *entryRow) string { return r.OtherReferences }), reversals,
		text(func(r *entryRow) string { return r.State }), clients, text((*entryRow).documents), text(func(r *entryRow) string { return r.Strength }),
		text(func(r *entryRow) string { return r.Reason }))
	if err != nil {
		return nil, err
	}
	out := make([]*entryRow, len(made))
	for i, id := range made {
		out[i] = by[id]
	}
	return out, nil
}

// documents are those that it is for, parted by blanks.
func (r *entryRow) documents() string { return strings.Join(r.Documents, " ") }

// saveEntry writes what is said of an entry.
func saveEntry(ctx context.Context, tx *store.Tx, r *entryRow) error {
	_, err := tx.Exec(ctx, `
		update finsystem.statement_entries set state = $2, client_id = $3, document_ids = $4, strength = $5, match_reason = $6, payment_id = $7, posting_id = $8,
			book_as = $9, item = $10, note = $11, round = $12, actor_id = $13, examined = true where id = $1`,
		r.ID, r.State, r.ClientID, some(r.Documents), r.Strength, r.Reason, r.PaymentID, r.PostingID, r.BookAs, r.Item, r.Note, r.Round, r.ActorID)
	return err
}

// saveMatches writes what was found of entries that still wait to be looked at.
func saveMatches(ctx context.Context, tx *store.Tx, rows []*entryRow) error {
	ids, states, clients, documents := make([]string, len(rows)), make([]string, len(rows)), make([]*string, len(rows)), make([]string, len(rows))
	strengths, reasons := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		ids[i], states[i], clients[i], documents[i], strengths[i], reasons[i] = r.ID, r.State, r.ClientID, r.documents(), r.Strength, r.Reason
	}
	_, err := tx.Exec(ctx, `
		update finsystem.statement_entries e set examined = true, state = w.state, client_id = w.client, strength = w.strength, match_reason = w.reason,
			document_ids = case when w.documents = '' then '{}' else string_to_array(w.documents, ' ')::uuid[] end
		from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[]) w(id, state, client, documents, strength, reason)
		where e.id = w.id and not e.examined and e.state = 'waiting'`, ids, states, clients, documents, strengths, reasons)
	return err
}
