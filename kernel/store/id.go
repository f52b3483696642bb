package store

import "github.com/google/uuid"

// NewID returns a new UUIDv7 as text: ids made later sort later, within a process.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// IsID tells whether a text is an id, in the usual form of 36 characters. Requests whose constraints the router checks need
// not be asked.
func IsID(text string) bool {
	return len(text) == 36 && uuid.Validate(text) == nil
}
