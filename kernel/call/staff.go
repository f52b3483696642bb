package call

import (
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/access"
)

// fieldTree leads through a message to fields that a contract says something of: that they are for staff alone. It does
// not look into google.protobuf.Any, whose contents a contract does not state.
type fieldTree struct {
	fields []protoreflect.FieldDescriptor
	// below hold messages in which there are some. For a map, the field whose values are such messages.
	below []treeBelow
}

type treeBelow struct {
	field protoreflect.FieldDescriptor
	mask  *fieldTree
}

// staffTreeOf returns nil for a message in which no field is for staff, however deep.
func staffTreeOf(d protoreflect.MessageDescriptor) *fieldTree { return treeOf(d, forStaff) }

// treeOf leads to the fields of which something is true; nil where there are none.
func treeOf(d protoreflect.MessageDescriptor, is func(protoreflect.FieldDescriptor) bool) *fieldTree {
	return growTree(d, is, map[protoreflect.FullName]*fieldTree{})
}

func growTree(d protoreflect.MessageDescriptor, is func(protoreflect.FieldDescriptor) bool, known map[protoreflect.FullName]*fieldTree) *fieldTree {
	if mask, ok := known[d.FullName()]; ok {
		return mask
	}
	if !anyMessage(d, func(d protoreflect.MessageDescriptor) bool { return hasField(d, is) }) {
		return nil
	}
	mask := &fieldTree{}
	known[d.FullName()] = mask // before going down: messages may hold themselves
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		if is(f) {
			mask.fields = append(mask.fields, f)
			continue
		}
		held := f.Message()
		if f.IsMap() {
			held = f.MapValue().Message()
		}
		if held == nil {
			continue
		}
		if below := growTree(held, is, known); below != nil {
			mask.below = append(mask.below, treeBelow{field: f, mask: below})
		}
	}
	return mask
}

func hasField(d protoreflect.MessageDescriptor, is func(protoreflect.FieldDescriptor) bool) bool {
	for i := range d.Fields().Len() {
		if is(d.Fields().Get(i)) {
			return true
		}
	}
	return false
}

func forStaff(f protoreflect.FieldDescriptor) bool {
	return access.MeaningOf(f).GetStaffOnly()
}

// clear takes the fields for staff out of a message. The message is its caller's own copy.
func (s *fieldTree) clear(m protoreflect.Message) {
	for _, f := range s.fields {
		m.Clear(f)
	}
	s.each(m, "", func(mask *fieldTree, held protoreflect.Message, _ string) { mask.clear(held) })
}

// violations names the fields for staff that are set in a message.
func (s *fieldTree) violations(m protoreflect.Message, path string) []*errdetails.BadRequest_FieldViolation {
	var found []*errdetails.BadRequest_FieldViolation
	for _, f := range s.fields {
		if m.Has(f) {
			found = append(found, &errdetails.BadRequest_FieldViolation{
				Field: path + string(f.Name()), Description: "is for staff alone: leave it out", Reason: "staff_only",
			})
		}
	}
	s.each(m, path, func(mask *fieldTree, held protoreflect.Message, path string) {
		found = append(found, mask.violations(held, path)...)
	})
	return found
}

// each calls f for every message held in m in which there may be some, with the path to its fields.
func (s *fieldTree) each(m protoreflect.Message, path string, f func(*fieldTree, protoreflect.Message, string)) {
	for _, b := range s.below {
		if !m.Has(b.field) {
			continue
		}
		name := path + string(b.field.Name())
		switch value := m.Get(b.field); {
		case b.field.IsMap():
			value.Map().Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
				f(b.mask, v.Message(), fmt.Sprintf("%s[%q].", name, key.String()))
				return true
			})
		case b.field.IsList():
			for i := range value.List().Len() {
				f(b.mask, value.List().Get(i).Message(), fmt.Sprintf("%s[%d].", name, i))
			}
		default:
			f(b.mask, value.Message(), name+".")
		}
	}
}
