package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// AddClient makes a client known to the portal, so that rows and grants can name it. Only a module whose manifest says
// that it owns clients may.
func (tx *Tx) AddClient(ctx context.Context, id string) error {
	_, err := tx.Exec(ctx, "select kernel.add_client($1)", id)
	return err
}

// AddClients makes many clients known.
func (tx *Tx) AddClients(ctx context.Context, ids ...string) error {
	_, err := tx.Exec(ctx, "select kernel.add_client(id) from unnest($1::uuid[]) id", ids)
	return err
}

// GrantClients lets a user see clients, as far as this module is concerned; granting twice is granting once. Only a
// module whose manifest says that it grants clients may. It takes effect when the transaction commits.
func (tx *Tx) GrantClients(ctx context.Context, userID string, clientIDs ...string) error {
	_, err := tx.Exec(ctx, "select kernel.grant_clients($1, $2::uuid[])", userID, clientIDs)
	return err
}

// RevokeClients takes back what this module granted. What other modules granted stays.
func (tx *Tx) RevokeClients(ctx context.Context, userID string, clientIDs ...string) error {
	_, err := tx.Exec(ctx, "select kernel.revoke_clients($1, $2::uuid[])", userID, clientIDs)
	return err
}

// MergeClients makes one client part of another that goes on. From the commit on nothing is written for it, by whichever module
// ([IsMerged] tells such a refusal), and who was granted it is granted the other. Rows of other modules are moved by
// the kernel, or by the module, when they hear of it: see cabinet.kernel.v1.ClientsMerged, which the caller publishes. Only a
// module whose manifest says that it owns clients may. Call it last: it keeps others from writing for the merged client until the
// transaction ends. [IsOnItsWay] is the error while events about it wait to be handled.
func (tx *Tx) MergeClients(ctx context.Context, intoID, fromID string) error {
	_, err := tx.Exec(ctx, "select kernel.merge_clients($1, $2)", intoID, fromID)
	return err
}

// Survivor returns the client that one was merged into; empty for one that goes on, or that is not known.
func Survivor(ctx context.Context, q Querier, clientID string) (string, error) {
	return QueryOne(ctx, q, pgx.RowTo[string], "select coalesce(kernel.survivor($1)::text, '')", clientID)
}

// FillPortfolio puts clients into a portfolio, which is made by that: whoever was let into it sees them from the commit on,
// however many they are. Only a module whose manifest says that it grants clients may, and only into its own.
func (tx *Tx) FillPortfolio(ctx context.Context, portfolioID string, clientIDs ...string) error {
	_, err := tx.Exec(ctx, "select kernel.fill_portfolio($1, $2::uuid[])", portfolioID, clientIDs)
	return err
}

// EmptyPortfolio takes clients out of one of the module's portfolios. Those that are not in it are no error.
func (tx *Tx) EmptyPortfolio(ctx context.Context, portfolioID string, clientIDs ...string) error {
	_, err := tx.Exec(ctx, "select kernel.empty_portfolio($1, $2::uuid[])", portfolioID, clientIDs)
	return err
}

// GrantPortfolio lets a member of staff see all clients of one of the module's portfolios, those that come later too.
func (tx *Tx) GrantPortfolio(ctx context.Context, userID, portfolioID string) error {
	_, err := tx.Exec(ctx, "select kernel.grant_portfolio($1, $2)", userID, portfolioID)
	return err
}

// RevokePortfolio takes that back. What they were granted otherwise stays.
func (tx *Tx) RevokePortfolio(ctx context.Context, userID, portfolioID string) error {
	_, err := tx.Exec(ctx, "select kernel.revoke_portfolio($1, $2)", userID, portfolioID)
	return err
}

// GrantedBy returns the modules that granted a client to a user, by itself or in a portfolio, by id.
func (db *DB) GrantedBy(ctx context.Context, userID, clientID string) ([]string, error) {
	rows, err := db.kernel.Query(ctx, `
		select module from kernel.client_grant where user_id = $1 and client_id = $2
		union
		select p.module from kernel.portfolio_user u join kernel.portfolio_client c using (portfolio_id) join kernel.portfolio p on p.id = u.portfolio_id
		where u.user_id = $1 and c.client_id = $2
		order by 1`, userID, clientID)
	if err != nil {
		return nil, ErrorStatus(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return list, ErrorStatus(err)
}
