package finsystem

import (
	"context"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// What was paid towards an invoice that charges nothing is held for it until its act or delivery note charges it, so that nothing else takes it in the
// meantime. The hold is the ledger's own, one for each invoice; finsystem.hold_paid reckons how much it is, whenever what was paid or delivered changes.

// lockMoney keeps others from moving a client's money until the transaction ends. It comes before every other lock of a transaction that changes documents or payments
// together with money.
func (m *Module) lockMoney(ctx context.Context, tx *store.Tx, client, currency string) error {
	// There is nothing to lock before there is an account.
	if _, err := ledger.Open(ctx, tx, m.settings.limit(), ledger.Of{ClientID: client, Kind: "client", Currency: currency}); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "select finsystem.lock_money($1, $2)", client, currency)
	return err
}

// holdWithMoney is holdDocument with the lock of its client's money.
func (m *Module) holdWithMoney(ctx context.Context, tx *store.Tx, id string) (documentRow, error) {
	found, err := findDocument(ctx, tx, id)
	if err != nil {
		return found, err
	}
	if err := m.lockMoney(ctx, tx, found.ClientID, found.Currency); err != nil {
		return found, err
	}
	row, err := holdDocument(ctx, tx, id)
	if err == nil && (row.ClientID != found.ClientID || row.Currency != found.Currency) {
		err = errMeanwhile
	}
	return row, err
}

// holdPaid has held for an invoice what was paid towards it and is not charged yet, but for what is about to be.
func holdPaid(ctx context.Context, tx *store.Tx, document string, aboutToCharge int64) error {
	_, err := tx.Exec(ctx, "select finsystem.hold_paid($1, $2)", document, aboutToCharge)
	return refused(err)
}
