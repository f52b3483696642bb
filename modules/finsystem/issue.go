package finsystem

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	numbergeneratorv1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// client is whom a document is for, as its caller sees them.
func (m *Module) client(ctx context.Context, id string) (*clientmanagerv1.Client, error) {
	got, err := m.clients.GetClient(ctx, &clientmanagerv1.GetClientRequest{Id: id})
	if err != nil {
		return nil, err
	}
	return got.GetClient(), nil
}

// IssueDocument gives a draft its number and posts it, in one transaction. Issuing what is issued does nothing.
func (s *documentService) IssueDocument(ctx context.Context, r *v1.IssueDocumentRequest) (*v1.IssueDocumentResponse, error) {
	row, err := findDocument(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	client, err := s.client(ctx, row.ClientID)
	if err != nil {
		return nil, err
	}
	if client.GetStatus() == clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED && row.Status == draft && row.Kind != "credit_note" {
		return nil, refuse(codes.FailedPrecondition, "id", "suspended", "the client is suspended: resume the client first")
	}
	var goesBy *agreed
	if row.Status == draft && row.AgreementID != nil {
		if goesBy, err = s.agreementOf(ctx, "document.agreement_id", row.ClientID, *row.AgreementID); err != nil {
			return nil, err
		}
	}
	var out *v1.Document
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		before := row
		row, err := s.holdWithMoney(ctx, tx, r.GetId())
		if err != nil {
			return err
		}
		if row.Status == draft {
			if row.Revision != before.Revision { // it may go by another agreement now
				return errMeanwhile
			}
			if row, err = s.issue(ctx, tx, row, client, goesBy); err != nil {
				return err
			}
		}
		out, err = row.document(s.today())
		return err
	})
	return &v1.IssueDocumentResponse{Document: out}, refused(err)
}

func (s *documentService) issue(ctx context.Context, tx *store.Tx, row documentRow, client *clientmanagerv1.Client, goesBy *agreed) (documentRow, error) {
	day := s.today()
	if row.IssueDate != nil {
		day = *row.IssueDate
	}
	d, err := row.document(s.today())
	switch {
	case err != nil:
		return row, err
	case row.Status == "void":
		return row, errNotIssued
	case len(d.GetLines()) == 0:
		return row, refuse(codes.FailedPrecondition, "document.lines", "no_lines", "there is nothing on the document: add a line first")
	}
	_, t, err := totalled(d)
	if err != nil {
		return row, err
	}
	charged, posting, err := s.postDocument(ctx, tx, row, t, day, client)
	if err != nil {
		return row, err
	}
	as, err := s.asPrinted(ctx, tx, row, client, goesBy)
	if err != nil {
		return row, err
	}
	var branch *string
	if client.GetBranchId() != "" {
		branch = &client.BranchId
	}
	// The number is taken last: who issues the next one waits until this one is there.
	number, err := store.QueryOne(ctx, tx, pgx.RowTo[string], numbergeneratorv1.TakeSQL, row.series(), branch, day, row.Kind, row.ID)
	if err != nil {
		return row, err
	}
	if _, err := tx.Exec(ctx, `
		update finsystem.documents set status = 'issued', number = $2, issue_date = $3, due_date = $4, charged = $5, posting_id = $6, buyer = $7, issue_time = $8,
			original_by_hand = $9, signed_by = $10, signature = $11, seal = $12, agreement = $13, revision = revision + 1 where id = $1`,
		row.ID, number, day, day.AddDate(0, 0, int(row.PaymentDays)), charged, posting, as.Buyer, s.host.Now(), as.byHand, as.SignedBy, as.Signature, as.Seal, as.Agreement); err != nil {
		return row, err
	}
	if err := s.host.Publish(ctx, tx, row.ClientID, &v1.DocumentIssued{
		DocumentId: row.ID, ClientId: row.ClientID, Kind: documentKinds.Of(row.Kind), Total: money.Of(row.Currency, row.Total),
		DueDate: day.AddDate(0, 0, int(row.PaymentDays)).Format(time.DateOnly), ActorId: access.From(ctx).UserID,
	}); err != nil {
		return row, err
	}
	if row.Kind == "invoice" && row.Total > 0 {
		if err := s.payFromBalance(ctx, tx, row.ClientID, row.Currency, row.ID); err != nil {
			return row, err
		}
	}
	return findDocument(ctx, tx, row.ID)
}

// postDocument posts what a document charges, and tells whether it charged.
//
// An invoice that is paid before anything is delivered charges nothing: what is delivered then does, by its act or delivery note. One
// that is paid later charges at once, and its act does not charge again.
func (s *documentService) postDocument(ctx context.Context, tx *store.Tx, row documentRow, t totals, day time.Time, client *clientmanagerv1.Client) (bool, *int64, error) {
	sign := int64(-1)
	kind := ledger.Charge
	switch row.Kind {
	case "annex", topUp:
		return false, nil, nil
	case "invoice":
		if row.PaymentDays == 0 {
			return false, nil, nil
		}
	case "act", "delivery_note":
		if row.BasedOnID != nil {
			base, err := holdDocument(ctx, tx, *row.BasedOnID)
			if err != nil {
				return false, nil, err
			}
			if base.Status != issued {
				return false, nil, refuse(codes.FailedPrecondition, "id", "base_not_issued", "that document is not in force: issue it first")
			}
			if base.Charged {
				return false, nil, nil
			}
			if err := holdPaid(ctx, tx, base.ID, t.total); err != nil { // what was paid for this is there for it
				return false, nil, err
			}
		}
	case "credit_note":
		sign, kind = 1, ledger.Adjustment
		if charged, err := s.credit(ctx, tx, row); err != nil || !charged {
			return false, nil, err
		}
	}
	if t.total == 0 {
		return false, nil, nil
	}
	accounts := []ledger.Of{{ClientID: row.ClientID, Kind: "client", Currency: row.Currency}}
	amounts := []int64{0}
	for _, item := range t.items {
		accounts, amounts = append(accounts, ledger.Of{Kind: "revenue", Code: item.item, Currency: row.Currency}), append(amounts, item.net*sign)
	}
	for _, tax := range t.taxes {
		accounts, amounts = append(accounts, ledger.Of{Kind: "tax", Code: tax.percent, Currency: row.Currency}), append(amounts, tax.tax*sign)
	}
	ids, err := ledger.Open(ctx, tx, s.settings.limit(), accounts...)
	if err != nil {
		return false, nil, err
	}
	p := ledger.Posting{
		Key: "document:" + row.ID, Kind: kind, ClientID: row.ClientID, Date: day, Currency: row.Currency, AboutID: row.ID, Memo: row.Subject,
		ActorID: actor(ctx), BranchID: client.GetBranchId(), ManagerID: client.GetManagerId(),
	}
	for i, amount := range amounts {
		if amount != 0 {
			p.Entries = append(p.Entries, ledger.Entry{Account: ids[0], Contra: ids[i], Amount: amount})
		}
	}
	done, err := ledger.Post(ctx, tx, p)
	if err != nil {
		return false, nil, err
	}
	return true, &done[0].ID, nil
}

// credit takes a credit note off what it is about, and tells whether that was charged; more than it came to is refused. What an act or a delivery note was made of may
// have charged in its stead: then it is taken off that too.
func (s *documentService) credit(ctx context.Context, tx *store.Tx, row documentRow) (charged bool, err error) {
	base, err := takeOff(ctx, tx, *row.BasedOnID, row.Total)
	if err != nil || !base.delivers() {
		return base.Charged, err
	}
	if base.Charged { // what is not delivered any more is kept for the invoice again
		return true, holdPaid(ctx, tx, *base.BasedOnID, 0)
	}
	of, err := takeOff(ctx, tx, *base.BasedOnID, row.Total)
	return of.Charged, err
}

// takeOff takes so much off a document.
func takeOff(ctx context.Context, tx *store.Tx, id string, amount int64) (documentRow, error) {
	base, err := holdDocument(ctx, tx, id)
	if err != nil {
		return base, err
	}
	if base.Status != issued || amount > base.Total-base.Credited {
		return base, refuse(codes.FailedPrecondition, "id", "credits_more", "a credit note gives back no more than is left of what it is about")
	}
	if over := base.Paid - (base.Total - base.Credited - amount); over > 0 { // what was paid too much then is the client's again
		if err := freeAllocations(ctx, tx, base.ID, over); err != nil {
			return base, err
		}
	}
	return base, giveBack(ctx, tx, base.ID, amount)
}

// giveBack has so much more of a document be credited; below zero for less.
func giveBack(ctx context.Context, tx *store.Tx, id string, amount int64) error {
	_, err := tx.Exec(ctx, "update finsystem.documents set credited = credited + $2, revision = revision + 1 where id = $1", id, amount)
	return err
}

// uncredit is credit the other way, of a credit note that is void.
func (s *documentService) uncredit(ctx context.Context, tx *store.Tx, row documentRow) error {
	base, err := holdDocument(ctx, tx, *row.BasedOnID)
	if err != nil {
		return err
	}
	if err := giveBack(ctx, tx, base.ID, -row.Total); err != nil || !base.delivers() {
		return err
	}
	switch {
	case base.Charged:
		return holdPaid(ctx, tx, *base.BasedOnID, 0)
	case row.Charged:
		return giveBack(ctx, tx, *base.BasedOnID, -row.Total)
	}
	return nil
}

// VoidDocument takes an issued document back. Voiding what is void does nothing.
func (s *documentService) VoidDocument(ctx context.Context, r *v1.VoidDocumentRequest) (*v1.VoidDocumentResponse, error) {
	var out *v1.Document
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := s.holdWithMoney(ctx, tx, r.GetId())
		if err != nil {
			return err
		}
		if row.Status == draft {
			return errNotIssued
		}
		if row.Status == issued {
			if row, err = s.void(ctx, tx, row, r.GetReason()); err != nil {
				return err
			}
		}
		out, err = row.document(s.today())
		return err
	})
	return &v1.VoidDocumentResponse{Document: out}, refused(err)
}

func (s *documentService) void(ctx context.Context, tx *store.Tx, row documentRow, reason string) (documentRow, error) {
	made, err := store.QueryOne(ctx, tx, pgx.RowTo[int64], "select count(*) from finsystem.documents where based_on_id = $1 and status = 'issued'", row.ID)
	if err != nil {
		return row, err
	}
	if made > 0 {
		return row, refuse(codes.FailedPrecondition, "id", "has_others", "other documents were made of this one: void those first")
	}
	if err := freeAllocations(ctx, tx, row.ID, row.Paid); err != nil {
		return row, err
	}
	if row.PostingID != nil {
		if _, err := ledger.Reverse(ctx, tx, ledger.Back{
			Key: "void:" + row.ID, Kind: ledger.Reversal, Posting: *row.PostingID, Date: s.today(), Memo: reason, ActorID: actor(ctx),
		}); err != nil {
			return row, err
		}
	}
	if row.Kind == "credit_note" && row.BasedOnID != nil {
		if err := s.uncredit(ctx, tx, row); err != nil {
			return row, err
		}
	}
	if _, err := tx.Exec(ctx, "update finsystem.documents set status = 'void', void_reason = $2, revision = revision + 1 where id = $1", row.ID, reason); err != nil {
		return row, err
	}
	if row.BasedOnID != nil { // what it charged is kept for the invoice again
		if err := holdPaid(ctx, tx, *row.BasedOnID, 0); err != nil {
			return row, err
		}
	}
	if err := s.host.Publish(ctx, tx, row.ClientID, &v1.DocumentVoided{
		DocumentId: row.ID, ClientId: row.ClientID, Kind: documentKinds.Of(row.Kind), Total: money.Of(row.Currency, row.Total), ActorId: access.From(ctx).UserID,
	}); err != nil {
		return row, err
	}
	return findDocument(ctx, tx, row.ID)
}

// actor is the user who acts; empty for the portal itself.
func actor(ctx context.Context) string { return access.From(ctx).UserID }
