package screen

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/a-h/templ"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// pageSize is how many rows a list shows at once.
const pageSize = 50

// tokens is the query parameter that holds the page tokens on the way here, so that Back needs no offset.
const tokens = "page"

// list shows a list as a page of its own, below notices where there are some.
func (s *Set) list(ctx context.Context, e *Env, sc *Screen, notices ...templ.Component) (*Page, error) {
	views := s.openViews(ctx, e, sc)
	table, response, err := s.table(ctx, e, sc, e.Query, "", nil, pageSize)
	refusal := err
	if refused := status.Code(err) == codes.InvalidArgument && anySet(e.Query, append([]string{sc.Search}, sc.Filters...)); err != nil && !refused {
		return nil, err
	}
	said, figures := sc.said(e, response)
	head := s.head(e, sc, e.Text.T(sc.Title), said)
	if response != nil {
		head.Lead = cmp.Or(total(e, response), head.Lead)
	}
	if said != nil {
		if line := s.line(ctx, e, said, sc.lead); line != "" {
			head.Lead = strings.TrimSuffix(line+" · "+head.Lead, " · ")
		}
	}
	head.Menu = s.exportMenu(ctx, e, sc)
	filters, err := s.filterBar(ctx, e, sc)
	if err != nil {
		return nil, err
	}
	bar := s.viewBar(ctx, e, sc, views)
	if filters != nil {
		bar = ui.Join(bar, ui.FilterBar(*filters))
	}
	if figures != nil {
		bar = ui.Join(bar, figures)
	}
	if refusal != nil { // the filters stay, to be put right
		wrong := ui.NoticeBox(ui.Notice{Tone: ui.ToneBad, Title: e.Text.T("kernel.form.invalid"), Text: strings.Join(e.said(sc.call, refusal), " ")})
		return &Page{Title: head.Title, Width: "wide", Body: ui.Join(ui.PageHead(head), bar, wrong), Invalid: true}, nil
	}
	var live watching
	live.list(e, sc, e.Vars[clientField])
	return &Page{
		Title: head.Title, Width: "wide", Body: ui.Join(ui.PageHead(head), ui.Join(notices...), bar, drawList(sc, table)), Live: live,
		Invalid: len(notices) > 0,
	}, nil
}

// table calls a list's method and lays its rows out. bind fills more of the request; prefix tells several lists of one
// page apart in its address.
func (s *Set) table(ctx context.Context, e *Env, sc *Screen, query url.Values, prefix string, bind map[string]string, size int) (*ui.Table, protoreflect.Message, error) {
	filters := query
	if prefix != "" {
		filters = nil // those of the address are another page's
	}
	request, names, err := sc.asked(ctx, e, filters)
	if err != nil {
		return nil, nil, err
	}
	if prefix == "" {
		if err := sc.fillVars(e, request); err != nil {
			return nil, nil, badRequest(err)
		}
	}
	for name, value := range bind {
		path, err := findIn(sc.call.input, name)
		if err != nil {
			return nil, nil, err
		}
		if err := fill(request, path, []string{value}); err != nil {
			return nil, nil, badRequest(err)
		}
	}
	trail := query[prefix+tokens]
	setKnown(request, "page_size", protoreflect.ValueOfInt32(int32(size)))
	if len(trail) > 0 {
		setKnown(request, "page_token", protoreflect.ValueOfString(trail[len(trail)-1]))
	}
	response, err := sc.call.do(ctx, e, request)
	if err != nil {
		return nil, nil, err
	}
	table := s.rows(ctx, e, sc, response, query, prefix)
	table.Pager = pager(e, response, query, prefix, trail)
	if len(table.Rows) == 0 {
		table.Empty = e.empty(sc, query, prefix == "" && anySet(query, names))
	}
	return table, response, nil
}

// rows lays the items of a response out as a table.
func (s *Set) rows(ctx context.Context, e *Env, sc *Screen, response protoreflect.Message, query url.Values, prefix string) *ui.Table {
	item := items(response.Descriptor())
	table := &ui.Table{ID: sc.Module + "-" + sc.ID, Caption: e.Text.T(sc.Title), Wide: true, MenuLabel: e.Text.T("kernel.list.actions")}
	var shown []column
	columns, err := sc.withExtra(ctx, e)
	if err != nil {
		columns = slices.DeleteFunc(slices.Clone(sc.columns), func(c column) bool { return isExtra(c.path.last()) }) // the rest of the list stands
	}
	for _, c := range columns {
		if e.sees(c.Audience) && !(c.OnlySet && none(c.path, response.Get(item).List())) {
			shown = append(shown, c)
			table.Columns = append(table.Columns, e.column(sc, c, query, prefix))
		}
	}
	list := response.Get(item).List()
	titles, bars := s.titles(ctx, e, shown, list), sc.bars.among(list)
	for i := range list.Len() {
		m := list.Get(i).Message()
		key := rowKey(m)
		if key == "" || table.Has(key) {
			key = strconv.Itoa(i)
		}
		row := ui.Row{Key: key, Menu: s.rowMenu(e, sc, m, table.ID+"-"+key)}
		for _, c := range shown {
			row.Cells = append(row.Cells, s.cell(e, c, m, titles))
		}
		if len(row.Cells) > 0 {
			row.Cells[0].Bar = bars.of(m)
		}
		table.Rows = append(table.Rows, row)
	}
	s.choosing(e, sc, table, response, query, prefix)
	return table
}

// isPerson tells whether a thing's initials are a person's.
func isPerson(when map[string]string, m protoreflect.Message) bool {
	return len(when) > 0 && holds(when, m)
}

func (s *Set) cell(e *Env, c column, m protoreflect.Message, titles map[string]ui.Value) ui.Value {
	if c.extra != nil {
		return e.extraValue(c.extra, extraOf(m, c.path, c.extra))
	}
	v := e.value(m, c.path)
	if told := toldBy(c.path, m); told != nil {
		v = s.told(e, told, titles)
	}
	if to := meaning(c.path.last()).GetRefersTo(); to != "" && v.Text != "" {
		v = titles[to+" "+v.Text] // a dash where the reader may not know: an id is nothing to read
	}
	if c.second != nil {
		v.Sub = e.value(m, c.second).Text
	}
	if c.Avatar && v.Text != "" {
		v.Avatar = e.avatar(m, v.Text, "s", !isPerson(c.PersonWhen, m))
	}
	if c.Link != "" {
		if to, ok := expand(c.Link, e.from(m)); ok {
			v.Href = e.href(to)
		}
	}
	return v
}

// askedAtOnce is how many titles are asked for at the same time.
const askedAtOnce = 4

// titles are what the references of a list's rows are called, by message and id: each thing is asked for once.
func (s *Set) titles(ctx context.Context, e *Env, shown []column, list protoreflect.List) map[string]ui.Value {
	found := map[string]ui.Value{}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(askedAtOnce)
	ask := func(to, id string) {
		mu.Lock()
		_, asked := found[to+" "+id]
		if !asked {
			found[to+" "+id] = ui.Value{}
		}
		mu.Unlock()
		if asked || id == "" {
			return
		}
		group.Go(func() error {
			v := s.reference(ctx, e, to, id)
			mu.Lock()
			defer mu.Unlock()
			found[to+" "+id] = v
			return nil
		})
	}
	for _, c := range shown {
		to := meaning(c.path.last()).GetRefersTo()
		for i := range list.Len() {
			m := list.Get(i).Message()
			if to != "" && !c.path.last().IsList() {
				ask(to, e.value(m, c.path).Text)
			}
			for _, a := range toldBy(c.path, m).GetArguments() {
				if a.GetRefersTo() != "" {
					ask(a.GetRefersTo(), a.GetValue())
				}
			}
		}
	}
	_ = group.Wait() // what could not be had is a dash
	return found
}

func (e *Env) column(sc *Screen, c column, query url.Values, prefix string) ui.Column {
	f := c.path.last()
	if c.extra != nil {
		t := c.extra.GetType()
		return ui.Column{
			Label: e.title(c.extra.GetTitles()), Role: ui.Role(c.Place), Labelled: t == kernelv1.FieldType_FIELD_TYPE_BOOLEAN,
			Num: t == kernelv1.FieldType_FIELD_TYPE_NUMBER || t == kernelv1.FieldType_FIELD_TYPE_DECIMAL,
		}
	}
	// A bare "Yes" on a phone's card would not say to what.
	out := ui.Column{Label: e.label(f, c.Label), Role: ui.Role(c.Place), Num: numeric(f), Labelled: c.Labelled || f.Kind() == protoreflect.BoolKind}
	if c.Place == module.Primary && len(sc.columns) > 0 && c.Field == sc.columns[0].Field {
		out.Role = ui.RolePrimary
	}
	if c.OrderBy == "" || prefix != "" {
		return out
	}
	values := clone(query)
	values.Del(tokens)
	sorted, down := query.Get(sc.Order) == c.OrderBy, query.Get("descending") == "true"
	values.Set(sc.Order, c.OrderBy)
	values.Del("descending")
	switch {
	case sorted && down:
		out.Sort = ui.SortDescending
	case sorted:
		out.Sort = ui.SortAscending
		values.Set("descending", "true")
	}
	out.SortHref = e.href(e.Path) + "?" + values.Encode()
	return out
}

func numeric(f protoreflect.FieldDescriptor) bool {
	if f.IsList() {
		return false
	}
	switch f.Kind() {
	case protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Uint32Kind, protoreflect.Uint64Kind,
		protoreflect.DoubleKind, protoreflect.FloatKind:
		return true
	case protoreflect.StringKind:
		return meaning(f).GetKind() == kernelv1.Kind_KIND_PERCENT
	case protoreflect.MessageKind:
		return f.Message().FullName() == "cabinet.kernel.v1.Money"
	}
	return false
}

// pager leads on by the response's token and back by the tokens that led here.
func pager(e *Env, response protoreflect.Message, query url.Values, prefix string, trail []string) *ui.Pager {
	next := ""
	if f := response.Descriptor().Fields().ByName("next_page_token"); f != nil {
		next = response.Get(f).String()
	}
	if next == "" && len(trail) == 0 {
		return nil
	}
	p := &ui.Pager{Label: e.Text.T("kernel.list.pages"), Back: ui.Crumb{Label: e.Text.T("kernel.list.back")}, Next: ui.Crumb{Label: e.Text.T("kernel.list.next")}}
	link := func(trail []string) string {
		values := clone(query)
		values.Del(prefix + tokens)
		for _, token := range trail {
			values.Add(prefix+tokens, token)
		}
		return e.href(e.Path) + "?" + values.Encode()
	}
	if next != "" {
		p.Next.Href = link(append(append([]string{}, trail...), next))
	}
	if len(trail) > 0 {
		p.Back.Href = link(trail[:len(trail)-1])
	}
	return p
}

// total says how many there are, where the contract counts them.
func total(e *Env, response protoreflect.Message) string {
	fields := response.Descriptor().Fields()
	size := fields.ByName("total_size")
	if size == nil || size.Kind() != protoreflect.Int32Kind {
		return ""
	}
	key := "kernel.list.total"
	if more := fields.ByName("total_is_more"); more != nil && response.Get(more).Bool() {
		key = "kernel.list.total_more"
	}
	n := response.Get(size).Int()
	return e.Text.Plural(key, n, "n", e.Text.Number(n))
}

func (e *Env) empty(sc *Screen, query url.Values, filtered bool) *ui.Empty {
	if filtered {
		return &ui.Empty{Icon: "search", Title: e.Text.T("kernel.list.none_found"), Text: e.Text.T("kernel.list.none_found_hint"),
			Actions: []ui.Button{{Label: e.Text.T("kernel.list.clear"), Href: e.unfiltered()}}}
	}
	out := &ui.Empty{Icon: sc.Icon, Title: e.Text.T("kernel.list.empty")}
	if out.Icon == "" {
		out.Icon = "inbox"
	}
	if sc.Empty != "" {
		out.Title = e.Text.T(sc.Empty)
		if hint, ok := e.Text.First(sc.Empty + "_hint"); ok {
			out.Text = hint
		}
	}
	return out
}

func setKnown(m protoreflect.Message, name string, v protoreflect.Value) {
	if f := m.Descriptor().Fields().ByName(protoreflect.Name(name)); f != nil {
		m.Set(f, v)
	}
}
