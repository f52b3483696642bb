package clientmanager

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/custom"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Inside the module a client has all that its row has in fields of the integrator's own, those too that are declared no
// more: they are written back as they were. Whoever asks sees what shown leaves.

// extraField is the contract's field that holds them.
const extraField = "extra"

// shown is a client as its reader sees it.
func (m *Module) shown(ctx context.Context, c *v1.Client) *v1.Client {
	if c != nil {
		c.Extra = m.settings.Fields.Shown(custom.Of(c.GetExtra()), access.From(ctx).Kind != access.Contact)
	}
	return c
}

// ListClientFields lists what the integrator added.
func (s *clientService) ListClientFields(ctx context.Context, _ *v1.ListClientFieldsRequest) (*v1.ListClientFieldsResponse, error) {
	return &v1.ListClientFieldsResponse{Fields: s.settings.Fields.Definitions(access.From(ctx).Kind != access.Contact)}, nil
}

// checkExtra brings what is sent into the form it is kept in. For a thing that is made, what is required must be there.
func (m *Module) checkExtra(c *v1.Client, made bool) error {
	values, wrong := m.settings.Fields.Check(c.GetExtra(), "client."+extraField)
	if made && len(wrong) == 0 {
		wrong = m.settings.Fields.Complete(values, "client."+extraField)
	}
	if len(wrong) > 0 {
		return module.Refusals(codes.InvalidArgument, "some fields are not valid", wrong...)
	}
	c.Extra = fieldValues(values)
	return nil
}

// fieldValues are values as a message holds them, in the order of ids; also empty ones, which take a value away.
func fieldValues(values custom.Values) []*kernelv1.FieldValue {
	var out []*kernelv1.FieldValue
	for _, id := range slices.Sorted(maps.Keys(values)) {
		out = append(out, &kernelv1.FieldValue{Id: id, Value: values[id]})
	}
	return out
}

// merged are values with changes made to them.
func merged(values, changes []*kernelv1.FieldValue) []*kernelv1.FieldValue {
	all := custom.Of(values)
	for _, c := range changes {
		if all[c.GetId()] = c.GetValue(); c.GetValue() == "" {
			delete(all, c.GetId())
		}
	}
	return fieldValues(all)
}

// extraTerms are what a list asks for of fields of the integrator's own.
func (m *Module) extraTerms(r *v1.ListClientsRequest) ([]string, error) {
	terms, wrong := m.settings.Fields.Search(r.GetExtra(), extraField, fold)
	if len(wrong) > 0 {
		return nil, module.Refusals(codes.InvalidArgument, "some fields cannot be searched by that", wrong...)
	}
	return terms, nil
}

// extraOf is the field that a column of a file goes into; ok is false for the contract's own fields.
func extraOf(fields custom.Fields, name string) (custom.Field, bool) {
	id, isExtra := strings.CutPrefix(name, extraField+".")
	if !isExtra {
		return custom.Field{}, false
	}
	i := slices.IndexFunc(fields, func(f custom.Field) bool { return f.ID == id })
	if i < 0 {
		return custom.Field{}, false
	}
	return fields[i], true
}

// asWritten reads how people write a value in a table: choices by their titles, days with the day first, yes and no.
func asWritten(f custom.Field, value string) string {
	switch f.Type {
	case "choice":
		for _, c := range f.Choices {
			if fold(value) == c.ID {
				return c.ID
			}
			for _, title := range c.Title {
				if fold(value) == fold(title) {
					return c.ID
				}
			}
		}
	case "boolean":
		switch word(value) {
		case "yes", "true", "так", "да", "y":
			return "true"
		case "no", "false", "ні", "нет", "n":
			return "false"
		}
	case "date":
		if day, err := time.Parse("2.1.2006", value); err == nil {
			return day.Format(time.DateOnly)
		}
	case "number", "decimal":
		value = strings.Join(strings.Fields(strings.ReplaceAll(value, "\u00a0", " ")), "")
		if strings.Contains(value, ".") {
			value = strings.ReplaceAll(value, ",", "") // which groups
		}
		return value
	}
	return value
}
