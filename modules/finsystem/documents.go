package finsystem

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// documentService keeps what is handed to clients about money. A draft is the business's own: no contact sees it.
type documentService struct {
	v1.UnimplementedDocumentServiceServer
	*Module
}

var _ v1.DocumentServiceServer = (*documentService)(nil)

const draft, issued = "draft", "issued"

// ListDocuments lists documents of one client, or of all whom the caller serves, newest first.
func (s *documentService) ListDocuments(ctx context.Context, r *v1.ListDocumentsRequest) (*v1.ListDocumentsResponse, error) {
	c := &store.Where{}
	if client, err := clientMeant(ctx, r.GetClientId()); err == nil {
		c.Add("client_id = ?::uuid", client)
	}
	if isContact(ctx) {
		c.Add("status <> 'draft'")
	}
	if len(r.GetKinds()) > 0 {
		c.Add("kind = any(?)", documentKinds.Texts(r.GetKinds()))
	}
	if r.GetQuery() != "" {
		c.Add("number <> '' and starts_with(upper(number), upper(?))", r.GetQuery())
	}
	if r.GetBasedOnId() != "" {
		c.Add("based_on_id = ?::uuid", r.GetBasedOnId())
	}
	if r.GetAgreementId() != "" {
		c.Add("agreement_id = ?::uuid", r.GetAgreementId())
	}
	if r.GetOpen() {
		c.Add("status = 'issued' and kind = 'invoice' and paid < total and paid < total - credited")
	}
	for _, edge := range []struct{ field, text, is string }{
		{"from_date", r.GetFromDate(), "issue_date >= ?::date"}, {"to_date", r.GetToDate(), "issue_date <= ?::date"},
	} {
		if edge.text != "" {
			if _, err := s.dayOf(edge.field, edge.text); err != nil {
				return nil, err
			}
			c.Add(edge.is, edge.text)
		}
	}
	s.inStates(c, r.GetStatuses())
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[documentRow], `
		select `+documentFields+` from finsystem.documents`+c.String()+` order by documents.id desc limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListDocumentsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last documentRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		d, err := row.document(s.today())
		if err != nil {
			return nil, err
		}
		d.Lines, d.Taxes = nil, nil
		response.Documents = append(response.Documents, d)
	}
	return response, nil
}

// stateIs says in SQL what documentRow.state says.
var stateIs = map[v1.DocumentStatus]string{
	v1.DocumentStatus_DOCUMENT_STATUS_DRAFT: "status = 'draft'", v1.DocumentStatus_DOCUMENT_STATUS_VOID: "status = 'void'",
	v1.DocumentStatus_DOCUMENT_STATUS_PAID:        "status = 'issued' and kind in ('invoice', 'top_up') and paid = total - credited",
	v1.DocumentStatus_DOCUMENT_STATUS_OVERDUE:     "status = 'issued' and kind = 'invoice' and paid < total - credited and due_date < ?::date",
	v1.DocumentStatus_DOCUMENT_STATUS_PARTLY_PAID: "status = 'issued' and (kind = 'top_up' or kind = 'invoice' and due_date >= ?::date) and paid > 0 and paid < total - credited",
	v1.DocumentStatus_DOCUMENT_STATUS_ISSUED:      "status = 'issued' and (kind not in ('invoice', 'top_up') or paid = 0 and paid < total - credited and (kind = 'top_up' or due_date >= ?::date))",
}

func (s *documentService) inStates(c *store.Where, states []v1.DocumentStatus) {
	var any []string
	for _, state := range states {
		if is, known := stateIs[state]; known {
			if strings.Contains(is, "?") {
				is = strings.ReplaceAll(is, "?", c.Arg(s.today()))
			}
			any = append(any, "("+is+")")
		}
	}
	if len(any) > 0 {
		c.Add("(" + strings.Join(any, " or ") + ")")
	}
}

// GetDocument returns a document of a client the caller sees.
func (s *documentService) GetDocument(ctx context.Context, r *v1.GetDocumentRequest) (*v1.GetDocumentResponse, error) {
	row, err := findDocument(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	if row.Status == draft && isContact(ctx) {
		return nil, errNoDocument
	}
	d, err := row.document(s.today())
	return &v1.GetDocumentResponse{Document: d}, err
}

// documentChanges are the fields of a draft that can be written.
var documentChanges = map[string]func(to, from *v1.Document){
	"kind":             func(to, from *v1.Document) { to.Kind = from.GetKind() },
	"subject":          func(to, from *v1.Document) { to.Subject = strings.Join(strings.Fields(from.GetSubject()), " ") },
	"currency_code":    func(to, from *v1.Document) { to.CurrencyCode = from.GetCurrencyCode() },
	"issue_date":       func(to, from *v1.Document) { to.IssueDate = from.GetIssueDate() },
	"payment_days":     func(to, from *v1.Document) { to.PaymentDays = from.GetPaymentDays() },
	"agreement_id":     func(to, from *v1.Document) { to.AgreementId = from.GetAgreementId() },
	"based_on_id":      func(to, from *v1.Document) { to.BasedOnId = from.GetBasedOnId() },
	"lines":            func(to, from *v1.Document) { to.Lines = cloned(from.GetLines()) },
	"note":             func(to, from *v1.Document) { to.Note = strings.TrimSpace(from.GetNote()) },
	"original_by_hand": func(to, from *v1.Document) { to.OriginalByHand = from.GetOriginalByHand() },
}

func cloned(lines []*v1.DocumentLine) []*v1.DocumentLine {
	out := make([]*v1.DocumentLine, len(lines))
	for i, line := range lines {
		out[i] = proto.CloneOf(line)
	}
	return out
}

// CreateDocument makes a draft.
func (s *documentService) CreateDocument(ctx context.Context, r *v1.CreateDocumentRequest) (*v1.CreateDocumentResponse, error) {
	client, err := clientMeant(ctx, r.GetDocument().GetClientId())
	if err != nil {
		return nil, err
	}
	if _, err := s.client(ctx, client); err != nil {
		return nil, err
	}
	if _, err := s.agreementOf(ctx, "document.agreement_id", client, r.GetDocument().GetAgreementId()); err != nil {
		return nil, err
	}
	var response *v1.CreateDocumentResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateDocumentResponse, error) {
			d := &v1.Document{Id: store.NewID(), ClientId: client, CreateTime: timestamppb.New(s.host.Now())}
			for _, apply := range documentChanges {
				apply(d, r.GetDocument())
			}
			made, err := s.writeDraft(ctx, tx, d)
			return &v1.CreateDocumentResponse{Document: made}, err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// writeDraft checks a draft, reckons it and saves it.
func (s *documentService) writeDraft(ctx context.Context, tx *store.Tx, d *v1.Document) (*v1.Document, error) {
	if err := module.Constrained("document", d); err != nil {
		return nil, err
	}
	if _, err := money.Scale(d.GetCurrencyCode()); err != nil {
		return nil, wrongAmount("document.currency_code", err)
	}
	if _, err := s.dayOf("document.issue_date", d.GetIssueDate()); err != nil {
		return nil, err
	}
	d, t, err := totalled(d)
	if err != nil {
		return nil, err
	}
	if err := s.fitsBase(ctx, tx, d); err != nil {
		return nil, err
	}
	d.Revision++
	if err := saveDraft(ctx, tx, d, t, newCheckCode()); err != nil {
		return nil, err
	}
	row, err := findDocument(ctx, tx, d.GetId())
	if err != nil {
		return nil, err
	}
	return row.document(s.today())
}

// fitsBase refuses a document about another that it cannot be about.
func (s *documentService) fitsBase(ctx context.Context, q store.Querier, d *v1.Document) error {
	if d.GetBasedOnId() == "" {
		if d.GetKind() == v1.DocumentKind_DOCUMENT_KIND_CREDIT_NOTE {
			return refuse(codes.InvalidArgument, "document.based_on_id", "credits_what", "say which document the credit note is about")
		}
		return nil
	}
	base, err := findDocument(ctx, q, d.GetBasedOnId())
	switch {
	case err != nil:
		return refuse(codes.InvalidArgument, "document.based_on_id", "no_document", "there is no such document among those you may see")
	case base.ClientID != d.GetClientId():
		return refuse(codes.InvalidArgument, "document.based_on_id", "other_client", "that document is another client's")
	case base.Currency != d.GetCurrencyCode():
		return refuse(codes.InvalidArgument, "document.currency_code", "other_currency", "the document that this one is about is in "+base.Currency)
	case base.Status != issued:
		return refuse(codes.FailedPrecondition, "document.based_on_id", "base_not_issued", "that document is not in force: issue it first")
	case d.GetKind() == v1.DocumentKind_DOCUMENT_KIND_CREDIT_NOTE && !slices.Contains([]string{"invoice", "act", "delivery_note"}, base.Kind):
		return refuse(codes.InvalidArgument, "document.based_on_id", "credits_which", "a credit note is about an invoice, an act or a delivery note")
	}
	return nil
}

func newCheckCode() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// UpdateDocument changes the named fields of a draft. A draft stays with its client.
func (s *documentService) UpdateDocument(ctx context.Context, r *v1.UpdateDocumentRequest) (*v1.UpdateDocumentResponse, error) {
	if !store.IsID(r.GetDocument().GetId()) {
		return nil, refuse(codes.InvalidArgument, "document.id", "which", "say by its id which document is meant")
	}
	known := func(field string) bool { _, ok := documentChanges[field]; return ok }
	fields, err := module.Named(r.GetUpdateMask(), known, ID+".refusal.nothing_named", ID+".refusal.no_field")
	if err != nil {
		return nil, err
	}
	if slices.Contains(fields, "agreement_id") {
		row, err := findDocument(ctx, s.host.Store, r.GetDocument().GetId())
		if err != nil {
			return nil, err
		}
		if _, err := s.agreementOf(ctx, "document.agreement_id", row.ClientID, r.GetDocument().GetAgreementId()); err != nil {
			return nil, err
		}
	}
	var out *v1.Document
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := holdDocument(ctx, tx, r.GetDocument().GetId())
		if err != nil {
			return err
		}
		present, err := row.document(s.today())
		if err != nil {
			return err
		}
		after := proto.CloneOf(present)
		for _, field := range slices.Sorted(slices.Values(fields)) {
			documentChanges[field](after, r.GetDocument())
		}
		switch {
		case row.Status != draft:
			return errNoDraft
		case r.GetDocument().GetRevision() != 0 && r.GetDocument().GetRevision() != present.GetRevision():
			return errMeanwhile
		}
		if out, err = s.writeDraft(ctx, tx, after); err != nil {
			return err
		}
		audit.Changed(tx, present, out)
		return nil
	})
	return &v1.UpdateDocumentResponse{Document: out}, err
}

// DeleteDocument takes a draft away.
func (s *documentService) DeleteDocument(ctx context.Context, r *v1.DeleteDocumentRequest) (*v1.DeleteDocumentResponse, error) {
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := holdDocument(ctx, tx, r.GetId())
		if err != nil {
			return err
		}
		if row.Status != draft {
			return errNoDraft
		}
		d, err := row.document(s.today())
		if err != nil {
			return err
		}
		audit.Changed(tx, d, nil)
		_, err = tx.Exec(ctx, "delete from finsystem.documents where id = $1", r.GetId())
		return err
	})
	return &v1.DeleteDocumentResponse{}, err
}

// CopyDocument makes a draft of an issued document.
func (s *documentService) CopyDocument(ctx context.Context, r *v1.CopyDocumentRequest) (*v1.CopyDocumentResponse, error) {
	var response *v1.CopyDocumentResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CopyDocumentResponse, error) {
			row, err := findDocument(ctx, tx, r.GetId())
			if err != nil {
				return nil, err
			}
			d, err := row.document(s.today())
			if err != nil {
				return nil, err
			}
			d.Id, d.CreateTime, d.Revision, d.IssueDate, d.Kind = store.NewID(), timestamppb.New(s.host.Now()), 0, "", r.GetKind()
			if row.Status == issued && d.GetKind() != documentKinds.Of(row.Kind) {
				d.BasedOnId = row.ID
			} else {
				d.BasedOnId = ""
			}
			made, err := s.writeDraft(ctx, tx, d)
			return &v1.CopyDocumentResponse{Document: made}, err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// CheckDocument says what a printed code stands for, to anybody who holds it.
func (s *documentService) CheckDocument(ctx context.Context, r *v1.CheckDocumentRequest) (*v1.CheckDocumentResponse, error) {
	type checked struct {
		Kind, Status, Number string
		IssueDate            *time.Time
		Currency             string
		Total                int64
		FileHash             *string
	}
	c, err := store.QueryOne(s.host.Self(ctx), s.host.Store, pgx.RowToStructByPos[checked],
		"select kind, status, number, issue_date, currency_code, total, file_hash from finsystem.check_document($1)", r.GetCode())
	if err != nil {
		return nil, store.NotFoundAs(err, refuse(codes.NotFound, "code", "no_such_code", "no document has this code: what you hold was not issued here"))
	}
	response := &v1.CheckDocumentResponse{
		Kind: documentKinds.Of(c.Kind), Status: documentRow{Status: c.Status, Kind: "act"}.state(s.today()), Number: c.Number, IssueDate: dateText(c.IssueDate),
		Total: money.Of(c.Currency, c.Total), Seller: s.settings.Seller.Name,
	}
	if c.FileHash != nil {
		response.FileSha256 = *c.FileHash
	}
	return response, nil
}
