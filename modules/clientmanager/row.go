package clientmanager

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"buf.build/go/protovalidate"
	"github.com/nyaruka/phonenumbers"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/custom"
)

// problem is what is wrong with a row: the field, and a key of the locale files with its English text.
type problem struct {
	field string
	key   string
	text  string
}

// problems are said in a reader's language by their keys; the texts here are for programs.
var problems = map[string]string{
	"formula":        "looks like a formula: write the value itself",
	"bad_extra":      "this is not what the field takes: see its kind and its choices",
	"extra_needed":   "a field that every new client needs is empty",
	"bad_name":       "write a name of 1 to 200 characters",
	"bad_kind":       "write company or person",
	"bad_email":      "this is no e-mail address: write it as office@example.com",
	"bad_phone":      "this is no phone number: write it with the country's code, as +380445550142",
	"bad_website":    "this is no address of a website: write it as https://example.com",
	"bad_country":    "write the country as two letters, such as UA",
	"bad_tax_id":     "a tax id has letters, digits, dots, slashes and dashes, 32 at most",
	"bad_code":       "a code has 64 characters at most",
	"bad_tags":       "a client has 32 tags at most, of 40 characters each",
	"too_long":       "the text is too long",
	"code_twice":     "another row of the file has the same code",
	"tax_id_twice":   "another row of the file has the same tax id",
	"client_twice":   "another row of the file is about the same client",
	"two_clients":    "the code belongs to one client and the tax id to another",
	"company_only":   "only a company has a legal name",
	"person_only":    "only a person has a birth date: say in a column that the client is a person",
	"bad_birth_date": "write the birth date as YYYY-MM-DD",
	"not_yours":      "a client with this code or tax id exists, and is not among yours",
	"bad_branch":     "there is no open branch of this name that you may put clients into",
	"branch_stays":   "the client belongs to another branch, and moving clients is not among your rights",
}

func wrong(field, key string) *problem {
	return &problem{field: field, key: "clientmanager.import." + key, text: problems[key]}
}

// problemOf says what a broken constraint of a field is called.
var problemOf = map[string]string{
	"name": "bad_name", "kind": "bad_kind", "email": "bad_email", "phone": "bad_phone", "website": "bad_website",
	"country_code": "bad_country", "tax_id": "bad_tax_id", "code": "bad_code", "tags": "bad_tags",
}

// clientOf makes a row a client by the mapping, and names the fields that the row says something of: an empty cell says
// nothing. The contract's own constraints decide what is good.
func clientOf(row record, m mapping, country string, fields custom.Fields) (*v1.Client, []string, *problem) {
	c := &v1.Client{}
	var said []string
	// In the order they are offered: of several faults the first is told, the same each time.
	for _, field := range importFields {
		if field == "branch" {
			continue // what its name means is known where the portal is asked: see decide
		}
		columns := m[field]
		var values []string
		for _, column := range columns {
			value := row.cell(column)
			if column < len(row.cells) && (field == "address" || field == "note") {
				value = lines(row.cells[column])
			}
			if value == "-" || value == "—" || value == "–" {
				value = "" // how people write nothing
			}
			if value == "" {
				continue
			}
			text, literal := unquoted(value)
			if !literal && formula(field, value) {
				return nil, nil, wrong(field, "formula")
			}
			value = text
			values = append(values, value)
		}
		if len(values) == 0 {
			continue
		}
		if p := put(c, field, values, country); p != nil {
			return nil, nil, p
		}
		said = append(said, field)
	}
	for _, f := range fields {
		columns := m[extraField+"."+f.ID]
		if len(columns) == 0 || row.cell(columns[0]) == "" {
			continue
		}
		value, literal := unquoted(row.cell(columns[0]))
		if f.Type == "text" && !literal && formula("", value) {
			return nil, nil, wrong(extraField+"."+f.ID, "formula")
		}
		value, reason := f.Parse(asWritten(f, value))
		if reason != "" {
			return nil, nil, wrong(extraField+"."+f.ID, "bad_extra")
		}
		c.Extra = append(c.Extra, &kernelv1.FieldValue{Id: f.ID, Value: value})
		if !slices.Contains(said, extraField) {
			said = append(said, extraField)
		}
	}
	tidy(c)
	if err := protovalidate.Validate(c); err != nil {
		return nil, nil, violated(err)
	}
	return c, said, nil
}

// unquoted takes off the apostrophe by which a cell says that it is a text and no formula, as an export writes it. literal
// tells that there was one.
func unquoted(value string) (text string, literal bool) {
	if len(value) > 1 && value[0] == '\'' && strings.ContainsRune("=+-@\t\r\n'", rune(value[1])) {
		return value[1:], true
	}
	return value, false
}

// formula tells whether a spreadsheet that opens an export of this would compute it.
func formula(field, value string) bool {
	switch value[0] {
	case '=', '@':
		return true
	case '+', '-':
		return field != "phone" && strings.ContainsAny(value, "(!|=")
	}
	return false
}

func put(c *v1.Client, field string, values []string, country string) *problem {
	value := values[0]
	switch field {
	case "kind":
		kind, known := kinds[word(value)]
		if !known {
			return wrong(field, "bad_kind")
		}
		c.Kind = kind
	case "phone":
		number, err := phonenumbers.Parse(value, country)
		if err != nil || !phonenumbers.IsPossibleNumber(number) {
			return wrong(field, "bad_phone")
		}
		c.Phone = phonenumbers.Format(number, phonenumbers.E164)
	case "website":
		if !strings.Contains(value, "://") {
			value = "https://" + value
		}
		c.Website = value
	case "country_code":
		c.CountryCode = strings.ToUpper(value)
	case "birth_date":
		at, ok := day(value)
		if !ok {
			return wrong(field, "bad_birth_date")
		}
		c.BirthDate = at
	case "tags":
		for _, value := range values {
			c.Tags = append(c.Tags, strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ';' || r == '|' })...)
		}
	case "address":
		c.Address = strings.Join(values, "\n")
	case "note":
		c.Note = strings.Join(values, "\n")
	case "tax_id":
		c.TaxId = strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, value)
	default:
		texts := map[string]*string{"name": &c.Name, "legal_name": &c.LegalName, "code": &c.Code, "email": &c.Email, "place": &c.Place}
		*texts[field] = value
	}
	return nil
}

// day reads a date as files write it: 1987-03-08, 08.03.1987 or 08/03/1987, the day first.
func day(text string) (string, bool) {
	for _, form := range []string{time.DateOnly, "02.01.2006", "2.1.2006", "02/01/2006"} {
		if at, err := time.Parse(form, text); err == nil {
			return at.Format(time.DateOnly), true
		}
	}
	return "", false
}

// violated names the first constraint that a row breaks.
func violated(err error) *problem {
	var broken *protovalidate.ValidationError
	if !errors.As(err, &broken) || len(broken.Violations) == 0 {
		return wrong("", "too_long")
	}
	field := ""
	if elements := broken.Violations[0].Proto.GetField().GetElements(); len(elements) > 0 {
		field = elements[0].GetFieldName()
	}
	if key, known := problemOf[field]; known {
		return wrong(field, key)
	}
	return wrong(field, "too_long")
}
