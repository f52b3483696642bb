package store

import (
	"context"
	"time"

	"github.com/opencabinet/cabinet/kernel/access"
)

// RuntimeRoles are the database roles that a module's statements run under, one for each scope of rows. The host tells
// them to packages that give rights to modules, such as package event.
func (db *DB) RuntimeRoles(module string) []string {
	r := db.names.module(module)
	return []string{r.own, r.many, r.all}
}

// SignRows signs that a module acts by itself, for its own process, and says until when that holds.
func (db *DB) SignRows(ctx context.Context, module string) (setting string, until time.Time, err error) {
	// The deadline says how long: a process asks seldom, and what it signs for is its own.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lentFor)
	defer cancel()
	setting, err = db.signer.sign(ctx, access.AsModule(module), module)
	return setting, db.signer.clock().Add(lentFor), err
}

// lentFor is how long a process can act by itself on one signature.
const lentFor = 10 * time.Minute
