package screen

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Methods finds the descriptor of a method by its full name, "/package.Service/Method". The router is one.
type Methods interface {
	Descriptor(method string) (protoreflect.MethodDescriptor, bool)
}

// Set is the compiled screens of a portal. It does not change.
type Set struct {
	screens map[string]*Screen // by "module.id"
	ordered []*Screen
	tiles   []*Tile
	bell    *bell
	byGet   map[protoreflect.FullName]*Screen // the detail screen of a message
	methods Methods
	// messages are those of the contracts that screens show, for what the program does not link.
	messages map[protoreflect.FullName]protoreflect.MessageDescriptor
}

// Screen is a screen that was checked against its contracts.
type Screen struct {
	module.Screen
	// Module is the id of the module it belongs to.
	Module string

	call    *call
	prefill *call
	preview *call
	extra   *call
	choices map[string]*choice
	imports map[string]*call
	columns []column
	filters []filter
	search  fieldPath
	order   fieldPath
	fields  map[string]fieldPath
	rows    map[string]*rowsField
	heading fieldPath
	state   fieldPath
	figures []figure
	bars    *bars
	movedTo fieldPath
	lead    []fieldPath
	marks   []fieldPath
	actions []action
	related []related
	tiles   []*Tile
	beside  []*Screen

	calendar *calendar
}

// call is a method and the fixed part of its request.
type call struct {
	method string
	input  protoreflect.MessageDescriptor
	output protoreflect.MessageDescriptor
	rules  access.Rules
	fixed  map[string]string
}

type column struct {
	module.Column
	path, second fieldPath
	extra        *kernelv1.FieldDefinition // the integrator's field that it shows; nil for others
}

type filter struct {
	name string
	path fieldPath
}

type action struct {
	module.Action
	call *call
}

type related struct {
	screen *Screen
	bind   map[string]string
	tab    bool
	hint   bool
	when   map[string]string
}

// Tile is a tile that was checked against its contract.
type Tile struct {
	module.Tile
	Module string
	call   *call
	fields []fieldPath
	screen *Screen
}

// Compile checks every screen and tile of the modules. The error names each fault: the module, the screen, and what
// its contract lacks.
func Compile(methods Methods, manifests []module.Manifest) (*Set, error) {
	set := &Set{
		screens: map[string]*Screen{}, byGet: map[protoreflect.FullName]*Screen{}, methods: methods,
		messages: map[protoreflect.FullName]protoreflect.MessageDescriptor{},
	}
	c := compiler{methods: methods, set: set, permissions: map[string]bool{}}
	for _, m := range manifests {
		for _, p := range m.Permissions {
			c.permissions[p.Name] = strings.HasPrefix(p.Name, m.ID+".")
		}
		for _, s := range m.Screens {
			name := m.ID + "." + s.ID
			if set.screens[name] != nil {
				c.fail(name, "is declared twice")
				continue
			}
			compiled := &Screen{Screen: s, Module: m.ID, fields: map[string]fieldPath{}}
			set.screens[name] = compiled
			set.ordered = append(set.ordered, compiled)
		}
	}
	paths := map[string]string{}
	for _, s := range set.ordered {
		if other, twice := paths[s.Path]; twice {
			c.fail(s.name(), "has the path %s of %s", s.Path, other)
		}
		paths[s.Path] = s.name()
		c.screen(s)
	}
	for _, m := range manifests {
		for _, t := range m.Tiles {
			if compiled := c.tile(m.ID, t); compiled != nil {
				set.tiles = append(set.tiles, compiled)
			}
		}
		c.bell(m)
	}
	slices.SortStableFunc(set.tiles, func(a, b *Tile) int { return a.Order - b.Order })
	if err := errors.Join(c.errs...); err != nil {
		return nil, err
	}
	set.learn()
	return set, nil
}

func (s *Screen) name() string { return s.Module + "." + s.ID }

type compiler struct {
	methods Methods
	set     *Set
	// permissions are those that modules declare.
	permissions map[string]bool
	errs        []error
}

func (c *compiler) fail(where, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("screen %s "+format, append([]any{where}, args...)...))
}

func (c *compiler) call(where, method string, fixed map[string]string) *call {
	d, ok := c.methods.Descriptor(method)
	if !ok {
		c.fail(where, "calls %q, which no module provides", method)
		return nil
	}
	rules, err := access.RulesOf(d)
	if err != nil {
		c.fail(where, "calls a method without rules: %v", err)
		return nil
	}
	if s, ok := d.Parent().(protoreflect.ServiceDescriptor); ok && access.ManyProviders(s) {
		c.fail(where, "calls %q, which many modules may provide: a page cannot say which, so have a module of its own call it", method)
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(fixed)) {
		c.find(where, d.Input(), name)
	}
	return &call{method: method, input: d.Input(), output: d.Output(), rules: rules, fixed: fixed}
}

func (c *compiler) find(where string, m protoreflect.MessageDescriptor, name string) fieldPath {
	path, err := findIn(m, name)
	if err != nil {
		c.fail(where, "names what its contract lacks: %v", err)
		return nil
	}
	return path
}

func (c *compiler) screen(s *Screen) {
	where := s.name()
	switch {
	case s.Title == "":
		c.fail(where, "has no title")
	case !strings.HasPrefix(s.Path, "/"):
		c.fail(where, "has the path %q: it must begin with /", s.Path)
	}
	if s.Parent != "" {
		if !strings.Contains(s.Parent, ".") {
			s.Parent = s.Module + "." + s.Parent
		}
		if c.set.screens[s.Parent] == nil {
			c.fail(where, "lies below %q, which is no screen%s", s.Parent, nearest(s.Parent, c.names()))
		}
	}
	if s.Kind == module.ImportWizard {
		c.importWizard(s)
		return
	}
	if s.call = c.call(where, s.Method, s.Fixed); s.call == nil {
		return
	}
	if s.Extra != "" {
		if s.extra = c.call(where, s.Extra, nil); s.extra != nil {
			if list := items(s.extra.output); list == nil || list.Message().FullName() != "cabinet.kernel.v1.FieldDefinition" {
				c.fail(where, "takes the integrator's fields from %s, which lists no cabinet.kernel.v1.FieldDefinition", s.Extra)
				return
			}
		}
	}
	if s.Kind != module.List && s.Kind != module.Calendar {
		for _, name := range vars(s.Path) {
			c.find(where, s.call.input, name)
		}
	}
	if s.Screen.Calendar != nil && s.Kind != module.Calendar {
		c.fail(where, "has a calendar's parts, and is a %s: take them out, or set its kind to calendar", s.Kind)
	}
	defer c.extras(s)
	c.public(s)
	c.beside(s)
	switch s.Kind {
	case module.List:
		c.list(s)
	case module.Detail:
		c.detail(s)
	case module.Form:
		c.form(s)
	case module.Compare:
		c.compare(s)
	case module.Calendar:
		c.calendar(s)
	default:
		c.fail(where, "has the kind %q: use list, detail, form, compare, calendar or import", s.Kind)
	}
}

// extras finds screens that show the integrator's fields and do not say what there are.
func (c *compiler) extras(s *Screen) {
	var paths []fieldPath
	for _, col := range s.columns {
		paths = append(paths, col.path)
	}
	for _, f := range s.filters {
		paths = append(paths, f.path)
	}
	for _, path := range slices.Concat(paths, slices.Collect(maps.Values(s.fields))) {
		if path != nil && isExtra(path.last()) && s.extra == nil {
			c.fail(s.name(), "shows %s, the integrator's fields: set Extra to the method that lists them", path)
			return
		}
	}
}

func (c *compiler) list(s *Screen) {
	where := s.name()
	item := items(s.call.output)
	if item == nil {
		c.fail(where, "lists %s, whose response has no one repeated message", s.Method)
		return
	}
	for _, col := range s.Columns {
		compiled := column{Column: col, path: c.find(where, item.Message(), col.Field)}
		if col.Second != "" {
			compiled.second = c.find(where, item.Message(), col.Second)
		}
		c.when(where+" column "+col.Field, item.Message(), col.PersonWhen)
		s.columns = append(s.columns, compiled)
	}
	for _, name := range s.Filters {
		s.filters = append(s.filters, filter{name: name, path: c.find(where, s.call.input, name)})
	}
	if s.Search != "" {
		s.search = c.find(where, s.call.input, s.Search)
	}
	if s.Order != "" {
		s.order = c.find(where, s.call.input, s.Order)
	}
	for _, col := range s.Columns {
		if col.OrderBy == "" || s.order == nil {
			continue
		}
		if e := s.order.last().Enum(); e == nil || e.Values().ByName(protoreflect.Name(col.OrderBy)) == nil {
			c.fail(where, "orders by %s, which %s lacks", col.OrderBy, s.Order)
		}
	}
	c.figures(s, item.Message())
	s.actions = c.actions(where, s.Actions, item.Message())
	if s.Export != "" && (!c.permissions[s.Export] || !strings.HasPrefix(s.Export, s.Module+".")) {
		c.fail(where, "is exported with the permission %q, which its module does not declare", s.Export)
	}
}

func (c *compiler) actions(where string, declared []module.Action, about protoreflect.MessageDescriptor) []action {
	var compiled []action
	for _, a := range declared {
		at := where + " action " + a.ID
		if (a.Path == "") == (a.Method == "") {
			c.fail(at, "needs a path or a method, and not both")
			continue
		}
		if a.Many && (len(a.Bind) != 1 || a.Row) {
			c.fail(at, "is for many rows: give it one bound field, and a row's own action beside it")
			continue
		}
		if a.Many && a.Method == "" {
			c.manyForm(at, a, about)
		}
		one := action{Action: a}
		if a.Method != "" {
			if one.call = c.call(at, a.Method, a.Fixed); one.call == nil {
				continue
			}
			for to, from := range a.Bind {
				path := c.find(at, one.call.input, to)
				c.find(at, about, from)
				if a.Many && path != nil && !path.last().IsList() {
					c.fail(at, "is for many rows, and %s takes one", to)
				}
			}
		}
		if one.elsewhere() {
			c.find(at, about, a.Path[1:len(a.Path)-1])
		}
		c.when(at, about, a.When)
		compiled = append(compiled, one)
	}
	return compiled
}

func (c *compiler) names() []string { return slices.Sorted(maps.Keys(c.set.screens)) }

// Screens are the portal's screens in the order their modules declare them.
func (s *Set) Screens() []*Screen { return s.ordered }

// Screen finds a screen by "module.id".
func (s *Set) Screen(name string) (*Screen, bool) {
	found, ok := s.screens[name]
	return found, ok
}

// detailOf is where a reference to a thing leads; nil when no module shows it.
func (s *Set) detailOf(message string) *Screen {
	return s.byGet[protoreflect.FullName(message)]
}
