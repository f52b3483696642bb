package clientmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

var (
	agreementKinds    = store.Enum[v1.AgreementKind]{Prefix: "AGREEMENT_KIND_", Values: v1.AgreementKind_value}
	agreementStatuses = store.Enum[v1.AgreementStatus]{Prefix: "AGREEMENT_STATUS_", Values: v1.AgreementStatus_value}
)

type agreementRow struct {
	ID, ClientID, Number, Kind, Subject, Start string
	End                                        *string
	Currency                                   string
	PaymentDays                                int32
	Limit                                      *string
	Note, Status                               string
	Created, Updated                           time.Time
	Revision                                   int64
}

const agreementFields = `id::text, client_id::text, number, kind, subject, start_date::text, end_date::text, currency_code, payment_days,
	credit_limit::text, note, status, create_time, update_time, revision`

func (r agreementRow) agreement() *v1.Agreement {
	a := &v1.Agreement{
		Id: r.ID, ClientId: r.ClientID, Number: r.Number, Kind: agreementKinds.Of(r.Kind), Subject: r.Subject, StartDate: r.Start,
		CurrencyCode: r.Currency, PaymentDays: r.PaymentDays, Note: r.Note, Status: agreementStatuses.Of(r.Status),
		CreateTime: timestamppb.New(r.Created), UpdateTime: timestamppb.New(r.Updated), Revision: r.Revision,
	}
	if r.End != nil {
		a.EndDate = *r.End
	}
	if r.Limit != nil {
		a.CreditLimit = &kernelv1.Money{CurrencyCode: r.Currency, Amount: *r.Limit}
	}
	return a
}

func findAgreement(ctx context.Context, q store.Querier, id string) (*v1.Agreement, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[agreementRow], `select `+agreementFields+` from clientmanager.agreements where id = $1`, id)
	return row.agreement(), store.NotFoundAs(err, errNoPaper)
}

func (m *Module) listAgreements(ctx context.Context, c *store.Where, limit int) ([]agreementRow, error) {
	most := c.Arg(limit)
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[agreementRow], `
		select `+agreementFields+` from clientmanager.agreements`+c.String()+` order by agreements.client_id desc, agreements.id desc limit `+most, c.Args...)
}

// saveAgreement writes an agreement, new or over the present one.
func saveAgreement(ctx context.Context, tx *store.Tx, a *v1.Agreement) error {
	var end, limit *string
	if a.GetEndDate() != "" {
		end = &a.EndDate
	}
	if a.GetCreditLimit() != nil {
		limit = &a.CreditLimit.Amount
	}
	_, err := tx.Exec(ctx, `
		insert into clientmanager.agreements (id, client_id, number, kind, subject, start_date, end_date, currency_code, payment_days,
			credit_limit, note, status, create_time, update_time, revision, number_fold)
		values ($1, $2, $3, $4, $5, $6::text::date, $7::text::date, $8, $9, $10::text::numeric, $11, $12, $13, $14, $15, $16)
		on conflict (id) do update set number = excluded.number, kind = excluded.kind, subject = excluded.subject, start_date = excluded.start_date,
			end_date = excluded.end_date, currency_code = excluded.currency_code, payment_days = excluded.payment_days,
			credit_limit = excluded.credit_limit, note = excluded.note, status = excluded.status, update_time = excluded.update_time,
			revision = excluded.revision, number_fold = excluded.number_fold`,
		a.GetId(), a.GetClientId(), a.GetNumber(), agreementKinds.Text(a.GetKind()), a.GetSubject(), a.GetStartDate(), end, a.GetCurrencyCode(),
		a.GetPaymentDays(), limit, a.GetNote(), agreementStatuses.Text(a.GetStatus()), a.GetCreateTime().AsTime(), a.GetUpdateTime().AsTime(),
		a.GetRevision(), fold(a.GetNumber()))
	return err
}
