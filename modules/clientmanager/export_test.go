package clientmanager

import (
	"context"

	"github.com/opencabinet/cabinet/kernel/custom"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Listing returns the statement that answers a list's first page. only narrows it by hand, as row security does.
func (m *Module) Listing(ctx context.Context, r *v1.ListClientsRequest, only string, args ...any) (sql string, with []any, err error) {
	s, err := m.sight(ctx)
	if err != nil {
		return "", nil, err
	}
	c, err := m.filter(ctx, s, r)
	if err != nil {
		return "", nil, err
	}
	if only != "" {
		c.Add(only, args...)
	}
	return selectPage(c, s, store.Where{}, orderOf(r), store.PageSize(r.GetPageSize())+1), c.Args, nil
}

// OverviewSQL is what the dashboard's figures are counted with.
const OverviewSQL = overviewSQL

// Listed is what a page's rows are read into.
type Listed = listed

// ImportFields and Suggest are what an import puts columns into, and what it makes of their names.
var (
	ImportFields = importFields
	Suggest      = suggest
)

// whole is a file that was read to its end.
type whole struct {
	header []string
	rows   []record
}

func (w *whole) parse(m mapping, country string, fields custom.Fields) []parsed {
	return parse(w.rows, m, country, fields)
}

func readAll(s *sheet, err error) (*whole, error) {
	if err != nil {
		return nil, err
	}
	defer s.close()
	rows, err := s.some(maxRows + 1)
	if err != nil {
		return nil, err
	}
	return &whole{s.header, rows}, nil
}

func readCSV(content []byte) (*whole, error)  { return readAll(openCSV(content)) }
func readXLSX(content []byte) (*whole, error) { return readAll(openXLSX(content)) }
func readFile(content []byte) (*whole, error) { return readAll(openFile(content)) }

func (w *whole) columns(fields custom.Fields) []*kernelv1.ImportColumn {
	return columnsOf(w.header, w.rows[:min(len(w.rows), sampled)], fields)
}
