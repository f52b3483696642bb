package statement

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// Options say what a file does not say itself. The zero value is right for most files but tables.
type Options struct {
	// Format is found out where it is "". A Mapping means CSV.
	Format Format
	// Encoding ("utf-8", "windows-1251", …) is found out where it is "": see [Detect].
	Encoding string
	// Account is the own account where the file does not name it: in CSV, and in 1CClientBankExchange without a section of balances.
	Account string
	// Currency is the account's where the file does not name it: in CSV, and in 1CClientBankExchange, unless the account's
	// number has it, as in Russia.
	Currency string
	// Mapping says how to read a table.
	Mapping *Mapping
	// AcceptMismatch reads on where control figures do not agree, and lists them in [Statement].Mismatches. It is for a
	// person who has seen the error and knows why: files that were cut to some entries keep the balances of the whole.
	AcceptMismatch bool
	// Limits are against files that were made to take memory.
	Limits Limits
}

// Limits of a file; 0 is the default.
type Limits struct {
	Bytes      int64 // of the file: 1 GiB
	Line       int   // bytes of a line, and of a piece of XML or SGML: 1 MiB
	Text       int   // bytes of a text of an entry, such as its purpose: 16 KiB
	Depth      int   // of elements in elements: 64
	Batch      int   // bytes of what is kept of a batch until its sum is known: 64 MiB
	Statements int   // 10,000
	Entries    int   // 2,000,000
}

func (l *Limits) defaults() {
	if l.Bytes <= 0 {
		l.Bytes = 1 << 30
	}
	for limit, usual := range map[*int]int{&l.Line: 1 << 20, &l.Text: 16 << 10, &l.Depth: 64, &l.Batch: 64 << 20, &l.Statements: 10_000, &l.Entries: 2_000_000} {
		if *limit <= 0 {
			*limit = usual
		}
	}
}

// Kind is what an [Item] tells.
type Kind int

// What happens while a file is read.
const (
	Begins Kind = iota + 1 // a statement begins
	Booked                 // an entry of a statement
	Ends                   // a statement is whole, and its control figures were checked
)

// Item is one thing that was read.
type Item struct {
	Kind Kind
	// Statement is the same one from Begins to Ends, and filled as the file goes on. In 1CClientBankExchange and CSV, where
	// accounts are mixed, several are open at a time.
	Statement *Statement
	// Entry is there with Booked.
	Entry *Entry
}

// Read reads a file from its beginning to its end, in memory that does not grow with it. An error is the last thing that the
// sequence has, and means that the whole file is not to be imported, what came before it included: an importer stages what
// it is given, and commits when the sequence has ended without an error. All errors but those of ctx and of r are [Error].
func Read(ctx context.Context, r io.Reader, o Options) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		err := read(ctx, r, o, yield)
		if err != nil && !errors.Is(err, errStopped) {
			yield(Item{}, err)
		}
	}
}

// Whole is a statement with its entries.
type Whole struct {
	*Statement
	Entries []Entry
}

// ReadAll is Read for files that are known to be small. It answers all or nothing.
func ReadAll(ctx context.Context, r io.Reader, o Options) ([]Whole, error) {
	var all []Whole
	for item, err := range Read(ctx, r, o) {
		switch {
		case err != nil:
			return nil, err
		case item.Kind == Begins:
			all = append(all, Whole{Statement: item.Statement})
		case item.Kind == Booked:
			of := &all[item.Statement.Index]
			of.Entries = append(of.Entries, *item.Entry)
		}
	}
	return all, nil
}

// errStopped: whoever reads wants no more.
var errStopped = errors.New("stopped")

// reading is one run through a file.
type reading struct {
	Options
	ctx        context.Context
	yield      func(Item, error) bool
	version    string
	statements int
	entries    int
}

func read(ctx context.Context, r io.Reader, o Options, yield func(Item, error) bool) error {
	o.Limits.defaults()
	rd := &reading{Options: o, ctx: ctx, yield: yield}
	if o.Currency != "" && !isCurrency(o.Currency) {
		return &Error{Kind: ErrMapping, Field: "Options.Currency", Value: shortened(o.Currency), Reason: "give the currency by its ISO 4217 code, such as UAH"}
	}
	file := bufio.NewReaderSize(&counted{r: r, ctx: ctx, left: o.Limits.Bytes, most: o.Limits.Bytes}, headSize)
	head, err := file.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	found := Detect(head)
	switch {
	case rd.Format == "" && o.Mapping != nil:
		rd.Format = CSV
	case rd.Format == "":
		rd.Format = found.Format
	}
	rd.version = found.version
	text, err := decoded(file, o.Encoding, found.declared)
	if err == nil {
		switch rd.Format {
		case Camt053:
			err = rd.camt(text)
		case MT940:
			err = rd.mt940(text)
		case ClientBank:
			err = rd.clientBank(text)
		case OFX:
			err = rd.ofx(text)
		case CSV:
			err = rd.csv(text)
		default:
			err = found.unknown(rd.Format)
		}
	}
	if err == nil && rd.statements == 0 {
		err = damaged(0, "", "", "there is no statement in the file: %s", anew)
	}
	var e *Error
	if errors.As(err, &e) {
		if e.Format == "" {
			e.Format = rd.Format
		}
		// What they quote of the file may be of any length.
		e.Field, e.Reason = cut(e.Field, 120), cut(e.Reason, 500)
	}
	return err
}

// counted reads no more than a file may have, and nothing for a caller that is gone.
type counted struct {
	r    io.Reader
	ctx  context.Context
	left int64
	most int64
}

func (c *counted) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, beyond(0, "", "the file has more than %d bytes: have the bank write a shorter period", c.most)
	}
	return n, err
}

// begin hands a statement out, once its account and currency are known.
func (rd *reading) begin(b *book) error {
	if b.open {
		return nil
	}
	b.open = true
	b.Index, b.Format, b.Version = rd.statements, rd.Format, rd.version
	b.Account = account(b.Account)
	if rd.statements++; rd.statements > rd.Limits.Statements {
		return beyond(b.Line, "", "the file has more than %d statements: have the bank write a shorter period", rd.Limits.Statements)
	}
	switch {
	case b.Account == "":
		return rd.in(b, damaged(b.Line, "account", "", "it is not said whose account this is: name the account"))
	case !isCurrency(b.Currency):
		return rd.in(b, damaged(b.Line, "currency", b.Currency, "it is not said in which currency the account is: name it by its ISO 4217 code, such as UAH"))
	}
	for field, text := range map[string]string{"account": b.Account, "bank": b.BankID, "id": b.ID, "number": b.Number} {
		if len(text) > 256 {
			return rd.in(b, beyond(b.Line, field, "the %s of the statement is longer than 256 bytes: %s", field, anew))
		}
	}
	return rd.give(Item{Kind: Begins, Statement: &b.Statement})
}

// add hands out what a bank booked as one: an entry, or the several of a batch.
func (rd *reading) add(b *book, entries ...Entry) error {
	if err := rd.begin(b); err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		e.Account, e.Currency = b.Account, b.Currency
		if err := rd.fits(e); err != nil {
			return rd.in(b, err)
		}
		if rd.entries++; rd.entries > rd.Limits.Entries {
			return rd.in(b, beyond(e.Line, "", "the file has more than %d entries: have the bank write a shorter period", rd.Limits.Entries))
		}
	}
	if err := b.count(entries); err != nil {
		return rd.in(b, err)
	}
	for i := range entries {
		if err := rd.give(Item{Kind: Booked, Statement: &b.Statement, Entry: &entries[i]}); err != nil {
			return err
		}
	}
	return nil
}

// end checks the control figures and hands the whole statement out.
func (rd *reading) end(b *book) error {
	if err := rd.begin(b); err != nil {
		return err
	}
	for _, mismatch := range b.check() {
		mismatch.Format, mismatch.Statement = rd.Format, b.name()
		if !rd.AcceptMismatch {
			return mismatch
		}
		b.Mismatches = append(b.Mismatches, mismatch)
	}
	return rd.give(Item{Kind: Ends, Statement: &b.Statement})
}

func (rd *reading) give(item Item) error {
	if err := rd.ctx.Err(); err != nil {
		return err
	}
	if !rd.yield(item, nil) {
		return errStopped
	}
	return nil
}

// in names the statement in an error.
func (rd *reading) in(b *book, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Statement == "" {
		e.Statement = b.name()
	}
	return err
}

func (rd *reading) fits(e *Entry) error {
	for _, text := range [...]struct{ name, value string }{
		{"purpose", e.Purpose}, {"counterparty's name", e.Counterparty.Name}, {"counterparty's account", e.Counterparty.Account},
		{"counterparty's tax id", e.Counterparty.TaxID}, {"counterparty's bank", e.Counterparty.BankID}, {"bank's reference", e.BankReference},
		{"end-to-end id", e.EndToEndID}, {"document number", e.DocumentNumber}, {"creditor's reference", e.CreditorReference},
	} {
		if len(text.value) > rd.Limits.Text {
			return beyond(e.Line, text.name, "the %s of an entry is longer than %d bytes: %s", text.name, rd.Limits.Text, anew)
		}
	}
	if e.BookingDate.IsZero() {
		return damaged(e.Line, "date", "", "the entry has no date: %s", anew)
	}
	return nil
}

// name is what people may know a statement by.
func (b *book) name() string {
	switch {
	case b.Number != "":
		return shortened(b.Number)
	case b.ID != "":
		return shortened(b.ID)
	case b.Account != "":
		return "of " + shortened(b.Account)
	}
	return strconv.Itoa(b.Index + 1)
}

var _ fmt.Stringer = Kind(0)

// String is the name of the constant.
func (k Kind) String() string {
	if names := [...]string{"", "Begins", "Booked", "Ends"}; int(k) > 0 && int(k) < len(names) {
		return names[k]
	}
	return strconv.Itoa(int(k))
}
