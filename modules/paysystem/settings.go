package paysystem

import (
	"errors"
	"fmt"
	"time"

	"github.com/opencabinet/cabinet/kernel/money"
)

// Settings are what portal.yaml may say, below modules.paysystem.settings.
type Settings struct {
	// Currency is the portal's own, ISO 4217. Default: UAH.
	Currency string `yaml:"currency" json:"currency"`
	// ExpireHours is how long a payment on a gateway's page can be paid, where the gateway says nothing else. Default: 24.
	ExpireHours int `yaml:"expire_hours" json:"expire_hours"`
	// Fiscal names the cash register by currency, a module's id: {UAH: checkbox}. Default: none, and no receipts.
	Fiscal map[string]string `yaml:"fiscal" json:"fiscal"`
	// NoticeDays is how long notices of gateways are kept, of which it is known that a gateway sent them. Default: 400, since disputes come late.
	NoticeDays int `yaml:"notice_days" json:"notice_days"`
}

func defaults() Settings { return Settings{Currency: "UAH", ExpireHours: 24, NoticeDays: 400} }

// Validate names every setting at fault.
func (s *Settings) Validate() error {
	var errs []error
	if _, err := money.Scale(s.Currency); err != nil {
		errs = append(errs, fmt.Errorf("currency: %q is no currency: write three capital letters, such as UAH", s.Currency))
	}
	for currency, module := range s.Fiscal {
		if _, err := money.Scale(currency); err != nil || !gatewayName.MatchString(module) {
			errs = append(errs, fmt.Errorf("fiscal: write a currency and the module that is its cash register, such as {UAH: checkbox}, and not {%s: %s}", currency, module))
		}
	}
	if s.ExpireHours < 1 || s.ExpireHours > 24*60 {
		errs = append(errs, fmt.Errorf("expire_hours: %d is not between 1 and 1440", s.ExpireHours))
	}
	if s.NoticeDays < 30 || s.NoticeDays > 4000 {
		errs = append(errs, fmt.Errorf("notice_days: %d is not between 30 and 4000", s.NoticeDays))
	}
	return errors.Join(errs...)
}

// expires is how long a payment can be paid.
func (s *Settings) expires() time.Duration { return time.Duration(s.ExpireHours) * time.Hour }
