package store

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"
)

// Config says which database a portal has and how it is reached.
type Config struct {
	// PortalID is part of the names of roles and database: 1 to 24 lower-case letters, digits and hyphens, a letter
	// first. Required.
	PortalID string
	// AdminDSN connects as a superuser, or as a role with CREATEROLE that owns the database or has CREATEDB. When it
	// names no database, or "postgres", the portal's is cabinet_ID, made when missing. Required.
	AdminDSN string
	// Key signs principals and page tokens, and gives logins their passwords: at least 32 bytes, the same in every
	// process of the portal. When it changes, processes with the old one are locked out until they start again. Required.
	Key []byte
	// Log receives what happens. Default: nothing is logged.
	Log *slog.Logger
	// MaxConns is how many connections modules share, 1 to 1,000. Default: 16.
	MaxConns int32
	// KernelConns is how many connections the kernel's packages share. Default: 6.
	KernelConns int32
	// Clock is asked for the expiry of signatures, which the database compares with its own clock. Default: time.Now.
	Clock func() time.Time
}

var portalID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,23}$`)

func (c Config) validate() (Config, error) {
	var errs []error
	if !portalID.MatchString(c.PortalID) {
		errs = append(errs, fmt.Errorf("PortalID %q: give 1 to 24 lower-case letters, digits and hyphens, a letter first", c.PortalID))
	}
	if c.AdminDSN == "" {
		errs = append(errs, errors.New("AdminDSN is empty: name the database"))
	}
	if len(c.Key) < 32 {
		errs = append(errs, fmt.Errorf("Key has %d bytes: give at least 32", len(c.Key)))
	}
	if c.MaxConns < 0 || c.MaxConns > 1000 || c.KernelConns < 0 || c.KernelConns > 1000 {
		errs = append(errs, errors.New("MaxConns and KernelConns: give 1 to 1,000"))
	}
	if err := errors.Join(errs...); err != nil {
		return c, fmt.Errorf("store: %w", err)
	}
	if c.MaxConns == 0 {
		c.MaxConns = 16
	}
	if c.KernelConns == 0 {
		c.KernelConns = 6
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c, nil
}
