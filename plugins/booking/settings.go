package booking

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/opencabinet/cabinet/kernel/access"
)

// Settings are what portal.yaml may say, below modules.booking.settings.
type Settings struct {
	// DaysAhead is how many days ahead a booking may begin, from 1 to 3650, where the resource says nothing. Default: 90.
	DaysAhead int `yaml:"days_ahead" json:"days_ahead"`
	// NoticeMinutes is how many minutes before it begins a booking must be made at the latest, where the resource says
	// nothing. Staff may be later. From 0 to 525600. Default: 0.
	NoticeMinutes int `yaml:"notice_minutes" json:"notice_minutes"`
	// ChangeHours is until how many hours before it begins clients may cancel or move a booking by themselves, where the
	// resource says nothing; later only staff do. From 0 to 8760. Default: 0, which is until it begins.
	ChangeHours int `yaml:"change_hours" json:"change_hours"`
	// HoldMinutes is how long a time is held for somebody who fills in the rest, from 1 to 120. Default: 10.
	HoldMinutes int `yaml:"hold_minutes" json:"hold_minutes"`
	// HoldsEach is how many times one caller may hold at once, from 1 to 50. Default: 3.
	HoldsEach int `yaml:"holds_each" json:"holds_each"`
	// Visitors is how people book who have no account.
	Visitors Visitors `yaml:"visitors" json:"visitors"`
}

// Visitors is how people book who have no account. They become clients by that: clientmanager's registration must be open, and
// take persons.
type Visitors struct {
	// Open lets them book what is marked public, from the page of sign-in. Default: false.
	Open bool `yaml:"open" json:"open"`
	// ConfirmMinutes is how long a time is held while the link in the letter is not used, from 5 to 1440. Default: 60.
	ConfirmMinutes int `yaml:"confirm_minutes" json:"confirm_minutes"`
	// AtOnce is how many times visitors may hold at once, all together, before their e-mails are confirmed: what is more is
	// refused, so that a flood takes no more from clients. From 1 to 10000. Default: 100.
	AtOnce int `yaml:"at_once" json:"at_once"`
	// Terms is the address of the terms of service, "https://…", as clientmanager's registration has it.
	Terms string `yaml:"terms" json:"terms"`
}

func defaults() Settings {
	return Settings{DaysAhead: 90, HoldMinutes: 10, HoldsEach: 3, Visitors: Visitors{ConfirmMinutes: 60, AtOnce: 100}}
}

// Validate names every setting at fault.
func (s *Settings) Validate() error {
	var errs []error
	within := func(name string, value, least, most int, what string) {
		if value < least || value > most {
			errs = append(errs, fmt.Errorf("%s: %d is out of bounds; write a number of %s from %d to %d", name, value, what, least, most))
		}
	}
	within("days_ahead", s.DaysAhead, 1, 3650, "days")
	within("notice_minutes", s.NoticeMinutes, 0, 525600, "minutes")
	within("change_hours", s.ChangeHours, 0, 8760, "hours")
	within("hold_minutes", s.HoldMinutes, 1, 120, "minutes")
	within("holds_each", s.HoldsEach, 1, 50, "holds")
	within("visitors.confirm_minutes", s.Visitors.ConfirmMinutes, 5, 1440, "minutes")
	within("visitors.at_once", s.Visitors.AtOnce, 1, 10000, "holds")
	if s.Visitors.Terms != "" && !strings.HasPrefix(s.Visitors.Terms, "https://") {
		errs = append(errs, errors.New("visitors.terms: write an address that begins with https://"))
	}
	return errors.Join(errs...)
}

// rules are what holds for bookings of a resource.
type rules struct {
	daysAhead int
	notice    time.Duration
	change    time.Duration
}

// rules are the resource's own, or else the portal's.
func (m *Module) rules(r resourceRow) rules {
	own := func(value *int32, otherwise int) int {
		if value != nil {
			return int(*value)
		}
		return otherwise
	}
	return rules{
		daysAhead: own(r.DaysAhead, m.settings.DaysAhead),
		notice:    time.Duration(own(r.NoticeMinutes, m.settings.NoticeMinutes)) * time.Minute,
		change:    time.Duration(own(r.ChangeHours, m.settings.ChangeHours)) * time.Hour,
	}
}

// earliest is when what is booked at an instant may begin, for a client or for staff, and latest the same at the other end.
func (r rules) earliest(now time.Time, client bool) time.Time {
	if client {
		return now.Add(r.notice)
	}
	return now
}

func (r rules) latest(now time.Time) time.Time { return now.AddDate(0, 0, r.daysAhead) }

// bound tells whether the rules for clients hold for somebody: for contacts and for visitors. Staff decide by themselves.
func bound(who access.Principal) bool { return who.Kind == access.Contact || who.Kind == access.Nobody }
