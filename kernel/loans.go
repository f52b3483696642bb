package kernel

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// loansOf checks what modules lend to the transactions of others against what those borrow. off are functions of modules that
// are switched off.
func loansOf(manifests []module.Manifest, off map[string]string) ([]store.Loan, error) {
	var loans []store.Loan
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, m := range manifests {
		for i, signature := range m.Lends {
			f, err := store.ParseFunction(signature)
			switch {
			case err != nil:
				wrong("module %s lends: %w", m.ID, err)
			case f.Module != m.ID:
				wrong("module %s lends %s: a module lends functions of its own schema alone", m.ID, signature)
			case slices.Contains(m.Lends[:i], signature):
				wrong("module %s lends %s twice", m.ID, signature)
			default:
				loans = append(loans, store.Loan{Function: f})
			}
		}
	}
	for _, m := range manifests {
		for i, signature := range m.Borrows {
			f, err := store.ParseFunction(signature)
			at := slices.IndexFunc(loans, func(l store.Loan) bool { return l.Function.String() == signature })
			switch {
			case err != nil:
				wrong("module %s borrows: %w", m.ID, err)
			case f.Module == m.ID:
				wrong("module %s borrows %s of itself: what is its own it may call anyhow", m.ID, signature)
			case slices.Contains(m.Borrows[:i], signature):
				wrong("module %s borrows %s twice", m.ID, signature)
			case at < 0:
				wrong("module %s borrows %s, which no module lends: %s", m.ID, signature, lenderHint(f, manifests, off))
			default:
				loans[at].Borrowers = append(loans[at].Borrowers, m.ID)
			}
		}
	}
	return loans, errors.Join(errs...)
}

// lenderHint is what to do about a function that no module lends.
func lenderHint(f store.Function, manifests []module.Manifest, off map[string]string) string {
	if by := off[f.String()]; by != "" {
		return fmt.Sprintf("module %s would, but portal.yaml switches it off", by)
	}
	at := slices.IndexFunc(manifests, func(m module.Manifest) bool { return m.ID == f.Module })
	if at < 0 {
		return fmt.Sprintf("add module %s", f.Module)
	}
	if lends := manifests[at].Lends; len(lends) > 0 {
		return fmt.Sprintf("module %s lends %q: use versions of both that fit together", f.Module, lends)
	}
	return fmt.Sprintf("module %s lends nothing: use versions of both that fit together", f.Module)
}

// lendMore lends what modules that are about to be the portal's borrow, and takes nothing back: those of before still run.
func (p *Portal) lendMore(ctx context.Context, units []module.Unit) error {
	c, err := compose(units, p.config)
	if err != nil {
		return err
	}
	return p.db.LendMore(ctx, c.loans)
}
