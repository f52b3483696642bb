package store

import (
	"time"

	"github.com/google/uuid"
)

// NewID returns a new UUIDv7 as text: ids made later sort later, within a process.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// IsID tells whether a text is an id, in the usual form of 36 characters. Requests whose constraints the router checks need
// not be asked.
func IsID(text string) bool {
	return len(text) == 36 && uuid.Validate(text) == nil
}

// IDTime is when an id of [NewID] was made, to the millisecond; false for what is none.
func IDTime(id string) (time.Time, bool) {
	u, err := uuid.Parse(id)
	if err != nil || u.Version() != 7 {
		return time.Time{}, false
	}
	return time.Unix(u.Time().UnixTime()), true
}
