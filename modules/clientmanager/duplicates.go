package clientmanager

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// mergeService finds clients that are there twice, and makes one of two.
type mergeService struct {
	v1.UnimplementedMergeServiceServer
	*Module
}

var _ v1.MergeServiceServer = (*mergeService)(nil)

var duplicateReasons = store.Enum[v1.DuplicateReason]{Prefix: "DUPLICATE_REASON_", Values: v1.DuplicateReason_value}

// ListDuplicates lists pairs of which the caller sees both.
func (s *mergeService) ListDuplicates(ctx context.Context, r *v1.ListDuplicatesRequest) (*v1.ListDuplicatesResponse, error) {
	c := &store.Where{}
	c.Add("d.dismiss_time is null")
	if r.GetClientId() != "" {
		c.Add("?::uuid in (d.client_id, d.other_id)", r.GetClientId())
	}
	if r.GetReason() != v1.DuplicateReason_DUPLICATE_REASON_UNSPECIFIED {
		c.Add("? = any (d.reasons)", duplicateReasons.Text(r.GetReason()))
	}
	var strength int16
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &strength, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(d.strength, d.id) < (?, ?::uuid)", strength, id)
	}
	n := store.PageSize(r.GetPageSize())
	sql := pairsSQL(c, n+1)
	type row struct {
		ID, ClientID, OtherID, ClientName, OtherName, ClientPlace, OtherPlace string
		Reasons                                                               []string
		Found                                                                 time.Time
		Strength                                                              int16
	}
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[row], sql, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListDuplicatesResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last row) []any { return []any{last.Strength, last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		d := &v1.Duplicate{
			Id: row.ID, ClientId: row.ClientID, OtherId: row.OtherID, ClientName: row.ClientName, OtherName: row.OtherName,
			ClientPlace: row.ClientPlace, OtherPlace: row.OtherPlace, FindTime: timestamppb.New(row.Found),
		}
		for _, reason := range row.Reasons {
			d.Reasons = append(d.Reasons, duplicateReasons.Of(reason))
		}
		response.Duplicates = append(response.Duplicates, d)
	}
	return response, nil
}

// pairsSQL reads a page of pairs: an index has them in order, and each client is looked up.
func pairsSQL(c *store.Where, limit int) string {
	most := c.Arg(limit)
	return `
		select d.id::text, d.client_id::text, d.other_id::text, a.name, b.name, a.place, b.place, d.reasons, d.find_time, d.strength
		from clientmanager.duplicates d
		join clientmanager.clients a on a.id = d.client_id join clientmanager.clients b on b.id = d.other_id` + c.String() + `
		order by d.strength desc, d.id desc limit ` + most
}

// DismissDuplicate says that a pair is not the same.
func (s *mergeService) DismissDuplicate(ctx context.Context, r *v1.DismissDuplicateRequest) (*v1.DismissDuplicateResponse, error) {
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		// Whose pair it is decides row security, of both.
		pair, err := store.QueryOne(ctx, tx, pgx.RowTo[string], `
			select d.client_id::text from clientmanager.duplicates d
			join clientmanager.clients a on a.id = d.client_id join clientmanager.clients b on b.id = d.other_id
			where d.id = $1 for update of d`, r.GetId())
		if err != nil {
			return store.NotFoundAs(err, errNoPair)
		}
		done, err := tx.Exec(ctx, `update clientmanager.duplicates set dismiss_time = $2 where id = $1 and dismiss_time is null`, r.GetId(), s.host.Now())
		if err == nil && done.RowsAffected() > 0 {
			audit.Concerns(tx, pair)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &v1.DismissDuplicateResponse{}, nil
}

// matchSchedule looks for clients that are there twice, of those that were written since.
func (m *Module) matchSchedule() event.Subscription {
	s := event.OnSchedule(ID+".match-clients", event.Schedule{
		Title: ID + ".duplicates.schedule", Cron: "* * * * *", CatchUp: event.CatchUpSkip,
	}, func(ctx context.Context, _ event.Event, _ *kernelv1.ScheduleDue) error {
		left := 0
		// The first in the run's own transaction; what is left each in one of its own: nobody waits for all.
		err := event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) (err error) {
			left, err = m.match(ctx, tx)
			return err
		})
		for err == nil && left == matchedTogether {
			err = m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
				left, err = m.match(ctx, tx)
				return err
			})
		}
		return err
	})
	s.Timeout = 10 * time.Minute
	return s
}

const (
	// matchedTogether is how many clients are matched in one transaction.
	matchedTogether = 200
	// matchesOf is how many clients one is compared with. Where more have the same phone, it tells nothing.
	matchesOf = 50
)

// match finds the pairs of some clients that were written since they were matched, and says how many clients those were.
func (m *Module) match(ctx context.Context, tx *store.Tx) (int, error) {
	tx.Audit().Quiet = true // nobody did anything to a client
	rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[clientRow], `select `+clientColumns+` from clientmanager.clients
		where match_due order by clients.id limit $1 for no key update skip locked`, matchedTogether)
	for _, row := range rows {
		if err == nil {
			err = m.matchOne(ctx, tx, row.client())
		}
	}
	return len(rows), err
}

// matchOne writes the pairs of a client. What was dismissed stays dismissed, and what is alike no more is taken away.
func (m *Module) matchOne(ctx context.Context, tx *store.Tx, c *v1.Client) error {
	keys := matchKeys(c)
	if _, err := tx.Exec(ctx, `update clientmanager.clients set match_keys = $2, match_due = false where id = $1`, c.GetId(), keys); err != nil {
		return err
	}
	others, err := store.Query(ctx, tx, pgx.RowToStructByPos[clientRow], `select `+clientColumns+` from clientmanager.clients
		where match_keys && $1 and id <> $2 limit $3`, keys, c.GetId(), matchesOf)
	if err != nil {
		return err
	}
	var found []string
	for _, row := range others {
		reasons := alike(c, row.client())
		if len(reasons) == 0 {
			continue
		}
		found = append(found, row.ID)
		var texts []string
		for _, r := range reasons {
			texts = append(texts, duplicateReasons.Text(r))
		}
		pair := []string{c.GetId(), row.ID}
		slices.SortFunc(pair, strings.Compare)
		if _, err := tx.Exec(ctx, `
			insert into clientmanager.duplicates as d (id, client_id, other_id, reasons, strength, find_time) values ($1, $2, $3, $4, $5, $6)
			on conflict (client_id, other_id) do update set reasons = excluded.reasons, strength = excluded.strength
			where d.dismiss_time is null and d.reasons <> excluded.reasons`,
			store.NewID(), pair[0], pair[1], texts, strength(reasons), m.host.Now()); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `delete from clientmanager.duplicates
		where $1::uuid in (client_id, other_id) and dismiss_time is null and not (case when client_id = $1 then other_id else client_id end) = any($2::text[]::uuid[])`,
		c.GetId(), append([]string{}, found...))
	return err
}
