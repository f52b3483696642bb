package kernel

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/access"
)

// roleChange is a row of kernel.role_change.
type roleChange struct {
	ID      string
	Staff   bool
	Made    bool
	Titles  map[string]string
	Changes map[string]access.Reach
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func loadRoleChanges(ctx context.Context, q querier) ([]roleChange, error) {
	rows, err := q.Query(ctx, "select id, staff, made, titles, changes from kernel.role_change order by id")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[roleChange])
}

func saveRoleChange(ctx context.Context, tx pgx.Tx, c roleChange) error {
	_, err := tx.Exec(ctx, `
		insert into kernel.role_change (id, staff, made, titles, changes) values ($1, $2, $3, $4, $5)
		on conflict (id) do update set titles = excluded.titles, changes = excluded.changes`,
		c.ID, c.Staff, c.Made, c.Titles, c.Changes)
	return err
}

// grants are changes as a policy takes them.
func grants(changes []roleChange) []access.RoleGrant {
	out := make([]access.RoleGrant, 0, len(changes))
	for _, c := range changes {
		role := access.Role{ID: c.ID, Staff: c.Staff}
		if len(c.Titles) > 0 {
			role.TitleText = c.Titles
		}
		out = append(out, access.RoleGrant{Role: role, Changes: c.Changes})
	}
	return out
}
