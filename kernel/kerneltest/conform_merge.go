package kerneltest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// merge makes a client with its things part of another one that has things too, and looks at what is left of it in the module's
// tables: nothing may be, and nothing may be written for it again.
func (c *conformance) merge(t testing.TB) {
	p := c.portal(t)
	if _, there := p.Router().Descriptor(clientmanagerv1.MergeService_MergeClients_FullMethodName); !there {
		return
	}
	r := &raid{c: c, t: t, p: p, admin: connect(t, p.DSN)}
	from, _ := c.side(t, p, "gone", nil)
	into, _ := c.side(t, p, "stays", nil)
	r.settle()
	tables, err := p.Store().Protected(t.Context(), c.Module)
	require.NoError(t, err)
	_, err = clientmanagerv1.NewMergeServiceClient(p.Kernel()).MergeClients(t.Context(), &clientmanagerv1.MergeClientsRequest{
		RequestId: store.NewID(), IntoId: into.ClientID, FromId: from.ClientID,
	})
	require.NoError(t, err)
	r.settle()
	for _, table := range tables {
		if table.Kind != "client" {
			continue
		}
		if n := r.count(&target{table: table, theirs: from.ClientID}); n > 0 {
			c.found("%s: %d rows of a client that was merged into another are left: say nothing of MovesClients in the manifest, "+
				"or move them when you hear of cabinet.kernel.v1.ClientsMerged%s", table.Table, n, r.why())
			continue
		}
		// By the superuser, whom row security does not stop: what refuses it stands before the table itself.
		_, err := r.admin.Exec(t.Context(), fmt.Sprintf("update %s set %s = $1 where %[2]s = $2", table.Table, table.Column), from.ClientID, into.ClientID)
		var refused *pgconn.PgError
		if n := r.count(&target{table: table, theirs: into.ClientID}); n > 0 && (!errors.As(err, &refused) || refused.Code != "CB003") {
			c.found("%s: a row was written for a client that was merged into another (%v)", table.Table, err)
		}
	}
}

// why is what a failing move says.
func (r *raid) why() string {
	var said string
	if err := r.admin.QueryRow(r.t.Context(), "select coalesce(max(error), '') from kernel.lane where done < last and error is not null").Scan(&said); err != nil || said == "" {
		return ""
	}
	return " (" + said + ")"
}
