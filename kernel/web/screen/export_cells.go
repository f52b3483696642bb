package screen

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// CellKind is what a cell holds.
type CellKind int

// The kinds.
const (
	// CellText is Text, which somebody typed.
	CellText CellKind = iota
	// CellNumber is an exact decimal in Text, a point in it.
	CellNumber
	// CellDate is a day, and CellTime an instant in the portal's zone: both in Time.
	CellDate
	CellTime
)

// Cell is a cell of an exported list. An empty Text and no Time is an empty cell.
type Cell struct {
	Kind CellKind
	Text string
	Time time.Time
	// Plain texts are of a fixed form that no spreadsheet computes: a phone number, a currency.
	Plain bool
}

// exportColumn is a field of the listed thing, in one column or two.
type exportColumn struct {
	titles []string
	path   fieldPath
	extra  *kernelv1.FieldDefinition
	// refers is set for an id, which is exported as the title of what it refers to.
	refers bool
}

type exportColumns []exportColumn

// exported are the columns of a list: every field of its thing that the reader may see on some page. Ids stand for
// nothing a reader knows, so that a reference is exported by its title, and left out where its name stands beside it.
func (s *Set) exported(ctx context.Context, e *Env, sc *Screen, thing protoreflect.MessageDescriptor) (exportColumns, error) {
	labels := map[protoreflect.FieldDescriptor]string{}
	for _, c := range sc.columns {
		if len(c.path) == 1 {
			labels[c.path[0]] = c.Label
		}
	}
	var out exportColumns
	for i := range thing.Fields().Len() {
		f := thing.Fields().Get(i)
		if !e.exportable(f) {
			continue
		}
		path := fieldPath{f}
		if isExtra(f) {
			defs, err := sc.definitions(ctx, e)
			if err != nil {
				return nil, err
			}
			for _, d := range defs {
				out = append(out, exportColumn{titles: []string{e.title(d.GetTitles())}, path: path, extra: d})
			}
			continue
		}
		c := exportColumn{titles: []string{e.label(f, labels[f])}, path: path, refers: meaning(f).GetRefersTo() != ""}
		if isMoney(f) {
			c.titles = append(c.titles, c.titles[0]+", "+e.Text.T("kernel.export.currency"))
		}
		out = append(out, c)
	}
	return out, nil
}

// exportable tells whether a field becomes a column for the reader.
func (e *Env) exportable(f protoreflect.FieldDescriptor) bool {
	m := meaning(f)
	switch m.GetKind() {
	case kernelv1.Kind_KIND_ID, kernelv1.Kind_KIND_REVISION:
		return false
	}
	if m.GetSecret() || m.GetHidden() || m.GetStaffOnly() && !e.sees(module.ForStaff) || f.IsMap() || f.Kind() == protoreflect.BytesKind {
		return false
	}
	if isExtra(f) {
		return true
	}
	if m.GetRefersTo() != "" {
		name := strings.TrimSuffix(string(f.Name()), "_id") + "_name"
		return !f.IsList() && f.Parent().(protoreflect.MessageDescriptor).Fields().ByName(protoreflect.Name(name)) == nil
	}
	if f.Message() == nil || isMoney(f) && !f.IsList() {
		return true
	}
	r := resource(f.Message())
	return r.GetTitleField() != "" || f.Message().FullName() == "google.protobuf.Timestamp" || f.Message().FullName() == "cabinet.kernel.v1.Money"
}

func (c exportColumns) titles() []string {
	var out []string
	for _, one := range c {
		out = append(out, one.titles...)
	}
	return out
}

// references are the columns whose titles are asked for, as the list on the page has them.
func (c exportColumns) references() []column {
	var out []column
	for _, one := range c {
		if one.refers {
			out = append(out, column{path: one.path})
		}
	}
	return out
}

func (c exportColumns) cells(e *Env, m protoreflect.Message, titles map[string]ui.Value) []Cell {
	var out []Cell
	for _, one := range c {
		switch {
		case one.extra != nil:
			out = append(out, e.extraCell(one.extra, extraOf(m, one.path, one.extra)))
		case one.refers:
			id := m.Get(one.path.last()).String()
			out = append(out, Cell{Text: titles[meaning(one.path.last()).GetRefersTo()+" "+id].Text})
		case isMoney(one.path.last()):
			money, _ := m.Get(one.path.last()).Message().Interface().(*kernelv1.Money)
			out = append(out, Cell{Kind: CellNumber, Text: money.GetAmount()}, Cell{Text: money.GetCurrencyCode(), Plain: true})
		default:
			out = append(out, e.cellOf(m, one.path))
		}
	}
	return out
}

// cellOf is a field's value as a file has it: whole, where a page says it shortly or in another way.
func (e *Env) cellOf(m protoreflect.Message, path fieldPath) Cell {
	f := path.last()
	v, ok := path.get(m)
	if !ok {
		return Cell{}
	}
	switch {
	case f.IsList():
		return e.listCell(f, v.List())
	case f.Message() != nil:
		if !v.Message().IsValid() {
			return Cell{}
		}
		if at, ok := v.Message().Interface().(*timestamppb.Timestamp); ok {
			if !at.IsValid() || at.GetSeconds() == 0 && at.GetNanos() == 0 {
				return Cell{}
			}
			return Cell{Kind: CellTime, Time: at.AsTime().In(e.Text.Zone())}
		}
		return Cell{Text: e.message(f, v.Message()).Text}
	case f.Kind() == protoreflect.StringKind:
		return e.textCell(f, v.String())
	case f.Enum() != nil:
		value := f.Enum().Values().ByNumber(v.Enum())
		if value == nil || value.Number() == 0 {
			return Cell{}
		}
		return Cell{Text: e.state(value)}
	case f.Kind() == protoreflect.BoolKind:
		return Cell{Text: e.scalar(f, v).Text}
	default:
		return Cell{Kind: CellNumber, Text: v.String()}
	}
}

func (e *Env) textCell(f protoreflect.FieldDescriptor, text string) Cell {
	switch meaning(f).GetKind() {
	case kernelv1.Kind_KIND_DATE:
		return dateCell(text)
	case kernelv1.Kind_KIND_PHONE:
		return Cell{Text: text, Plain: isNumber(text)}
	case kernelv1.Kind_KIND_TEXT_KEY, kernelv1.Kind_KIND_ROLE, kernelv1.Kind_KIND_STAFF_ROLE, kernelv1.Kind_KIND_ANY_ROLE:
		return Cell{Text: e.scalar(f, protoreflect.ValueOfString(text)).Text}
	}
	return Cell{Text: text}
}

// isNumber tells whether a text is a phone number in E.164, or one that is shown in part: a plus and digits, which nothing
// computes.
func isNumber(text string) bool {
	rest, ok := strings.CutPrefix(text, "+")
	return ok && rest != "" && !strings.ContainsFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != ' ' && r != '•' })
}

func dateCell(text string) Cell {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return Cell{Kind: CellDate, Time: day}
	}
	return Cell{Text: text}
}

// listCell joins what a repeated field holds; words of the reader's language stay words.
func (e *Env) listCell(f protoreflect.FieldDescriptor, l protoreflect.List) Cell {
	var texts []string
	for i := range l.Len() {
		item := l.Get(i)
		switch {
		case f.Message() != nil && f.Message().FullName() == "cabinet.kernel.v1.Money":
			if money, ok := item.Message().Interface().(*kernelv1.Money); ok {
				texts = append(texts, strings.TrimSpace(money.GetAmount()+" "+money.GetCurrencyCode()))
			}
		case f.Message() != nil && f.Message().FullName() == "google.protobuf.Timestamp":
			if at, ok := item.Message().Interface().(*timestamppb.Timestamp); ok {
				texts = append(texts, at.AsTime().In(e.Text.Zone()).Format(TimeLayout))
			}
		case f.Message() != nil:
			texts = append(texts, e.message(f, item.Message()).Text)
		case f.Enum() != nil:
			if value := f.Enum().Values().ByNumber(item.Enum()); value != nil {
				texts = append(texts, e.state(value))
			}
		case f.Kind() == protoreflect.StringKind:
			texts = append(texts, e.textCell(f, item.String()).Text)
		default:
			texts = append(texts, item.String())
		}
	}
	texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" })
	return Cell{Text: strings.Join(texts, ", ")}
}

// TimeLayout is how a file writes an instant, in the portal's zone.
const TimeLayout = "2006-01-02 15:04"

func (e *Env) extraCell(d *kernelv1.FieldDefinition, value string) Cell {
	switch {
	case value == "":
		return Cell{}
	case d.GetType() == kernelv1.FieldType_FIELD_TYPE_NUMBER, d.GetType() == kernelv1.FieldType_FIELD_TYPE_DECIMAL:
		return Cell{Kind: CellNumber, Text: value}
	case d.GetType() == kernelv1.FieldType_FIELD_TYPE_DATE:
		return dateCell(value)
	}
	return Cell{Text: e.extraValue(d, value).Text}
}

// FileName is what the file of an exported list is called, without its ending: "clients-2026-03-28".
func (s *Screen) FileName(now time.Time, zone *time.Location) string {
	return s.ID + "-" + now.In(zone).Format(time.DateOnly)
}
