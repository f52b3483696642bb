package screen

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// when checks what a part of a screen waits for.
func (c *compiler) when(where string, about protoreflect.MessageDescriptor, wanted map[string]string) {
	for field, value := range wanted {
		path := c.find(where, about, field)
		if path == nil {
			continue
		}
		for one := range strings.SplitSeq(value, module.Or) {
			if e := path.last().Enum(); e != nil && e.Values().ByName(protoreflect.Name(one)) == nil {
				c.fail(where, "waits for %s = %s, which the contract lacks", field, one)
			}
		}
	}
}

// section checks what a section says of its fields.
func (c *compiler) section(where string, about protoreflect.MessageDescriptor, s module.Section) {
	c.when(where+" section "+s.Title, about, s.When)
	for name := range s.Labels {
		if !covers(s, name) {
			c.fail(where, "calls the field %q by another name, which its section %q lacks", name, s.Title)
		}
	}
	for _, name := range s.Needed {
		if !covers(s, name) {
			c.fail(where, "needs the field %q, which its section %q lacks", name, s.Title)
		}
	}
	for name := range s.Links {
		if !slices.Contains(s.Fields, name) {
			c.fail(where, "has a link for the field %q, which its section %q lacks", name, s.Title)
		}
	}
}

// beside finds the forms that a form stands beside.
func (c *compiler) beside(s *Screen) {
	for _, b := range s.Beside {
		name := b.Screen
		if !strings.Contains(name, ".") {
			name = s.Module + "." + name
		}
		target := c.set.screens[name]
		if target == nil {
			c.fail(s.name(), "stands beside %q, which is no screen%s", b.Screen, nearest(name, c.names()))
			continue
		}
		s.beside = append(s.beside, target)
	}
}

// public refuses a screen for anybody that asks for what is not for anybody: its visitor would be sent away by the page
// that was to let them in, or the author thinks it is guarded when it is not.
func (c *compiler) public(s *Screen) {
	where := s.name()
	if s.Audience != module.ForAnybody {
		if s.SignInLink != "" {
			c.fail(where, "has a link on the page of sign-in, and is not for anybody: set its audience to %q, or take sign_in_link away", module.ForAnybody)
		}
		return
	}
	switch {
	case s.Kind != module.Form && s.Kind != module.Detail:
		c.fail(where, "is a %s for anybody: only forms and details are", s.Kind)
	case s.Nav != nil:
		c.fail(where, "is for anybody, who has no navigation: use sign_in_link instead of nav")
	}
	methods := []*call{s.call, s.extra}
	if s.Prefill != "" {
		methods = append(methods, c.call(where, s.Prefill, nil))
	}
	for _, t := range s.Tiles {
		methods = append(methods, c.call(where, t.Method, nil))
	}
	for _, section := range s.Sections {
		for _, offered := range section.Choices {
			methods = append(methods, c.call(where, offered.Method, nil))
		}
	}
	for _, m := range methods {
		if m != nil && m.rules.Scope != kernelv1.Scope_SCOPE_PUBLIC {
			c.fail(where, "is for anybody, and calls %s, which has the scope %s: only methods of SCOPE_PUBLIC answer people who are not signed in", m.method, m.rules.Scope)
		}
	}
	for _, section := range s.Sections {
		for _, name := range section.Fields {
			if _, offered := section.Choices[name]; offered {
				continue // among what a method for anybody gives
			}
			if path, err := findIn(s.call.input, name); err == nil && s.Kind == module.Form && meaning(path.last()).GetRefersTo() != "" {
				c.fail(where, "is for anybody, and lets them choose %s among things that only people who are signed in see", name)
			}
		}
	}
}
