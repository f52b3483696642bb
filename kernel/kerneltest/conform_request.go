package kerneltest

import (
	"fmt"
	"regexp"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/store"
)

// meaning is what a contract says of a field.
func meaning(f protoreflect.FieldDescriptor) *kernelv1.FieldMeaning { return access.MeaningOf(f) }

func rules(f protoreflect.FieldDescriptor) *validate.FieldRules {
	r, _ := proto.GetExtension(f.Options(), validate.E_Field).(*validate.FieldRules)
	return r
}

// filler makes requests that a provider would take, from what descriptors say.
type filler struct {
	side *Side
	// method is what the request is for; nil for an event.
	method protoreflect.MethodDescriptor
	create bool
	// closed leaves out what only staff may send.
	closed bool
}

// request returns a valid request about side's things.
func (c *conformance) request(m call.Method, side *Side, closed bool) proto.Message {
	request := call.NewMessage(m.Descriptor.Input())
	f := filler{side: side, method: m.Descriptor, create: hasRequestID(m), closed: closed}
	f.fill(request.ProtoReflect(), 0)
	f.change(request)
	side.Closed = closed
	if sample := c.Samples[m.Rules.Method]; sample != nil {
		sample(request, side)
	}
	return request
}

func hasRequestID(m call.Method) bool {
	return m.Descriptor.Input().Fields().ByName("request_id") != nil
}

func (f filler) fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		switch {
		case field.ContainingOneof() != nil && !field.HasOptionalKeyword(), f.closed && meaning(field).GetStaffOnly(), field.HasOptionalKeyword():
			continue
		case field.IsMap():
			continue
		case field.IsList():
			list := m.Mutable(field).List()
			for range rules(field).GetRepeated().GetMinItems() {
				if field.Message() != nil {
					e := list.NewElement()
					f.fill(e.Message(), depth+1)
					list.Append(e)
				} else if v, ok := f.scalar(field, rules(field).GetRepeated().GetItems(), depth); ok {
					list.Append(v)
				}
			}
			if list.Len() == 0 {
				m.Clear(field)
			}
		case field.Message() != nil:
			f.message(m, field, depth)
		default:
			if v, ok := f.scalar(field, rules(field), depth); ok {
				m.Set(field, v)
			}
		}
	}
}

func (f filler) message(m protoreflect.Message, field protoreflect.FieldDescriptor, depth int) {
	switch field.Message().FullName() {
	case "google.protobuf.FieldMask":
	case "google.protobuf.Timestamp":
		if rules(field).GetRequired() || f.method == nil {
			m.Set(field, protoreflect.ValueOfMessage(timestamppb.New(f.side.now).ProtoReflect()))
		}
	default:
		if rules(field).GetRequired() || depth == 0 && f.create {
			f.fill(m.Mutable(field).Message(), depth+1)
		}
	}
}

// scalar is a value for a field, when it needs one or has a meaning.
func (f filler) scalar(field protoreflect.FieldDescriptor, r *validate.FieldRules, depth int) (protoreflect.Value, bool) {
	switch field.Kind() {
	case protoreflect.StringKind:
		text := f.text(field, r, depth)
		return protoreflect.ValueOfString(text), text != ""
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(f.side.text())), r.GetBytes().GetMinLen() > 0
	case protoreflect.EnumKind:
		values := field.Enum().Values()
		if !f.create || values.Len() < 2 {
			return protoreflect.Value{}, false
		}
		return protoreflect.ValueOfEnum(values.Get(1).Number()), true
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(1), r.GetInt32().GetGt() >= 0 && r.GetInt32().HasGt() || r.GetInt32().GetGte() > 0 || f.method == nil
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(1), r.GetInt64().GetGt() >= 0 && r.GetInt64().HasGt() || r.GetInt64().GetGte() > 0
	}
	return protoreflect.Value{}, false
}

// guesses are texts that patterns are tried with.
var guesses = []string{"", "+380445550142", "UAH", "UA", "100.00", "1", "A1", "https://example.com", "2026-03-02", "text"}

func (f filler) text(field protoreflect.FieldDescriptor, r *validate.FieldRules, depth int) string {
	s, m := r.GetString(), meaning(field)
	needed := r.GetIgnore() != validate.Ignore_IGNORE_IF_ZERO_VALUE && (r.GetRequired() || s.GetMinLen() > 0 || s.GetEmail() || s.GetUuid())
	if id, known := f.id(field); known {
		return id
	}
	switch {
	case field.Name() == "request_id":
		return store.NewID()
	case m.GetSecret():
		if secret := f.side.secrets[string(field.Name())]; secret != "" {
			return secret
		}
		return Password
	case m.GetKind() == kernelv1.Kind_KIND_ROLE:
		return f.side.contactRole
	case m.GetKind() == kernelv1.Kind_KIND_STAFF_ROLE, m.GetKind() == kernelv1.Kind_KIND_ANY_ROLE:
		return idleStaff
	case s.GetEmail() || m.GetKind() == kernelv1.Kind_KIND_EMAIL:
		if needed || f.create {
			return f.side.email()
		}
		return ""
	case len(s.GetIn()) > 0:
		return s.GetIn()[0]
	case s.HasPattern():
		pattern, err := regexp.Compile(s.GetPattern())
		for _, guess := range guesses {
			if err == nil && pattern.MatchString(guess) {
				return guess
			}
		}
		return ""
	case s.GetUuid() && needed:
		return store.NewID()
	case needed, f.create && depth > 0 && m.GetKind() <= kernelv1.Kind_KIND_MULTILINE && m.GetRefersTo() == "":
		return clip(f.side.text(), s)
	}
	return ""
}

// clip makes a text as short or long as it must be; what tells sides apart stands first.
func clip(text string, s *validate.StringRules) string {
	for uint64(len(text)) < s.GetMinLen() {
		text += "."
	}
	if s.HasMaxLen() && uint64(len(text)) > s.GetMaxLen() {
		text = text[:s.GetMaxLen()]
	}
	return text
}

// id is that of the thing that a field points at, as far as it is known which.
func (f filler) id(field protoreflect.FieldDescriptor) (string, bool) {
	target, own := targetOf(field, f.method)
	if target == "" || own && f.create {
		return "", own && f.create
	}
	if target == clientTarget {
		return f.side.ClientID, true
	}
	id := f.side.IDs[target]
	return id, id != ""
}

// clientTarget stands for the client a portal serves, whichever module keeps it.
const clientTarget protoreflect.FullName = "client"

// targetOf says what a field holds the id of, and whether that is the message's own. Empty when it holds none.
func targetOf(field protoreflect.FieldDescriptor, method protoreflect.MethodDescriptor) (target protoreflect.FullName, own bool) {
	m := meaning(field)
	parent := field.Parent().(protoreflect.MessageDescriptor)
	own = m.GetKind() == kernelv1.Kind_KIND_ID
	name := string(field.Name())
	switch {
	case field.Kind() != protoreflect.StringKind || field.IsList():
		return "", false
	case m.GetClientId(), method == nil && name == "client_id":
		return clientTarget, own
	case m.GetRefersTo() != "":
		return protoreflect.FullName(m.GetRefersTo()), false
	case own:
		return parent.FullName(), true
	case method == nil && strings.HasSuffix(name, "_id"):
		return parent.FullName().Parent().Append(camel(strings.TrimSuffix(name, "_id"))), false
	case method == nil:
		return "", false
	case name == "id" && parent == method.Input():
		return subjectOf(method), false
	case strings.HasSuffix(name, "_id") && name != "request_id" && rules(field).GetString().GetUuid():
		return parent.FullName().Parent().Append(camel(strings.TrimSuffix(name, "_id"))), false
	}
	return "", false
}

var verb = regexp.MustCompile(`^[A-Z][a-z]+`)

// subjectOf is the message a method is about: what its response holds one of, or what its name ends with.
func subjectOf(method protoreflect.MethodDescriptor) protoreflect.FullName {
	fields := method.Output().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); f.Message() != nil && !f.IsList() && f.Message().Fields().ByName("id") != nil {
			return f.Message().FullName()
		}
	}
	noun := strings.TrimPrefix(string(method.Name()), verb.FindString(string(method.Name())))
	return method.ParentFile().Package().Append(protoreflect.Name(noun))
}

func camel(snake string) protoreflect.Name {
	var b strings.Builder
	for _, word := range strings.Split(snake, "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return protoreflect.Name(b.String())
}

// change makes an update of one text, when the request has a mask: of the thing as it was last seen.
func (f filler) change(request proto.Message) {
	m := request.ProtoReflect()
	mask := m.Descriptor().Fields().ByName("update_mask")
	if mask == nil || mask.Message() == nil || mask.Message().FullName() != "google.protobuf.FieldMask" {
		return
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field == mask || field.Message() == nil || field.IsList() {
			continue
		}
		thing := m.Mutable(field).Message()
		if seen := f.side.seen[field.Message().FullName()]; seen != nil {
			proto.Merge(thing.Interface(), seen)
		}
		f.conceal(thing)
		if name := field.Message().Fields().ByName("name"); name != nil {
			thing.Set(name, protoreflect.ValueOfString(f.side.text()))
			m.Set(mask, protoreflect.ValueOfMessage((&fieldmaskpb.FieldMask{Paths: []string{"name"}}).ProtoReflect()))
		}
	}
}

// conceal takes out what a caller who is no staff may not send, and the revision: somebody may have been faster.
func (f filler) conceal(m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		mm := meaning(fields.Get(i))
		if f.closed && mm.GetStaffOnly() || mm.GetKind() == kernelv1.Kind_KIND_REVISION {
			m.Clear(fields.Get(i))
		}
	}
}

// text is one that no other side writes, and that is never the same.
func (s *Side) text() string {
	s.counted++
	return fmt.Sprintf("%s %d", s.Marker, s.counted)
}

func (s *Side) email() string {
	s.counted++
	return fmt.Sprintf("%s-%d@example.com", strings.ToLower(strings.ReplaceAll(s.Marker, " ", "-")), s.counted)
}
