package store

import "github.com/google/uuid"

// NewID returns a new UUIDv7 as text: ids made later sort later, within a process.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// isUUID accepts only the usual form of 36 characters.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	return uuid.Validate(text) == nil
}
