package clientmanager

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// agreementService keeps what was agreed with clients. A draft is the business's own: no contact sees it.
type agreementService struct {
	v1.UnimplementedAgreementServiceServer
	*Module
}

var _ v1.AgreementServiceServer = (*agreementService)(nil)

// ListAgreements lists a client's agreements, newest first.
func (s *agreementService) ListAgreements(ctx context.Context, r *v1.ListAgreementsRequest) (*v1.ListAgreementsResponse, error) {
	client, err := s.clientMeant(ctx, r.GetClientId(), "client_id")
	if err != nil {
		return nil, err
	}
	if _, err := findClient(ctx, s.host.Store, client); err != nil {
		return nil, err
	}
	c := &store.Where{}
	c.Add("client_id = ?::uuid", client)
	if !seesDrafts(ctx) {
		c.Add("status <> 'draft'")
	}
	if len(r.GetStatuses()) > 0 {
		c.Add("status = any(?)", agreementStatuses.texts(r.GetStatuses()))
	}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	rows, err := s.listAgreements(ctx, c, n+1)
	if err != nil {
		return nil, err
	}
	response := &v1.ListAgreementsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last agreementRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Agreements = append(response.Agreements, s.dated(row.agreement()))
	}
	return response, nil
}

func seesDrafts(ctx context.Context) bool { return access.From(ctx).Kind != access.Contact }

// GetAgreement returns an agreement of a client the caller sees.
func (s *agreementService) GetAgreement(ctx context.Context, r *v1.GetAgreementRequest) (*v1.GetAgreementResponse, error) {
	agreement, err := findAgreement(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	if agreement.GetStatus() == v1.AgreementStatus_AGREEMENT_STATUS_DRAFT && !seesDrafts(ctx) {
		return nil, errNoPaper
	}
	return &v1.GetAgreementResponse{Agreement: s.dated(agreement)}, nil
}

// expiringWithin is how many days before its last one an agreement is said to expire.
const expiringWithin = 30

// today is the date in the portal's time zone.
func (m *Module) today() time.Time {
	y, month, d := m.host.Now().In(m.host.Zone).Date()
	return time.Date(y, month, d, 0, 0, 0, 0, time.UTC)
}

// soon is the last day on which an agreement is said to expire.
func (m *Module) soon() time.Time { return m.today().AddDate(0, 0, expiringWithin) }

// dated says where today lies in an agreement's days. It is not stored: days pass by themselves.
func (m *Module) dated(a *v1.Agreement) *v1.Agreement {
	if a.GetStatus() != v1.AgreementStatus_AGREEMENT_STATUS_ACTIVE && a.GetStatus() != v1.AgreementStatus_AGREEMENT_STATUS_SUSPENDED {
		return a
	}
	today := m.today().Format(time.DateOnly)
	soon := m.soon().Format(time.DateOnly)
	switch {
	case a.GetEndDate() != "" && a.GetEndDate() < today:
		a.Term = v1.AgreementTerm_AGREEMENT_TERM_EXPIRED
	case a.GetStartDate() > today:
		a.Term = v1.AgreementTerm_AGREEMENT_TERM_AHEAD
	case a.GetEndDate() != "" && a.GetEndDate() <= soon:
		a.Term = v1.AgreementTerm_AGREEMENT_TERM_EXPIRING
	default:
		a.Term = v1.AgreementTerm_AGREEMENT_TERM_RUNNING
	}
	return a
}

// agreementChanges are the fields of an agreement that can be written. Its status has methods of its own.
var agreementChanges = map[string]func(to, from *v1.Agreement){
	"number":        func(to, from *v1.Agreement) { to.Number = oneLine(from.GetNumber()) },
	"kind":          func(to, from *v1.Agreement) { to.Kind = from.GetKind() },
	"subject":       func(to, from *v1.Agreement) { to.Subject = oneLine(from.GetSubject()) },
	"start_date":    func(to, from *v1.Agreement) { to.StartDate = from.GetStartDate() },
	"end_date":      func(to, from *v1.Agreement) { to.EndDate = from.GetEndDate() },
	"currency_code": func(to, from *v1.Agreement) { to.CurrencyCode = from.GetCurrencyCode() },
	"payment_days":  func(to, from *v1.Agreement) { to.PaymentDays = from.GetPaymentDays() },
	"credit_limit":  func(to, from *v1.Agreement) { to.CreditLimit = proto.CloneOf(from.GetCreditLimit()) },
	"note":          func(to, from *v1.Agreement) { to.Note = lines(from.GetNote()) },
}

// checkAgreement refuses what the contract's constraints cannot say.
func checkAgreement(a *v1.Agreement) error {
	if err := module.Constrained("agreement", a); err != nil {
		return err
	}
	for field, date := range map[string]string{"start_date": a.GetStartDate(), "end_date": a.GetEndDate()} {
		if _, err := time.Parse(time.DateOnly, date); date != "" && err != nil {
			return refuse(codes.InvalidArgument, "agreement."+field, "refusal.no_date", "there is no such day")
		}
	}
	switch limit := a.GetCreditLimit(); {
	case a.GetEndDate() != "" && a.GetEndDate() < a.GetStartDate():
		return refuse(codes.InvalidArgument, "agreement.end_date", "refusal.ends_before", "the last day lies before the first")
	case !isCurrency(a.GetCurrencyCode()):
		return refuse(codes.InvalidArgument, "agreement.currency_code", "refusal.no_currency", "there is no such currency: write its three letters, such as UAH")
	case limit != nil && limit.GetCurrencyCode() != a.GetCurrencyCode():
		return refuse(codes.InvalidArgument, "agreement.credit_limit", "refusal.other_currency", "the limit is in the agreement's currency")
	case limit != nil && limit.GetAmount()[0] == '-':
		return refuse(codes.InvalidArgument, "agreement.credit_limit", "refusal.limit_below_zero", "a limit is not below zero: leave it empty for none")
	}
	return nil
}

func isCurrency(code string) bool {
	_, err := money.Scale(code)
	return err == nil
}

// CreateAgreement adds a draft.
func (s *agreementService) CreateAgreement(ctx context.Context, r *v1.CreateAgreementRequest) (*v1.CreateAgreementResponse, error) {
	client, err := s.clientMeant(ctx, r.GetAgreement().GetClientId(), "agreement.client_id")
	if err != nil {
		return nil, err
	}
	var response *v1.CreateAgreementResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateAgreementResponse, error) {
			now := timestamppb.New(s.host.Now())
			a := &v1.Agreement{
				Id: store.NewID(), ClientId: client, Status: v1.AgreementStatus_AGREEMENT_STATUS_DRAFT, CreateTime: now,
			}
			for _, apply := range agreementChanges {
				apply(a, r.GetAgreement())
			}
			if _, err := holdClient(ctx, tx, client); err != nil {
				return nil, err
			}
			made, err := s.write(ctx, tx, a, entry{what: "agreement_added"})
			return &v1.CreateAgreementResponse{Agreement: made}, err
		})
		return err
	})
	if err != nil {
		return nil, taken(err)
	}
	return response, nil
}

// write saves an agreement of a held client, with its history.
func (s *agreementService) write(ctx context.Context, tx *store.Tx, a *v1.Agreement, e entry) (*v1.Agreement, error) {
	if err := checkAgreement(a); err != nil {
		return nil, err
	}
	a = proto.CloneOf(a)
	a.Revision++
	a.UpdateTime = timestamppb.New(s.host.Now())
	if err := saveAgreement(ctx, tx, a); err != nil {
		return nil, err
	}
	e.client, e.about = a.GetClientId(), a.GetId()
	e.detail = a.GetNumber() + e.detail
	return s.dated(a), s.record(ctx, tx, []entry{e})
}

// UpdateAgreement changes the named fields. An agreement stays with its client, and an ended one as it is.
func (s *agreementService) UpdateAgreement(ctx context.Context, r *v1.UpdateAgreementRequest) (*v1.UpdateAgreementResponse, error) {
	if !store.IsID(r.GetAgreement().GetId()) {
		return nil, refuse(codes.InvalidArgument, "agreement.id", "refusal.which", "say by its id which agreement is meant")
	}
	fields, err := named(r.GetUpdateMask(), agreementChanges)
	if err != nil {
		return nil, err
	}
	agreement, err := s.holdAgreement(ctx, r.GetAgreement().GetId(), func(ctx context.Context, tx *store.Tx, present *v1.Agreement) (*v1.Agreement, error) {
		after, differ := changedBy(present, r.GetAgreement(), fields, agreementChanges)
		switch {
		case len(differ) == 0:
			return s.dated(present), nil
		case present.GetStatus() == v1.AgreementStatus_AGREEMENT_STATUS_ENDED:
			return nil, errEnded
		case r.GetAgreement().GetRevision() != 0 && r.GetAgreement().GetRevision() != present.GetRevision():
			return nil, errMeanwhile
		}
		return s.write(ctx, tx, after, entry{what: "agreement_updated", fields: differ})
	})
	if err != nil {
		return nil, err
	}
	return &v1.UpdateAgreementResponse{Agreement: agreement}, nil
}

// holdAgreement runs do with an agreement that nobody else changes meanwhile: who changes one holds its client.
func (s *agreementService) holdAgreement(ctx context.Context, id string, do func(ctx context.Context, tx *store.Tx, a *v1.Agreement) (*v1.Agreement, error)) (*v1.Agreement, error) {
	var out *v1.Agreement
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		a, err := findAgreement(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := holdClient(ctx, tx, a.GetClientId()); err != nil {
			return err
		}
		if a, err = findAgreement(ctx, tx, id); err != nil { // as it is now that nobody else changes it
			return err
		}
		switch out, err = do(ctx, tx, a); {
		case err != nil:
			return err
		case out == nil:
			audit.Changed(tx, a, nil)
		default:
			audit.Changed(tx, a, out)
		}
		return nil
	})
	return out, taken(err)
}

// DeleteAgreement takes a draft away.
func (s *agreementService) DeleteAgreement(ctx context.Context, r *v1.DeleteAgreementRequest) (*v1.DeleteAgreementResponse, error) {
	_, err := s.holdAgreement(ctx, r.GetId(), func(ctx context.Context, tx *store.Tx, a *v1.Agreement) (*v1.Agreement, error) {
		if a.GetStatus() != v1.AgreementStatus_AGREEMENT_STATUS_DRAFT {
			return nil, refuse(codes.FailedPrecondition, "id", "refusal.no_draft", "only a draft can be removed: end the agreement instead")
		}
		if _, err := tx.Exec(ctx, `delete from clientmanager.agreements where id = $1`, r.GetId()); err != nil {
			return nil, err
		}
		return nil, s.record(ctx, tx, []entry{{client: a.GetClientId(), about: a.GetId(), what: "agreement_removed", detail: a.GetNumber()}})
	})
	if err != nil {
		return nil, err
	}
	return &v1.DeleteAgreementResponse{}, nil
}
