package clientmanager

import (
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// registrationChanges are what of a request its writer says; the kind stays as it was filed.
var registrationChanges = map[string]func(to, from *v1.Registration){
	"name":             func(to, from *v1.Registration) { to.Name = oneLine(from.GetName()) },
	"legal_name":       func(to, from *v1.Registration) { to.LegalName = oneLine(from.GetLegalName()) },
	"tax_id":           func(to, from *v1.Registration) { to.TaxId = strings.ToUpper(bare(oneLine(from.GetTaxId()))) },
	"birth_date":       func(to, from *v1.Registration) { to.BirthDate = oneLine(from.GetBirthDate()) },
	"country_code":     func(to, from *v1.Registration) { to.CountryCode = oneLine(from.GetCountryCode()) },
	"email":            func(to, from *v1.Registration) { to.Email = strings.ToLower(oneLine(from.GetEmail())) },
	"phone":            func(to, from *v1.Registration) { to.Phone = oneLine(from.GetPhone()) },
	"place":            func(to, from *v1.Registration) { to.Place = oneLine(from.GetPlace()) },
	"note":             func(to, from *v1.Registration) { to.Note = lines(from.GetNote()) },
	"contact_name":     func(to, from *v1.Registration) { to.ContactName = oneLine(from.GetContactName()) },
	"contact_position": func(to, from *v1.Registration) { to.ContactPosition = oneLine(from.GetContactPosition()) },
}

// said is what somebody says of themselves, tidied and without what is not theirs to say.
func (m *Module) said(from *v1.Registration) *v1.Registration {
	out := &v1.Registration{Kind: from.GetKind()}
	for _, apply := range registrationChanges {
		apply(out, from)
	}
	if out.GetKind() == v1.ClientKind_CLIENT_KIND_UNSPECIFIED {
		out.Kind = v1.ClientKind_CLIENT_KIND_COMPANY
	}
	if out.GetCountryCode() == "" {
		out.CountryCode = m.settings.Country
	}
	return out
}

// checkRegistration names every field at fault: what a company must say differs from what a person must.
func (m *Module) checkRegistration(r *v1.Registration) error {
	var found []*errdetails.BadRequest_FieldViolation
	wrong := func(bad bool, field, reason, text string) {
		if bad {
			found = append(found, &errdetails.BadRequest_FieldViolation{Field: "registration." + field, Description: text, Reason: ID + ".registration." + reason})
		}
	}
	ukraine := r.GetCountryCode() == "UA"
	if r.GetKind() == v1.ClientKind_CLIENT_KIND_PERSON {
		wrong(r.GetLegalName() != "", "legal_name", "company_only", "only a company has a legal name")
		wrong(r.GetContactName() != "", "contact_name", "company_only", "a person applies for themselves")
		wrong(ukraine && r.GetTaxId() != "" && !validRNOKPP(r.GetTaxId()), "tax_id", "bad_rnokpp", "the tax number has ten digits, the last of which checks the others")
		wrong(r.GetBirthDate() != "" && !born(r.GetBirthDate(), m.today()), "birth_date", "bad_birth_date", "write a day in the past as YYYY-MM-DD")
	} else {
		wrong(r.GetTaxId() == "", "tax_id", "code_needed", "write the company's code")
		wrong(ukraine && r.GetTaxId() != "" && !validEDRPOU(r.GetTaxId()), "tax_id", "bad_edrpou", "the code has eight digits, the last of which checks the others")
		wrong(r.GetBirthDate() != "", "birth_date", "person_only", "only a person has a birth date")
		wrong(r.GetContactName() == "", "contact_name", "contact_needed", "write who applies for the company")
	}
	wrong(!ukraine && r.GetTaxId() != "" && (len(r.GetTaxId()) < 4 || len(r.GetTaxId()) > 20), "tax_id", "bad_code", "the code has 4 to 20 letters and digits")
	if len(found) > 0 {
		return module.Refusals(codes.InvalidArgument, "some of these fields need another look", found...)
	}
	return module.Constrained("registration", r)
}

// born tells whether a text is a day on which somebody alive can have been born.
func born(day string, today time.Time) bool {
	at, err := time.Parse(time.DateOnly, day)
	return err == nil && at.Before(today) && at.After(today.AddDate(-130, 0, 0))
}

// asClient is the client that a request becomes.
func asClient(id string, r *v1.Registration) *v1.Client {
	c := &v1.Client{
		Id: id, Kind: r.GetKind(), Name: r.GetName(), LegalName: r.GetLegalName(), TaxId: r.GetTaxId(), BirthDate: r.GetBirthDate(),
		Email: r.GetEmail(), Phone: r.GetPhone(), Place: r.GetPlace(), CountryCode: r.GetCountryCode(), Note: r.GetNote(),
	}
	tidy(c)
	return c
}

// person is who applies.
func person(r *v1.Registration) string {
	if r.GetKind() == v1.ClientKind_CLIENT_KIND_PERSON || r.GetContactName() == "" {
		return r.GetName()
	}
	return r.GetContactName()
}
