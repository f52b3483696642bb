package accountmanager

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// namesLast is how long a client's name is taken from the copy here. Every page shows it in the switch of clients, and
// events carry no names; so a new name arrives after at most this long.
const namesLast = 10 * time.Minute

// knowClient asks for a client with the caller's own rights, and keeps its name. It must be called without a
// transaction. Whether it is suspended is taken from the answer once; from then on events say it, in order. The error is clientmanager's: NOT_FOUND for a client that the caller does not see.
func (m *Module) knowClient(ctx context.Context, clientID string) (*clientmanagerv1.Client, error) {
	response, err := m.clients.GetClient(ctx, &clientmanagerv1.GetClientRequest{Id: clientID})
	if err != nil {
		return nil, err
	}
	client := response.GetClient()
	return client, m.host.Store.Tx(m.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `
			insert into accountmanager.client_copies as k (client_id, name, name_time, suspended, kind, detail, group_id)
			values ($1, $2, $3, $4, $5, $6, nullif($7, '')::uuid)
			on conflict (client_id) do update set name = excluded.name, name_time = excluded.name_time, kind = excluded.kind,
				detail = excluded.detail, group_id = excluded.group_id`,
			clientID, client.GetName(), m.host.Now(), client.GetStatus() == clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED,
			kindWord(client.GetKind()), inLaw(client), client.GetGroupId())
		return err
	})
}

// refreshNames asks again for names that have become old. Of several at once, one asks; when the answer does not
// come, the old name stays and is asked for at the next turn.
func (m *Module) refreshNames(ctx context.Context, clientIDs []string) {
	ctx = m.host.Self(ctx)
	now := m.host.Now()
	var mine []string
	err := m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		mine, err = store.Query(ctx, tx, pgx.RowTo[string], `
			update accountmanager.client_copies set name_time = $2
			where client_id = any($1::text[]::uuid[]) and name_time < $3 returning client_id::text`, clientIDs, now, now.Add(-namesLast))
		return err
	})
	for _, id := range mine {
		if err != nil {
			break
		}
		_, err = m.knowClient(ctx, id)
	}
	if err != nil {
		m.host.Log.WarnContext(ctx, "names of clients could not be asked for", slog.String("error", err.Error()))
	}
}

// kindWord is what the kernel calls a kind of client: "company".
func kindWord(kind clientmanagerv1.ClientKind) string {
	if kind == clientmanagerv1.ClientKind_CLIENT_KIND_UNSPECIFIED {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(kind.String(), "CLIENT_KIND_"))
}

// inLaw tells a client from others of the same customer. A person's number is nobody's to be shown.
func inLaw(c *clientmanagerv1.Client) string {
	if c.GetKind() == clientmanagerv1.ClientKind_CLIENT_KIND_PERSON {
		return ""
	}
	parts := slices.DeleteFunc([]string{c.GetLegalName(), c.GetTaxId()}, func(s string) bool { return s == "" })
	return strings.Join(parts, " · ")
}
