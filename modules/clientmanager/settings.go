package clientmanager

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/opencabinet/cabinet/kernel/custom"
)

// Settings are what portal.yaml may say, below modules.clientmanager.settings.
type Settings struct {
	// ProfileFields are the fields of its own that a client may change. Default: phone, email, website, place, address.
	ProfileFields []string `yaml:"profile_fields" json:"profile_fields"`
	// Country is where phone numbers without a country's code are, as ISO 3166-1 alpha-2: "UA". Empty: such numbers
	// are refused when they are imported.
	Country string `yaml:"country" json:"country"`
	// Fields are the integrator's own, of every client. See kernel/custom.
	Fields custom.Fields `yaml:"fields" json:"fields"`
	// Registration is how people become clients by themselves.
	Registration Registration `yaml:"registration" json:"registration"`
	// SeparateDuties keeps who filed or changed a request from deciding on it. Default: true.
	SeparateDuties bool `yaml:"separate_duties" json:"separate_duties"`
}

func defaults() Settings {
	return Settings{ProfileFields: []string{"phone", "email", "website", "place", "address"}, Registration: registrationDefaults(), SeparateDuties: true}
}

// Validate names every setting at fault.
func (s *Settings) Validate() error {
	var errs []error
	for _, field := range s.ProfileFields {
		if change, known := changes[field]; !known || change.staffOnly {
			errs = append(errs, fmt.Errorf("profile_fields: %q is no field a client could change; use some of %s", field, strings.Join(ownFields(), ", ")))
		}
	}
	if s.Country != "" && phonenumbers.GetCountryCodeForRegion(s.Country) == 0 {
		errs = append(errs, fmt.Errorf("country: %q is no country; write two capital letters, such as UA", s.Country))
	}
	return errors.Join(append(errs, s.Fields.Validate(), s.Registration.validate())...)
}

// ownFields are those that a client could be let to change.
func ownFields() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		if !changes[name].staffOnly {
			names = append(names, name)
		}
	}
	return names
}
