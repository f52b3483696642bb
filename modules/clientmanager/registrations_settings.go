package clientmanager

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

// Registration is how people become clients by themselves.
type Registration struct {
	// Open lets people ask for it, from the page of sign-in. It needs letters: see accountmanager's settings. Default: false.
	Open bool `yaml:"open" json:"open"`
	// Approval is who decides: "always", staff do; "never", nobody needs to; "rules", the first of Rules that fits, and
	// staff where none does. Who looks like an existing client waits for staff whatever it says. Default: always.
	Approval string `yaml:"approval" json:"approval"`
	// Rules say who needs no approval.
	Rules []ApprovalRule `yaml:"rules" json:"rules"`
	// Kinds of client that may ask: company, person. Default: both.
	Kinds []string `yaml:"kinds" json:"kinds"`
	// Terms is the address of the terms of service, "https://…". Without it nobody is asked to agree to anything.
	Terms string `yaml:"terms" json:"terms"`
	// PerHour is how many requests may come in an hour, from everywhere together: what is more is refused, so that a flood
	// makes no flood of letters. Default: 300.
	PerHour int `yaml:"per_hour" json:"per_hour"`
}

// ApprovalRule fits a request of its kinds and countries; empty is any.
type ApprovalRule struct {
	Kinds     []string `yaml:"kinds" json:"kinds"`
	Countries []string `yaml:"countries" json:"countries"`
	// Approval is "always" or "never".
	Approval string `yaml:"approval" json:"approval"`
}

// Who approves.
const (
	approvalAlways = "always"
	approvalNever  = "never"
	approvalRules  = "rules"
)

func registrationDefaults() Registration {
	return Registration{Approval: approvalAlways, Kinds: []string{"company", "person"}, PerHour: 300}
}

func (r *Registration) validate() error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("registration."+format, args...))
		}
	}
	kinds := func(at string, kinds []string) {
		for _, kind := range kinds {
			wrong(kind != "company" && kind != "person", "%s: %q is no kind of client; use company or person", at, kind)
		}
	}
	wrong(!slices.Contains([]string{approvalAlways, approvalNever, approvalRules}, r.Approval), "approval: write always, never or rules")
	wrong(r.Approval == approvalRules && len(r.Rules) == 0, "rules: approval goes by rules, and there are none")
	wrong(r.Approval != approvalRules && len(r.Rules) > 0, "rules: they are not looked at; set approval to rules")
	wrong(len(r.Kinds) == 0, "kinds: write company, person or both")
	wrong(r.Terms != "" && !strings.HasPrefix(r.Terms, "https://"), "terms: write an address that begins with https://")
	wrong(r.PerHour < 1, "per_hour: write 1 or more")
	kinds("kinds", r.Kinds)
	for i, rule := range r.Rules {
		at := fmt.Sprintf("rules[%d]", i)
		wrong(rule.Approval != approvalAlways && rule.Approval != approvalNever, "%s.approval: write always or never", at)
		kinds(at+".kinds", rule.Kinds)
		for _, country := range rule.Countries {
			wrong(len(country) != 2 || strings.ToUpper(country) != country, "%s.countries: %q is no country; write two capital letters, such as UA", at, country)
		}
	}
	return errors.Join(errs...)
}

// takes tells whether a kind of client may ask.
func (r *Registration) takes(kind v1.ClientKind) bool {
	return slices.Contains(r.Kinds, clientKinds.Text(kind))
}

// byItself tells whether a request needs nobody's approval.
func (r *Registration) byItself(asked *v1.Registration) bool {
	if r.Approval != approvalRules {
		return r.Approval == approvalNever
	}
	fits := func(of []string, value string) bool { return len(of) == 0 || slices.Contains(of, value) }
	for _, rule := range r.Rules {
		if fits(rule.Kinds, clientKinds.Text(asked.GetKind())) && fits(rule.Countries, asked.GetCountryCode()) {
			return rule.Approval == approvalNever
		}
	}
	return false
}
