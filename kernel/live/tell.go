package live

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/access"
)

// fewClients is of how many clients of a topic a batch speaks one by one.
const fewClients = 16

// share is how long a page that is asked for again keeps one of a node's processors busy, by and large: so much time
// is given to those who are told together.
const share = 2 * time.Millisecond

// maxSpread is how long a reader waits at most.
const maxSpread = 10 * time.Second

// spreadOf is the time within which so many readers ask again.
func spreadOf(readers int) time.Duration {
	return min(max(0, time.Duration(readers-1)*share), maxSpread)
}

// tell tells the streams what a batch of notes says, and that they have been told up to a version.
func (h *Hub) tell(ctx context.Context, notes []note, at snapshot) error {
	var err error
	if len(notes) > 0 {
		h.mu.Lock()
		streams := make([]*Stream, 0, len(h.streams))
		for s := range h.streams {
			streams = append(streams, s)
		}
		h.mu.Unlock()
		err = h.tellOf(ctx, notes, streams)
	}
	if err != nil {
		return err
	}
	h.still(at)
	return nil
}

// tellOf tells some streams.
func (h *Hub) tellOf(ctx context.Context, notes []note, streams []*Stream) error {
	h.mu.Lock()
	h.suspect(notes, streams)
	b := h.batch(notes)
	users := b.usersOf(streams, h.cfg.Topics)
	h.mu.Unlock()
	granted, err := h.granted(ctx, b.clients(), users)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	heard := make(map[*Stream][]string, len(streams))
	for _, s := range streams {
		if said := b.said(s.who, h.cfg.Topics.reach(s.who), granted[s.who.UserID]); len(said) > 0 {
			heard[s] = said
		}
	}
	spread := spreadOf(len(heard))
	for s, said := range heard {
		s.add(said, spread)
	}
	return nil
}

// suspect has the streams of users whose rights may have changed ask who they are.
func (h *Hub) suspect(notes []note, streams []*Stream) {
	users, clients := map[string]bool{}, map[string]bool{}
	granted := map[string]bool{}
	for _, n := range notes {
		kernel := n.module == "kernel"
		if !slices.Contains(n.topics, Identity) || !kernel && !h.cfg.Topics.of(n.module, Identity) {
			continue
		}
		into := users
		switch {
		case n.fence == ofClients:
			into = clients
		case kernel:
			into = granted
		}
		for _, id := range n.ids {
			into[id] = true
		}
	}
	for _, s := range streams {
		by := s.who.ActedBy // what they see is bounded by what this one sees
		switch {
		case granted[s.who.UserID], by != "" && granted[by]: // other clients are theirs: what they look at may show more, or less
			s.doubt++
			s.again(0)
		case s.who.UserID == "" && len(users)+len(clients)+len(granted) > 0, users[s.who.UserID], by != "" && users[by], s.who.ActingFor != "" && clients[s.who.ActingFor]:
			s.doubt++
			s.signal()
		}
	}
}

// batch is what notes say, by topic.
type batch map[string]*news

// news are what changed of a topic.
type news struct {
	shared bool
	all    bool            // rows that only who reaches all sees
	users  map[string]bool // whose own rows changed
	of     map[string]bool // clients whose rows changed
}

func (h *Hub) batch(notes []note) batch {
	b := batch{}
	for _, n := range notes {
		for _, topic := range n.topics {
			if !h.cfg.Topics.of(n.module, topic) {
				continue
			}
			one := b[topic]
			if one == nil {
				one = &news{users: map[string]bool{}, of: map[string]bool{}}
				b[topic] = one
			}
			switch n.fence {
			case ofShared:
				one.shared = true
			case ofUsers:
				one.add(one.users, n.ids)
			case ofClients:
				one.add(one.of, n.ids)
			case ofAll:
				one.all = true
			}
		}
	}
	return b
}

// add notes whose rows changed. Rows that are nobody's only who reaches all sees.
func (n *news) add(to map[string]bool, ids []string) {
	n.all = n.all || len(ids) == 0
	for _, id := range ids {
		to[id] = true
	}
}

// clients are all whose rows changed.
func (b batch) clients() []string {
	seen := map[string]bool{}
	var list []string
	for _, n := range b {
		for c := range n.of {
			if !seen[c] {
				seen[c] = true
				list = append(list, c)
			}
		}
	}
	return list
}

// usersOf are the users for whom it must be looked up which of the clients are theirs.
func (b batch) usersOf(streams []*Stream, topics *Topics) []string {
	seen := map[string]bool{}
	var list []string
	for _, s := range streams {
		if seen[s.who.UserID] {
			continue
		}
		reach := topics.reach(s.who)
		for topic, n := range b {
			if len(n.of) > 0 && reach[topic] == access.Granted && (s.who.Kind == access.Staff || n.of[s.who.ActingFor]) {
				seen[s.who.UserID] = true
				list = append(list, s.who.UserID)
				break
			}
		}
	}
	return list
}

// granted looks up which of the clients are granted to which of the users, as row security does.
func (h *Hub) granted(ctx context.Context, clients, users []string) (map[string][]string, error) {
	if len(clients) == 0 || len(users) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, queryFor)
	defer cancel()
	type grant struct{ User, Client string }
	rows, err := h.cfg.Pool.Query(ctx, `
		select user_id::text, client_id::text from kernel.client_grant
		where client_id = any ($1::uuid[]) and user_id = any ($2::uuid[])
		union
		select u.user_id::text, c.client_id::text from kernel.portfolio_client c join kernel.portfolio_user u using (portfolio_id)
		where c.client_id = any ($1::uuid[]) and u.user_id = any ($2::uuid[])`, clients, users)
	if err != nil {
		return nil, fmt.Errorf("live: whose clients they are: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[grant])
	if err != nil {
		return nil, fmt.Errorf("live: whose clients they are: %w", err)
	}
	granted := map[string][]string{}
	for _, g := range list {
		granted[g.User] = append(granted[g.User], g.Client)
	}
	return granted, nil
}

// said is what one reader is told of the batch: topics, each alone or with a client.
func (b batch) said(who access.Principal, reach reaches, granted []string) []string {
	var said []string
	for topic, n := range b {
		var clients []string
		var whole bool
		switch reach[topic] {
		case access.All:
			whole = n.shared || n.all || len(n.users) > 0 || len(n.of) > fewClients
			if !whole {
				for c := range n.of {
					clients = append(clients, c)
				}
			}
		case access.Granted:
			whole = n.shared || n.users[who.UserID]
			for _, c := range granted {
				// A contact has one client at a time, whatever else is granted.
				if n.of[c] && (who.Kind == access.Staff || c == who.ActingFor) {
					clients = append(clients, c)
				}
			}
			whole = whole || len(clients) > fewClients
		default:
			continue
		}
		if whole {
			said = append(said, topic)
			continue
		}
		for _, c := range clients {
			said = append(said, topic+" "+c)
		}
	}
	return said
}
