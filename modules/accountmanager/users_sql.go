package accountmanager

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// userRow is a user as staff see them. State is that of the contract: blocked, else locked out, else active.
type userRow struct {
	ID, Name, Email, Phone, Position string
	Staff                            bool
	Roles                            []string
	Blocked                          bool
	State                            int32
	LastSeen                         *time.Time
	Created                          time.Time
	Revision                         int64
	HasFactor                        bool
	Photo                            string
}

// userColumns reads a userRow of users u and tries t; $1 is now.
const userColumns = `
	u.user_id::text, u.name, u.email, coalesce(u.phone, ''), u.position, u.staff, u.roles, u.block_time is not null,
	case when u.block_time is not null then 2 when t.lock_until > $1 then 3 else 1 end,
	u.last_seen_time, u.create_time, u.revision, ` + hasFactor + `, u.photo`

type userFilter struct {
	query  string
	states []int32
	staff  *bool
	bySeen bool
	// after and afterID are the sort key and the id of the last row before; empty for the first page.
	after, afterID string
	limit          int
}

// sortKey is what the list is ordered by, as a page token carries it.
func (r userRow) sortKey(order accountmanagerv1.UserOrder) string {
	if order != accountmanagerv1.UserOrder_USER_ORDER_LAST_SEEN {
		return r.Name
	}
	if r.LastSeen == nil {
		return "-infinity"
	}
	return r.LastSeen.UTC().Format(time.RFC3339Nano)
}

func (m *Module) listUsers(ctx context.Context, f userFilter) ([]userRow, error) {
	order, after := `u.name, u.user_id`, `(u.name, u.user_id) > ($6, nullif($7, '')::uuid)`
	if f.bySeen {
		order = `coalesce(u.last_seen_time, '-infinity') desc, u.user_id desc`
		after = `(coalesce(u.last_seen_time, '-infinity'), u.user_id) < (nullif($6, '')::timestamptz, nullif($7, '')::uuid)`
	}
	like := ""
	if f.query != "" {
		like = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.query) + "%"
	}
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[userRow], `
		select `+userColumns+`
		from accountmanager.users u left join accountmanager.tries t using (user_id)
		where ($2 = '' or u.search like $2)
			and ($3::boolean is null or u.staff = $3)
			and (cardinality($4::int[]) = 0 or case when u.block_time is not null then 2 when t.lock_until > $1 then 3 else 1 end = any($4::int[]))
			and ($7 = '' or `+after+`)
		order by `+order+` limit $5`,
		m.host.Now(), like, f.staff, f.states, f.limit, f.after, f.afterID)
}

func (m *Module) findUser(ctx context.Context, q *store.Store, id string) ([]userRow, error) {
	return store.Query(ctx, q, pgx.RowToStructByPos[userRow], `
		select `+userColumns+` from accountmanager.users u left join accountmanager.tries t using (user_id) where u.user_id = $2`,
		m.host.Now(), id)
}

// holdUserRow holds a user until the transaction ends. The state is not looked up.
func holdUserRow(ctx context.Context, tx *store.Tx, id string) ([]userRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[userRow], `
		select u.user_id::text, u.name, u.email, coalesce(u.phone, ''), u.position, u.staff, u.roles, u.block_time is not null,
			0, u.last_seen_time, u.create_time, u.revision, false, u.photo
		from accountmanager.users u where u.user_id = $1 for update`, id)
}

func updateUser(ctx context.Context, tx *store.Tx, r userRow) error {
	if r.Roles == nil {
		r.Roles = []string{}
	}
	_, err := tx.Exec(ctx, `
		update accountmanager.users set name = $2, phone = nullif($3, ''), position = $4, roles = $5, revision = revision + 1
		where user_id = $1`, r.ID, r.Name, r.Phone, r.Position, r.Roles)
	return err
}

// blockUser returns how many sessions ended.
func blockUser(ctx context.Context, tx *store.Tx, id string, now time.Time) (int32, error) {
	if _, err := tx.Exec(ctx, `update accountmanager.users set block_time = $2, revision = revision + 1 where user_id = $1`, id, now); err != nil {
		return 0, err
	}
	ended, err := store.Query(ctx, tx, pgx.RowTo[string], `delete from accountmanager.sessions where user_id = $1 returning id::text`, id)
	return int32(len(ended)), err
}

func unblockUser(ctx context.Context, tx *store.Tx, id string) error {
	if _, err := tx.Exec(ctx, `
		update accountmanager.users set block_time = null, revision = revision + 1 where user_id = $1 and block_time is not null`, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `delete from accountmanager.tries where user_id = $1`, id)
	return err
}

// phoneTaken names the field when a phone is another user's.
func phoneTaken(err error, field string) error {
	if store.Constraint(err) == "users_phone_unique" {
		return refuse(codes.AlreadyExists, field, "phone_taken", "somebody else has this phone")
	}
	return err
}
