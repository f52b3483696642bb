package clientmanager

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/custom"
)

// importFields are what columns can be put into, in the order they are offered.
var importFields = []string{
	"name", "legal_name", "code", "tax_id", "kind", "birth_date", "email", "phone", "website", "place", "address", "country_code", "tags", "note", "branch",
}

// several columns can go into these.
var several = map[string]bool{"tags": true, "address": true, "note": true}

// words are what files call the fields, as [word] writes them.
var words = map[string][]string{
	"name":         {"name", "company", "companyname", "client", "clientname", "customer", "customername", "security", "title", "назва", "найменування", "компанія", "клієнт", "контрагент", "название", "наименование", "компания", "клиент"},
	"legal_name":   {"legalname", "fullname", "legalentity", "повнаназва", "юридичнаназва", "повненайменування", "полноеназвание", "полноенаименование", "юридическоеназвание"},
	"code":         {"code", "clientcode", "clientnumber", "customerid", "customernumber", "number", "symbol", "ticker", "код", "кодклієнта", "номерклієнта", "номер", "кодклиента", "номерклиента"},
	"tax_id":       {"taxid", "taxnumber", "vat", "vatid", "vatnumber", "ein", "tin", "єдрпоу", "кодєдрпоу", "рнокпп", "іпн", "податковийномер", "налоговыйномер", "едрпоу", "кодедрпоу", "инн", "ипн"},
	"kind":         {"kind", "type", "clienttype", "тип", "типклієнта", "вид", "типклиента"},
	"birth_date":   {"birthdate", "dateofbirth", "birthday", "датанародження", "деньнародження", "датарождения", "деньрождения"},
	"email":        {"email", "mail", "emailaddress", "пошта", "електроннапошта", "елпошта", "емейл", "імейл", "почта", "электроннаяпочта", "элпочта", "имейл"},
	"phone":        {"phone", "phonenumber", "telephone", "tel", "mobile", "телефон", "номертелефону", "моб", "тел", "номертелефона"},
	"website":      {"website", "web", "site", "url", "homepage", "сайт", "вебсайт"},
	"place":        {"place", "city", "town", "location", "headquarters", "headquarterslocation", "місто", "населенийпункт", "город", "населенныйпункт"},
	"address":      {"address", "street", "postaladdress", "legaladdress", "адреса", "юридичнаадреса", "вулиця", "адрес", "юридическийадрес", "улица"},
	"country_code": {"country", "countrycode", "країна", "кодкраїни", "страна", "кодстраны"},
	"tags":         {"tags", "tag", "labels", "group", "segment", "sector", "industry", "gicssector", "мітки", "теги", "група", "сегмент", "галузь", "метки", "группа", "отрасль"},
	"branch":       {"branch", "office", "division", "філія", "відділення", "офіс", "филиал", "отделение", "офис"},
	"note":         {"note", "notes", "comment", "comments", "remark", "примітка", "примітки", "нотатка", "нотатки", "заметка", "заметки", "коментар", "примечание", "примечания", "комментарий"},
}

var fieldOfWord = func() map[string]string {
	found := map[string]string{}
	for field, all := range words {
		for _, word := range all {
			found[word] = field
		}
	}
	return found
}()

// word writes a column's name by its letters alone: "Company name" is "companyname".
func word(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, fold(header))
}

// suggest names the field a column would be put into; empty when its name says nothing.
func suggest(header string) string { return fieldOfWord[word(header)] }

// columnsOf describes the columns of a file by its first rows. A field is suggested once, for the first column that names it.
func columnsOf(header []string, rows []record, fields custom.Fields) []*kernelv1.ImportColumn {
	taken := map[string]bool{}
	out := make([]*kernelv1.ImportColumn, len(header))
	for i, name := range header {
		out[i] = &kernelv1.ImportColumn{Header: name, Samples: samples(rows, i)}
		if field := cmp.Or(suggestExtra(name, fields), suggest(name)); field != "" && !taken[field] {
			out[i].SuggestedField = field
			taken[field] = true
		}
	}
	return out
}

// suggestExtra names the integrator's field whose title, in any language, a column has.
func suggestExtra(header string, fields custom.Fields) string {
	for _, f := range fields {
		if header == f.ID || slices.ContainsFunc(slices.Collect(maps.Values(f.Title)), func(title string) bool { return word(title) == word(header) }) {
			return extraField + "." + f.ID
		}
	}
	return ""
}

func fieldsOfImport(fields custom.Fields) []*kernelv1.ImportField {
	var out []*kernelv1.ImportField
	for _, name := range importFields {
		out = append(out, &kernelv1.ImportField{Name: name, Required: name == "name"})
	}
	for _, f := range fields {
		out = append(out, &kernelv1.ImportField{Name: extraField + "." + f.ID, Titles: f.Title})
	}
	return out
}

func isExtra(fields custom.Fields, name string) bool {
	_, is := extraOf(fields, name)
	return is
}

// mapping says for each field which columns go into it.
type mapping map[string][]int

// mappingOf checks what a caller chose. Errors are statuses that name the entry at fault.
func mappingOf(chosen []*kernelv1.ImportMapping, columns int, fields custom.Fields) (mapping, error) {
	m := mapping{}
	used := map[int32]bool{}
	for i, one := range chosen {
		at := fmt.Sprintf("mapping[%d]", i)
		bad := func(field, reason, format string, args ...any) (mapping, error) {
			return nil, refuse(codes.InvalidArgument, field, "import."+reason, fmt.Sprintf(format, args...))
		}
		switch field := one.GetField(); {
		case !slices.Contains(importFields, field) && !isExtra(fields, field):
			return bad(at+".field", "no_such_field", "there is no field %q to put a column into", field)
		case int(one.GetColumn()) >= columns || one.GetColumn() < 0:
			return bad(at+".column", "no_such_column", "the file has %d columns, and no number %d", columns, one.GetColumn())
		case used[one.GetColumn()]:
			return bad(at+".column", "column_twice", "a column can go into one field only")
		case len(m[field]) > 0 && !several[field]:
			return bad(at+".field", "field_twice", "two columns go into %s: choose one", field)
		}
		used[one.GetColumn()] = true
		m[one.GetField()] = append(m[one.GetField()], int(one.GetColumn()))
	}
	if len(m["name"]) == 0 {
		return nil, refuse(codes.InvalidArgument, "mapping", "import.no_name", "no column goes into the name: say which column holds it")
	}
	return m, nil
}

// kinds are what files call companies and persons.
var kinds = map[string]v1.ClientKind{
	"company": v1.ClientKind_CLIENT_KIND_COMPANY, "business": v1.ClientKind_CLIENT_KIND_COMPANY, "organization": v1.ClientKind_CLIENT_KIND_COMPANY,
	"компанія": v1.ClientKind_CLIENT_KIND_COMPANY, "юридичнаособа": v1.ClientKind_CLIENT_KIND_COMPANY, "юрособа": v1.ClientKind_CLIENT_KIND_COMPANY,
	"компания": v1.ClientKind_CLIENT_KIND_COMPANY, "юридическоелицо": v1.ClientKind_CLIENT_KIND_COMPANY, "юрлицо": v1.ClientKind_CLIENT_KIND_COMPANY,
	"person": v1.ClientKind_CLIENT_KIND_PERSON, "individual": v1.ClientKind_CLIENT_KIND_PERSON,
	"особа": v1.ClientKind_CLIENT_KIND_PERSON, "фізичнаособа": v1.ClientKind_CLIENT_KIND_PERSON, "фізособа": v1.ClientKind_CLIENT_KIND_PERSON, "фоп": v1.ClientKind_CLIENT_KIND_PERSON,
	"лицо": v1.ClientKind_CLIENT_KIND_PERSON, "физическоелицо": v1.ClientKind_CLIENT_KIND_PERSON, "физлицо": v1.ClientKind_CLIENT_KIND_PERSON, "флп": v1.ClientKind_CLIENT_KIND_PERSON,
}
