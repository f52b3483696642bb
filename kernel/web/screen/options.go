package screen

import (
	"slices"
	"sync"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// known are the choices of a field whose kind has a known set of values; ok is false for any other.
func (e *Env) known(f protoreflect.FieldDescriptor) (options []ui.Option, ok bool) {
	switch meaning(f).GetKind() {
	case kernelv1.Kind_KIND_ROLE:
		return e.roles(func(r access.Role) bool { return !r.Base && !r.Staff }), true
	case kernelv1.Kind_KIND_STAFF_ROLE:
		return e.roles(func(r access.Role) bool { return !r.Base && r.Staff }), true
	case kernelv1.Kind_KIND_ANY_ROLE:
		return e.roles(func(access.Role) bool { return true }), true
	case kernelv1.Kind_KIND_COUNTRY:
		return countries(e.Text.Language()), true
	case kernelv1.Kind_KIND_LANGUAGE:
		return e.languages(), true
	}
	return nil, false
}

// nothing is what a choice that may be left out says first.
func (e *Env) nothing(kind kernelv1.Kind) ui.Option {
	if kind == kernelv1.Kind_KIND_LANGUAGE {
		return ui.Option{Label: e.Text.T("kernel.language.auto")}
	}
	return ui.Option{Label: e.Text.T("kernel.form.none")}
}

// roles are some of the portal's roles.
func (e *Env) roles(some func(access.Role) bool) []ui.Option {
	var options []ui.Option
	for _, role := range e.Policy.Roles() {
		if some(role) {
			options = append(options, ui.Option{Value: role.ID, Label: e.RoleTitle(role.ID)})
		}
	}
	return options
}

// RoleTitle is a role's title: the integrator's own words, or the module's. A role that is no more keeps its id.
func (e *Env) RoleTitle(id string) string {
	return e.Policy.Title(id, e.Text.Language(), e.Text.T)
}

func (e *Env) languages() []ui.Option {
	var options []ui.Option
	for _, tag := range e.Languages {
		options = append(options, ui.Option{Value: tag, Label: e.Text.T("kernel.language." + tag)})
	}
	return options
}

// country is a country's name in the reader's language; a code that is none is shown as it is.
func country(lang, code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.Regions(language.Make(lang)).Name(region); name != "" {
		return name
	}
	return code
}

var (
	countryMu    sync.Mutex
	countryLists = map[string][]ui.Option{}
)

// countries are all countries, sorted as the language sorts. The list is made once for each language and not changed.
func countries(lang string) []ui.Option {
	countryMu.Lock()
	defer countryMu.Unlock()
	if list, ok := countryLists[lang]; ok {
		return list
	}
	var list []ui.Option
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			region, err := language.ParseRegion(code)
			// Withdrawn codes parse into those that took their place, and groups of countries are none.
			if err != nil || !region.IsCountry() || region.Canonicalize().String() != code {
				continue
			}
			if name := country(lang, code); name != code {
				list = append(list, ui.Option{Value: code, Label: name})
			}
		}
	}
	order := collate.New(language.Make(lang))
	slices.SortFunc(list, func(x, y ui.Option) int { return order.CompareString(x.Label, y.Label) })
	countryLists[lang] = list
	return list
}
