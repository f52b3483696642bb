package paysystem

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// methodRow is a way to pay as it is kept.
type methodRow struct {
	ID, Title, Kind, Gateway, Currency string
	Segments                           []string
	Least, Most                        string
	Position                           int32
	Off, Receipts                      bool
	Revision                           int64
}

const methodFields = `id::text, title, kind, gateway, currency_code, segment_ids::text[], least, most, position, off, receipts, revision`

func (r *methodRow) method() *v1.Method {
	return &v1.Method{
		Id: r.ID, Title: r.Title, Kind: methodKinds.Of(r.Kind), Gateway: r.Gateway, CurrencyCode: r.Currency, SegmentIds: r.Segments,
		Least: r.Least, Most: r.Most, Position: r.Position, Off: r.Off, Receipts: r.Receipts, Revision: r.Revision,
	}
}

// offeredTo tells whether a client may pay so.
func (r *methodRow) offeredTo(c *clientmanagerv1.Client) bool {
	return !r.Off && (len(r.Segments) == 0 || slices.ContainsFunc(r.Segments, func(id string) bool { return slices.Contains(c.GetSegmentIds(), id) }))
}

// takes refuses what cannot be paid so.
func (r *methodRow) takes(currency string, units int64) error {
	if r.Currency != "" && r.Currency != currency {
		return errCurrency
	}
	if r.Least != "" {
		if least, err := unitsOf(currency, r.Least); err == nil && units < least {
			return errTooLittle
		}
	}
	if r.Most != "" {
		if most, err := unitsOf(currency, r.Most); err == nil && units > most {
			return errTooMuch
		}
	}
	return nil
}

func findMethod(ctx context.Context, q store.Querier, id string) (methodRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[methodRow], `select `+methodFields+` from paysystem.methods where id = $1`, id)
	return row, store.NotFoundAs(err, errNoMethod)
}

func saveMethod(ctx context.Context, tx *store.Tx, m *v1.Method) error {
	segments := m.GetSegmentIds()
	if segments == nil {
		segments = []string{}
	}
	_, err := tx.Exec(ctx, `
		insert into paysystem.methods (id, title, kind, gateway, currency_code, segment_ids, least, most, position, off, receipts, revision)
		values ($1, $2, $3, $4, $5, $6::text[]::uuid[], $7, $8, $9, $10, $11, $12)
		on conflict (id) do update set title = excluded.title, kind = excluded.kind, gateway = excluded.gateway, currency_code = excluded.currency_code,
			segment_ids = excluded.segment_ids, least = excluded.least, most = excluded.most, position = excluded.position, off = excluded.off, receipts = excluded.receipts, revision = excluded.revision`,
		m.GetId(), m.GetTitle(), methodKinds.Text(m.GetKind()), m.GetGateway(), m.GetCurrencyCode(), segments, m.GetLeast(), m.GetMost(), m.GetPosition(), m.GetOff(), m.GetReceipts(), m.GetRevision())
	return err
}
