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

// GrantedBy returns the modules that granted a client to a user, by id.
func (db *DB) GrantedBy(ctx context.Context, userID, clientID string) ([]string, error) {
	rows, err := db.kernel.Query(ctx, "select module from kernel.client_grant where user_id = $1 and client_id = $2 order by 1", userID, clientID)
	if err != nil {
		return nil, ErrorStatus(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return list, ErrorStatus(err)
}
