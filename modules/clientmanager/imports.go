package clientmanager

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// importKept is how long a file is kept.
const importKept = 24 * time.Hour

// importService brings clients in from a file. A check and a run go the same way up to the writing.
type importService struct {
	v1.UnimplementedImportServiceServer
	*Module
}

var _ v1.ImportServiceServer = (*importService)(nil)

// CreateImport takes a file and reads it through, so that one that cannot be read is refused at once.
func (s *importService) CreateImport(ctx context.Context, r *v1.CreateImportRequest) (*v1.CreateImportResponse, error) {
	if !access.From(ctx).IsUser() {
		return nil, errNoUser
	}
	header, first, rows, err := readThrough(r.GetContent())
	if err != nil {
		return nil, err
	}
	if err := s.sweep(ctx); err != nil {
		return nil, err
	}
	var response *v1.CreateImportResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateImportResponse, error) {
			i := &v1.Import{
				Id: store.NewID(), FileName: oneLine(r.GetFileName()), Rows: int32(rows), //nolint:gosec // at most maxRows
				Columns: columnsOf(header, first, s.settings.Fields), Fields: fieldsOfImport(s.settings.Fields), CreateTime: timestamppb.New(s.host.Now()),
			}
			return &v1.CreateImportResponse{Import: i}, insertImport(ctx, tx, access.From(ctx).UserID, i, r.GetContent())
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// sweep forgets files whose day is over, everybody's: they hold names and addresses.
func (s *importService) sweep(ctx context.Context) error {
	_, err := s.host.Store.Exec(s.host.Self(ctx), `delete from clientmanager.imports where create_time <= $1`, s.host.Now().Add(-importKept))
	return err
}

// GetImport returns an import of the caller's own.
func (s *importService) GetImport(ctx context.Context, r *v1.GetImportRequest) (*v1.GetImportResponse, error) {
	i, err := s.findImport(ctx, s.host.Store, r.GetId(), "")
	if err != nil {
		return nil, err
	}
	return &v1.GetImportResponse{Import: i}, nil
}

// readThrough reads a file to its end: its header, its first rows, and how many there are.
func readThrough(content []byte) (header []string, first []record, rows int, err error) {
	read, err := openFile(content)
	if err != nil {
		return nil, nil, 0, err
	}
	defer read.close()
	for {
		row, err := read.next()
		switch {
		case errors.Is(err, io.EOF):
			return read.header, first, read.rows, nil
		case err != nil:
			return nil, nil, 0, err
		case len(first) < sampled:
			first = append(first, row)
		}
	}
}

// CheckImport says what a run would do now, and keeps the mapping for it.
func (s *importService) CheckImport(ctx context.Context, r *v1.CheckImportRequest) (*v1.CheckImportResponse, error) {
	i, err := s.process(ctx, r.GetId(), r.GetMapping(), false)
	if err != nil {
		return nil, err
	}
	return &v1.CheckImportResponse{Import: i}, nil
}

// RunImport writes every good row, all in one transaction: killed in between, nothing was written. Run again, or twice
// at once, it gives the first report.
func (s *importService) RunImport(ctx context.Context, r *v1.RunImportRequest) (*v1.RunImportResponse, error) {
	found, err := s.findImport(ctx, s.host.Store, r.GetId(), "")
	if err != nil {
		return nil, err
	}
	if found.GetDone() {
		return &v1.RunImportResponse{Import: found}, nil
	}
	i, err := s.process(ctx, r.GetId(), nil, true)
	if err != nil {
		return nil, err
	}
	return &v1.RunImportResponse{Import: i}, nil
}

// process checks or runs an import of the caller's own. A run takes the mapping of the last check.
func (s *importService) process(ctx context.Context, id string, chosen []*kernelv1.ImportMapping, run bool) (*v1.Import, error) {
	content, err := s.importFile(ctx, id)
	if err != nil {
		return nil, err
	}
	var out *v1.Import
	rules := &assigning{}
	if run {
		if rules, err = s.assigning(ctx); err != nil { // before the transaction: another module is asked
			return nil, err
		}
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		i, err := s.findImport(ctx, tx, id, " for update of imports") // of two runs at once, the second waits here and finds it done
		if err != nil {
			return err
		}
		out = i
		switch {
		case i.GetDone() && run:
			return nil
		case i.GetDone():
			return refuse(codes.FailedPrecondition, "id", "import.done_already", "this file was brought in already: upload it again to change the columns")
		case i.GetRunning():
			return refuse(codes.FailedPrecondition, "id", "import.running", "the file is being brought in: wait until that is done")
		case run && len(i.GetMapping()) == 0:
			return errNotChecked
		case !run:
			i.Mapping = chosen
		}
		b := bringing{importService: s, tx: tx, i: i, run: run, rules: rules, seen: s.seenByCaller}
		return b.bring(ctx, content)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

var errNotChecked = refuse(codes.FailedPrecondition, "id", "import.not_checked", "check the file first: that says which column is what")

// meanwhile says that somebody added one of the clients after the file was compared with what is there.
func meanwhile(err error) error {
	switch store.Constraint(err) {
	case "clients_code_unique", "clients_tax_id_unique":
		return refuse(codes.Aborted, "", "import.meanwhile", "somebody added a client with the same code or tax id in the meantime: check the rows again")
	}
	return err
}

// ListImportRows lists what became of each row, those at fault first.
func (s *importService) ListImportRows(ctx context.Context, r *v1.ListImportRowsRequest) (*v1.ListImportRowsResponse, error) {
	if _, err := s.findImport(ctx, s.host.Store, r.GetImportId(), ""); err != nil {
		return nil, err
	}
	c := &store.Where{}
	c.Add("import_id = ?::uuid", r.GetImportId())
	var rank, line int32
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &rank, &line); err != nil {
		return nil, err
	} else if on {
		c.Add("(rank, line) > (?, ?)", rank, line)
	}
	n := store.PageSize(r.GetPageSize())
	rows, err := s.listRows(ctx, c, n+1)
	if err != nil {
		return nil, err
	}
	response := &v1.ListImportRowsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last rowOfReport) []any { return []any{last.Rank, last.Line} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		out := &kernelv1.RowResult{
			Line: row.Line, Outcome: kernelv1.RowOutcome(row.Outcome), Title: row.Title, Column: row.Column, Message: row.Message, MessageKey: row.MessageKey,
		}
		if row.ResourceID != nil {
			out.ResourceId = *row.ResourceID
		}
		response.Rows = append(response.Rows, out)
	}
	return response, nil
}
