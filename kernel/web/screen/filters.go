package screen

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// asked is a list's request with what an address asks for, and the names that can be asked for.
func (s *Screen) asked(ctx context.Context, e *Env, query url.Values) (protoreflect.Message, []string, error) {
	request, err := s.call.request()
	if err != nil {
		return nil, nil, err
	}
	names := append([]string{}, s.Filters...)
	if s.Search != "" {
		names = append(names, s.Search)
	}
	if s.Order != "" {
		names = append(names, s.Order, "descending")
	}
	if err := fillKnown(request, query, names); err != nil {
		return nil, nil, badRequest(err)
	}
	extra, err := s.fillFilters(ctx, e, request, query)
	if err != nil {
		return nil, nil, err
	}
	return request, append(names, extra...), nil
}

// fillFilters puts filters by the integrator's fields into a request, and names those there are.
func (s *Screen) fillFilters(ctx context.Context, e *Env, request protoreflect.Message, query url.Values) ([]string, error) {
	var names []string
	for _, f := range s.filters {
		if !isExtra(f.path.last()) {
			continue
		}
		defs, err := s.definitions(ctx, e)
		if err != nil {
			return nil, err
		}
		fillExtra(request, f.name, f.path, query, defs, filtering)
		for _, d := range defs {
			names = append(names, extraName(f.name, d))
		}
	}
	return names, nil
}

// filterBar draws the filters that a list's request has; nil when it has none.
func (s *Set) filterBar(ctx context.Context, e *Env, sc *Screen) (*ui.Filters, error) {
	if len(sc.filters) == 0 && sc.Search == "" {
		return nil, nil
	}
	out := &ui.Filters{
		Action: e.href(e.Path), Label: e.Text.T("kernel.list.filters"), Open: e.Text.T("kernel.list.filters"),
		Apply: e.Text.T("kernel.list.show"), Close: e.Text.T("kernel.close"),
	}
	names := append([]string{}, sc.Filters...)
	if sc.Search != "" {
		names = append(names, sc.Search)
		label := e.label(sc.search.last(), "")
		out.Search = &ui.SearchInput{Name: sc.Search, Label: label, Value: e.Query.Get(sc.Search), MinLength: 3}
	}
	for _, keep := range []string{sc.Order, "descending", ofField} {
		if keep != "" && e.Query.Get(keep) != "" {
			out.Hidden = append(out.Hidden, ui.Hidden{Name: keep, Value: e.Query.Get(keep)})
		}
	}
	for i, f := range sc.filters {
		if i > 0 && between(sc.filters[i-1], f) {
			continue // one chip with the one before
		}
		if i+1 < len(sc.filters) && between(f, sc.filters[i+1]) {
			out.Chips = append(out.Chips, e.dates(f, sc.filters[i+1]))
			continue
		}
		if isExtra(f.path.last()) {
			defs, err := sc.definitions(ctx, e)
			if err != nil {
				return nil, err
			}
			for _, chip := range e.extraChips(f.name, defs) {
				names = append(names, chip.Name)
				out.Chips = append(out.Chips, chip)
			}
			continue
		}
		chip, err := s.chip(ctx, e, f)
		if err != nil {
			return nil, err
		}
		if chip.Kind == ui.FilterText || len(chip.Options) > 0 { // a reader who may not list managers cannot choose one
			out.Chips = append(out.Chips, chip)
		}
	}
	if anySet(e.Query, names) {
		out.Clear = &ui.Crumb{Label: e.Text.T("kernel.list.clear"), Href: e.unfiltered()}
	}
	return out, nil
}

// between tells whether two filters are the ends of a range of days: from_date and to_date.
func between(from, to filter) bool {
	after, isFrom := strings.CutPrefix(from.name, "from_")
	return isFrom && to.name == "to_"+after && meaning(from.path.last()).GetKind() == kernelv1.Kind_KIND_DATE
}

// dates is the filter of a range of days.
func (e *Env) dates(from, to filter) ui.Filter {
	end := func(f filter) ui.DateInput {
		return ui.DateInput{Name: f.name, Label: e.label(f.path.last(), ""), Value: e.Query.Get(f.name)}
	}
	out := ui.Filter{Kind: ui.FilterDates, Name: from.name, Label: e.Text.T("kernel.list.days"), From: end(from), To: end(to)}
	var said []string
	for _, d := range []ui.DateInput{out.From, out.To} {
		if day, err := time.ParseInLocation(time.DateOnly, d.Value, e.Text.Zone()); err == nil {
			said = append(said, e.Text.DateShort(day))
		} else if d.Value == "" {
			said = append(said, "…")
		}
	}
	if out.From.Value != "" || out.To.Value != "" {
		out.Summary = strings.Join(said, " – ")
	}
	return out
}

// chip is one filter, its choices taken from the field's own meaning: an enum's values, the things it refers to, yes,
// or a word.
func (s *Set) chip(ctx context.Context, e *Env, f filter) (ui.Filter, error) {
	d := f.path.last()
	out := ui.Filter{Name: f.name, Label: e.label(d, ""), Kind: ui.FilterOne}
	if d.IsList() {
		out.Kind = ui.FilterMany
	}
	options, known := e.known(d)
	switch {
	case d.Enum() != nil:
		for i := range d.Enum().Values().Len() {
			if v := d.Enum().Values().Get(i); v.Number() != 0 {
				options = append(options, ui.Option{Value: string(v.Name()), Label: e.state(v)})
			}
		}
	case d.Kind() == protoreflect.BoolKind:
		out.Kind = ui.FilterMany
		options = []ui.Option{{Value: "true", Label: e.Text.T("kernel.yes")}}
	case meaning(d).GetRefersTo() != "":
		var err error
		if options, err = s.references(ctx, e, meaning(d).GetRefersTo(), ""); err != nil {
			return out, err
		}
	case !known:
		// A word: the ones asked for stay choosable, new ones are typed.
		out.Kind = ui.FilterText
		out.Text = strings.Join(e.Query[f.name], ", ")
		out.Summary = out.Text
		return out, nil
	}
	var words []string
	for _, o := range options {
		o.Selected = o.Value != "" && slices.Contains(e.Query[f.name], o.Value)
		out.Options = append(out.Options, o)
		if o.Selected {
			words = append(words, o.Label)
		}
	}
	out.Summary = strings.Join(words, ", ")
	return out, nil
}

// fillKnown fills the named fields from query values.
func fillKnown(m protoreflect.Message, query url.Values, names []string) error {
	known := names[:0:0]
	for _, name := range names {
		if _, err := findIn(m.Descriptor(), name); err == nil {
			known = append(known, name)
		}
	}
	return fillNamed(m, query, known)
}

func anySet(query url.Values, names []string) bool {
	for _, name := range names {
		for _, v := range query[name] {
			if v != "" && name != "descending" && !strings.HasSuffix(name, "order_by") {
				return true
			}
		}
	}
	return false
}
