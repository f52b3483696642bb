package kerneltest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
)

// foreign calls every method that reaches only granted rows, as everybody who may, with ids of another client: each in
// turn, the rest of the request being the caller's own. The answer is NOT_FOUND or PERMISSION_DENIED, or says nothing of
// the other client; and nothing of the other client changes.
func (c *conformance) foreign(t testing.TB) {
	p := c.portal(t)
	owner := c.owner(t, p)
	theirs, _ := c.side(t, p, "theirs", func(*Side) actor { return owner })
	raid := &raid{c: c, t: t, p: p, admin: connect(t, p.DSN)}
	raid.settle()
	before := c.contentOf(raid, theirs)
	for _, role := range givable(p) {
		mine, who := c.side(t, p, "mine", func(s *Side) actor {
			return actor{name: role.ID, who: c.principal(t, p, role, s.ClientID), role: role}
		})
		for _, m := range calm(c.methods(p, true)) {
			decision, _ := p.Router().Explain(who.who, m.Rules.Method)
			if !decision.Allowed || decision.Reach == access.All {
				continue
			}
			c.trespass(t, p, who, m, mine, theirs)
		}
	}
	raid.settle()
	after := c.contentOf(raid, theirs)
	for table, was := range before {
		if after[table] != was {
			c.found("%s: rows of a client were changed by people of another", table)
		}
	}
}

// trespass calls one method with each of its ids made another client's.
func (c *conformance) trespass(t testing.TB, p *Portal, who actor, m call.Method, mine, theirs *Side) {
	// Without a foreign id, to see what a list shows that nobody narrowed.
	request := c.request(m, mine, who.closed())
	response, err := c.call(t, p, who, m, request)
	c.tells(who, m, "", response, err, theirs)
	for _, path := range idsIn(request.ProtoReflect(), m.Descriptor, nil) {
		request := c.request(m, mine, who.closed())
		foreign := theirs.ClientID
		if path.target != clientTarget {
			foreign = theirs.IDs[path.target]
		}
		if foreign == "" || foreign == mine.IDs[path.target] {
			continue
		}
		path.set(request.ProtoReflect(), foreign)
		moved := path.named(request.ProtoReflect())
		response, err := c.call(t, p, who, m, request)
		code := status.Code(err)
		where := fmt.Sprintf("%s as %s with %s of another client", m.Rules.Method, who.name, path)
		switch {
		case c.tells(who, m, path.String(), response, err, theirs):
		case code == codes.NotFound || code == codes.PermissionDenied:
		case code == codes.InvalidArgument && moved: // there is no moving a thing to another client
		case code == codes.OK && (m.Rules.ReadOnly || proto.Size(response) == 0):
			// A list narrowed to what is not there is empty; ending what is not there is done. What changed is looked at later.
		default:
			c.found("%s: ended with %v (%s), not with NOT_FOUND or PERMISSION_DENIED: look the thing up under row security first",
				where, code, status.Convert(err).Message())
		}
	}
}

// tells finds texts or the id of another client in what somebody was answered.
func (c *conformance) tells(who actor, m call.Method, with string, response proto.Message, err error, theirs *Side) bool {
	text, marshalErr := proto.Marshal(response)
	if marshalErr != nil {
		return false
	}
	text = append(text, status.Convert(err).Message()...)
	if with != "" {
		with = " with a foreign " + with
	}
	var what string
	switch {
	case bytes.Contains(text, []byte(theirs.Marker)):
		what = "a text"
	case err == nil && bytes.Contains(text, []byte(theirs.ClientID)): // an error may name what was asked for
		what = "the id"
	default:
		return false
	}
	c.found("%s as %s%s: the answer holds %s of another client: read under row security, not as the module", m.Rules.Method, who.name, with, what)
	return true
}

// idPath is where in a request an id stands.
type idPath struct {
	fields []protoreflect.FieldDescriptor
	target protoreflect.FullName
}

func (p idPath) String() string {
	text := ""
	for i, f := range p.fields {
		if i > 0 {
			text += "."
		}
		text += string(f.Name())
	}
	return text
}

func (p idPath) set(m protoreflect.Message, id string) {
	for _, f := range p.fields[:len(p.fields)-1] {
		m = m.Mutable(f).Message()
	}
	m.Set(p.fields[len(p.fields)-1], protoreflect.ValueOfString(id))
}

// named adds the field to the request's update mask, where it has one and the field is not what says which thing is
// meant: else it would not be looked at.
func (p idPath) named(m protoreflect.Message) bool {
	mask := m.Descriptor().Fields().ByName("update_mask")
	last := p.fields[len(p.fields)-1]
	if mask == nil || len(p.fields) != 2 || meaning(last).GetKind() == kernelv1.Kind_KIND_ID {
		return false
	}
	if fm, ok := m.Mutable(mask).Message().Interface().(*fieldmaskpb.FieldMask); ok {
		fm.Paths = append(fm.Paths, string(last.Name()))
		return true
	}
	return false
}

// idsIn finds the fields that hold ids, in the request and in what it holds.
func idsIn(m protoreflect.Message, method protoreflect.MethodDescriptor, above []protoreflect.FieldDescriptor) []idPath {
	var found []idPath
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		path := append(append([]protoreflect.FieldDescriptor{}, above...), f)
		if f.Message() != nil && !f.IsList() && !f.IsMap() {
			if m.Has(f) {
				found = append(found, idsIn(m.Get(f).Message(), method, path)...)
			}
			continue
		}
		target, own := targetOf(f, method)
		if target == "" || own && method.Input().Fields().ByName("request_id") != nil {
			continue
		}
		if meaning(f).GetRefersTo() != "" && !meaning(f).GetClientId() {
			continue // a thing that is pointed at, not the one that is asked for: who may be pointed at, the module says
		}
		found = append(found, idPath{path, target})
	}
	return found
}

// contentOf is what tables hold of a side's client, by table, those of all modules.
func (c *conformance) contentOf(r *raid, side *Side) map[string]string {
	out := map[string]string{}
	for _, m := range r.p.Manifests() {
		tables, err := r.p.Store().Protected(r.t.Context(), m.ID)
		require.NoError(r.t, err)
		for _, table := range tables {
			if table.Kind == "client" {
				out[table.Table] = r.content(&target{table: table, theirs: side.ClientID})
			}
		}
	}
	return out
}
