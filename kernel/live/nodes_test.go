package live_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// What is committed through one node is told by the other.
func TestTwoNodes(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	other := p.Beside(t)
	zerno := p.Client(t, "Zerno")
	head := p.Head(t)
	there := other.User(t, head.Token)
	s := listen(t, other, there)
	rename(t, head, zerno, "Zerno 2")
	s.until(aClient + " " + zerno)
}

// A module in a process of its own tells by the same line of its migration.
func TestAModulesProcess(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Processes: []string{"clientmanager"}})
	zerno := p.Client(t, "Zerno")
	polissia := p.Client(t, "Polissia")
	head := p.Head(t)
	s, contact := listen(t, p, head), listen(t, p, p.Contact(t, zerno, "client.director"))
	rename(t, head, polissia, "Polissia 2")
	rename(t, head, zerno, "Zerno 2")
	s.until(aClient + " " + zerno)
	require.Equal(t, map[string]bool{zerno: true}, clients(t, contact.until(aClient)))
}

// A node that lies down and gets up all the time misses nothing that many writers commit meanwhile: no note is left
// until something else wakes the node.
func TestNothingIsOversleptAmongManyWriters(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head := p.Head(t)
	const writers, rounds = 8, 12
	var ids []string
	for i := range writers {
		ids = append(ids, p.Client(t, fmt.Sprint("Client ", i)))
	}
	s := listen(t, p, head)
	for round := range rounds {
		var group sync.WaitGroup
		for _, id := range ids {
			group.Go(func() { rename(t, head, id, fmt.Sprint("Round ", round)) })
		}
		missing := map[string]bool{}
		for _, id := range ids {
			missing[id] = true
		}
		for len(missing) > 0 {
			e, ok := s.next()
			require.True(t, ok)
			for _, topic := range e.Of {
				if of, ok := strings.CutPrefix(topic, aClient+" "); ok {
					delete(missing, of)
				}
			}
		}
		group.Wait()
		for len(s.events) > 0 {
			<-s.events
		}
		// Long enough, in some rounds, for the node to lie down in between.
		if round%3 == 0 {
			asleep(t, p)
		}
	}
}

// Who wrote while the node was awake, and so notifies nobody, and commits while it lies down, is not overslept.
func TestAWriterFromBefore(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	zerno := p.Client(t, "Zerno")
	head := p.Head(t)
	s := listen(t, p, head)
	conn, err := pgx.Connect(t.Context(), p.DSN)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	awake := func(tx pgx.Tx) (yes bool) {
		require.NoError(t, tx.QueryRow(t.Context(), `select not exists (select from kernel.live_asleep)`).Scan(&yes))
		return yes
	}
	for n := 0; ; n++ {
		rename(t, head, zerno, fmt.Sprint("Zerno ", n)) // wakes it
		s.until(aClient)
		tx, err := conn.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), `update clientmanager.clients set place = 'Kyiv' where id = $1`, zerno)
		require.NoError(t, err)
		if !awake(tx) { // it was too quick: again
			require.NoError(t, tx.Rollback(t.Context()))
			continue
		}
		asleep(t, p)
		require.NoError(t, tx.Commit(t.Context()))
		s.until(aClient)
		return
	}
}

// When its connection to the database is lost a node connects again, and has everybody ask again.
func TestALostConnection(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	zerno := p.Client(t, "Zerno")
	head := p.Head(t)
	s := listen(t, p, head)
	for range 3 {
		sql(t, p, `select pg_terminate_backend(pid) from pg_stat_activity
			where datname = current_database() and pid <> pg_backend_pid() and query ~ 'cabinet_live|live_note|live_asleep'`)
		for again := false; !again; {
			e, ok := s.next()
			require.True(t, ok)
			again = e.Again
		}
	}
	rename(t, head, zerno, "Zerno 2")
	s.until(aClient)
}

// A browser that comes back with the version it has seen is told what it missed, by whichever node; with one that is
// old, of another database or no version at all, that everything may have changed.
func TestComingBack(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	other := p.Beside(t)
	zerno := p.Client(t, "Zerno")
	head := p.Head(t)
	s := listen(t, p, head)
	rename(t, head, zerno, "Zerno 2")
	heard := s.until(aClient)
	s.close()
	seen := heard[len(heard)-1].ID
	rename(t, head, zerno, "Zerno 3")
	settle(t, other)

	back := listenSince(t, other, other.User(t, head.Token), seen)
	e, ok := back.next()
	require.True(t, ok)
	require.True(t, e.has(aClient), "%v", e)
	require.False(t, e.Again)

	for _, since := range []string{"", "3:3:", "99999999999:99999999999:", "5:4:", "x", "1:1:1,", "9223372036854775808:9223372036854775809:", "1%3A1%3A%27%3B"} {
		back := listenSince(t, p, head, since)
		e, ok := back.next()
		require.True(t, ok)
		require.True(t, e.Again, "since %q: %v", since, e)
		back.close()
	}
}

// A reader who takes nothing holds up nobody and is kept in a bounded space.
func TestASlowReader(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head := p.Head(t)
	zerno := p.Client(t, "Zerno")
	quick := listen(t, p, head)
	slow, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.Address())
	require.NoError(t, err)
	defer func() { _ = slow.Close() }()
	require.NoError(t, slow.(*net.TCPConn).SetReadBuffer(1024))
	_, err = fmt.Fprintf(slow, "GET /live?since=%s HTTP/1.1\r\nHost: x\r\nCookie: cabinet_session=%s\r\n\r\n", p.Live().Version(), head.Token)
	require.NoError(t, err)
	for p.Live().Count() < 2 { // its request is on the way
		require.NoError(t, t.Context().Err())
	}
	for i := range 40 {
		began := time.Now()
		rename(t, head, zerno, fmt.Sprint("Zerno ", i))
		quick.until(aClient)
		require.Less(t, time.Since(began), 5*time.Second)
	}
}

// A portal that stops does not wait for its streams.
func TestStoppingIsQuick(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	var streams []*stream
	for range 20 {
		streams = append(streams, listen(t, p, p.Head(t)))
	}
	require.Equal(t, 20, p.Live().Count())
	began := time.Now()
	require.NoError(t, p.Stop(t.Context()))
	require.Less(t, time.Since(began), 5*time.Second)
	for _, s := range streams {
		s.ended()
	}
	require.Zero(t, p.Live().Count())
}

// Headers that proxies heed: nothing keeps events back, and the policy of pages stays.
func TestHeadersOfAStream(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head := p.Head(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL()+"/live", nil)
	require.NoError(t, err)
	response, err := head.HTTP.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	require.Equal(t, "no-store, no-transform", response.Header.Get("Cache-Control"))
	require.Equal(t, "no", response.Header.Get("X-Accel-Buffering"))
	require.Empty(t, response.Header.Get("Content-Encoding"))
	require.Contains(t, response.Header.Get("Content-Security-Policy"), "default-src 'none'")
}
