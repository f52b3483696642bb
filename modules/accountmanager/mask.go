package accountmanager

import (
	"slices"

	"github.com/nyaruka/phonenumbers"
	"google.golang.org/grpc/codes"
)

// named are the fields that an update is about. A mask that names none would change all, roles as well, to what
// the caller may not have thought of; so it is refused.
func named(mask, known []string) ([]string, error) {
	if len(mask) == 0 {
		return nil, refuse(codes.InvalidArgument, "update_mask", "nothing_named", "name the fields to change in update_mask")
	}
	for _, path := range mask {
		if !slices.Contains(known, path) {
			return nil, refuse(codes.InvalidArgument, "update_mask", "unknown_field", "there is no field "+path+" to change here")
		}
	}
	return mask, nil
}

// phone writes a phone as it is stored, also one typed as at home: "044 555-01-42". What is none stays as it is, for
// the contract's constraint to refuse.
func (m *Module) phone(typed string) string {
	number, err := phonenumbers.Parse(typed, m.settings.Country)
	if err != nil {
		return typed
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}
