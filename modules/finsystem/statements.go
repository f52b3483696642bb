package finsystem

import (
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// statementService brings in what the bank says, and posts what of it is clients' money.
type statementService struct {
	v1.UnimplementedStatementServiceServer
	*Module
}

var _ v1.StatementServiceServer = (*statementService)(nil)

const (
	// atOnce is how many entries are matched or posted while their caller waits; more are in the background.
	atOnce = 2000
	// together is how many entries are written in one transaction.
	together = 500
)

var (
	errNoStatement = refuse(codes.NotFound, "id", "no_statement", "there is no such statement among those you may see")
	errNoEntry     = refuse(codes.NotFound, "id", "no_entry", "there is no such entry among those you may see")
	errWorking     = refuse(codes.FailedPrecondition, "id", "working", "the portal is at this statement: wait until that is done")
)

// UploadStatement brings a file in. What is sure is matched; nothing is posted.
func (s *statementService) UploadStatement(ctx context.Context, r *v1.UploadStatementRequest) (*v1.UploadStatementResponse, error) {
	read, err := s.readStatement(ctx, r)
	if err != nil {
		return nil, err
	}
	later := len(read.entries) > atOnce
	if !later {
		if err := s.examine(ctx, read.entries); err != nil { // before the transaction: another module is asked
			return nil, err
		}
	}
	var response *v1.UploadStatementResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.UploadStatementResponse, error) {
			id, err := s.keepStatement(ctx, tx, read, later)
			if err != nil {
				return nil, err
			}
			made, err := findStatement(ctx, tx, id)
			if err != nil {
				return nil, err
			}
			audit.About(tx, made)
			return &v1.UploadStatementResponse{Statement: made}, nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// keepStatement writes a statement and those of its entries that are not known.
func (s *statementService) keepStatement(ctx context.Context, tx *store.Tx, read *readFile, later bool) (string, error) {
	// Two files of one account are brought in one after the other: whether a statement follows the last one can be said of no other.
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('finsystem.statements ' || current_database(), 0))`); err != nil {
		return "", err
	}
	if err := countOn(ctx, tx, read); err != nil {
		return "", err
	}
	id := store.NewID()
	if err := insertStatement(ctx, tx, id, read, actor(ctx), s.host.Now()); err != nil {
		return "", err
	}
	fresh := 0
	for from := 0; from < len(read.entries); from += together {
		made, err := insertEntries(ctx, tx, id, read.entries[from:min(from+together, len(read.entries))], !later)
		if err != nil {
			return "", err
		}
		for _, e := range made {
			e.at.fresh++
			fresh++
		}
	}
	if err := insertAccounts(ctx, tx, id, read.accounts); err != nil {
		return "", err
	}
	if !later || fresh == 0 {
		return id, nil
	}
	return id, s.startTask(ctx, tx, id, v1.StatementTask_STATEMENT_TASK_MATCH, "")
}

// startTask has a statement be worked on in the background.
func (s *statementService) startTask(ctx context.Context, tx *store.Tx, id string, task v1.StatementTask, reason string) error {
	if _, err := tx.Exec(ctx, "update finsystem.statements set task = $2 where id = $1", id, statementTasks.Text(task)); err != nil {
		return err
	}
	return s.host.Publish(ctx, tx, id, &v1.StatementWork{StatementId: id, Task: task, ActorId: actor(ctx), Reason: reason})
}

// ListStatements lists statements, newest first.
func (s *statementService) ListStatements(ctx context.Context, r *v1.ListStatementsRequest) (*v1.ListStatementsResponse, error) {
	c := &store.Where{}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("s.id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	rows, err := listStatements(ctx, s.host.Store, c, n+1)
	if err != nil {
		return nil, err
	}
	response := &v1.ListStatementsResponse{}
	response.Statements, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last *v1.Statement) []any { return []any{last.GetId()} })
	return response, err
}

// GetStatement returns a statement with what became of its entries.
func (s *statementService) GetStatement(ctx context.Context, r *v1.GetStatementRequest) (*v1.GetStatementResponse, error) {
	found, err := findStatement(ctx, s.host.Store, r.GetId())
	return &v1.GetStatementResponse{Statement: found}, err
}

// ListStatementTables lists the layouts of tables that portal.yaml knows.
func (s *statementService) ListStatementTables(context.Context, *v1.ListStatementTablesRequest) (*v1.ListStatementTablesResponse, error) {
	response := &v1.ListStatementTablesResponse{}
	for _, table := range s.settings.StatementTables {
		response.Tables = append(response.Tables, &v1.StatementTable{Id: table.ID, Title: table.Title})
	}
	return response, nil
}

// ListStatementEntries lists entries, newest first.
func (s *statementService) ListStatementEntries(ctx context.Context, r *v1.ListStatementEntriesRequest) (*v1.ListStatementEntriesResponse, error) {
	c := &store.Where{}
	if r.GetStatementId() != "" {
		c.Add("statement_id = ?::uuid", r.GetStatementId())
	}
	if len(r.GetStates()) > 0 {
		c.Add("state = any(?)", entryStates.Texts(r.GetStates()))
	}
	if r.GetClientId() != "" {
		c.Add("client_id = ?::uuid", r.GetClientId())
	}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[entryRow],
		`select `+entryFields+` from finsystem.statement_entries`+c.String()+` order by statement_entries.id desc limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListStatementEntriesResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last entryRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for i := range rows {
		response.Entries = append(response.Entries, rows[i].entry())
	}
	return response, nil
}

// GetStatementEntry returns an entry.
func (s *statementService) GetStatementEntry(ctx context.Context, r *v1.GetStatementEntryRequest) (*v1.GetStatementEntryResponse, error) {
	row, err := findEntry(ctx, s.host.Store, r.GetId(), "")
	if err != nil {
		return nil, err
	}
	return &v1.GetStatementEntryResponse{Entry: row.entry()}, nil
}
