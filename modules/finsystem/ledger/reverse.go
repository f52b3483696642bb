package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Back says what of a posting is taken back.
type Back struct {
	// Key makes the reversal one, as a posting's does.
	Key string
	// Kind is Reversal, or Refund or Chargeback of a payment.
	Kind    Kind
	Posting int64
	// Amount is how much of it, in minor units; 0 for all that is left.
	Amount int64
	Date   time.Time
	// AboutID is empty for what the posting was about.
	AboutID, Memo, ActorID string
}

type original struct {
	ClientID, Currency, AboutID, BranchID, ManagerID string
	Amount, Taken                                    int64
}

// Reverse takes a posting back, whole or in part: its entries with the sign turned, a part in their proportion and to the last unit. More than there
// was is never taken back: [ErrTooMuch]. A refund and a charge-back can be taken back themselves, and what they took is there again then; other reversals
// cannot.
func Reverse(ctx context.Context, tx *store.Tx, back Back) (Posted, error) {
	if _, err := tx.Exec(ctx, "select finsystem.hold_posting($1)", back.Posting); err != nil {
		return Posted{}, err
	}
	was, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[original], `
		select coalesce(p.client_id::text, ''), p.currency_code, coalesce(p.about_id::text, ''), coalesce(p.branch_id::text, ''), coalesce(p.manager_id::text, ''),
			p.amount, (select coalesce(sum(r.amount - (select coalesce(sum(b.amount), 0) from finsystem.postings b where b.reverses = r.id)), 0)::bigint
				from finsystem.postings r where r.reverses = p.id and r.key <> $2)
		from finsystem.postings p where p.id = $1`, back.Posting, back.Key)
	if err != nil {
		return Posted{}, err
	}
	amount := back.Amount
	if amount == 0 {
		amount = was.Amount - was.Taken
	}
	if amount <= 0 || amount > was.Amount-was.Taken {
		return Posted{}, ErrTooMuch
	}
	entries, err := store.Query(ctx, tx, pgx.RowToStructByPos[Entry],
		"select account_id, contra_id, amount from finsystem.entries where posting_id = $1 order by line", back.Posting)
	if err != nil {
		return Posted{}, err
	}
	about := back.AboutID
	if about == "" {
		about = was.AboutID
	}
	entries, err = part(entries, was.Amount, was.Taken, amount)
	if err != nil {
		return Posted{}, err
	}
	done, err := Post(ctx, tx, Posting{
		Key: back.Key, Kind: back.Kind, ClientID: was.ClientID, Currency: was.Currency, Date: back.Date, Reverses: back.Posting, AboutID: about,
		Memo: back.Memo, ActorID: back.ActorID, BranchID: was.BranchID, ManagerID: was.ManagerID, Entries: entries, moved: amount,
	})
	if err != nil {
		return Posted{}, err
	}
	return done[0], nil
}

// part turns round as much of the entries as amount is of whole, after what was taken before: each entry gives the difference of its rounded shares, so
// that parts which come to the whole come to each entry's whole too.
func part(entries []Entry, whole, taken, amount int64) ([]Entry, error) {
	before, err := shares(entries, whole, taken)
	if err != nil {
		return nil, err
	}
	after, err := shares(entries, whole, taken+amount)
	if err != nil {
		return nil, err
	}
	var out []Entry
	for i, e := range entries {
		if n := after[i] - before[i]; n != 0 {
			out = append(out, Entry{Account: e.Account, Contra: e.Contra, Amount: -n})
		}
	}
	return out, nil
}

// shares are the part of each entry that of is of whole. What comes and what goes are shared out each for itself.
func shares(entries []Entry, whole, of int64) ([]int64, error) {
	out := make([]int64, len(entries))
	for _, sign := range []int64{1, -1} {
		var at []int
		var weights []int64
		var sum int64
		for i, e := range entries {
			if e.Amount*sign > 0 {
				at, weights, sum = append(at, i), append(weights, e.Amount*sign), sum+e.Amount*sign
			}
		}
		if sum == 0 {
			continue
		}
		each, err := money.Split(of, append(weights, whole-sum)) // what the other direction has more is nobody's here
		if err != nil {
			return nil, err
		}
		for n, i := range at {
			out[i] = each[n] * sign
		}
	}
	return out, nil
}
