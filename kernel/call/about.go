package call

import (
	"context"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
)

// about leads through a method's request to what the audit log says the call is about. All of it is read off the
// descriptors: module authors write nothing for it.
type about struct {
	// resource is the message of the thing that is meant; empty when descriptors do not tell.
	resource string
	// id and client lead to fields of the request; empty where it has none.
	id, client []protoreflect.FieldDescriptor
	// ofClient methods concern the client that a contact acts for.
	ofClient bool
}

// aboutOf finds the thing in the response, in the request, or by the method's name: DeleteContact is about a Contact.
func aboutOf(m protoreflect.MethodDescriptor) *about {
	a := &about{}
	if rules, err := access.RulesOf(m); err == nil {
		a.ofClient = rules.Scope == kernelv1.Scope_SCOPE_CLIENT
	}
	thing := thingIn(m.Output())
	if thing == nil {
		thing = thingIn(m.Input())
	}
	if thing == nil {
		thing = thingNamed(m)
	}
	a.client = clientIn(m.Input())
	if thing == nil {
		return a
	}
	a.resource = string(thing.FullName())
	a.id = idIn(m.Input(), thing)
	return a
}

// thingIn is the message of a field that describes a thing: it has an id of its own.
func thingIn(m protoreflect.MessageDescriptor) protoreflect.MessageDescriptor {
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if f.Message() != nil && !f.IsList() && !f.IsMap() && access.IDOf(f.Message()) != nil {
			return f.Message()
		}
	}
	return nil
}

// thingNamed is the message that a method names after its verb, of the same package.
func thingNamed(m protoreflect.MethodDescriptor) protoreflect.MessageDescriptor {
	noun := strings.TrimLeftFunc(string(m.Name())[1:], func(r rune) bool { return !unicode.IsUpper(r) })
	file := m.ParentFile()
	find := func(f protoreflect.FileDescriptor) protoreflect.MessageDescriptor {
		if d := f.Messages().ByName(protoreflect.Name(noun)); d != nil && f.Package() == file.Package() && access.IDOf(d) != nil {
			return d
		}
		return nil
	}
	if d := find(file); d != nil {
		return d
	}
	for i := range file.Imports().Len() {
		if d := find(file.Imports().Get(i).FileDescriptor); d != nil {
			return d
		}
	}
	return nil
}

// idIn leads to the id of a thing in a request: in the thing itself, in a field called as the thing calls its id, or in
// one that refers to it.
func idIn(m, thing protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	id := access.IDOf(thing)
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		switch {
		case f.IsList() || f.IsMap():
		case f.Message() != nil && f.Message().FullName() == thing.FullName():
			return []protoreflect.FieldDescriptor{f, f.Message().Fields().ByName(id.Name())}
		case f.Kind() != protoreflect.StringKind:
		case f.Name() == id.Name(), access.MeaningOf(f).GetRefersTo() == string(thing.FullName()):
			return []protoreflect.FieldDescriptor{f}
		}
	}
	return nil
}

// clientIn leads to the id of the client that a request is about, in it or in a message right below.
func clientIn(m protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if f.IsList() || f.IsMap() {
			continue
		}
		if access.MeaningOf(f).GetClientId() {
			return []protoreflect.FieldDescriptor{f}
		}
		if f.Message() == nil {
			continue
		}
		for j := range f.Message().Fields().Len() {
			if inner := f.Message().Fields().Get(j); access.MeaningOf(inner).GetClientId() && !inner.IsList() {
				return []protoreflect.FieldDescriptor{f, inner}
			}
		}
	}
	return nil
}

// read follows a path of fields to a UUID; empty when there is none. The message may have another version's descriptor.
func read(m protoreflect.Message, path []protoreflect.FieldDescriptor) string {
	for i, step := range path {
		f := m.Descriptor().Fields().ByName(step.Name())
		if f == nil {
			return ""
		}
		if i == len(path)-1 {
			if f.Kind() != protoreflect.StringKind || f.IsList() {
				return ""
			}
			if id := m.Get(f).String(); len(id) == 36 && uuid.Validate(id) == nil {
				return strings.ToLower(id)
			}
			return ""
		}
		if f.Message() == nil || f.IsList() || f.IsMap() || !m.Has(f) {
			return ""
		}
		m = m.Get(f).Message()
	}
	return ""
}

// change is what a call of the method changes, by its request. A contact's changes concern the client acted for,
// whichever the request names.
func (m *method) change(who access.Principal, request proto.Message) *access.Change {
	c := &access.Change{
		ID: uuid.Must(uuid.NewV7()).String(), Who: who, Module: m.module, Method: m.rules.Method, Resource: m.about.resource,
	}
	if request != nil && request.ProtoReflect().IsValid() {
		c.ResourceID = read(request.ProtoReflect(), m.about.id)
		c.ClientID = read(request.ProtoReflect(), m.about.client)
	}
	if who.Kind == access.Contact {
		c.ClientID = ""
		if m.about.ofClient {
			c.ClientID = who.ActingFor
		}
	}
	return c
}

// tell reports that a person was refused what would have changed something. Who is asked to show that it is them is not.
func (r *Router) tell(ctx context.Context, u *unaryCall, args any, err error) {
	if err == nil || r.options.Refused == nil || u.method == nil || u.method.about == nil || !u.principal.IsUser() ||
		status.Code(err) != codes.PermissionDenied || access.AsksProof(err) {
		return
	}
	u.within.mu.Lock()
	c := u.within.change
	u.within.mu.Unlock()
	if c == nil {
		request, _ := args.(proto.Message)
		c = u.method.change(u.principal, request)
	}
	r.options.Refused(ctx, c, err)
}
