package clientmanager

import (
	"context"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
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

// ValidEDRPOU and ValidRNOKPP check codes of Ukraine.
var (
	ValidEDRPOU = validEDRPOU
	ValidRNOKPP = validRNOKPP
)
