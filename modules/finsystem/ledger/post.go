package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/opencabinet/cabinet/kernel/store"
)

// Kind is what a posting is.
type Kind string

// The kinds. Refunds, charge-backs, reversals and opening balances may pass a credit limit: what was taken back, or owed before, is owed
// whatever was agreed.
const (
	Charge     Kind = "charge"
	Payment    Kind = "payment"
	Refund     Kind = "refund"
	Chargeback Kind = "chargeback"
	Transfer   Kind = "transfer"
	Adjustment Kind = "adjustment"
	Fee        Kind = "fee"
	Reversal   Kind = "reversal"
	Opening    Kind = "opening"
	Bonus      Kind = "bonus"
)

// Posting is money that moves between accounts.
type Posting struct {
	// Key makes the posting one: what is posted again with the same key and content is the same posting. Required.
	Key  string
	Kind Kind
	// ClientID is whom it concerns; empty where it is the business's own matter.
	ClientID string
	// Date is the day it counts for, in the portal's time zone; only its year, month and day are looked at.
	Date time.Time
	// Reverses is the posting that it takes back, whole or in part; 0 for none. See [Reverse].
	Reverses int64
	// AboutID is what it was for, a document or a payment; Memo what a reader should know.
	AboutID, Memo string
	// BranchID and ManagerID are whose business it was, for reports.
	BranchID, ManagerID string
	// ActorID is the user who did it; empty for the portal itself.
	ActorID string
	// Currency is that of the accounts.
	Currency string
	// Entries are at least one.
	Entries []Entry

	// moved is what a reversal takes back in all; that of others is read off their entries.
	moved int64
}

// Entry is an amount in minor units that comes to Account and leaves Contra, or the other way when it is below zero. Contra is one
// of the business's own accounts, so what goes from one client to another takes two entries.
type Entry struct{ Account, Contra, Amount int64 }

// Posted says which posting it is now, and whether it was made just now.
type Posted struct {
	ID    int64
	Fresh bool
}

// Post posts all or none, in one statement however many they are: in the caller's transaction, or, when in is a [store.Store], in one of its
// own, which takes one journey to the database where a caller's takes two. Accounts of clients are locked, in the order
// of their ids, until the transaction ends. Who reaches some clients alone posts to those clients' accounts alone.
//
// Errors: [ErrOtherContent], [ErrClosed], [*LimitError], [ErrUnbalanced]; see errors.go.
func Post(ctx context.Context, in store.Querier, postings ...Posting) ([]Posted, error) {
	if len(postings) == 0 {
		return nil, nil
	}
	for _, p := range postings {
		if p.Key == "" {
			return nil, errors.New("ledger: a posting without a key could be posted twice: give it one")
		}
		if len(p.Entries) == 0 {
			return nil, ErrUnbalanced
		}
	}
	if p := postings[0]; len(postings) == 1 && len(p.Entries) <= 2 && p.Reverses == 0 {
		return postOne(ctx, in, p)
	}
	w := newWritten(len(postings))
	for i, p := range postings {
		if err := w.add(i+1, p); err != nil {
			return nil, err
		}
	}
	rows, err := store.Query(ctx, in, pgx.RowToStructByPos[Posted],
		"select id, fresh from finsystem.post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
		w.keys, w.digests, w.kinds, w.clients, w.sums, w.currencies, w.dates, w.reverses, w.about, w.memos, w.branches, w.managers, w.actors,
		w.position, w.account, w.contra, w.amount)
	return rows, refused(err)
}

// postOne posts one with an entry or two, which is most of what is posted: with plain values, which cost less than arrays on both sides.
func postOne(ctx context.Context, in store.Querier, p Posting) ([]Posted, error) {
	of, err := p.ids()
	if err != nil {
		return nil, err
	}
	var second [3]pgtype.Int8
	if len(p.Entries) == 2 {
		for i, n := range [...]int64{p.Entries[1].Account, p.Entries[1].Contra, p.Entries[1].Amount} {
			second[i] = pgtype.Int8{Int64: n, Valid: true}
		}
	}
	first := p.Entries[0]
	id, err := store.QueryOne(ctx, in, pgx.RowTo[int64],
		"select finsystem.post_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
		p.Key, p.digest(), string(p.Kind), of.client, p.sum(), p.Currency, p.day(), of.about, p.Memo, of.branch, of.manager, of.actor,
		first.Account, first.Contra, first.Amount, second[0], second[1], second[2])
	if err != nil {
		return nil, refused(err)
	}
	if id < 0 {
		return []Posted{{ID: -id}}, nil
	}
	return []Posted{{ID: id, Fresh: true}}, nil
}

// concerned are the ids that a posting names, none where it is empty.
type concerned struct{ client, about, branch, manager, actor pgtype.UUID }

func (p Posting) ids() (of concerned, err error) {
	for _, one := range []struct {
		id   *pgtype.UUID
		text string
	}{{&of.client, p.ClientID}, {&of.about, p.AboutID}, {&of.branch, p.BranchID}, {&of.manager, p.ManagerID}, {&of.actor, p.ActorID}} {
		if one.text != "" {
			if err := one.id.Scan(one.text); err != nil {
				return of, fmt.Errorf("ledger: %q is no id", one.text)
			}
		}
	}
	return of, nil
}

func (p Posting) day() pgtype.Date {
	y, m, d := p.Date.Date()
	return pgtype.Date{Time: time.Date(y, m, d, 0, 0, 0, 0, time.UTC), Valid: true}
}

// sum is what moves in all.
func (p Posting) sum() int64 {
	if p.moved != 0 {
		return p.moved
	}
	var up, down int64
	for _, e := range p.Entries {
		up, down = up+max(e.Amount, 0), down-min(e.Amount, 0)
	}
	return max(up, down)
}

// written are postings as the database's function takes them: a column each.
type written struct {
	keys, kinds, memos, currencies             []string
	digests                                    [][]byte
	clients, about, branches, managers, actors []pgtype.UUID
	dates                                      []pgtype.Date
	reverses                                   []pgtype.Int8
	position                                   []int32
	account, contra, amount, sums              []int64
}

func newWritten(n int) *written {
	return &written{
		keys: make([]string, 0, n), currencies: make([]string, 0, n), sums: make([]int64, 0, n), kinds: make([]string, 0, n), memos: make([]string, 0, n), digests: make([][]byte, 0, n),
		clients: make([]pgtype.UUID, 0, n), about: make([]pgtype.UUID, 0, n), branches: make([]pgtype.UUID, 0, n),
		managers: make([]pgtype.UUID, 0, n), actors: make([]pgtype.UUID, 0, n), dates: make([]pgtype.Date, 0, n), reverses: make([]pgtype.Int8, 0, n),
		position: make([]int32, 0, 2*n), account: make([]int64, 0, 2*n), contra: make([]int64, 0, 2*n), amount: make([]int64, 0, 2*n),
	}
}

func (w *written) add(position int, p Posting) error {
	of, err := p.ids()
	if err != nil {
		return err
	}
	w.keys, w.kinds, w.memos = append(w.keys, p.Key), append(w.kinds, string(p.Kind)), append(w.memos, p.Memo)
	w.digests, w.currencies = append(w.digests, p.digest()), append(w.currencies, p.Currency)
	w.clients, w.about = append(w.clients, of.client), append(w.about, of.about)
	w.branches, w.managers, w.actors = append(w.branches, of.branch), append(w.managers, of.manager), append(w.actors, of.actor)
	w.dates, w.sums = append(w.dates, p.day()), append(w.sums, p.sum())
	w.reverses = append(w.reverses, pgtype.Int8{Int64: p.Reverses, Valid: p.Reverses != 0})
	for _, e := range p.Entries {
		w.position = append(w.position, int32(position)) //nolint:gosec // of a slice in memory
		w.account, w.contra, w.amount = append(w.account, e.Account), append(w.contra, e.Contra), append(w.amount, e.Amount)
	}
	return nil
}

// digest stands for what a posting holds. What is filled in by whoever posts at the moment, the day it counts for, who did it and whose business
// it is, is not part of it: the same thing tried again after midnight is the same thing.
func (p Posting) digest() []byte {
	h := sha256.New()
	for _, text := range []string{string(p.Kind), p.ClientID, p.AboutID} {
		h.Write(binary.AppendUvarint(nil, uint64(len(text))))
		h.Write([]byte(text))
	}
	number := func(n int64) { h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) } //nolint:gosec // bits, not a number
	number(p.Reverses)
	for _, e := range p.Entries {
		number(e.Account)
		number(e.Contra)
		number(e.Amount)
	}
	return h.Sum(nil)[:16]
}
