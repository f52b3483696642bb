package finsystem

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/jackc/pgx/v5"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// buyer is who a client was on the day a document was issued.
type buyer struct {
	Name    string `json:"name"`
	TaxID   string `json:"tax_id,omitempty"`
	Address string `json:"address,omitempty"`
}

func buyerOf(c *clientmanagerv1.Client) buyer {
	b := buyer{Name: c.GetLegalName(), TaxID: c.GetTaxId(), Address: c.GetAddress()}
	if b.Name == "" {
		b.Name = c.GetName()
	}
	return b
}

// printed is what stands on a document besides what it is about, as it was on the day of issue.
type printed struct {
	Buyer, Agreement []byte // of JSON
	SignedBy         string
	Signature, Seal  *string // hashes of pictures
	byHand           bool
}

// asPrinted is what will stand on a document that is issued now.
func (m *Module) asPrinted(ctx context.Context, q store.Querier, row documentRow, client *clientmanagerv1.Client, goesBy *agreed) (printed, error) {
	signs, err := findSignatory(ctx, q, "")
	if err != nil {
		return printed{}, err
	}
	p := printed{SignedBy: signs.signedBy(m.settings.Seller), Signature: signs.Signature, Seal: signs.Seal, byHand: row.ByHand || slices.Contains(signs.ByHand, row.Kind)}
	if p.byHand {
		p.Signature, p.Seal = nil, nil
	}
	if p.Buyer, err = json.Marshal(buyerOf(client)); err != nil || goesBy == nil {
		return p, err
	}
	p.Agreement, err = json.Marshal(goesBy)
	return p, err
}

// printedOn is what stands on a document: as it was on the day of issue, or as it is now for a draft, which nobody has signed.
func (m *Module) printedOn(ctx context.Context, row documentRow) (printed, error) {
	if row.Status != draft {
		return store.QueryOne(ctx, m.host.Store, func(r pgx.CollectableRow) (p printed, err error) {
			err = r.Scan(&p.Buyer, &p.Agreement, &p.SignedBy, &p.Signature, &p.Seal)
			return p, err
		}, "select buyer, agreement, signed_by, signature, seal from finsystem.documents where id = $1", row.ID)
	}
	client, err := m.client(ctx, row.ClientID)
	if err != nil {
		return printed{}, err
	}
	var goesBy *agreed
	if row.AgreementID != nil {
		if goesBy, err = m.agreementOf(ctx, "agreement_id", row.ClientID, *row.AgreementID); err != nil {
			return printed{}, err
		}
	}
	p, err := m.asPrinted(ctx, m.host.Store, row, client, goesBy)
	p.Signature, p.Seal = nil, nil
	return p, err
}
