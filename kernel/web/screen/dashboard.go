package screen

import (
	"context"
	"strconv"

	"github.com/a-h/templ"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// tileRows is how many rows a tile shows.
const tileRows = 6

// tilesAtOnce is how many tiles are asked for at the same time; more would only wait for the database.
const tilesAtOnce = 4

// Dashboard is the first page: the tiles that modules contribute, for what its reader may call. A tile that cannot be
// had just now says so in its place; the others stand.
func (s *Set) Dashboard(ctx context.Context, e *Env, head ui.Head) (*Page, error) {
	var live watching
	for _, t := range s.tiles {
		if !e.sees(t.Audience) || !e.may(t.call) {
			continue
		}
		live.add(t.call, "")
		if t.screen != nil {
			live.list(e, t.screen, "")
		}
	}
	parts, err := s.drawn(ctx, e, s.tiles, nil)
	if err != nil {
		return nil, err
	}
	var main, aside []templ.Component
	for i, t := range s.tiles {
		switch {
		case parts[i] == nil:
		case t.Aside:
			aside = append(aside, parts[i])
		default:
			main = append(main, parts[i])
		}
	}
	body := ui.Join(main...)
	switch {
	case len(aside) > 0:
		body = ui.Columns("", ui.Join(main...), ui.Stack(aside...))
	case len(main) == 0:
		body = ui.Nothing(ui.Empty{Icon: "home", Title: e.Text.T("kernel.home.empty"), Text: e.Text.T("kernel.home.empty_hint")})
	}
	return &Page{Title: head.Title, Body: ui.Join(ui.PageHead(head), body), Live: live}, nil
}

// drawn are tiles at the places they have in the list; nil where there is nothing to show, or nothing for the reader.
func (s *Set) drawn(ctx context.Context, e *Env, tiles []*Tile, bound protoreflect.Message) ([]templ.Component, error) {
	parts := make([]templ.Component, len(tiles))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(tilesAtOnce)
	for i, t := range tiles {
		if !e.sees(t.Audience) || !e.may(t.call) {
			continue
		}
		group.Go(func() error {
			part, err := s.tile(ctx, e, t, bound)
			switch {
			case err == nil:
			case status.Code(err) == codes.NotFound:
				return nil // nothing to show: nobody serves the client
			case down(err):
				part = ui.Section(ui.SectionBox{ID: "t" + strconv.Itoa(i), Title: e.Text.T(t.Title), Content: e.partDown()})
			default:
				return err
			}
			parts[i] = part
			return nil
		})
	}
	return parts, group.Wait()
}

// tile draws a tile; bound is the thing it is bound to, on a detail.
func (s *Set) tile(ctx context.Context, e *Env, t *Tile, bound protoreflect.Message) (templ.Component, error) {
	request, err := t.call.request()
	if err != nil {
		return nil, err
	}
	for to, from := range t.Bind {
		value := e.from(bound)(from)
		if value == "" {
			return nil, notFound("there is nothing to show")
		}
		path, err := findIn(t.call.input, to)
		if err != nil {
			return nil, err
		}
		if err := fill(request, path, []string{value}); err != nil {
			return nil, badRequest(err)
		}
	}
	setKnown(request, "page_size", protoreflect.ValueOfInt32(tileRows))
	response, err := t.call.do(ctx, e, request)
	if err != nil {
		return nil, err
	}
	id := t.Module + "-" + t.ID
	switch t.Kind {
	case module.Rows:
		return s.tileOfRows(ctx, e, t, id, response), nil
	case module.Person:
		return personTile(e, t, about(response)), nil
	case module.Figures:
		var figures []ui.Figure
		m := about(response)
		for _, path := range t.fields {
			f := ui.Figure{Label: e.label(path.last(), ""), Value: e.value(m, path)}
			if to, ok := expand(t.Links[path.String()], e.from(bound)); ok && to != "" {
				f.Href = e.href(to)
			}
			figures = append(figures, f)
		}
		return ui.Section(ui.SectionBox{ID: id, Title: e.Text.T(t.Title), HideTitle: true, Content: ui.Figures(figures)}), nil
	default:
		var facts []ui.Fact
		m := about(response)
		for _, path := range t.fields {
			if v := e.value(m, path); !v.Empty() { // a tile is a glance: what is not known belongs on the page it leads to
				facts = append(facts, ui.Fact{Label: e.label(path.last(), ""), Value: v})
			}
		}
		return ui.Section(ui.SectionBox{ID: id, Title: e.Text.T(t.Title), Content: ui.Facts(ui.FactsRows, facts), Actions: s.all(e, t)}), nil
	}
}

// all leads from a tile to the whole.
func (s *Set) all(e *Env, t *Tile) []ui.Button {
	to := t.Links["*"]
	if to == "" && t.screen != nil {
		to = t.screen.Path
	}
	if to == "" {
		return nil
	}
	return []ui.Button{{Label: e.Text.T("kernel.all"), Href: e.href(to), Kind: ui.ButtonQuiet, Small: true}}
}

func (s *Set) tileOfRows(ctx context.Context, e *Env, t *Tile, id string, response protoreflect.Message) templ.Component {
	inner := *e
	table := s.rows(ctx, &inner, t.screen, response, nil, id)
	table.ID, table.Pager = id+"-table", nil
	for i := range table.Rows {
		table.Rows[i].Menu = nil
	}
	if len(table.Rows) == 0 {
		if t.Empty == "" {
			return nil
		}
		table.Empty = &ui.Empty{Icon: "inbox", Title: e.Text.T(t.Empty)}
	}
	return ui.Section(ui.SectionBox{ID: id, Title: e.Text.T(t.Title), Content: ui.List(*table), Actions: s.all(e, t)})
}

// personTile is the card of somebody: a response with name, position, email and phone, as many as it has.
func personTile(e *Env, t *Tile, m protoreflect.Message) templ.Component {
	text := func(name string) string {
		if f := m.Descriptor().Fields().ByName(protoreflect.Name(name)); f != nil && f.Kind() == protoreflect.StringKind {
			return m.Get(f).String()
		}
		return ""
	}
	p := ui.Person{Label: e.Text.T(t.Title), Name: text("name"), Role: text("position"), Photo: e.photo(m)}
	if number := text("phone"); number != "" {
		p.Note = phone(number)
		p.Actions = append(p.Actions, ui.Button{Label: e.Text.T("kernel.person.call"), Icon: "phone", Href: "tel:" + number})
	}
	if address := text("email"); address != "" {
		p.Actions = append(p.Actions, ui.Button{Label: e.Text.T("kernel.person.write"), Icon: "mail", Href: "mailto:" + address})
	}
	return ui.PersonCard(p)
}
