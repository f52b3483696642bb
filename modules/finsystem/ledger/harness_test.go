package ledger_test

import (
	"context"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/live"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// books are those of two clients, Ann and Ben, in hryvnias, with a bank, income and the account that transfers go through.
type books struct {
	t                            *testing.T
	db                           *store.DB
	s                            *store.Store
	dsn                          string
	annID, benID                 string
	ann, ben, bank, income, over int64
	ctx                          context.Context
}

// migrations are those of the module, whose part the ledger is.
func migrations() fs.FS { return os.DirFS("../migrations") }

// rows opens the module's store, in a database that has what its migrations speak of.
func rows(t testing.TB, db *store.DB) *store.Store {
	t.Helper()
	require.NoError(t, db.Migrate(t.Context(), "live", module.Folder(live.Migrations, "migrations")))
	return storetest.Module(t, db, store.ModuleSpec{ID: "finsystem", Migrations: migrations()})
}

var day = time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)

func newBooks(t *testing.T) *books {
	t.Helper()
	b := &books{t: t, annID: store.NewID(), benID: store.NewID(), ctx: storetest.AsModule(t.Context(), "finsystem")}
	b.dsn = storetest.DSN(t)
	db, err := store.Open(t.Context(), storetest.Config(b.dsn))
	require.NoError(t, err)
	t.Cleanup(db.Close)
	b.db = db
	b.s = rows(t, db)
	storetest.Run(t, b.dsn, "insert into kernel.client (id, module) values ('"+b.annID+"', 'clientmanager'), ('"+b.benID+"', 'clientmanager')")
	none := int64(0)
	b.tx(func(ctx context.Context, tx *store.Tx) error {
		ids, err := ledger.Open(ctx, tx, &none,
			ledger.Of{ClientID: b.annID, Kind: "client", Currency: "UAH"}, ledger.Of{ClientID: b.benID, Kind: "client", Currency: "UAH"},
			ledger.Of{Kind: "bank", Code: "UA1", Currency: "UAH"}, ledger.Of{Kind: "revenue", Code: "work", Currency: "UAH"},
			ledger.Of{Kind: "transfer", Currency: "UAH"})
		if err == nil {
			b.ann, b.ben, b.bank, b.income, b.over = ids[0], ids[1], ids[2], ids[3], ids[4]
		}
		return err
	})
	t.Cleanup(func() {
		wrong, err := ledger.Verify(storetest.AsModule(context.WithoutCancel(t.Context()), "finsystem"), b.s)
		require.NoError(t, err)
		require.Empty(t, wrong)
	})
	return b
}

func (b *books) tx(do func(ctx context.Context, tx *store.Tx) error) {
	b.t.Helper()
	require.NoError(b.t, b.s.Tx(b.ctx, do))
}

// as is the context of a contact of Ann's, who reaches her rows alone.
func (b *books) as(clientID string) context.Context {
	user := store.NewID()
	storetest.Run(b.t, b.dsn, "insert into kernel.client_grant (user_id, client_id, module) values ('"+user+"', '"+clientID+"', 'clientmanager')")
	return storetest.As(b.t.Context(), access.Contact, user, access.Granted, clientID)
}

func paid(key string, account, bank, amount int64) ledger.Posting {
	return ledger.Posting{
		Key: key, Kind: ledger.Payment, Date: day, Currency: "UAH", Entries: []ledger.Entry{{Account: account, Contra: bank, Amount: amount}},
	}
}

func (b *books) post(postings ...ledger.Posting) []ledger.Posted {
	b.t.Helper()
	done, err := ledger.Post(b.ctx, b.s, postings...)
	require.NoError(b.t, err)
	return done
}

func (b *books) balance(account int64) int64 {
	b.t.Helper()
	n, err := ledger.Balance(b.ctx, b.s, account)
	require.NoError(b.t, err)
	return n
}
