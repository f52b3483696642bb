package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is a failure that a caller may be told: a code and a plain sentence, nothing of the SQL. What Postgres said is
// behind Unwrap, for logs.
type Error struct {
	Code codes.Code
	Text string
	// Constraint is the name of the constraint that was broken, when one was.
	Constraint string
	cause      error
}

// Error returns the plain sentence.
func (e *Error) Error() string { return e.Text }

// Unwrap returns what Postgres said; nil when the store itself refused.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus returns the error as a call's answer.
func (e *Error) GRPCStatus() *status.Status { return status.New(e.Code, e.Text) }

// Errors of the store itself; compare with errors.Is.
var (
	// ErrNotFound: there is no such row, or it is not among those that the caller may see.
	ErrNotFound error = &Error{Code: codes.NotFound, Text: "not found"}
	// ErrNoPrincipal: the context does not say that the router let somebody through.
	ErrNoPrincipal error = &Error{Code: codes.PermissionDenied, Text: "no principal: nobody who may see rows is acting in this call"}
	// ErrInTx: a transaction was begun while one is held.
	ErrInTx error = &Error{Code: codes.FailedPrecondition, Text: "a transaction is held already: use it instead of beginning another"}
	// ErrOtherContent: a request id was used before, for a request with other content.
	ErrOtherContent error = &Error{Code: codes.AlreadyExists, Text: "this request_id was used before with other content: make a new id for a new request"}
)

// IsMerged tells whether err says that a client is no more: it was merged into another. See [Tx.MergeClients].
func IsMerged(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "CB003"
}

// IsOnItsWay tells whether err says that events about a client wait to be handled: it can be merged in a moment.
func IsOnItsWay(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "CB004"
}

// Constraint returns the name of the constraint that err says was broken, or "".
func Constraint(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Constraint
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.ConstraintName
	}
	return ""
}

// ErrorStatus turns what Postgres and its driver say into an [*Error]. All of this package's methods do it by
// themselves. What it does not know it returns as it is, to be treated as a defect: logged, and not shown.
//
//	unique violation         AlreadyExists
//	foreign key violation    FailedPrecondition
//	check, not null, format  InvalidArgument
//	row security, rights     PermissionDenied
//	serialisation, deadlock  Aborted
//	client merged            FailedPrecondition, see [IsMerged]
//	no connection, shutdown  Unavailable
func ErrorStatus(err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	var carrier interface{ GRPCStatus() *status.Status }
	if errors.As(err, &carrier) {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return fromPostgres(pg, err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if lost(err) {
		return &Error{Code: codes.Unavailable, Text: unavailable, cause: err}
	}
	return err
}

// NotFoundAs replaces [ErrNotFound] by an error that names the thing; any other stays, and nil.
func NotFoundAs(err, named error) error {
	if errors.Is(err, ErrNotFound) {
		return named
	}
	return err
}

const unavailable = "the database does not answer right now: try again in a moment"

// unsure is the error of a write of which nobody knows whether it was committed; of one that never left, it is the usual.
func unsure(err error) error {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || pgconn.SafeToRetry(err) {
		return ErrorStatus(err)
	}
	return &Error{
		Code:  codes.Unavailable,
		Text:  "the database went away while this was being saved: look whether it was saved before trying again",
		cause: err,
	}
}

// lost tells whether err says that there is no connection.
func lost(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err)
}

func fromPostgres(pg *pgconn.PgError, err error) error {
	e := &Error{Constraint: pg.ConstraintName, cause: err}
	switch {
	case pg.Code == "23505", pg.Code == "23P01":
		e.Code, e.Text = codes.AlreadyExists, "there is one like this already"
	case pg.Code == "23503":
		e.Code, e.Text = codes.FailedPrecondition, "something that this needs is not there, or something else still needs this"
	case strings.HasPrefix(pg.Code, "23"):
		e.Code, e.Text = codes.InvalidArgument, "a value is missing or not allowed"
	case pg.Code == "22P02", pg.Code == "22001", pg.Code == "22003", pg.Code == "22007", pg.Code == "22008", pg.Code == "22021":
		e.Code, e.Text = codes.InvalidArgument, "a value has the wrong form or size"
	case pg.Code == "40001", pg.Code == "40P01":
		e.Code, e.Text = codes.Aborted, "somebody else changed the same thing at the same moment: try again"
	case pg.Code == "55P03":
		e.Code, e.Text = codes.Aborted, "somebody else holds this at the moment: try again"
	case pg.Code == "CB001":
		e.Code, e.Text = codes.PermissionDenied, "no principal: the database does not accept who is said to act"
	case pg.Code == "CB002":
		e.Code, e.Text = codes.PermissionDenied, "no principal: the call took longer than its signature holds"
	case pg.Code == "CB003":
		e.Code, e.Text = codes.FailedPrecondition, "this client was merged into another, and nothing is done with it any more: open the other one"
	case pg.Code == "CB004":
		e.Code, e.Text = codes.Unavailable, "something about this client is still on its way: try again in a moment"
	case pg.Code == "42501":
		e.Code, e.Text = codes.PermissionDenied, "this is outside of what the caller may reach"
	case pg.Code == "57014":
		e.Code, e.Text = codes.DeadlineExceeded, "the database took too long"
	case strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "57P"), strings.HasPrefix(pg.Code, "53"), pg.Code == "25006":
		e.Code, e.Text = codes.Unavailable, unavailable
	default:
		return err
	}
	return e
}

// retryable tells whether a transaction that failed with err may succeed when it is run again.
func retryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store: %s: %w", what, err)
}
