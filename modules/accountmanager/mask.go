package accountmanager

import (
	"slices"

	"github.com/nyaruka/phonenumbers"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/opencabinet/cabinet/kernel/module"
)

// named are the fields that an update is about, of those that can be changed.
func named(mask *fieldmaskpb.FieldMask, known []string) ([]string, error) {
	return module.Named(mask, func(field string) bool { return slices.Contains(known, field) },
		"accountmanager.errors.nothing_named", "accountmanager.errors.unknown_field")
}

// phone writes a phone as it is stored, also one typed as at home: "044 555-01-42". What is none stays as it is, for
// the contract's constraint to refuse.
func (m *Module) phone(typed string) string {
	if number, ok := m.number(typed); ok {
		return number
	}
	return typed
}

// number reads a phone in whatever form people write it; ok is false for what is none.
func (m *Module) number(typed string) (e164 string, ok bool) {
	number, err := phonenumbers.Parse(typed, m.settings.Country)
	if err != nil {
		return "", false
	}
	return phonenumbers.Format(number, phonenumbers.E164), true
}
