package clientmanager

import (
	"context"
	"slices"

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

// TagsSQL counts tags.
func TagsSQL(begin, after string, most int) (sql string, args []any) {
	w := &store.Where{}
	sql = tagsSQL(w, begin, after, most)
	return sql, w.Args
}

// PreviewSQL counts whom a rule matches.
func (m *Module) PreviewSQL(rule *v1.Segment) (sql string, args []any, err error) {
	w := &store.Where{}
	condition, err := m.matches(w, rule)
	w.Conditions = []string{condition}
	sql = countSQL(w)
	return sql, w.Args, err
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

// Alike says why two clients are likely the same.
var Alike = alike

// ShareKey tells whether the index would find one of two by the other.
func ShareKey(a, b *v1.Client) bool {
	return slices.ContainsFunc(matchKeys(a), func(key int64) bool { return slices.Contains(matchKeys(b), key) })
}

// MatchAll finds the pairs of all that was written, as the schedule does.
func MatchAll(ctx context.Context, m *Module) error {
	for n := 1; n > 0; {
		err := m.host.Store.Tx(m.host.Self(ctx), func(ctx context.Context, tx *store.Tx) (err error) {
			n, err = m.match(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// PairsSQL is what a page of pairs is read with.
func PairsSQL(limit int) string {
	c := &store.Where{}
	c.Add("d.dismiss_time is null")
	return pairsSQL(c, limit)
}

// ValidEDRPOU and ValidRNOKPP check codes of Ukraine.
var (
	ValidEDRPOU = validEDRPOU
	ValidRNOKPP = validRNOKPP
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
func readFile(content []byte) (*whole, error) { return readAll(openFile(content)) }

func (w *whole) columns(fields custom.Fields) []*kernelv1.ImportColumn {
	return columnsOf(w.header, w.rows[:min(len(w.rows), sampled)], fields)
}
