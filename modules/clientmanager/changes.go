package clientmanager

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

// change is a field that an update can name, and how it goes from one message to another.
type change struct {
	staffOnly bool
	apply     func(to, from *v1.Client)
}

// changes are the fields of a client that can be changed by writing them. Status and manager have methods of their own.
var changes = map[string]change{
	"kind":         {apply: func(to, from *v1.Client) { to.Kind = from.GetKind() }},
	"name":         {apply: func(to, from *v1.Client) { to.Name = from.GetName() }},
	"legal_name":   {apply: func(to, from *v1.Client) { to.LegalName = from.GetLegalName() }},
	"code":         {apply: func(to, from *v1.Client) { to.Code = from.GetCode() }},
	"tax_id":       {apply: func(to, from *v1.Client) { to.TaxId = from.GetTaxId() }},
	"email":        {apply: func(to, from *v1.Client) { to.Email = from.GetEmail() }},
	"phone":        {apply: func(to, from *v1.Client) { to.Phone = from.GetPhone() }},
	"birth_date":   {apply: func(to, from *v1.Client) { to.BirthDate = from.GetBirthDate() }},
	"website":      {apply: func(to, from *v1.Client) { to.Website = from.GetWebsite() }},
	"place":        {apply: func(to, from *v1.Client) { to.Place = from.GetPlace() }},
	"address":      {apply: func(to, from *v1.Client) { to.Address = from.GetAddress() }},
	"country_code": {apply: func(to, from *v1.Client) { to.CountryCode = from.GetCountryCode() }},
	"tags":         {staffOnly: true, apply: func(to, from *v1.Client) { to.Tags = slices.Clone(from.GetTags()) }},
	extraField:     {staffOnly: true, apply: func(to, from *v1.Client) { to.Extra = merged(to.GetExtra(), from.GetExtra()) }},
	"note":         {staffOnly: true, apply: func(to, from *v1.Client) { to.Note = from.GetNote() }},
}

// changed applies the named fields of from to a copy of the client, tidied, and says which of them differ.
func changed(client, from *v1.Client, fields []string) (*v1.Client, []string) {
	after := proto.CloneOf(client)
	for _, field := range fields {
		changes[field].apply(after, from)
	}
	tidy(after)
	var differ []string
	for _, field := range fields {
		probe := proto.CloneOf(client)
		if probe.Extra = nil; field != extraField {
			probe.Extra = client.GetExtra()
		}
		changes[field].apply(probe, after)
		if !proto.Equal(probe, client) {
			differ = append(differ, field)
		}
	}
	slices.Sort(differ)
	return after, slices.Compact(differ)
}

// changedBy applies the named fields of from to a copy of a thing, and says which of them differ.
func changedBy[M proto.Message](present, from M, fields []string, changes map[string]func(to, from M)) (M, []string) {
	after := proto.CloneOf(present)
	var differ []string
	for _, field := range slices.Compact(slices.Sorted(slices.Values(fields))) {
		before := proto.CloneOf(after)
		if changes[field](after, from); !proto.Equal(before, after) {
			differ = append(differ, field)
		}
	}
	return after, differ
}

// tidy brings what people write into the form it is kept in.
func tidy(c *v1.Client) {
	for _, text := range []*string{
		&c.Name, &c.LegalName, &c.Code, &c.TaxId, &c.Email, &c.Phone, &c.Website, &c.Place, &c.CountryCode, &c.BirthDate,
	} {
		*text = oneLine(*text)
	}
	c.Email = strings.ToLower(c.Email)
	c.Address, c.Note = lines(c.Address), lines(c.Note)
	c.Tags = tidyTags(c.Tags)
	if c.Kind == v1.ClientKind_CLIENT_KIND_UNSPECIFIED {
		c.Kind = v1.ClientKind_CLIENT_KIND_COMPANY
	}
}

// tidyTags are tags in the form they are kept in: each once, in order.
func tidyTags(tags []string) []string {
	out := make([]string, 0, len(tags))
	for _, tag := range tags {
		if tag = oneLine(tag); tag != "" {
			out = append(out, tag)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
