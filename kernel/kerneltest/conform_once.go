package kerneltest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/store"
)

// atOnce is how many send the same request at the same moment.
const atOnce = 8

// once sends each request that has a request_id twice, then with other content under the same id, then a new one from
// many at once. One thing is made, each answer is the first one, and other content is refused.
func (c *conformance) once(t testing.TB) {
	p := c.portal(t)
	r := &raid{c: c, t: t, p: p, admin: connect(t, p.DSN)}
	for _, m := range c.methods(p, true) {
		if !hasRequestID(m) || m.Rules.Scope == kernelv1.Scope_SCOPE_KERNEL {
			continue
		}
		side, who, ok := c.maker(t, p, m)
		if !ok {
			c.found("%s: no role of the portal may call it, so nobody can make anything", m.Rules.Method)
			continue
		}
		request := c.request(m, side, who.closed())
		first, err := c.call(t, p, who, m, request)
		if err != nil {
			c.found("%s as %s: nothing was made (%v): give Subject.Samples[%q]", m.Rules.Method, who.name, err, m.Rules.Method)
			continue
		}
		r.settle()
		before := c.everything(r)
		again, err := c.call(t, p, who, m, proto.Clone(request))
		if err != nil || !proto.Equal(first, again) {
			c.found("%s: the same request again is not answered as the first time, but with %v %v: use store.Once in the transaction that makes it", m.Rules.Method, again, err)
		}
		other := proto.Clone(request)
		if alter(other.ProtoReflect()) {
			if _, err := c.call(t, p, who, m, other); err == nil {
				c.found("%s: a request_id that was used for other content is taken: give store.Once the whole request", m.Rules.Method)
			}
		}
		r.settle()
		if c.everything(r) != before {
			c.found("%s: a request sent again, or with a used request_id, changed rows", m.Rules.Method)
		}
		c.together(t, p, who, m, c.request(m, side, who.closed()))
	}
}

// maker is the first role that may call a method, with a side of its own.
func (c *conformance) maker(t testing.TB, p *Portal, m call.Method) (*Side, actor, bool) {
	for _, role := range givable(p) {
		stand := access.Principal{Kind: access.Contact, UserID: store.NewID(), ActingFor: store.NewID(), Roles: []string{role.ID}}
		if role.Staff {
			stand.Kind, stand.ActingFor = access.Staff, ""
		}
		if d, _ := p.Router().Explain(stand, m.Rules.Method); !d.Allowed {
			continue
		}
		side, who := c.side(t, p, "own", func(s *Side) actor {
			return actor{name: role.ID, who: c.principal(t, p, role, s.ClientID), role: role}
		})
		return side, who, true
	}
	return c.ownMaker(t, p, m)
}

// ownMaker is the portal itself, for a method that modules alone may call: its permission is no role's.
func (c *conformance) ownMaker(t testing.TB, p *Portal, m call.Method) (*Side, actor, bool) {
	if !strings.HasPrefix(m.Rules.Permission, c.Module+".") || m.Rules.Scope != kernelv1.Scope_SCOPE_STAFF {
		return nil, actor{}, false
	}
	for _, permission := range c.self(p).Permissions {
		if permission.Name == m.Rules.Permission && len(permission.Presets) == 0 {
			side, _ := c.side(t, p, "own", func(s *Side) actor {
				return actor{name: "a contact", who: p.Contact(t, s.ClientID, c.someContactRole(p)).Principal(t)}
			})
			return side, actor{name: "the portal itself", who: access.AsKernel()}, true
		}
	}
	return nil, actor{}, false
}

// together sends one request from many at once.
func (c *conformance) together(t testing.TB, p *Portal, who actor, m call.Method, request proto.Message) {
	answers, own := make([]proto.Message, atOnce), make([]proto.Message, atOnce)
	for i := range own {
		own[i] = proto.Clone(request)
	}
	errs := AtOnce(atOnce, func(i int) (err error) {
		answers[i], err = c.call(t, p, who, m, own[i])
		return err
	})
	for i := range atOnce {
		if errs[i] != nil || !proto.Equal(answers[0], answers[i]) {
			c.found("%s: sent %d times at once, the answers differ: %v, and %v %v", m.Rules.Method, atOnce, answers[0], answers[i], status.Convert(errs[i]).Message())
			return
		}
	}
}

// alter changes one text of a request, so that it asks for something else.
func alter(m protoreflect.Message) bool {
	altered := false
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsList() || f.IsMap():
		case f.Message() != nil:
			altered = alter(v.Message())
		case f.Kind() == protoreflect.StringKind && (f.Name() == "name" || f.Name() == "title" || f.Name() == "text" || f.Name() == "file_name"):
			m.Set(f, protoreflect.ValueOfString(v.String()+" otherwise"))
			altered = true
		}
		return !altered
	})
	return altered
}

// everything is what the module's tables and events are now, in one sum.
func (c *conformance) everything(r *raid) string {
	tables, err := r.p.Store().Protected(r.t.Context(), c.Module)
	require.NoError(r.t, err)
	sum := ""
	for _, table := range tables {
		sum += table.Table + " " + r.content(&target{table: table}) + "\n"
	}
	var events string
	require.NoError(r.t, r.admin.QueryRow(r.t.Context(), "select count(*)::text from kernel.outbox where source = $1", c.Module).Scan(&events))
	return sum + events
}
