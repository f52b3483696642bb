package finsystem

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// MatchEntry says whose an entry is. What it was posted or booked as before is taken back.
func (s *statementService) MatchEntry(ctx context.Context, r *v1.MatchEntryRequest) (*v1.MatchEntryResponse, error) {
	client := ""
	if r.GetClientId() != "" {
		c, err := s.client(ctx, r.GetClientId())
		if err != nil {
			return nil, err
		}
		if client = c.GetId(); c.GetMergedIntoId() != "" {
			client = c.GetMergedIntoId()
		}
	}
	return s.changeEntry(ctx, r.GetId(), func(ctx context.Context, tx *store.Tx, row *entryRow) error {
		if row.Amount < 0 {
			if err := s.refunds(ctx, tx, row, r); err != nil {
				return err
			}
		} else if err := s.paysFor(ctx, tx, row, client, r); err != nil {
			return err
		}
		row.State, row.Strength, row.Reason = matched, sure, byHand
		row.BookAs, row.Item, row.Note = "unspecified", "", ""
		return nil
	})
}

// paysFor says that money came from a client.
func (s *statementService) paysFor(ctx context.Context, tx *store.Tx, row *entryRow, client string, r *v1.MatchEntryRequest) error {
	switch {
	case row.Amount == 0:
		return refuse(codes.FailedPrecondition, "id", "moves_nothing", "this entry moves no money: ignore it")
	case r.GetPaymentId() != "":
		return refuse(codes.InvalidArgument, "payment_id", "came_in", "this money came in: it gives no payment back")
	case client == "":
		return refuse(codes.InvalidArgument, "client_id", "client_needed", "say which client is meant")
	}
	if len(r.GetDocumentIds()) > 0 {
		payable, err := payable(ctx, tx, client, row.Currency, r.GetDocumentIds())
		if err != nil {
			return err
		}
		if len(payable) < len(r.GetDocumentIds()) {
			return notPayable("document_ids")
		}
	}
	known := row.ClientID != nil && *row.ClientID == client && row.Strength == sure
	if !r.GetOnlyThisOnce() && !known {
		if err := s.learn(ctx, tx, row, client); err != nil {
			return err
		}
	}
	row.ClientID, row.Documents, row.PaymentID = &client, r.GetDocumentIds(), nil
	return nil
}

// refunds says that money that went out gives a payment back.
func (s *statementService) refunds(ctx context.Context, tx *store.Tx, row *entryRow, r *v1.MatchEntryRequest) error {
	if r.GetPaymentId() == "" {
		return refuse(codes.InvalidArgument, "payment_id", "went_out", "this money went out: say which payment it gives back, or ignore it")
	}
	p, err := findPayment(ctx, tx, r.GetPaymentId())
	switch {
	case err != nil:
		return refuse(codes.NotFound, "payment_id", "no_payment", "there is no such payment among those you may see")
	case r.GetClientId() != "" && r.GetClientId() != p.ClientID:
		return refuse(codes.InvalidArgument, "client_id", "other_client", "that payment is another client's")
	case p.Currency != row.Currency:
		return refuse(codes.InvalidArgument, "payment_id", "other_currency", "that payment is in "+p.Currency)
	case -row.Amount > p.Amount-p.Reversed:
		return errTooMuchBack
	}
	row.ClientID, row.PaymentID, row.Documents = &p.ClientID, &p.ID, nil
	return nil
}

// payable are those of some documents that money of a client in a currency can go towards, in their order.
func payable(ctx context.Context, q store.Querier, client, currency string, documents []string) ([]string, error) {
	return store.Query(ctx, q, pgx.RowTo[string], `
		select d.id::text from unnest($3::uuid[]) with ordinality w(id, n) join finsystem.documents d on d.id = w.id
		where d.client_id = $1 and d.currency_code = $2 and d.kind in ('invoice', 'top_up') and d.status = 'issued' order by w.n`, client, currency, documents)
}

// IgnoreEntry says that an entry is no client's, and books it where that is wanted.
func (s *statementService) IgnoreEntry(ctx context.Context, r *v1.IgnoreEntryRequest) (*v1.IgnoreEntryResponse, error) {
	out, err := s.changeEntry(ctx, r.GetId(), func(ctx context.Context, tx *store.Tx, row *entryRow) error {
		row.State, row.ClientID, row.Documents, row.PaymentID = ignored, nil, nil, nil
		row.Strength, row.Reason = "unspecified", byHand
		row.BookAs, row.Item, row.Note = bookings.Text(r.GetBookAs()), r.GetItem(), strings.TrimSpace(r.GetNote())
		return s.book(ctx, tx, row)
	})
	return &v1.IgnoreEntryResponse{Entry: out.GetEntry()}, err
}

// changeEntry has a hand say something of an entry; what it was posted as before is taken back first.
func (s *statementService) changeEntry(ctx context.Context, id string, change func(context.Context, *store.Tx, *entryRow) error) (*v1.MatchEntryResponse, error) {
	var out *v1.StatementEntry
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := findEntry(ctx, tx, id, " for update")
		if err != nil {
			return err
		}
		if row.State == undone {
			return refuse(codes.FailedPrecondition, "id", "undone", "the import of this entry was taken back: bring the file in again")
		}
		present := row.entry()
		if err := lockMoneyOf(ctx, tx, []entryRow{row}); err != nil {
			return err
		}
		if err := s.unpost(ctx, tx, &row, "matched anew", actor(ctx)); err != nil {
			return err
		}
		if err := change(ctx, tx, &row); err != nil {
			return err
		}
		if who := actor(ctx); who != "" {
			row.ActorID = &who
		}
		if err := saveEntry(ctx, tx, &row); err != nil {
			return err
		}
		out = row.entry()
		audit.Changed(tx, present, out)
		return nil
	})
	return &v1.MatchEntryResponse{Entry: out}, refused(err)
}

// key is that of what an entry is posted as: another one each time after it was taken back.
func (r *entryRow) key(what string) string {
	return "statement:" + r.Fingerprint + ":" + strconv.Itoa(r.Occurrence) + ":" + r.ID + ":" + strconv.Itoa(r.Round) + what
}

// bank is the business's account that an entry moves.
func (r *entryRow) bank() ledger.Of {
	return ledger.Of{Kind: "bank", Code: r.Account, Currency: r.Currency}
}

// memo is what a posting says of it.
func (r *entryRow) memo() string {
	for _, text := range []string{r.Purpose, r.Note, r.Name} {
		if runes := []rune(text); len(runes) > 300 {
			return string(runes[:299]) + "…"
		} else if text != "" {
			return text
		}
	}
	return r.BankReference
}

// book posts an entry that is no client's between the bank and another account of the business's own.
func (s *statementService) book(ctx context.Context, tx *store.Tx, row *entryRow) error {
	if row.BookAs == "unspecified" || row.Amount == 0 {
		return nil
	}
	open, err := firstOpen(ctx, tx)
	if err != nil {
		return err
	}
	ids, err := ledger.Open(ctx, tx, nil, row.bank(), ledger.Of{Kind: row.BookAs, Code: row.Item, Currency: row.Currency})
	if err != nil {
		return err
	}
	kind := ledger.Adjustment
	switch row.BookAs {
	case "expense":
		kind = ledger.Fee
	case "transfer":
		kind = ledger.Transfer
	}
	done, err := ledger.Post(ctx, tx, ledger.Posting{
		Key: row.key(""), Kind: kind, Date: later(row.BookingDate, open), Currency: row.Currency, AboutID: row.ID, Memo: row.memo(), ActorID: actor(ctx),
		// What is in the bank is below zero there.
		Entries: []ledger.Entry{{Account: ids[0], Contra: ids[1], Amount: -row.Amount}},
	})
	if err != nil {
		return err
	}
	row.PostingID = &done[0].ID
	return nil
}

// firstOpen is the first day that is not closed.
func firstOpen(ctx context.Context, q store.Querier) (time.Time, error) {
	return store.QueryOne(ctx, q, pgx.RowTo[time.Time], "select closed_until + 1 from finsystem.books")
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
