package kerneltest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
)

// Side is a client with its things, as far as creates and lists of contracts bring them.
type Side struct {
	// ClientID is its client's, UserID a contact's of it, StaffID that of a member of staff who does not serve it.
	ClientID, UserID, StaffID string
	// Email is the contact's, whose password is [Password].
	Email string
	// Marker stands in every text of the side and in no other's.
	Marker string
	// IDs are those of its things, by the message that describes one: "cabinet.clientmanager.v1.Contact".
	IDs map[protoreflect.FullName]string

	// Closed tells a sample that fields for staff are closed to who sends the request.
	Closed bool

	// Spare makes another client, whom the side's staff serve, and returns its id: for what takes two.
	Spare func() string

	seen        map[protoreflect.FullName]proto.Message
	secrets     map[string]string
	contactRole string
	now         time.Time
	counted     int
}

// actor is somebody who calls.
type actor struct {
	name string
	who  access.Principal
	// role is a user's; base roles come by themselves.
	role access.Role
}

// user tells whether it is somebody who signs in.
func (a actor) user() bool { return a.who.IsUser() }

// closed tells whether fields for staff are closed to it.
func (a actor) closed() bool { return a.who.Kind == access.Contact || a.who.Kind == access.Nobody }

// methods are those of the module, or of the whole portal, without those for the kernel alone where wanted.
func (c *conformance) methods(p *Portal, own bool) []call.Method {
	return slices.DeleteFunc(p.Router().Methods(), func(m call.Method) bool {
		return own && m.Module != c.Module || m.Module == call.KernelModule
	})
}

// creates are the methods that make things of a client, of the whole portal. That of the client itself is not among them.
func (c *conformance) creates(p *Portal) []call.Method {
	return slices.DeleteFunc(c.methods(p, false), func(m call.Method) bool {
		return !hasRequestID(m) || m.Rules.Scope == kernelv1.Scope_SCOPE_KERNEL || makesClients(m.Descriptor)
	})
}

// makesClients tells whether what a method makes is a client.
func makesClients(m protoreflect.MethodDescriptor) bool {
	fields := m.Output().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); f.Message() != nil && !f.IsList() {
			inner := f.Message().Fields()
			for j := range inner.Len() {
				if mm := meaning(inner.Get(j)); mm.GetClientId() && mm.GetKind() == kernelv1.Kind_KIND_ID {
					return true
				}
			}
		}
	}
	return false
}

// side makes a client with a contact and whatever else contracts can make for it. What a user may make is made by that
// user, since it may be theirs; the rest by the kernel.
func (c *conformance) side(t testing.TB, p *Portal, name string, as func(side *Side) actor) (*Side, actor) {
	t.Helper()
	s := &Side{
		Marker: fmt.Sprintf("Marker %s %s", name, strings.ToLower(p.word())), IDs: map[protoreflect.FullName]string{},
		seen: map[protoreflect.FullName]proto.Message{}, secrets: map[string]string{}, now: c.Now(), contactRole: c.someContactRole(p),
	}
	s.ClientID = p.Client(t, s.text())
	s.IDs[clientTarget] = s.ClientID
	colleague := p.Contact(t, s.ClientID, s.contactRole)
	s.UserID, s.Email, s.secrets["session_token"] = colleague.ID, colleague.Email, colleague.Token
	s.StaffID = p.Staff(t, idleStaff).ID
	who := actor{name: "kernel", who: access.AsKernel()}
	if as != nil {
		who = as(s)
	}
	s.Spare = func() string {
		id := p.Client(t, s.Marker+" "+p.word())
		if who.who.Kind == access.Staff {
			_, err := clientmanagerv1.NewClientServiceClient(p.Kernel()).AssignManager(t.Context(), &clientmanagerv1.AssignManagerRequest{Id: id, ManagerId: who.who.UserID})
			require.NoError(t, err)
		}
		return id
	}
	// One thing may be about another whose method comes later: what could not be made is tried again once others are there.
	for left := c.creates(p); len(left) > 0; {
		var failed []call.Method
		for _, m := range left {
			by := who
			if d, _ := p.Router().Explain(who.who, m.Rules.Method); !d.Allowed || !by.user() {
				by = actor{name: "kernel", who: access.AsKernel()}
			}
			response, err := c.call(t, p, by, m, c.request(m, s, by.closed()))
			if err != nil {
				failed = append(failed, m)
				continue
			}
			s.harvest(response.ProtoReflect())
		}
		if len(failed) == len(left) {
			break
		}
		left = failed
	}
	for _, m := range c.methods(p, false) {
		if !m.Rules.ReadOnly || m.Rules.Scope == kernelv1.Scope_SCOPE_KERNEL || !aboutClient(m.Descriptor) {
			continue
		}
		if response, err := c.call(t, p, actor{who: access.AsKernel()}, m, c.request(m, s, false)); err == nil {
			s.harvest(response.ProtoReflect())
		}
	}
	return s, who
}

// aboutClient tells whether a request names the client it is about.
func aboutClient(m protoreflect.MethodDescriptor) bool {
	fields := m.Input().Fields()
	for i := range fields.Len() {
		if meaning(fields.Get(i)).GetClientId() {
			return true
		}
	}
	return false
}

func (c *conformance) someContactRole(p *Portal) string {
	for _, r := range p.Policy().Roles() {
		if !r.Staff && !r.Base && r.ID != idleContact {
			return r.ID
		}
	}
	return idleContact
}

// harvest remembers the things in a message that are the side's: the first of each kind.
func (s *Side) harvest(m protoreflect.Message) {
	d := m.Descriptor()
	if !s.foreignTo(m) {
		for i := range d.Fields().Len() {
			f := d.Fields().Get(i)
			if f.Kind() != protoreflect.StringKind || f.IsList() || m.Get(f).String() == "" {
				continue
			}
			value := m.Get(f).String()
			mm := meaning(f)
			switch {
			case mm.GetSecret():
				s.secrets[string(f.Name())] = value
			case mm.GetKind() == kernelv1.Kind_KIND_ID:
				if s.IDs[d.FullName()] == "" {
					s.IDs[d.FullName()], s.seen[d.FullName()] = value, proto.Clone(m.Interface())
				}
			case mm.GetRefersTo() != "" && !mm.GetClientId():
				if s.IDs[protoreflect.FullName(mm.GetRefersTo())] == "" {
					s.IDs[protoreflect.FullName(mm.GetRefersTo())] = value
				}
			}
		}
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Message() == nil || f.IsMap():
		case f.IsList():
			for i := range v.List().Len() {
				s.harvest(v.List().Get(i).Message())
			}
		default:
			s.harvest(v.Message())
		}
		return true
	})
}

// foreignTo tells whether a message says that it is about another client, or none.
func (s *Side) foreignTo(m protoreflect.Message) bool {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); meaning(f).GetClientId() && m.Get(f).String() != s.ClientID {
			return true
		}
	}
	return false
}

// call makes a call through the router, as everybody's calls go, and returns the response; of a stream the first one.
func (c *conformance) call(t testing.TB, p *Portal, a actor, m call.Method, request proto.Message) (proto.Message, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(access.With(t.Context(), a.who), patience)
	defer cancel()
	ctx = call.To(ctx, m.Module)
	response := call.NewMessage(m.Descriptor.Output())
	if !m.Descriptor.IsStreamingClient() && !m.Descriptor.IsStreamingServer() {
		return response, p.Router().Invoke(ctx, m.Rules.Method, request, response)
	}
	stream, err := p.Router().NewStream(ctx, &grpc.StreamDesc{
		ServerStreams: m.Descriptor.IsStreamingServer(), ClientStreams: m.Descriptor.IsStreamingClient(),
	}, m.Rules.Method)
	if err != nil {
		return response, err
	}
	if err := stream.SendMsg(request); err != nil && !errors.Is(err, io.EOF) {
		return response, err
	}
	if err := stream.CloseSend(); err != nil {
		return response, err
	}
	if err := stream.RecvMsg(response); !errors.Is(err, io.EOF) {
		return response, err
	}
	return response, nil
}

// word is one that the portal has not given yet.
func (p *Portal) word() string { return fmt.Sprintf("w%dw", p.number.Add(1)) }

// principal signs somebody in for a role and returns them. client is whom a contact acts for, and what staff serve.
func (c *conformance) principal(t testing.TB, p *Portal, role access.Role, client string) access.Principal {
	t.Helper()
	if !role.Staff {
		return p.Contact(t, client, role.ID).Principal(t)
	}
	u := p.Staff(t, role.ID)
	// Beside who serves it already: all roles of staff stand for the same client.
	_, err := clientmanagerv1.NewAssignmentServiceClient(p.Kernel()).AddManager(t.Context(), &clientmanagerv1.AddManagerRequest{ClientId: client, ManagerId: u.ID})
	require.NoError(t, err)
	return u.Principal(t)
}

// givable are the roles that people can be given, staff's first.
func givable(p *Portal) []access.Role {
	var staff, contacts []access.Role
	for _, r := range p.Policy().Roles() {
		switch {
		case r.Base:
		case r.Staff:
			staff = append(staff, r)
		default:
			contacts = append(contacts, r)
		}
	}
	return append(staff, contacts...)
}
