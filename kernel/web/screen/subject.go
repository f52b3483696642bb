package screen

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/config"
)

// wellKnown messages stand for a value, not for a thing.
var wellKnown = map[protoreflect.FullName]bool{
	"google.protobuf.Timestamp": true, "google.protobuf.FieldMask": true, "google.protobuf.Duration": true,
	"cabinet.kernel.v1.Money": true, "google.protobuf.Struct": true,
}

// subject is the field of a request or response that holds the thing it is about: GetClientResponse.client. nil when
// the message itself is what it is about.
func subject(m protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	var found protoreflect.FieldDescriptor
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if f.Message() == nil || f.IsList() || f.IsMap() || wellKnown[f.Message().FullName()] {
			continue
		}
		if found != nil {
			return nil
		}
		found = f
	}
	return found
}

// items is the repeated message field of a List method's response; nil when it has none, or several.
func items(m protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	var found protoreflect.FieldDescriptor
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if !f.IsList() || f.Message() == nil {
			continue
		}
		if found != nil {
			return nil
		}
		found = f
	}
	return found
}

// fieldPath is a way into a message: each step but the last is a message field.
type fieldPath []protoreflect.FieldDescriptor

func (p fieldPath) last() protoreflect.FieldDescriptor { return p[len(p)-1] }

// String writes the path as field violations do: "client.email".
func (p fieldPath) String() string {
	names := make([]string, len(p))
	for i, f := range p {
		names[i] = string(f.Name())
	}
	return strings.Join(names, ".")
}

// get follows the path; ok is false when a message on the way is not set.
func (p fieldPath) get(m protoreflect.Message) (v protoreflect.Value, ok bool) {
	if m, ok = p.holder(m); !ok {
		return protoreflect.Value{}, false
	}
	return m.Get(p.last()), true
}

// has tells whether there is something at the path's end.
func (p fieldPath) has(m protoreflect.Message) bool {
	m, ok := p.holder(m)
	return ok && m.Has(p.last())
}

// holder is the message that the path's last field is in, if it is there.
func (p fieldPath) holder(m protoreflect.Message) (in protoreflect.Message, ok bool) {
	for _, f := range p[:len(p)-1] {
		if !m.Has(f) {
			return nil, false
		}
		m = m.Get(f).Message()
	}
	return m, true
}

// set follows the path, making messages on the way.
func (p fieldPath) set(m protoreflect.Message, v protoreflect.Value) {
	for _, f := range p[:len(p)-1] {
		m = m.Mutable(f).Message()
	}
	m.Set(p.last(), v)
}

// find resolves a name with points in a message. What a message lacks is an error that names the nearest field.
func find(m protoreflect.MessageDescriptor, name string) (fieldPath, error) {
	return follow(m, name, false)
}

// follow resolves a name as find does, also into the messages of repeated fields where it may go through.
func follow(m protoreflect.MessageDescriptor, name string, through bool) (fieldPath, error) {
	var path fieldPath
	at := m
	for _, part := range strings.Split(name, ".") {
		if at == nil {
			return nil, fmt.Errorf("%s has no field %q: %s is not a message", m.FullName(), name, path)
		}
		f := at.Fields().ByName(protoreflect.Name(part))
		if f == nil {
			return nil, fmt.Errorf("%s has no field %q%s", at.FullName(), part, nearest(part, fieldNames(at)))
		}
		path = append(path, f)
		at = nil
		if !f.IsMap() && (through || !f.IsList()) {
			at = f.Message()
		}
	}
	return path, nil
}

// findIn resolves a name in a message, or else in the thing the message is about: a form writes "email" for
// UpdateClientRequest.client.email.
func findIn(m protoreflect.MessageDescriptor, name string) (fieldPath, error) {
	path, err := find(m, name)
	if err == nil {
		return path, nil
	}
	s := subject(m)
	if s == nil {
		return nil, err
	}
	inner, innerErr := find(s.Message(), name)
	if innerErr != nil {
		return nil, innerErr
	}
	return append(fieldPath{s}, inner...), nil
}

func fieldNames(m protoreflect.MessageDescriptor) []string {
	names := make([]string, m.Fields().Len())
	for i := range names {
		names[i] = string(m.Fields().Get(i).Name())
	}
	return names
}

func nearest(name string, known []string) string {
	if s := config.Suggest(name, known); s != "" {
		return fmt.Sprintf("; did you mean %q?", s)
	}
	return ""
}

// meaning reads what a field means to a reader.
func meaning(f protoreflect.FieldDescriptor) *kernelv1.FieldMeaning { return access.MeaningOf(f) }

// resource reads what a message says of itself as a thing; nil when it says nothing.
func resource(m protoreflect.MessageDescriptor) *kernelv1.ResourceMeaning {
	r, _ := proto.GetExtension(m.Options(), kernelv1.E_Resource).(*kernelv1.ResourceMeaning)
	return r
}

// tone reads whether a state asks for something.
func tone(v protoreflect.EnumValueDescriptor) kernelv1.Tone {
	s, _ := proto.GetExtension(v.Options(), kernelv1.E_State).(*kernelv1.StateMeaning)
	return s.GetTone()
}

// byKind is the field of a message with a meaning; nil when it has none.
func byKind(m protoreflect.MessageDescriptor, kind kernelv1.Kind) protoreflect.FieldDescriptor {
	for i := range m.Fields().Len() {
		if f := m.Fields().Get(i); meaning(f).GetKind() == kind {
			return f
		}
	}
	return nil
}
