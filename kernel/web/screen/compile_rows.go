package screen

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/module"
)

// rowsField is a repeated message of a screen, checked against its contract.
type rowsField struct {
	path    fieldPath
	columns []rowColumn
	named   bool // the screen says which columns there are
	// carried are simple fields that a form sends back as they came, most is how many rows its contract takes.
	carried []protoreflect.FieldDescriptor
	most    int
}

// rowColumn is a field of the rows. shown is not asked for by a form.
type rowColumn struct {
	path  fieldPath
	shown bool
}

// isRows tells whether a field is a repeated message that is laid out row by row.
func isRows(f protoreflect.FieldDescriptor) bool {
	return f.IsList() && f.Message() != nil && !isExtra(f) && !wellKnown[f.Message().FullName()]
}

// covers tells whether a section has a field, or a column of its rows: "lines.price".
func covers(s module.Section, name string) bool {
	if slices.Contains(s.Fields, name) {
		return true
	}
	return slices.ContainsFunc(s.Fields, func(field string) bool {
		column, ok := strings.CutPrefix(name, field+".")
		return ok && (s.Rows[field] == nil || slices.Contains(s.Rows[field], column))
	})
}

// rows checks the repeated messages of a section.
func (c *compiler) rows(s *Screen, section module.Section) {
	where := s.name()
	for field := range section.Rows {
		path := s.fields[field]
		switch {
		case !slices.Contains(section.Fields, field):
			c.fail(where, "names columns of the field %q, which its section %q lacks", field, section.Title)
		case path != nil && !isRows(path.last()):
			c.fail(where, "names columns of %s, which is no repeated message", field)
		}
	}
	for _, field := range section.Fields {
		path, names := s.fields[field], section.Rows[field]
		if path == nil || !isRows(path.last()) || meaning(path.last()).GetHidden() {
			continue
		}
		if s.Kind != module.Form && len(section.Fields) > 1 && names == nil {
			continue // what its things are called is one fact among others
		}
		r := &rowsField{path: path, named: names != nil, most: int(constraints(path.last()).GetRepeated().GetMaxItems())} //nolint:gosec // of a contract
		if s.Kind == module.Form {
			c.askedRows(s, r, field, names)
		} else {
			c.shownRows(s, r, field, names)
		}
		c.columnsOf(s, section, field, r)
		if s.rows == nil {
			s.rows = map[string]*rowsField{}
		}
		s.rows[field] = r
	}
}

// shownRows are the columns of a detail's table.
func (c *compiler) shownRows(s *Screen, r *rowsField, field string, names []string) {
	row := r.path.last().Message()
	for _, name := range names {
		path := c.find(s.name()+" rows "+field, row, name)
		if path != nil && !hasWords(path.last()) {
			c.fail(s.name(), "shows the column %s of %s, which has no words for a reader", name, field)
		}
		if path != nil {
			r.columns = append(r.columns, rowColumn{path: path, shown: true})
		}
	}
	for i := range row.Fields().Len() {
		if f := row.Fields().Get(i); !r.named && hasWords(f) && !meaning(f).GetHidden() && !carriesAlong(f) {
			r.columns = append(r.columns, rowColumn{path: fieldPath{f}, shown: true})
		}
	}
	if len(r.columns) == 0 {
		c.fail(s.name(), "shows the rows %s, in which nothing is for a reader", field)
	}
}

// askedRows are the columns that a form asks for. Money that the row itself says no currency of is shown, of what was there before.
func (c *compiler) askedRows(s *Screen, r *rowsField, field string, names []string) {
	row := r.path.last().Message()
	if r.most == 0 {
		c.fail(s.name(), "asks for the rows %s, of which there may be any number: give the field repeated.max_items", field)
	}
	add := func(f protoreflect.FieldDescriptor) {
		if asked := asksInRow(f); asked || s.prefill != nil {
			r.columns = append(r.columns, rowColumn{path: fieldPath{f}, shown: !asked})
		}
	}
	for _, name := range names {
		path := c.find(s.name()+" rows "+field, row, name)
		switch {
		case path == nil:
		case len(path) > 1 || !asksInRow(path[0]) && !hasWords(path[0]):
			c.fail(s.name(), "asks for the column %s of %s, which no row of a form can hold", name, field)
		default:
			add(path[0])
		}
	}
	for i := range row.Fields().Len() {
		f := row.Fields().Get(i)
		switch {
		case r.named && slices.Contains(names, string(f.Name())):
		case !r.named && !meaning(f).GetHidden() && !carriesAlong(f) && (asksInRow(f) || isMoney(f)):
			add(f)
		case s.prefill != nil && simpleInRow(f) && !meaning(f).GetStaffOnly():
			r.carried = append(r.carried, f)
		}
	}
	for _, f := range r.takes() {
		if s.prefill != nil && meaning(f).GetMaskedWithout() != "" {
			c.fail(s.name(), "sends back %s of %s, which some see in part: they would write over it", f.Name(), field)
		}
	}
	if !slices.ContainsFunc(r.columns, func(col rowColumn) bool { return !col.shown }) {
		c.fail(s.name(), "asks for the rows %s, in which there is nothing to ask for", field)
	}
}

// columnsOf checks what a section says of columns.
func (c *compiler) columnsOf(s *Screen, section module.Section, field string, r *rowsField) {
	known := func(name string) bool {
		column, ok := strings.CutPrefix(name, field+".")
		return !ok || slices.Contains(section.Fields, name) || slices.ContainsFunc(r.columns, func(col rowColumn) bool { return col.path.String() == column })
	}
	said := slices.Clone(section.Needed)
	for name := range section.Labels {
		said = append(said, name)
	}
	for name := range section.Choices {
		said = append(said, name)
	}
	for _, name := range said {
		if !known(name) {
			c.fail(s.name(), "speaks of the column %s, which the rows %s lack", name, field)
		}
	}
	for i, col := range r.columns {
		if slices.ContainsFunc(r.columns[:i], func(other rowColumn) bool { return other.path.String() == col.path.String() }) {
			c.fail(s.name(), "names the column %s of %s twice", col.path, field)
		}
		_, offered := section.Choices[field+"."+col.path.String()]
		if s.Audience == module.ForAnybody && !col.shown && !offered && meaning(col.path.last()).GetRefersTo() != "" {
			c.fail(s.name(), "is for anybody, and lets them choose %s.%s among things that only people who are signed in see", field, col.path)
		}
	}
}
