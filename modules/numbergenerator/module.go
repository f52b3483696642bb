// Package numbergenerator numbers documents: invoices, acts, credit notes, whatever a business files by number.
//
// The numbers of a series have no gap. Whoever issues a document takes its number in the very transaction that issues it, by a
// SQL function that this module lends (contracts/numbergenerator/v1, take.go): what is rolled back has taken none. So
// transactions that take numbers of one series and period wait for each other; FIGURES.md says how many pass in a second.
package numbergenerator

import (
	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Module keeps series of numbers. See [New].
type Module struct {
	host *module.Host
}

var _ module.Module = (*Module)(nil)

// New does nothing else: the module calls no other.
func New() *Module { return &Module{} }

// Manifest says what the module is.
func (m *Module) Manifest() module.Manifest { return manifest }

// Register binds the service.
func (m *Module) Register(r module.Registrar) {
	m.host = r.Host()
	v1.RegisterSeriesServiceServer(r, &seriesService{Module: m})
}
