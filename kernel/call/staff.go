package call

import (
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/access"
)

// staffMask leads through a message to its fields for staff alone. It does not look into google.protobuf.Any, whose
// contents a contract does not state.
type staffMask struct {
	// fields are for staff.
	fields []protoreflect.FieldDescriptor
	// below hold messages in which there are some. For a map, the field whose values are such messages.
	below []staffBelow
}

type staffBelow struct {
	field protoreflect.FieldDescriptor
	mask  *staffMask
}

// staffMaskOf returns nil for a message in which no field is for staff, however deep.
func staffMaskOf(d protoreflect.MessageDescriptor) *staffMask {
	return maskOf(d, map[protoreflect.FullName]*staffMask{})
}

func maskOf(d protoreflect.MessageDescriptor, known map[protoreflect.FullName]*staffMask) *staffMask {
	if mask, ok := known[d.FullName()]; ok {
		return mask
	}
	if !anyMessage(d, hasStaffFields) {
		return nil
	}
	mask := &staffMask{}
	known[d.FullName()] = mask // before going down: messages may hold themselves
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		if forStaff(f) {
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
		if below := maskOf(held, known); below != nil {
			mask.below = append(mask.below, staffBelow{field: f, mask: below})
		}
	}
	return mask
}

func hasStaffFields(d protoreflect.MessageDescriptor) bool {
	for i := range d.Fields().Len() {
		if forStaff(d.Fields().Get(i)) {
			return true
		}
	}
	return false
}

func forStaff(f protoreflect.FieldDescriptor) bool {
	return access.MeaningOf(f).GetStaffOnly()
}

// clear takes the fields for staff out of a message. The message is its caller's own copy.
func (s *staffMask) clear(m protoreflect.Message) {
	for _, f := range s.fields {
		m.Clear(f)
	}
	s.each(m, "", func(mask *staffMask, held protoreflect.Message, _ string) { mask.clear(held) })
}

// violations names the fields for staff that are set in a message.
func (s *staffMask) violations(m protoreflect.Message, path string) []*errdetails.BadRequest_FieldViolation {
	var found []*errdetails.BadRequest_FieldViolation
	for _, f := range s.fields {
		if m.Has(f) {
			found = append(found, &errdetails.BadRequest_FieldViolation{
				Field: path + string(f.Name()), Description: "is for staff alone: leave it out", Reason: "staff_only",
			})
		}
	}
	s.each(m, path, func(mask *staffMask, held protoreflect.Message, path string) {
		found = append(found, mask.violations(held, path)...)
	})
	return found
}

// each calls f for every message held in m in which there may be fields for staff, with the path to its fields.
func (s *staffMask) each(m protoreflect.Message, path string, f func(*staffMask, protoreflect.Message, string)) {
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
