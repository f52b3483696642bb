package finsystem

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// booksService keeps watch over the books as a whole.
type booksService struct {
	v1.UnimplementedBooksServiceServer
	*Module
}

var _ v1.BooksServiceServer = (*booksService)(nil)

// mostFound is how many problems are kept in words.
const mostFound = 20

// checkWithin is how long reading all books at night may take: some tens of millions of entries.
const checkWithin = time.Hour

// nightly is when all books are read.
func (m *Module) nightly() event.Subscription {
	check := event.OnSchedule(ID+".check-books", event.Schedule{Title: ID + ".schedules.check_books", Cron: "40 3 * * *", CatchUp: event.CatchUpOnce},
		func(ctx context.Context, _ event.Event, _ *kernelv1.ScheduleDue) error {
			wrong, err := ledger.Verify(ctx, m.host.Store)
			if err != nil {
				return err
			}
			return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error { return m.checked(ctx, tx, wrong) })
		})
	check.Timeout = checkWithin
	return check
}

// checked writes down what a reading of all books found, and says it to whoever runs the portal.
func (m *Module) checked(ctx context.Context, tx *store.Tx, wrong []ledger.Wrong) error {
	found := []string{}
	for _, w := range wrong[:min(len(wrong), mostFound)] {
		text := w.Problem
		if w.Posting != nil {
			text = fmt.Sprintf("posting %d: %s", *w.Posting, text)
		}
		if w.Account != nil {
			text = fmt.Sprintf("account %d, %s", *w.Account, text)
		}
		found = append(found, text)
		m.host.Log.ErrorContext(ctx, "the books do not hold together", "account", w.Account, "posting", w.Posting, "problem", w.Problem, "problems", len(wrong))
	}
	_, err := tx.Exec(ctx, `
		insert into finsystem.book_checks (check_time, problems, found) values ($1, $2, $3)
		on conflict (only_one) do update set check_time = excluded.check_time, problems = excluded.problems, found = excluded.found`,
		m.host.Now(), len(wrong), found)
	return err
}

func (m *Module) books(ctx context.Context) (*v1.Books, error) {
	type row struct {
		Closed   time.Time
		Checked  *time.Time
		Problems *int32
		Found    []string
	}
	r, err := store.QueryOne(m.host.Self(ctx), m.host.Store, pgx.RowToStructByPos[row], `
		select b.closed_until, c.check_time, c.problems, c.found from finsystem.books b left join finsystem.book_checks c on true`)
	if err != nil {
		return nil, err
	}
	out := &v1.Books{State: v1.BooksState_BOOKS_STATE_UNCHECKED, Found: r.Found}
	if r.Closed.Year() > 1900 { // nothing was closed before anything was posted
		out.ClosedUntil = r.Closed.Format(time.DateOnly)
	}
	if r.Checked != nil {
		out.CheckTime, out.Problems, out.State = timestamppb.New(*r.Checked), *r.Problems, v1.BooksState_BOOKS_STATE_IN_ORDER
		if *r.Problems > 0 {
			out.State = v1.BooksState_BOOKS_STATE_WRONG
		}
	}
	return out, nil
}

// GetBooks says how the books stand.
func (s *booksService) GetBooks(ctx context.Context, _ *v1.GetBooksRequest) (*v1.GetBooksResponse, error) {
	b, err := s.books(ctx)
	return &v1.GetBooksResponse{Books: b}, err
}

// CheckBooks reads all of them now.
func (s *booksService) CheckBooks(ctx context.Context, _ *v1.CheckBooksRequest) (*v1.CheckBooksResponse, error) {
	wrong, err := ledger.Verify(s.host.Self(ctx), s.host.Store) // all of them, whatever the caller reaches
	if err != nil {
		return nil, err
	}
	if err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error { return s.checked(ctx, tx, wrong) }); err != nil {
		return nil, err
	}
	b, err := s.books(ctx)
	return &v1.CheckBooksResponse{Books: b}, err
}

// CloseBooks closes days for good. Closing what is closed does nothing.
func (s *booksService) CloseBooks(ctx context.Context, r *v1.CloseBooksRequest) (*v1.CloseBooksResponse, error) {
	day, err := s.dayOf("until_date", r.GetUntilDate())
	if err != nil {
		return nil, err
	}
	if !day.Before(s.today()) {
		return nil, refuse(codes.FailedPrecondition, "until_date", "not_ended", "this day has not ended: close days that are over")
	}
	before, err := s.books(ctx)
	if err != nil {
		return nil, err
	}
	if before.GetClosedUntil() >= r.GetUntilDate() {
		return &v1.CloseBooksResponse{Books: before}, nil
	}
	after := proto.CloneOf(before)
	after.ClosedUntil = r.GetUntilDate()
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		audit.Changed(tx, before, after)
		return ledger.Close(ctx, tx, day)
	})
	return &v1.CloseBooksResponse{Books: after}, refused(err)
}
