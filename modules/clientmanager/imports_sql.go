package clientmanager

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/custom"
	"github.com/opencabinet/cabinet/kernel/store"
)

// importRow is an import without its file.
type importRow struct {
	ID, FileName             string
	Rows                     int32
	Columns, Mapping, Report []byte
	Done                     bool
	Created                  time.Time
	Running                  bool
	RowsDone                 int32
	Problem                  string
}

const importColumns = `id::text, file_name, row_count, columns, mapping, coalesce(report, 'null'), done, create_time, running,
	coalesce((select p.rows from clientmanager.import_progress p where p.import_id = imports.id), 0), problem`

// message reads what is stored as JSON. It was written by toJSON, so that what cannot be read is a defect.
func (r importRow) message(fields custom.Fields) (*v1.Import, error) {
	out := &v1.Import{
		Id: r.ID, FileName: r.FileName, Rows: r.Rows, Fields: fieldsOfImport(fields), Done: r.Done, CreateTime: timestamppb.New(r.Created),
		Running: r.Running, RowsDone: r.RowsDone,
	}
	if r.Problem != "" {
		out.ProblemKey = ID + "." + r.Problem
	}
	var columns, mapping []json.RawMessage
	if err := json.Unmarshal(r.Columns, &columns); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(r.Mapping, &mapping); err != nil {
		return nil, err
	}
	for _, text := range columns {
		c := &kernelv1.ImportColumn{}
		if err := protojson.Unmarshal(text, c); err != nil {
			return nil, err
		}
		out.Columns = append(out.Columns, c)
	}
	for _, text := range mapping {
		one := &kernelv1.ImportMapping{}
		if err := protojson.Unmarshal(text, one); err != nil {
			return nil, err
		}
		out.Mapping = append(out.Mapping, one)
	}
	if string(r.Report) != "null" {
		out.Report = &kernelv1.ImportReport{}
		if err := protojson.Unmarshal(r.Report, out.Report); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// toJSON writes messages as a JSON list.
func toJSON[M proto.Message](list []M) (string, error) {
	out := make([]json.RawMessage, len(list))
	for i, m := range list {
		text, err := protojson.Marshal(m)
		if err != nil {
			return "", err
		}
		out[i] = text
	}
	text, err := json.Marshal(out)
	return string(text), err
}

// ownImport is the import that is meant, while its day lasts. Who reaches all rows has to be told from the uploader here:
// row security tells apart only those who do not.
const ownImport = ` from clientmanager.imports where id = $1 and create_time > $2 and user_id = $3`

func (m *Module) findImport(ctx context.Context, q store.Querier, id, lock string) (*v1.Import, error) {
	if !access.From(ctx).IsUser() {
		return nil, errNoUser
	}
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[importRow],
		`select `+importColumns+ownImport+lock, id, m.host.Now().Add(-importKept), access.From(ctx).UserID)
	if err != nil {
		return nil, store.NotFoundAs(err, errNoImport)
	}
	return row.message(m.settings.Fields)
}

// importFile is the file of an import.
func (m *Module) importFile(ctx context.Context, id string) ([]byte, error) {
	if !access.From(ctx).IsUser() {
		return nil, errNoUser
	}
	content, err := store.QueryOne(ctx, m.host.Store, pgx.RowTo[[]byte],
		`select content`+ownImport, id, m.host.Now().Add(-importKept), access.From(ctx).UserID)
	return content, store.NotFoundAs(err, errNoImport)
}

func insertImport(ctx context.Context, tx *store.Tx, userID string, i *v1.Import, content []byte) error {
	columns, err := toJSON(i.GetColumns())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into clientmanager.imports (id, user_id, file_name, content, row_count, columns, create_time)
		values ($1, $2, $3, $4, $5, $6, $7)`,
		i.GetId(), userID, i.GetFileName(), content, i.GetRows(), columns, i.GetCreateTime().AsTime())
	return err
}

// saveReport keeps what a check found or a run did, instead of what was kept before.
func (m *Module) saveReport(ctx context.Context, tx *store.Tx, i *v1.Import) error {
	mapping, err := toJSON(i.GetMapping())
	if err != nil {
		return err
	}
	report, err := protojson.Marshal(i.GetReport())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update clientmanager.imports set mapping = $2, report = $3, done = $4, running = false, problem = '' where id = $1`,
		i.GetId(), mapping, string(report), i.GetDone())
	return err
}

// replaceRows writes what became of rows instead of what was said of them before: line by line, because a job looks up
// what the check said of those that come.
func replaceRows(ctx context.Context, tx *store.Tx, i *v1.Import, run bool, rows []planned) error {
	// Lines ascend: a range, which the primary key finds whatever the planner thinks of the table.
	if _, err := tx.Exec(ctx, `delete from clientmanager.import_rows where import_id = $1 and rank in (0, 1) and line >= $2 and line <= $3`,
		i.GetId(), rows[0].line, rows[len(rows)-1].line); err != nil {
		return err
	}
	return insertRows(ctx, tx, i, run, rows)
}

func insertRows(ctx context.Context, tx *store.Tx, i *v1.Import, run bool, chunk []planned) error {
	type row struct {
		Rank       int     `json:"rank"`
		Line       int     `json:"line"`
		Outcome    int32   `json:"outcome"`
		Title      string  `json:"title"`
		Column     string  `json:"column_name"`
		Message    string  `json:"message"`
		MessageKey string  `json:"message_key"`
		ID         *string `json:"resource_id"`
	}
	rows := make([]row, len(chunk))
	for n, p := range chunk {
		rows[n] = row{Rank: 1, Line: p.line, Outcome: int32(p.outcome), Title: p.title, Column: p.column}
		if p.problem != nil {
			rows[n].Rank, rows[n].Message, rows[n].MessageKey = 0, p.problem.text, p.problem.key
		}
		// A check makes ids that nobody will ever see again.
		switch {
		case p.client != nil && (run || p.outcome == kernelv1.RowOutcome_ROW_OUTCOME_UPDATED):
			rows[n].ID = &p.client.Id
		case p.outcome == kernelv1.RowOutcome_ROW_OUTCOME_UNCHANGED:
			rows[n].ID = &p.id
		}
	}
	return execJSON(ctx, tx, `
		insert into clientmanager.import_rows (import_id, user_id, rank, line, outcome, title, column_name, message, message_key, resource_id)
		select i.id, i.user_id, r.rank, r.line, r.outcome, r.title, r.column_name, r.message, r.message_key, r.resource_id
		from clientmanager.imports i, jsonb_to_recordset($1) as r(rank smallint, line integer, outcome smallint, title text, column_name text,
			message text, message_key text, resource_id uuid)
		where i.id = $2`, rows, i.GetId())
}

// rowOfReport is a stored line of a report.
type rowOfReport struct {
	Rank, Line                         int32
	Outcome                            int32
	Title, Column, Message, MessageKey string
	ResourceID                         *string
}

func (m *Module) listRows(ctx context.Context, c *store.Where, limit int) ([]rowOfReport, error) {
	most := c.Arg(limit)
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[rowOfReport], `
		select rank::int, line, outcome::int, title, column_name, message, message_key, resource_id::text
		from clientmanager.import_rows`+c.String()+` order by rank, line limit `+most, c.Args...)
}

// know asks what the portal has of what rows name. seen returns the clients that the import may change.
func (m *Module) know(ctx context.Context, tx *store.Tx, rows []parsed, seen func(ids []string) (map[string]*v1.Client, error)) (known, error) {
	var codes, taxIDs []string
	for _, row := range rows {
		if code := fold(row.client.GetCode()); code != "" {
			codes = append(codes, code)
		}
		if taxID := fold(row.client.GetTaxId()); taxID != "" {
			taxIDs = append(taxIDs, taxID)
		}
	}
	type owner struct{ ID, Code, TaxID string }
	owners, err := store.Query(ctx, tx, pgx.RowToStructByPos[owner], `select id::text, code, tax_id from clientmanager.owners($1, $2)`,
		append([]string{}, codes...), append([]string{}, taxIDs...))
	k := known{fields: m.settings.Fields, today: m.today(), byCode: map[string]string{}, byTaxID: map[string]string{}}
	if err != nil {
		return k, err
	}
	ids := make([]string, len(owners))
	for i, o := range owners {
		ids[i], k.byCode[o.Code], k.byTaxID[o.TaxID] = o.ID, o.ID, o.ID
	}
	if k.clients, err = seen(ids); err != nil {
		return k, err
	}
	k.moves = m.moves(ctx)
	k.branches, err = branchesByName(ctx, tx)
	return k, err
}
