package finsystem

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// readFile is a statement that was read to its end, and so is good as a whole.
type readFile struct {
	name, format string
	from, to     time.Time
	notBooked    int
	mismatches   []string
	accounts     []*readAccount
	entries      []*entryRow
}

// readAccount is what a file says of one bank account, in all its statements.
type readAccount struct {
	number      string // as the books have it
	first, last *statement.Statement
	statements  []*statement.Statement
	in, out     int64
	entries     []*entryRow
	read        []readEntry // what the entries were made of
	fresh       int
}

// readEntry is an entry of one of a file's statements.
type readEntry struct {
	*statement.Statement
	*statement.Entry
}

// readStatement reads a file. What is wrong with it is said of the request's field.
func (m *Module) readStatement(ctx context.Context, r *v1.UploadStatementRequest) (*readFile, error) {
	options := statement.Options{
		Account: r.GetAccount(), Currency: m.settings.Currency, AcceptMismatch: r.GetAcceptMismatch(),
		Limits: statement.Limits{Entries: 200_000, Text: 4 << 10},
	}
	if options.Account == "" {
		options.Account = m.accountIn(r.GetContent())
	}
	if r.GetTableId() != "" {
		i := slices.IndexFunc(m.settings.StatementTables, func(t StatementTable) bool { return t.ID == r.GetTableId() })
		if i < 0 {
			return nil, refuse(codes.InvalidArgument, "table_id", "no_table", "the portal knows no such layout of tables: add it to modules.finsystem.settings.statement_tables")
		}
		options.Mapping = m.settings.StatementTables[i].mapping()
	}
	read := &readFile{name: oneLine(r.GetFileName())}
	by := map[string]*readAccount{}
	for item, err := range statement.Read(ctx, bytes.NewReader(r.GetContent()), options) {
		if err != nil {
			return nil, wrongFile(err)
		}
		st := item.Statement
		number := m.ownAccount(st.Account)
		a := by[number+" "+st.Currency]
		switch item.Kind {
		case statement.Begins:
			if a == nil {
				a = &readAccount{number: number, first: st}
				by[number+" "+st.Currency], read.accounts = a, append(read.accounts, a)
			}
			a.last, a.statements, read.format = st, append(a.statements, st), string(st.Format)
		case statement.Booked:
			item.Entry.Account = number
			e := entryOf(item.Entry)
			e.at = a
			a.entries, a.read = append(a.entries, e), append(a.read, readEntry{st, item.Entry})
			read.entries = append(read.entries, e)
			read.covers(item.Entry.BookingDate)
		case statement.Ends:
			read.notBooked += st.NotBooked
			read.covers(st.From)
			read.covers(st.To)
			for _, mismatch := range st.Mismatches {
				read.mismatches = append(read.mismatches, mismatch.Error())
			}
		}
	}
	for _, a := range read.accounts {
		a.inOrder()
	}
	read.once()
	for _, a := range read.accounts {
		if err := a.sum(); err != nil {
			return nil, wrongAmount("content", err)
		}
	}
	return read, nil
}

// inOrder counts entries that are alike, from the earliest statement to the last one; some banks write the last one first.
func (a *readAccount) inOrder() {
	backwards := len(a.statements) > 1
	for i, st := range a.statements[1:] {
		backwards = backwards && a.statements[i].Follows(st) && !st.Follows(a.statements[i])
	}
	if backwards {
		slices.Reverse(a.statements)
		a.first, a.last = a.last, a.first
	}
	of := map[*statement.Statement][]int{}
	for i, e := range a.read {
		of[e.Statement] = append(of[e.Statement], i)
	}
	var seen statement.Occurrences
	for _, st := range a.statements {
		for _, i := range of[st] {
			a.entries[i].Occurrence = seen.Next(st, a.read[i].Entry)
		}
	}
	a.statements, a.read = nil, nil
}

// once leaves out what the file itself has twice, such as a statement that stands in it a second time.
func (f *readFile) once() {
	type key struct {
		fingerprint string
		occurrence  int
	}
	seen := map[key]bool{}
	twice := func(e *entryRow) bool {
		k := key{e.Fingerprint, e.Occurrence}
		defer func() { seen[k] = true }()
		return seen[k]
	}
	f.entries = slices.DeleteFunc(f.entries, twice)
	for _, a := range f.accounts {
		clear(seen)
		a.entries = slices.DeleteFunc(a.entries, twice)
	}
}

func (f *readFile) covers(day time.Time) {
	switch {
	case day.IsZero():
	case f.from.IsZero() || day.Before(f.from):
		f.from = day
	}
	if day.After(f.to) {
		f.to = day
	}
}

// sum adds up what came and what went.
func (a *readAccount) sum() (err error) {
	for _, e := range a.entries {
		to := &a.in
		if e.Amount < 0 {
			to = &a.out
		}
		if *to, err = money.Add(*to, e.Amount); err != nil {
			return err
		}
	}
	return nil
}

// digest stands for what the file says of the account.
func (a *readAccount) digest() []byte {
	prints := make([]string, len(a.entries))
	for i, e := range a.entries {
		prints[i] = e.Fingerprint
	}
	slices.Sort(prints)
	h := sha256.New()
	for _, print := range prints {
		h.Write([]byte(print))
	}
	for _, b := range []*statement.Balance{a.first.Opening, a.last.Closing} {
		if b != nil {
			h.Write(binary.BigEndian.AppendUint64([]byte(b.Currency), uint64(b.Units()))) //nolint:gosec // bits, not a number
		}
	}
	return h.Sum(nil)[:16]
}

// accountIn is the business's account as a file has it that does not say of which account it is: by the IBAN, or, as Ukrainian banks wrote before
// there were IBANs, by the number that one ends with, without zeros before it.
func (m *Module) accountIn(content []byte) string {
	iban := strings.ReplaceAll(m.settings.Seller.IBAN, " ", "")
	if len(iban) == 29 && strings.HasPrefix(iban, "UA") && !bytes.Contains(content, []byte(iban)) {
		return strings.TrimLeft(iban[10:], "0")
	}
	return iban
}

// ownAccount is the business's account as the books name it: some formats have the bank's own number, which an IBAN ends with.
func (m *Module) ownAccount(account string) string {
	if iban := strings.ReplaceAll(m.settings.Seller.IBAN, " ", ""); len(account) >= 10 && strings.HasSuffix(iban, account) {
		return iban
	}
	return account
}

// wrongFile says why a file cannot be brought in, with its line and field.
func wrongFile(err error) error {
	var e *statement.Error
	if !errors.As(err, &e) {
		return err
	}
	reason := "file_damaged"
	switch {
	case errors.Is(err, statement.ErrFormat):
		reason = "file_format"
	case errors.Is(err, statement.ErrEncoding):
		reason = "file_encoding"
	case errors.Is(err, statement.ErrMismatch):
		reason = "file_mismatch"
	case errors.Is(err, statement.ErrUnsupported):
		reason = "file_unsupported"
	case errors.Is(err, statement.ErrLimit):
		reason = "file_limit"
	case errors.Is(err, statement.ErrMapping):
		reason = "file_mapping"
	}
	// In the reader's language what it is, and in the parser's words where.
	return module.Refusals(codes.InvalidArgument, "nothing was brought in: "+e.Error(),
		&errdetails.BadRequest_FieldViolation{Reason: ID + ".refusal." + reason, Description: "nothing was brought in"},
		&errdetails.BadRequest_FieldViolation{Field: "content", Description: e.Error()})
}

func entryOf(e *statement.Entry) *entryRow {
	row := &entryRow{
		ID: store.NewID(), Fingerprint: e.Fingerprint(), Account: e.Account, Currency: e.Currency, Amount: e.Units(),
		BookingDate: e.BookingDate, Name: e.Counterparty.Name, PayerAccount: e.Counterparty.Account, TaxID: e.Counterparty.TaxID, Purpose: e.Purpose,
		BankReference: e.BankReference, DocumentNumber: e.DocumentNumber, Reversal: e.Reversal, State: "waiting", Strength: "unspecified",
		Reason: "unspecified", BookAs: "unspecified", Documents: []string{}, referenced: e.Referenced(),
	}
	row.OtherReferences = strings.TrimSpace(strings.Join(append([]string{e.EndToEndID, e.CreditorReference}, e.References...), " ; "))
	if !e.ValueDate.IsZero() {
		row.ValueDate = &e.ValueDate
	}
	return row
}

// oneLine is a text without breaks and control characters.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}
