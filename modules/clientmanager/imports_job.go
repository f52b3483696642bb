package clientmanager

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// importWithin is how long a job may take before it begins anew.
const importWithin = 30 * time.Minute

// importer is who started an import that the module runs by itself: what it makes is theirs, as if they had.
type importer struct {
	id, name string
	// all tells that they reach every client, moves that they may move clients between branches.
	all, moves bool
}

type importerKey struct{}

// importerOf is who started the import that is run in a context.
func importerOf(ctx context.Context) (importer, bool) {
	i, ok := ctx.Value(importerKey{}).(importer)
	return i, ok
}

// actorOf is which person does something, or has the module do it; empty for a module by itself.
func actorOf(ctx context.Context) importer {
	if who, ok := importerOf(ctx); ok {
		return who
	}
	if who := access.From(ctx); who.IsUser() {
		return importer{id: who.UserID, name: who.Name}
	}
	return importer{}
}

// moves tells whether who acts may move clients between branches.
func (m *Module) moves(ctx context.Context) bool {
	if who, ok := importerOf(ctx); ok {
		return who.moves
	}
	reach, _ := m.host.Policy.Reach(access.From(ctx).Roles, assignClients)
	return reach != access.None
}

// StartImport has an import run as a job. What its starter was shown in the check they must still see: the job has their
// word for it, and not their eyes.
func (s *importService) StartImport(ctx context.Context, r *v1.StartImportRequest) (*v1.StartImportResponse, error) {
	// The job holds the import until it is done: who sends it again meanwhile does not wait for that.
	out, err := s.findImport(ctx, s.host.Store, r.GetId(), "")
	if err != nil {
		return nil, err
	}
	if out.GetDone() || out.GetRunning() {
		err := s.host.Store.Tx(ctx, func(_ context.Context, tx *store.Tx) error {
			audit.About(tx, out)
			return nil
		})
		return &v1.StartImportResponse{Import: out}, err
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		i, err := s.findImport(ctx, tx, r.GetId(), " for update of imports")
		if err != nil {
			return err
		}
		audit.About(tx, i)
		if out = i; i.GetDone() || i.GetRunning() {
			return nil
		}
		if len(i.GetMapping()) == 0 {
			return errNotChecked
		}
		gone, err := store.QueryOne(ctx, tx, pgx.RowTo[bool], `select exists (select from clientmanager.import_rows r
			where r.import_id = $1 and r.resource_id is not null and not exists (select from clientmanager.clients c where c.id = r.resource_id))`, i.GetId())
		if err != nil {
			return err
		}
		if gone {
			return errSeenNoMore
		}
		who := access.From(ctx)
		if _, err := tx.Exec(ctx, `update clientmanager.imports set running = true, problem = '', actor = $2, reach_all = $3, moves = $4 where id = $1`,
			i.GetId(), who.Name, !ownOnly(ctx), s.moves(ctx)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into clientmanager.import_progress (import_id, user_id, rows) values ($1, $2, 0)
			on conflict (import_id) do update set rows = 0`, i.GetId(), who.UserID); err != nil {
			return err
		}
		i.Running, i.RowsDone, i.ProblemKey = true, 0, ""
		return s.host.Publish(ctx, tx, i.GetId(), &v1.ImportStarted{ImportId: i.GetId()})
	})
	if err != nil {
		return nil, err
	}
	return &v1.StartImportResponse{Import: out}, nil
}

// jobs are what the module does by itself.
func (s *importService) jobs() event.Subscription {
	job := event.On("clientmanager.run-import", func(ctx context.Context, _ event.Event, m *v1.ImportStarted) error {
		return s.work(ctx, m.GetImportId())
	})
	job.Timeout = importWithin
	return job
}

// work runs a started import. Killed in between, nothing was written, and it is called again. What cannot come out
// otherwise another time ends the job with its reason.
func (s *importService) work(ctx context.Context, id string) error {
	rules, err := s.assigning(ctx) // before the transaction: another module is asked
	if err != nil {
		return err
	}
	err = event.Apply(ctx, s.host.Store, func(inside context.Context, tx *store.Tx) error {
		i, who, content, err := s.startedImport(inside, tx, id)
		if err != nil || i == nil {
			return err
		}
		inside = context.WithValue(inside, importerKey{}, who)
		b := bringing{importService: s, tx: tx, i: i, run: true, rules: rules, seen: seenAtCheck, past: func(rows int) error {
			// Beside the transaction, for its starter to see.
			_, err := s.host.Store.Exec(ctx, `update clientmanager.import_progress set rows = $2 where import_id = $1`, id, rows)
			return err
		}}
		return b.bring(inside, content)
	})
	reason := reasonOf(err)
	if reason == "" {
		return err
	}
	return event.Apply(ctx, s.host.Store, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update clientmanager.imports set running = false, problem = $2 where id = $1 and running`, id, reason)
		return err
	})
}

// reasonOf is why an import was refused, as the end of a key of the locale files; empty for what may pass.
func reasonOf(err error) string {
	for _, v := range module.Violations(err) {
		if key, ok := strings.CutPrefix(v.GetReason(), ID+"."); ok {
			return key
		}
	}
	return ""
}

var errSeenNoMore = refuse(codes.Aborted, "", "import.meanwhile", "somebody changed a client of the file in the meantime: check the rows again")

// startedImport is an import that is to be run, who started it, and its file; nil when there is nothing to do any more.
func (m *Module) startedImport(ctx context.Context, tx *store.Tx, id string) (*v1.Import, importer, []byte, error) {
	type started struct {
		importRow
		User    string
		Actor   string
		All     bool
		Moves   bool
		Content []byte
	}
	if !store.IsID(id) {
		return nil, importer{}, nil, nil
	}
	rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[started], `select `+importColumns+`, user_id::text, actor, reach_all, moves, content
		from clientmanager.imports where id = $1 and running and not done for update of imports`, id)
	if err != nil || len(rows) == 0 {
		return nil, importer{}, nil, err // it was done, or its day is over
	}
	i, err := rows[0].message(m.settings.Fields)
	return i, importer{id: rows[0].User, name: rows[0].Actor, all: rows[0].All, moves: rows[0].Moves}, rows[0].Content, err
}

// seenAtCheck are the clients that a job may change: every one for who reaches all, else those that its starter saw.
func seenAtCheck(ctx context.Context, tx *store.Tx, i *v1.Import, ids []string, hold bool) (map[string]*v1.Client, error) {
	if who, _ := importerOf(ctx); !who.all && len(ids) > 0 {
		var err error
		if ids, err = store.Query(ctx, tx, pgx.RowTo[string], `select distinct resource_id::text from clientmanager.import_rows
			where import_id = $1 and resource_id = any ($2::uuid[])`, i.GetId(), ids); err != nil {
			return nil, err
		}
	}
	return findClients(ctx, tx, ids, hold)
}
