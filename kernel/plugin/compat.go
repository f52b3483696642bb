package plugin

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/access"
)

// IncompatibleError says how a process's contracts differ from those that the portal goes by.
type IncompatibleError struct {
	Module      string
	Differences []string
}

func (e *IncompatibleError) Error() string {
	return fmt.Sprintf("module %s speaks another contract than this portal: %s", e.Module, strings.Join(e.Differences, "; "))
}

// differences are what would break when one side goes by ours and the other by theirs. Contracts grow: what only one of
// them has is fine, as long as it is no method or field that both need.
func differences(ours, theirs protoreflect.FileDescriptor) []string {
	c := &comparison{seen: map[protoreflect.FullName]bool{}}
	for i := range ours.Services().Len() {
		s := ours.Services().Get(i)
		other := theirs.Services().ByName(s.Name())
		if other == nil {
			c.differ("%s is missing", s.FullName())
			continue
		}
		c.service(s, other)
	}
	for i := range ours.Messages().Len() {
		m := ours.Messages().Get(i)
		if other := theirs.Messages().ByName(m.Name()); other != nil {
			c.message(m, other)
		}
	}
	slices.Sort(c.found)
	return c.found
}

type comparison struct {
	found []string
	seen  map[protoreflect.FullName]bool
}

func (c *comparison) differ(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

func (c *comparison) service(ours, theirs protoreflect.ServiceDescriptor) {
	if access.ManyProviders(ours) != access.ManyProviders(theirs) {
		c.differ("service %s differs in whether many may provide it", ours.FullName())
	}
	for i := range ours.Methods().Len() {
		m := ours.Methods().Get(i)
		other := theirs.Methods().ByName(m.Name())
		if other == nil {
			c.differ("method %s is missing", m.FullName())
			continue
		}
		if m.Input().FullName() != other.Input().FullName() {
			c.differ("method %s takes %s, here %s", m.FullName(), other.Input().FullName(), m.Input().FullName())
		}
		if m.Output().FullName() != other.Output().FullName() {
			c.differ("method %s gives %s, here %s", m.FullName(), other.Output().FullName(), m.Output().FullName())
		}
		if m.IsStreamingClient() != other.IsStreamingClient() || m.IsStreamingServer() != other.IsStreamingServer() {
			c.differ("method %s streams differently", m.FullName())
		}
		mine, mineErr := access.RulesOf(m)
		other2, otherErr := access.RulesOf(other)
		switch {
		case mineErr != nil || otherErr != nil:
			c.differ("method %s does not say who may call it", m.FullName())
		case mine.Scope != other2.Scope || mine.Permission != other2.Permission:
			c.differ("method %s is for %s %s, here for %s %s", m.FullName(), other2.Scope, other2.Permission, mine.Scope, mine.Permission)
		case mine.ReadOnly != other2.ReadOnly:
			c.differ("method %s differs in whether it changes anything", m.FullName())
		}
	}
}

func (c *comparison) message(ours, theirs protoreflect.MessageDescriptor) {
	if c.seen[ours.FullName()] {
		return
	}
	c.seen[ours.FullName()] = true
	for i := range ours.Fields().Len() {
		f := ours.Fields().Get(i)
		other := theirs.Fields().ByNumber(f.Number())
		if other == nil {
			if moved := theirs.Fields().ByName(f.Name()); moved != nil {
				c.differ("field %s has number %d, here %d", f.FullName(), moved.Number(), f.Number())
			}
			continue
		}
		switch {
		case f.Name() != other.Name():
			c.differ("field %d of %s is %s, here %s", f.Number(), ours.FullName(), other.Name(), f.Name())
		case f.Kind() != other.Kind() || f.Cardinality() != other.Cardinality() || f.IsMap() != other.IsMap():
			c.differ("field %s is %s %s, here %s %s", f.FullName(), other.Cardinality(), other.Kind(), f.Cardinality(), f.Kind())
		case f.Message() != nil && f.Message().FullName() != other.Message().FullName():
			c.differ("field %s holds %s, here %s", f.FullName(), other.Message().FullName(), f.Message().FullName())
		case f.Message() != nil:
			c.message(f.Message(), other.Message())
		}
		if mine, its := access.MeaningOf(f), access.MeaningOf(other); mine.GetStaffOnly() != its.GetStaffOnly() || mine.GetSecret() != its.GetSecret() || mine.GetClientId() != its.GetClientId() ||
			mine.GetMaskedWithout() != its.GetMaskedWithout() {
			c.differ("field %s differs in who may see it", f.FullName())
		}
	}
}

// differs says what a process that is started again says otherwise than the one before.
func (d *Description) differs(other *Description) []string {
	var found []string
	for _, list := range []struct {
		what         string
		ours, theirs []string
	}{
		{"provides", d.Manifest.Provides, other.Manifest.Provides},
		{"requires", d.Manifest.Requires, other.Manifest.Requires},
		{"publishes", d.Manifest.Publishes, other.Manifest.Publishes},
		{"lends", d.Manifest.Lends, other.Manifest.Lends},
		{"borrows", d.Manifest.Borrows, other.Manifest.Borrows},
	} {
		if !slices.Equal(list.ours, list.theirs) {
			found = append(found, fmt.Sprintf("it %s %v now, and %v before", list.what, list.theirs, list.ours))
		}
	}
	return append(found, d.contracts(other)...)
}

// contracts compares those that both of two programs provide.
func (d *Description) contracts(other *Description) []string {
	var found []string
	for _, name := range d.Manifest.Provides {
		if !slices.Contains(other.Manifest.Provides, name) {
			continue
		}
		ours, err := d.service(name)
		if err != nil {
			continue
		}
		theirs, err := other.service(name)
		if err != nil {
			found = append(found, err.Error())
			continue
		}
		found = append(found, differences(ours.ParentFile(), theirs.ParentFile())...)
	}
	return found
}
