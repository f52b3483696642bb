package screen

import (
	"strings"
	"time"

	"github.com/a-h/templ"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// What happened is kept in ids, amounts and states. It becomes a sentence when somebody reads it, in their language and of
// what they may know.

// toldBy is what happened, as a field holds it; nil for any other field.
func toldBy(path fieldPath, m protoreflect.Message) *kernelv1.Happened {
	f := path.last()
	if f.Message() == nil || f.IsList() || f.Message().FullName() != "cabinet.kernel.v1.Happened" {
		return nil
	}
	v, ok := path.get(m)
	if !ok || !v.Message().IsValid() {
		return nil
	}
	h := &kernelv1.Happened{}
	convert(v.Message(), h)
	return h
}

// told is what happened as a sentence, leading to what it was about. titles are what ids are called; a thing that the reader may
// not know is passed over as an ellipsis.
func (s *Set) told(e *Env, h *kernelv1.Happened, titles map[string]ui.Value) ui.Value {
	var args []any
	for _, a := range h.GetArguments() {
		args = append(args, a.GetName(), e.argument(a, titles))
	}
	v := ui.Value{Text: e.Text.T(h.GetText(), args...), Icon: h.GetIcon()}
	if s.leads(e, h.GetLink()) {
		v.Href = e.href(h.GetLink())
	}
	return v
}

// argument is what a placeholder stands for, in words.
func (e *Env) argument(a *kernelv1.HappenedArgument, titles map[string]ui.Value) string {
	value := a.GetValue()
	switch {
	case a.GetRefersTo() != "":
		if title := titles[a.GetRefersTo()+" "+value].Text; title != "" {
			return title
		}
		return "…"
	case a.GetEnum() != "":
		if text, ok := e.Text.First(locale.ModuleOf(protoreflect.FullName(a.GetEnum())) + ".enums." + value); ok {
			return text
		}
		return strings.ToLower(strings.ReplaceAll(value, "_", " "))
	case a.GetMoney():
		currency, amount, _ := strings.Cut(value, " ")
		return e.Text.Money(currency, amount) + "\u00a0" + currency
	case a.GetTime():
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			return e.Text.DateTime(at)
		}
	}
	return e.text(a.GetKind(), value).Text
}

// leads tells whether a link leads somewhere that the reader may go: to a screen that is theirs, or to a page of a module's own.
func (s *Set) leads(e *Env, link string) bool {
	if LocalPath(link) != link || link == "/" {
		return false
	}
	at, _, _ := strings.Cut(link, "?")
	for _, sc := range s.ordered {
		if leadsTo(sc.Path, at) {
			return sc.Visible(e)
		}
	}
	return strings.HasPrefix(at, "/m/")
}

// leadsTo tells whether an address is one of a screen's: what stands in the screen's braces is anything.
func leadsTo(screen, address string) bool {
	a, b := strings.Split(screen, "/"), strings.Split(address, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && (!strings.HasPrefix(a[i], "{") || b[i] == "") {
			return false
		}
	}
	return true
}

// drawList draws a list's rows as a table, or along a line where the screen says so.
func drawList(sc *Screen, table *ui.Table) templ.Component {
	if !sc.Timeline || len(table.Rows) == 0 {
		return ui.List(*table)
	}
	var events []ui.Event
	for _, row := range table.Rows {
		one := ui.Event{}
		var below []string
		for i, cell := range row.Cells {
			switch {
			case i == 0:
				one.Icon, one.Title, one.Href = cell.Icon, cell.Text, cell.Href
				if cell.Sub != "" {
					below = append(below, cell.Sub)
				}
			case table.Columns[i].Role == ui.Role(module.End):
				one.Time, one.DateTime = cell.Text, cell.DateTime
			case cell.Text != "":
				below = append(below, cell.Text)
			}
		}
		one.Text = strings.Join(below, " · ")
		events = append(events, one)
	}
	parts := []templ.Component{ui.Timeline(events)}
	if table.Pager != nil {
		parts = append(parts, ui.Pages(*table.Pager))
	}
	return ui.Join(parts...)
}
