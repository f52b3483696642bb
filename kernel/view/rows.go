package view

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// row is a view as stored.
type row struct {
	ID, UserID, Screen, Name, Query string
	Shared                          bool
}

const columns = `id::text, user_id::text, screen, name, query, shared`

// everybodys is the context of the same caller, who reaches all rows: the caller's right has been looked at, and the
// statement says that it is about what is shared.
func everybodys(ctx context.Context) context.Context {
	d := access.DecisionFrom(ctx)
	d.Reach = access.All
	return access.WithDecision(ctx, d)
}

// own are the caller's views, of one list or of all.
func (s *service) own(ctx context.Context, screen string) ([]row, error) {
	return store.Query(ctx, s.Rows, pgx.RowToStructByPos[row],
		`select `+columns+` from views.views where $1 = '' or screen = $1 order by name, views.id`, screen)
}

// shared are those of others, of one list or of all, that their makers share.
func (s *service) shared(ctx context.Context, screen string) ([]row, error) {
	return store.Query(everybodys(ctx), s.Rows, pgx.RowToStructByPos[row],
		`select `+columns+` from views.views where shared and user_id <> $1 and ($2 = '' or screen = $2) order by name, views.id limit $3`,
		access.From(ctx).UserID, screen, sharedMost)
}

// find is a view that the caller may see.
func (s *service) find(ctx context.Context, id string) (row, error) {
	found, err := store.Query(ctx, s.Rows, pgx.RowToStructByPos[row], `select `+columns+` from views.views where id = $1`, id)
	if err != nil || len(found) > 0 {
		return append(found, row{})[0], err
	}
	if access.From(ctx).Kind == access.Staff {
		found, err = store.Query(everybodys(ctx), s.Rows, pgx.RowToStructByPos[row], `select `+columns+` from views.views where shared and id = $1`, id)
		if err != nil {
			return row{}, err
		}
	}
	if len(found) == 0 || !s.sees(ctx, found[0].Screen) {
		return row{}, errNoView
	}
	return found[0], nil
}

// firsts are the views that the caller's lists open with, by list.
func (s *service) firsts(ctx context.Context) (map[string]string, error) {
	type first struct{ Screen, View string }
	rows, err := store.Query(ctx, s.Rows, pgx.RowToStructByPos[first], `select screen, view_id::text from views.first`)
	out := make(map[string]string, len(rows))
	for _, f := range rows {
		out[f.Screen] = f.View
	}
	return out, err
}

// rewrite changes a view that the caller may change, and tells whether it was still there.
func (s *service) rewrite(ctx context.Context, r row, sql string, args ...any) (bool, error) {
	if r.UserID != access.From(ctx).UserID {
		ctx, sql = everybodys(ctx), sql+` and shared`
	}
	done := false
	err := s.Rows.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		tag, err := tx.Exec(ctx, sql, append([]any{r.ID}, args...)...)
		done = tag.RowsAffected() > 0
		return err
	})
	return done, err
}
