package finsystem

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

var documentKinds = store.Enum[v1.DocumentKind]{Prefix: "DOCUMENT_KIND_", Values: v1.DocumentKind_value}

type documentRow struct {
	ID, ClientID, Kind, Status, Number, Subject, Currency string
	IssueDate                                             *time.Time
	PaymentDays                                           int32
	DueDate                                               *time.Time
	AgreementID, BasedOnID                                *string
	Lines, Taxes                                          []byte
	Net, Tax, Total                                       int64
	Charged                                               bool
	PostingID                                             *int64
	Paid, Credited                                        int64
	Note                                                  string
	ByHand                                                bool
	CheckCode                                             string
	FileHash                                              *string
	VoidReason                                            string
	Created                                               time.Time
	Issued                                                *time.Time
	Revision                                              int64
}

const documentFields = `id::text, client_id::text, kind, status, number, subject, currency_code, issue_date, payment_days, due_date, agreement_id::text,
	based_on_id::text, lines, taxes, net, tax, total, charged, posting_id, paid, credited, note, original_by_hand, check_code, file_hash, void_reason,
	create_time, issue_time, revision`

// document is a row as the contract has it; today says whether its day has passed.
func (r documentRow) document(today time.Time) (*v1.Document, error) {
	d := &v1.Document{
		Id: r.ID, ClientId: r.ClientID, Kind: documentKinds.Of(r.Kind), Status: r.state(today), Number: r.Number, Title: r.Number, Subject: r.Subject,
		CurrencyCode: r.Currency, IssueDate: dateText(r.IssueDate), PaymentDays: r.PaymentDays, DueDate: dateText(r.DueDate),
		Net: money.Of(r.Currency, r.Net), Tax: money.Of(r.Currency, r.Tax), Total: money.Of(r.Currency, r.Total),
		Note: r.Note, OriginalByHand: r.ByHand, VoidReason: r.VoidReason, CreateTime: timestamppb.New(r.Created), Revision: r.Revision,
	}
	if d.Title == "" {
		d.Title = r.Subject
	}
	if r.payable() {
		d.Paid, d.Due = money.Of(r.Currency, r.Paid), money.Of(r.Currency, r.left())
	}
	for to, from := range map[*string]*string{&d.AgreementId: r.AgreementID, &d.BasedOnId: r.BasedOnID, &d.FileSha256: r.FileHash} {
		if from != nil {
			*to = *from
		}
	}
	d.FilePath = "/m/" + ID + "/documents/" + r.ID + ".pdf"
	if r.Issued != nil {
		d.IssueTime = timestamppb.New(*r.Issued)
	}
	var lines, taxes []json.RawMessage
	if err := json.Unmarshal(r.Lines, &lines); err != nil {
		return nil, err
	}
	for _, text := range lines {
		line := &v1.DocumentLine{}
		if err := protojson.Unmarshal(text, line); err != nil {
			return nil, err
		}
		d.Lines = append(d.Lines, line)
	}
	if err := json.Unmarshal(r.Taxes, &taxes); err != nil {
		return nil, err
	}
	for _, text := range taxes {
		tax := &v1.DocumentTax{}
		if err := protojson.Unmarshal(text, tax); err != nil {
			return nil, err
		}
		d.Taxes = append(d.Taxes, tax)
	}
	return d, nil
}

// payable tells whether a document is paid at all: an invoice, or a bill for paying ahead, that is in force.
func (r documentRow) payable() bool {
	return (r.Kind == "invoice" || r.Kind == topUp) && r.Status == "issued"
}

// left is what is left to pay of it.
func (r documentRow) left() int64 { return r.Total - r.Credited - r.Paid }

// delivers tells whether it says that something of another document was delivered.
func (r documentRow) delivers() bool {
	return r.BasedOnID != nil && (r.Kind == "act" || r.Kind == "delivery_note")
}

// state is the status as readers see it: what was paid and what day it is are part of it.
func (r documentRow) state(today time.Time) v1.DocumentStatus {
	switch {
	case r.Status == "draft":
		return v1.DocumentStatus_DOCUMENT_STATUS_DRAFT
	case r.Status == "void":
		return v1.DocumentStatus_DOCUMENT_STATUS_VOID
	case !r.payable():
		return v1.DocumentStatus_DOCUMENT_STATUS_ISSUED
	case r.left() == 0:
		return v1.DocumentStatus_DOCUMENT_STATUS_PAID
	case r.Kind != topUp && r.DueDate != nil && r.DueDate.Before(today): // who pays ahead is never late
		return v1.DocumentStatus_DOCUMENT_STATUS_OVERDUE
	case r.Paid > 0:
		return v1.DocumentStatus_DOCUMENT_STATUS_PARTLY_PAID
	}
	return v1.DocumentStatus_DOCUMENT_STATUS_ISSUED
}

func findDocument(ctx context.Context, q store.Querier, id string) (documentRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[documentRow], `select `+documentFields+` from finsystem.documents where id = $1`, id)
	return row, store.NotFoundAs(err, errNoDocument)
}

// holdDocument is findDocument of one that nobody else changes until the transaction ends.
func holdDocument(ctx context.Context, tx *store.Tx, id string) (documentRow, error) {
	row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[documentRow], `select `+documentFields+` from finsystem.documents where id = $1 for update`, id)
	return row, store.NotFoundAs(err, errNoDocument)
}

// saveDraft writes a draft, new or over the present one.
func saveDraft(ctx context.Context, tx *store.Tx, d *v1.Document, t totals, code string) error {
	lines, err := jsonOf(d.GetLines())
	if err != nil {
		return err
	}
	taxes, err := jsonOf(d.GetTaxes())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into finsystem.documents (id, client_id, kind, status, number, subject, currency_code, issue_date, payment_days, agreement_id, based_on_id,
			lines, taxes, net, tax, total, note, original_by_hand, check_code, create_time, revision)
		values ($1, $2, $3, 'draft', '', $4, $5, nullif($6, '')::date, $7, nullif($8, '')::uuid, nullif($9, '')::uuid, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		on conflict (id) do update set kind = excluded.kind, subject = excluded.subject, currency_code = excluded.currency_code, issue_date = excluded.issue_date,
			payment_days = excluded.payment_days, agreement_id = excluded.agreement_id, based_on_id = excluded.based_on_id, lines = excluded.lines,
			taxes = excluded.taxes, net = excluded.net, tax = excluded.tax, total = excluded.total, note = excluded.note,
			original_by_hand = excluded.original_by_hand, revision = excluded.revision`,
		d.GetId(), d.GetClientId(), documentKinds.Text(d.GetKind()), d.GetSubject(), d.GetCurrencyCode(), d.GetIssueDate(), d.GetPaymentDays(),
		d.GetAgreementId(), d.GetBasedOnId(), lines, taxes, t.net, t.tax, t.total, d.GetNote(), d.GetOriginalByHand(), code,
		d.GetCreateTime().AsTime(), d.GetRevision())
	return err
}

func jsonOf[M proto.Message](list []M) (string, error) {
	out := make([]json.RawMessage, 0, len(list))
	for _, m := range list {
		text, err := protojson.Marshal(m)
		if err != nil {
			return "", err
		}
		out = append(out, text)
	}
	text, err := json.Marshal(out)
	return string(text), err
}
