package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// Of says which account is meant: there is one for each of these, made when it is first needed.
type Of struct {
	// ClientID is whose it is; empty for the business's own.
	ClientID string
	// Kind is what it is: "client", "agreement", "service" and "bonus" of a client's, "bank", "cash", "gateway", "revenue", "expense", "tax",
	// "rounding", "suspense" and "opening" of the business's own.
	Kind string
	// Code says which one of its kind: the id of an agreement, an IBAN, an item of income.
	Code     string
	Currency string
}

// Open returns the ids of accounts, making those that are not there, with the limit that is given for new ones of clients: nil for
// none. An account is made at once and for good, whatever becomes of the transaction's postings.
func Open(ctx context.Context, tx *store.Tx, limit *int64, accounts ...Of) ([]int64, error) {
	clients, kinds := make([]*string, len(accounts)), make([]string, len(accounts))
	codes, currencies := make([]string, len(accounts)), make([]string, len(accounts))
	for i, a := range accounts {
		clients[i], kinds[i], codes[i], currencies[i] = some(a.ClientID), a.Kind, a.Code, a.Currency
	}
	ids, err := store.Query(ctx, tx, pgx.RowTo[int64], "select finsystem.open_accounts($1::uuid[], $2, $3, $4, $5)", clients, kinds, codes, currencies, limit)
	return ids, refused(err)
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
