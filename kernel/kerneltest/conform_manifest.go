package kerneltest

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
)

var (
	moduleID       = regexp.MustCompile(`^[a-z][a-z0-9]{0,39}$`)
	permissionName = regexp.MustCompile(`^[a-z][a-z0-9]*\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$`)
)

// manifest looks at what the module says of itself. That its screens fit the contracts, and that it registers what it
// provides, the portal has found out when it opens.
func (c *conformance) manifest(t testing.TB) {
	dsn, err := installed(t, c.Options)
	var p *Portal
	if err == nil {
		p, err = begin(t, c.Options, dsn)
	}
	if err != nil {
		c.found("the portal does not open: %v", err)
		return
	}
	defer p.stop(t)
	m := c.self(p)
	if !moduleID.MatchString(m.ID) {
		c.found("the id %q is not one lower-case word", m.ID)
	}
	for _, s := range m.Provides {
		if !p.Router().Provides(s) {
			c.found("%s is promised and not provided", s)
		}
	}
	c.permissions(p, m)
	c.contracts(p)
	keys := keysOf(m)
	for _, f := range c.shown(p, m) {
		keys = append(keys, labelOf(p.Texts(), f))
		if f.Enum() != nil {
			for i := 1; i < f.Enum().Values().Len(); i++ {
				keys = append(keys, locale.EnumKey(f.Enum(), string(f.Enum().Values().Get(i).Name())))
			}
		}
	}
	c.texts(p.Texts(), m, keys)
}

// permissions are named for the module, have a title, and each opens a method, lets a list be exported, or reveals a text.
func (c *conformance) permissions(p *Portal, m module.Manifest) {
	used := map[string]bool{}
	for _, screen := range m.Screens {
		used[screen.Export] = true
	}
	for _, method := range c.methods(p, true) {
		for _, name := range method.Reveals {
			used[name] = true
		}
		if name := method.Rules.Permission; name != "" {
			used[name] = true
			if !slices.ContainsFunc(m.Permissions, func(x access.Permission) bool { return x.Name == name }) {
				c.found("%s needs %s, which the manifest does not declare: nobody can be given it", method.Rules.Method, name)
			}
		}
	}
	for _, permission := range m.Permissions {
		switch {
		case !permissionName.MatchString(permission.Name) || !strings.HasPrefix(permission.Name, m.ID+"."):
			c.found("permission %q: name it %s.things.verb", permission.Name, m.ID)
		case !used[permission.Name]:
			c.found("permission %s opens no method, exports no list and reveals nothing: remove it", permission.Name)
		}
	}
}

// contracts are held to what the design asks of every method.
func (c *conformance) contracts(p *Portal) {
	for _, m := range c.methods(p, true) {
		name := string(m.Descriptor.Name())
		reads := strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List")
		switch {
		case reads && !m.Rules.ReadOnly:
			c.found("%s: set idempotency_level = NO_SIDE_EFFECTS", m.Rules.Method)
		case strings.HasPrefix(name, "Create") && m.Rules.Scope != kernelv1.Scope_SCOPE_KERNEL && !hasRequestID(m):
			c.found("%s: its request has no request_id, so that a retry makes a second thing", m.Rules.Method)
		}
	}
}

// keysOf are the keys of texts that a manifest names.
func keysOf(m module.Manifest) []string {
	var keys []string
	add := func(list ...string) { keys = append(keys, list...) }
	for _, r := range m.Roles {
		add(r.Title)
	}
	for _, p := range m.Permissions {
		add(p.Title)
	}
	for _, s := range m.Screens {
		add(s.Title, s.Intro, s.Submit)
		if s.Nav != nil {
			add(s.Nav.Section)
		}
		add(s.Empty)
		if s.Reveal != "" {
			add(s.Title+"_done", s.Title+"_done_hint")
		}
		for _, x := range s.Sections {
			add(x.Title)
		}
		for _, x := range s.Columns {
			add(x.Label)
		}
		for _, x := range s.Actions {
			add(x.Label, x.Confirm, x.Done)
		}
	}
	for _, x := range m.Tiles {
		add(x.Title, x.Empty)
	}
	return keys
}

// texts must be there in every language.
func (c *conformance) texts(bundle *locale.Bundle, m module.Manifest, keys []string) {
	keys = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(keys))), func(key string) bool { return key == "" })
	err := bundle.Check(keys)
	each := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		each = joined.Unwrap()
	}
	for _, err := range each {
		var wrong *locale.CheckError
		if errors.As(err, &wrong) && (strings.HasPrefix(wrong.Key, m.ID+".") || slices.Contains(keys, wrong.Key)) {
			c.found("text %v", wrong)
		}
	}
}

// shown are the fields that the module's screens show or ask for, without those that a label is given for.
func (c *conformance) shown(p *Portal, m module.Manifest) []protoreflect.FieldDescriptor {
	var fields []protoreflect.FieldDescriptor
	add := func(method string, input bool, paths ...string) {
		d, known := p.Router().Descriptor(method)
		if !known {
			return
		}
		root := d.Output()
		if input {
			root = d.Input()
		}
		for _, path := range paths {
			if f := fieldAt(root, strings.Split(path, "."), 2); f != nil {
				fields = append(fields, f)
			}
		}
	}
	for _, s := range m.Screens {
		for _, column := range s.Columns {
			if column.Label == "" {
				add(s.Method, false, column.Field)
			}
		}
		add(s.Method, true, s.Filters...)
		for _, figure := range s.Figures {
			add(s.Method, false, figure.Field)
		}
		for _, section := range s.Sections {
			add(s.Method, s.Kind == module.Form, section.Fields...)
		}
	}
	for _, tile := range m.Tiles {
		if tile.Kind == module.Figures || tile.Kind == module.Facts {
			add(tile.Method, false, tile.Fields...)
		}
	}
	return fields
}

// fieldAt follows a path in a message, or in what it holds, to a depth.
func fieldAt(d protoreflect.MessageDescriptor, path []string, depth int) protoreflect.FieldDescriptor {
	if f := d.Fields().ByName(protoreflect.Name(path[0])); f != nil {
		switch {
		case len(path) == 1:
			return f
		case f.Message() != nil:
			return fieldAt(f.Message(), path[1:], 0)
		}
		return nil
	}
	for i := range d.Fields().Len() {
		if f := d.Fields().Get(i); depth > 0 && f.Message() != nil {
			if found := fieldAt(f.Message(), path, depth-1); found != nil {
				return found
			}
		}
	}
	return nil
}

// labelOf is the key that pages look a field's name up by: its message's own word, or the module's.
func labelOf(texts *locale.Bundle, f protoreflect.FieldDescriptor) string {
	keys := locale.FieldKeys(f.Parent().(protoreflect.MessageDescriptor), string(f.Name()))
	if common := keys[1]; texts.For(locale.English, nil).Has(common) {
		return common
	}
	return keys[0]
}
