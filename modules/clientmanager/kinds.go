package clientmanager

import (
	"slices"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// ofOneKind are the fields that one kind of client has and the other has not; with the kind itself, those that are looked
// at together.
var ofOneKind = []string{"kind", "legal_name", "birth_date"}

// misfit is a field that a client of its kind does not have, or holds what it cannot: its name, and a key of the locale
// files below refusal. Both are empty where all is well.
func misfit(c *v1.Client, today time.Time) (field, reason, text string) {
	switch {
	case c.GetKind() == v1.ClientKind_CLIENT_KIND_PERSON && c.GetLegalName() != "":
		return "legal_name", "company_only", "only a company has a legal name"
	case c.GetKind() != v1.ClientKind_CLIENT_KIND_PERSON && c.GetBirthDate() != "":
		return "birth_date", "person_only", "only a person has a birth date"
	case c.GetBirthDate() != "" && !born(c.GetBirthDate(), today):
		return "birth_date", "bad_birth_date", "write a day in the past as YYYY-MM-DD"
	}
	return "", "", ""
}

// fits refuses a client whose fields are those of another kind. What was written before there were such rules stays until
// one of these fields is changed.
func (m *Module) fits(c *v1.Client, changed ...string) error {
	if len(changed) > 0 && !slices.ContainsFunc(changed, func(field string) bool { return slices.Contains(ofOneKind, field) }) {
		return nil
	}
	field, reason, text := misfit(c, m.today())
	if field == "" {
		return nil
	}
	return module.Refusals(codes.InvalidArgument, text, &errdetails.BadRequest_FieldViolation{
		Field: "client." + field, Description: text, Reason: ID + ".registration." + reason,
	})
}
