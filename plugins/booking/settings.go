package booking

import "fmt"

// Settings are what portal.yaml may say, below modules.booking.settings.
type Settings struct {
	// DaysAhead is how many days ahead a booking may begin, from 1 to 3650. Default: 90.
	DaysAhead int `yaml:"days_ahead" json:"days_ahead"`
}

func defaults() Settings { return Settings{DaysAhead: 90} }

// Validate names every setting at fault.
func (s *Settings) Validate() error {
	if s.DaysAhead < 1 || s.DaysAhead > 3650 {
		return fmt.Errorf("days_ahead: %d is out of bounds; write a number of days from 1 to 3650", s.DaysAhead)
	}
	return nil
}
