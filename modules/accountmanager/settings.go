package accountmanager

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Settings are the module's part of portal.yaml. Durations are written as "12h" or "15m".
type Settings struct {
	// Country is the ISO 3166-1 alpha-2 code of the country whose phones may be typed without their "+380". Default: UA.
	Country string `yaml:"country"`
	// Hashing is the price of a password's hash, in memory and time.
	Hashing Hashing `yaml:"hashing"`
	// Tries is how many wrong passwords in a row lock an account out. Default: 5.
	Tries int `yaml:"tries"`
	// LockOut is how long the first lock-out lasts; each further one doubles it, up to a day. Default: 15m.
	LockOut time.Duration `yaml:"lock_out"`
	// SignInsPerMinute is how often one address may try, whatever accounts it names; as many may come at once.
	// Each node of a portal counts by itself. Default: 30.
	SignInsPerMinute int `yaml:"sign_ins_per_minute"`
	// SessionIdle ends a session that is not used for so long. Default: 12h.
	SessionIdle time.Duration `yaml:"session_idle"`
	// SessionKept is the same for those who asked to be kept signed in. Default: 720h, 30 days.
	SessionKept time.Duration `yaml:"session_kept"`
	// SessionLongest ends every session, used or not. Default: 2160h, 90 days.
	SessionLongest time.Duration `yaml:"session_longest"`
	// InvitationLife is how long an invitation waits. Default: 168h, 7 days.
	InvitationLife time.Duration `yaml:"invitation_life"`
	// SecondFactorRoles are the staff roles whose holders must have a second factor, an application for codes or a passkey;
	// until they have set one up, no role of theirs holds. Default: none.
	SecondFactorRoles []string `yaml:"second_factor_roles"`
	// Issuer is how applications that show codes, and devices that keep passkeys, name the portal; up to 40 characters. Default: Cabinet.
	Issuer string `yaml:"issuer"`
	// Letters says who brings people links and codes: "off", nobody, so that what needs them is not offered; "module", a
	// module of the portal that hears LetterWritten; "log", the log, for a portal that is being developed: whoever reads
	// that log can come in as anybody. Default: off.
	Letters string `yaml:"letters"`
	// ResetLife is how long the link works by which a forgotten password is replaced, or a new e-mail confirmed. Default: 30m.
	ResetLife time.Duration `yaml:"reset_life"`
	// OIDC are outside providers of OpenID Connect by which staff may sign in, in the order of the page. Default: none.
	OIDC []Provider `yaml:"oidc"`
	// PhoneCodes says that whoever brings letters brings codes to phones too: then a confirmed phone and a code do in the
	// place of a password. Letters must not be off. Default: false.
	PhoneCodes bool `yaml:"phone_codes"`
	// Impersonation is how staff see the portal as a client's contact does.
	Impersonation Impersonation `yaml:"impersonation"`
}

// Impersonation is how staff see the portal as a client's contact does.
type Impersonation struct {
	// Longest is when it ends by itself, whatever is done meanwhile. Default: 30m.
	Longest time.Duration `yaml:"longest"`
	// Notify tells the client: the contact by a letter, and whoever may read the client's own audit log there. Default: false.
	Notify bool `yaml:"notify"`
}

// Hashing is the price of argon2id. Changing it leaves stored hashes valid; each is made anew at its owner's next sign-in.
type Hashing struct {
	// MemoryKiB is the memory one hash takes, in KiB. Default: 19456.
	MemoryKiB uint32 `yaml:"memory_kib"`
	// Iterations over that memory. Default: 2.
	Iterations uint32 `yaml:"iterations"`
	// AtOnce is how many hashes are made at the same time; further ones wait. Default: 4.
	AtOnce int `yaml:"at_once"`
}

// What Settings.Letters can be.
const (
	lettersOff    = "off"
	lettersModule = "module"
	lettersLog    = "log"
)

// longestLockOut is where doubling ends.
const longestLockOut = 24 * time.Hour

func defaults() Settings {
	return Settings{
		Country: "UA", Hashing: Hashing{MemoryKiB: 19456, Iterations: 2, AtOnce: 4},
		Tries: 5, LockOut: 15 * time.Minute, SignInsPerMinute: 30,
		SessionIdle: 12 * time.Hour, SessionKept: 30 * 24 * time.Hour, SessionLongest: 90 * 24 * time.Hour,
		InvitationLife: 7 * 24 * time.Hour, Letters: lettersOff, Issuer: "Cabinet", ResetLife: 30 * time.Minute,
		Impersonation: Impersonation{Longest: 30 * time.Minute},
	}
}

var countryShape = regexp.MustCompile(`^[A-Z]{2}$`)

// Validate names each key that is wrong.
func (s *Settings) Validate() error {
	var errs []error
	wrong := func(bad bool, key, want string) {
		if bad {
			errs = append(errs, fmt.Errorf("%s: write %s", key, want))
		}
	}
	wrong(!countryShape.MatchString(s.Country), "country", "two capital letters, such as UA")
	wrong(s.Hashing.MemoryKiB < 8 || s.Hashing.MemoryKiB > 4<<20, "hashing.memory_kib", "a number from 8 to 4194304")
	wrong(s.Hashing.Iterations < 1 || s.Hashing.Iterations > 100, "hashing.iterations", "a number from 1 to 100")
	wrong(s.Hashing.AtOnce < 1 || s.Hashing.AtOnce > 256, "hashing.at_once", "a number from 1 to 256")
	wrong(s.Tries < 1 || s.Tries > 100, "tries", "a number from 1 to 100")
	wrong(s.LockOut < time.Second || s.LockOut > longestLockOut, "lock_out", "a duration from 1s to 24h")
	wrong(s.SignInsPerMinute < 1, "sign_ins_per_minute", "1 or more")
	wrong(s.SessionIdle < time.Minute, "session_idle", "1m or more")
	wrong(s.SessionKept < s.SessionIdle, "session_kept", "no less than session_idle")
	wrong(s.SessionLongest < s.SessionKept, "session_longest", "no less than session_kept")
	wrong(s.InvitationLife < time.Minute, "invitation_life", "1m or more")
	wrong(s.Letters != lettersOff && s.Letters != lettersModule && s.Letters != lettersLog, "letters", "off, module or log")
	wrong(s.Issuer == "" || len([]rune(s.Issuer)) > 40 || strings.ContainsAny(s.Issuer, ":/"), "issuer", "1 to 40 characters, without : and /")
	wrong(s.ResetLife < time.Minute || s.ResetLife > 24*time.Hour, "reset_life", "a duration from 1m to 24h")
	wrong(s.PhoneCodes && s.Letters == lettersOff, "phone_codes", "false, or letters: module: there is nobody who brings codes")
	ids, issuers := map[string]bool{}, map[string]bool{}
	for i := range s.OIDC {
		p, key := &s.OIDC[i], fmt.Sprintf("oidc[%d].", i)
		p.validate(func(bad bool, name, want string) { wrong(bad, key+name, want) })
		wrong(ids[p.ID], key+"id", "an id that no other provider has")
		wrong(issuers[p.Issuer], key+"issuer", "an issuer that no other provider has")
		ids[p.ID], issuers[p.Issuer] = true, true
	}
	wrong(s.Impersonation.Longest < time.Minute || s.Impersonation.Longest > 24*time.Hour, "impersonation.longest", "a duration from 1m to 24h")
	return errors.Join(errs...)
}
