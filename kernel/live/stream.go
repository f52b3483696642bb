package live

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/opencabinet/cabinet/kernel/access"
)

// Stream is what one browser is told. All its fields but ready belong to the hub's lock.
type Stream struct {
	hub   *Hub
	token string
	who   access.Principal // nobody until it was asked

	// ready holds one when there is something to take.
	ready chan struct{}
	// told is what waits to be taken: a topic, or a topic and a client. all stands for everything.
	told   map[string]struct{}
	all    bool
	spread time.Duration
	// doubt counts the reasons to ask who the reader is now; nothing is told until that is known.
	doubt int
	over  bool
}

// Told is what changed.
type Told struct {
	// Topics that changed, each alone or with a space and the client whose rows did. Empty with Again.
	Topics []string
	// Again is set when more changed than is known: everything is to be asked for again.
	Again bool
	// Spread is the time within which it suffices to ask again: many were told at once.
	Spread time.Duration
	// Version is what the reader has been told up to.
	Version string
}

// maxTold is how many topics wait at most; what is more is everything.
const maxTold = 64

// add notes what a reader is to be told.
func (s *Stream) add(topics []string, spread time.Duration) {
	for _, t := range topics {
		s.told[t] = struct{}{}
	}
	if len(s.told) > maxTold {
		s.all = true
	}
	if s.all {
		clear(s.told)
	}
	s.spread = max(s.spread, spread)
	s.signal()
}

func (s *Stream) again(spread time.Duration) {
	s.all = true
	s.spread = max(s.spread, spread)
	clear(s.told)
	s.signal()
}

func (s *Stream) end() {
	s.over = true
	s.signal()
}

func (s *Stream) signal() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Ready has an item when [Stream.Take] has something to give.
func (s *Stream) Ready() <-chan struct{} { return s.ready }

// unknown is how long is waited before it is asked again who a reader is, when nobody knows just now.
const unknown = time.Second

// Take takes what waits; ok is false when there is nothing. When something about the reader changed it asks first who
// they are now, so it may take a while. The error is ErrOver once the stream is at its end, or the context's.
func (s *Stream) Take(ctx context.Context) (told Told, ok bool, err error) {
	for {
		s.hub.mu.Lock()
		doubt, over, who := s.doubt, s.over, s.who
		if doubt == 0 || over {
			told, ok = s.take()
		}
		s.hub.mu.Unlock()
		switch {
		case over:
			return Told{}, false, ErrOver
		case doubt == 0:
			return told, ok, nil
		}
		now, err := s.hub.cfg.Identify(ctx, s.token)
		switch {
		case errors.Is(err, ErrOver), err == nil && now.SessionID != who.SessionID:
			s.hub.mu.Lock()
			s.end()
			s.hub.mu.Unlock()
			continue
		case ctx.Err() != nil:
			return Told{}, false, context.Cause(ctx)
		case err != nil:
			s.hub.cfg.Log.WarnContext(ctx, "a stream of live updates waits: whose it is cannot be asked", "error", err)
			if err := pause(ctx, unknown); err != nil {
				return Told{}, false, err
			}
			continue
		}
		s.hub.mu.Lock()
		s.doubt -= doubt
		if !sameRights(s.who, now) {
			s.who = now
			s.again(0)
		}
		s.hub.mu.Unlock()
	}
}

func (s *Stream) take() (told Told, ok bool) {
	if !s.all && len(s.told) == 0 {
		return Told{}, false
	}
	told = Told{Again: s.all, Spread: s.spread, Version: string(s.hub.version)}
	for t := range s.told {
		told.Topics = append(told.Topics, t)
	}
	slices.Sort(told.Topics)
	// A topic alone says all that it says of one client.
	told.Topics = slices.DeleteFunc(told.Topics, func(t string) bool {
		topic, client, _ := strings.Cut(t, " ")
		_, whole := s.told[topic]
		return client != "" && whole
	})
	clear(s.told)
	s.all, s.spread = false, 0
	return told, true
}

// recheck has the next Take ask who the reader is.
func (s *Stream) recheck() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.doubt++
	s.signal()
}

// Close ends the stream. Closing twice is safe.
func (s *Stream) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.over = true
	delete(s.hub.streams, s)
	of := slices.DeleteFunc(s.hub.sessions[s.who.SessionID], func(other *Stream) bool { return other == s })
	s.hub.sessions[s.who.SessionID] = of
	if len(of) == 0 {
		delete(s.hub.sessions, s.who.SessionID)
	}
}

// idle returns the version up to which nothing is left to take.
func (s *Stream) idle() (version string, ok bool) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return string(s.hub.version), !s.all && len(s.told) == 0
}

// sameRights tells whether somebody sees now what they saw before.
func sameRights(a, b access.Principal) bool {
	return a.Kind == b.Kind && a.UserID == b.UserID && a.ActingFor == b.ActingFor && slices.Equal(a.Roles, b.Roles)
}
