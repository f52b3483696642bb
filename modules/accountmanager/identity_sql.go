package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// heldUser is what opening a session must know of its user.
type heldUser struct {
	Blocked      bool
	LastClientID string
}

// holdUser holds a user until the transaction ends, and writes down that they are here.
func holdUser(ctx context.Context, tx *store.Tx, userID string, now time.Time) (heldUser, error) {
	return store.QueryOne(ctx, tx, pgx.RowToStructByPos[heldUser], `
		update accountmanager.users set last_seen_time = greatest(last_seen_time, $2) where user_id = $1
		returning block_time is not null, coalesce(last_client_id::text, '')`, userID, now)
}

// actingClient is a client whom a user may act for, unless it is suspended. Both are held until the transaction ends.
type actingClient struct {
	ClientID  string
	Suspended bool
}

func clientsOf(ctx context.Context, tx *store.Tx, userID string) ([]actingClient, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[actingClient], `
		select m.client_id::text, k.suspended
		from accountmanager.memberships m join accountmanager.client_copies k using (client_id)
		where m.user_id = $1 order by k.name, m.client_id for share`, userID)
}

type newSession struct {
	id, userID, clientID string
	hash                 []byte
	kept                 bool
	device, address      string
	now, expire, end     time.Time
	outsideFactor        bool
}

func insertSession(ctx context.Context, tx *store.Tx, n newSession) error {
	_, err := tx.Exec(ctx, `
		insert into accountmanager.sessions
			(id, user_id, token_hash, client_id, kept, device, remote_address, create_time, last_seen_time, expire_time, end_time, proof_time,
			outside_factor)
		values ($1, $2, $3, nullif($4, '')::uuid, $5, $6, $7, $8, $8, $9, $10, $8, $11)`,
		n.id, n.userID, n.hash, n.clientID, n.kept, n.device, n.address, n.now, n.expire, n.end, n.outsideFactor)
	return err
}

// sweepSessions drops some of those that have ended by themselves.
func sweepSessions(ctx context.Context, tx *store.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `
		delete from accountmanager.sessions where id in (
			select id from accountmanager.sessions where expire_time <= $1 order by expire_time limit 100 for update skip locked)`, now)
	return err
}

// foundSession is a session with its user and the clients they may act for now, by name.
type foundSession struct {
	SessionID, UserID, ActingFor string
	Kept                         bool
	LastSeen, End, Proved        time.Time
	Name                         string
	Staff                        bool
	Roles                        []string
	Language                     string
	Theme                        int16
	ClientIDs                    []string
	ClientNames                  []string
	ClientRoles                  []string
	ClientKinds, ClientDetails   []string
	ClientGroups                 []string
	// NamesOld says that some name should be asked for again.
	NamesOld bool
	// HasFactor says that they have a second factor, or came in with one that is shown elsewhere.
	HasFactor bool
	// Impersonation is the id of one that goes on in the session, as far as is written down; empty for none.
	Impersonation string
	Photo         string
}

func (m *Module) findSession(ctx context.Context, hash []byte, now time.Time) ([]foundSession, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[foundSession], `
		select s.id::text, s.user_id::text, coalesce(s.client_id::text, ''), s.kept, s.last_seen_time, s.end_time, s.proof_time,
			u.name, u.staff, u.roles, u.language, u.theme,
			coalesce(c.ids, '{}'), coalesce(c.names, '{}'), coalesce(c.roles, '{}'),
			coalesce(c.kinds, '{}'), coalesce(c.details, '{}'), coalesce(c.groups, '{}'), coalesce(c.old, false),
			s.outside_factor or `+hasTotp+` or `+passkeysAt("$4")+` > 0,
			coalesce((select i.id::text from accountmanager.impersonations i where i.session_id = s.id and i.end_time is null), ''), u.photo
		from accountmanager.sessions s
		join accountmanager.users u using (user_id)
		left join lateral (
			select array_agg(m.client_id::text order by k.name, m.client_id) as ids,
				array_agg(k.name order by k.name, m.client_id) as names,
				array_agg(m.role order by k.name, m.client_id) as roles,
				array_agg(k.kind order by k.name, m.client_id) as kinds,
				array_agg(k.detail order by k.name, m.client_id) as details,
				array_agg(coalesce(k.group_id::text, '') order by k.name, m.client_id) as groups,
				bool_or(k.name_time < $3) as old
			from accountmanager.memberships m join accountmanager.client_copies k using (client_id)
			where m.user_id = u.user_id and not k.suspended
		) c on not u.staff
		where s.token_hash = $1 and s.expire_time > $2 and u.block_time is null`, hash, now, now.Add(-namesLast), m.party.name())
}

// seen writes a session's use down, and moves its end on. Of several at once one does, and none waits. The user is
// held before the session, as everything else here does it.
func (m *Module) seen(ctx context.Context, s foundSession, now time.Time) error {
	return m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		held, err := store.Query(ctx, tx, pgx.RowTo[string], `
			select user_id::text from accountmanager.users where user_id = $1 for no key update skip locked`, s.UserID)
		if err != nil || len(held) == 0 {
			return err
		}
		written, err := store.Query(ctx, tx, pgx.RowTo[string], `
			update accountmanager.sessions set last_seen_time = $2, expire_time = $3
			where id = $1 and last_seen_time <= $4 returning id::text`,
			s.SessionID, now, m.expiry(now, s.End, s.Kept), now.Add(-seenEvery))
		if err != nil || len(written) == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `update accountmanager.users set last_seen_time = greatest(last_seen_time, $2) where user_id = $1`, s.UserID, now)
		return err
	})
}

// endedSession is whose a session was, and for whom they acted; zero when there was none.
type endedSession struct {
	UserID, ClientID string
	Staff            bool
}

func endSession(ctx context.Context, tx *store.Tx, hash []byte) (endedSession, error) {
	return firstOf(store.Query(ctx, tx, pgx.RowToStructByPos[endedSession], `
		delete from accountmanager.sessions s using accountmanager.users u
		where s.token_hash = $1 and u.user_id = s.user_id returning u.user_id::text, coalesce(s.client_id::text, ''), u.staff`, hash))
}

// actFor looks again whether the client is one of the user's, and holds that: it may have been taken since.
func actFor(ctx context.Context, tx *store.Tx, s foundSession, clientID string) error {
	if _, err := tx.Exec(ctx, `update accountmanager.users set last_client_id = $2 where user_id = $1`, s.UserID, clientID); err != nil {
		return err
	}
	chosen, err := store.Query(ctx, tx, pgx.RowTo[string], `
		select m.client_id::text from accountmanager.memberships m join accountmanager.client_copies k using (client_id)
		where m.user_id = $1 and m.client_id = $2 and not k.suspended for share`, s.UserID, clientID)
	if err != nil || len(chosen) == 0 {
		return orElse(err, errNotActing)
	}
	_, err = tx.Exec(ctx, `update accountmanager.sessions set client_id = $2 where id = $1`, s.SessionID, clientID)
	return err
}

// adopt makes the sessions of a user who had no client act for their first one.
func adopt(ctx context.Context, tx *store.Tx, userID, clientID string) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.sessions set client_id = $2 where user_id = $1 and client_id is null`, userID, clientID)
	return err
}
