package screen

import (
	"context"
	"io"
	"net/url"
	"slices"
	"time"

	"github.com/a-h/templ"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/access"
	router "github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// Env is what a screen needs of the request it is shown for.
type Env struct {
	Conn      grpc.ClientConnInterface // the router
	Text      *locale.Localizer
	Policy    *access.Policy
	Principal access.Principal
	// Base is the path the portal lives under, without a slash at the end: "" or "/my".
	Base string
	// Origin is how the outside reaches the portal, "https://cabinet.example.com".
	Origin string
	CSRF   string
	Now    time.Time
	// WeekBegins is the first day of the week in languages of which several parts of the world have different ones.
	WeekBegins time.Weekday
	// Languages are those the portal offers, by tag.
	Languages []string
	// ClientKind is of what kind the client is that a contact acts for; empty when that is not said.
	ClientKind string
	// Sisters are the clients of the same customer that a contact may act for, the present one among them; empty when it
	// stands by itself.
	Sisters []ui.SwitchItem
	// NewID makes request ids, UUIDs.
	NewID func() string
	// Path and Vars are the page's address below Base, and what stood in its braces. Query is what stood behind "?".
	Path  string
	Vars  map[string]string
	Query url.Values

	viewed bool // the list's reader has a first view, so that its bare address filters
}

// Page is a screen, ready to be put into the layout; or where to go instead.
type Page struct {
	Title string
	// Width is as in ui.Document.
	Width string
	Body  templ.Component
	// Box is a screen for anybody, in place of Body.
	Box *ui.GateBox
	// Redirect is an address below Base; then the rest is empty, and Notice is the text to show there.
	Redirect string
	Notice   string
	// Invalid is set when a form comes back with errors.
	Invalid bool
	// Live are the topics of what the page shows, each alone or with a space and the client it is shown of. A form is
	// not refreshed: its writer is told.
	Live []string
	Form bool
	// Refresh has the browser ask again after so many seconds, also without script; 0 does not.
	Refresh int
	// Download is a file to be sent instead of a page.
	Download *Download
}

// Download is a file on its way to a reader.
type Download struct {
	Name, ContentType string
	Bytes             int64
	// Write writes the file. It fails where the rest of it does not come.
	Write func(w io.Writer) error
}

// may tells whether the reader may call a method at all.
func (e *Env) may(c *call) bool {
	return c != nil && e.Policy.Decide(e.Principal, c.rules).Allowed
}

// sees tells whether something is for the reader.
func (e *Env) sees(a module.Audience) bool {
	switch a {
	case module.ForStaff:
		return e.Principal.Kind == access.Staff
	case module.ForContacts:
		return e.Principal.Kind == access.Contact
	default:
		return true
	}
}

// locks tells whether the reader sees a field's text in part, of what a call reaches: then they cannot change it.
func (e *Env) locks(f protoreflect.FieldDescriptor, c *call) bool {
	permission := meaning(f).GetMaskedWithout()
	return permission != "" && c != nil && e.Policy.Masks(e.Principal, permission, e.Policy.Decide(e.Principal, c.rules).Reach)
}

// Visible tells whether the reader may see a screen.
func (s *Screen) Visible(e *Env) bool { return e.sees(s.Audience) && e.suits(s) && e.may(s.call) }

// suits tells whether a screen is for the kind of client that a contact acts for.
func (e *Env) suits(s *Screen) bool {
	return len(s.ClientKinds) == 0 || e.Principal.Kind != access.Contact || e.ClientKind == "" || slices.Contains(s.ClientKinds, e.ClientKind)
}

// Route is the screen's path as the web server's router writes it: "/clients/:id".
func (s *Screen) Route() string { return route(s.Path) }

// Vars are the names in braces of the screen's path.
func (s *Screen) Vars() []string { return vars(s.Path) }

// request makes a call's request, with its fixed fields filled.
func (c *call) request() (protoreflect.Message, error) {
	m := newMessage(c.input)
	for name, value := range c.fixed {
		path, err := findIn(c.input, name)
		if err != nil {
			return nil, err
		}
		if err := fill(m, path, []string{value}); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// do calls the method as the reader.
func (c *call) do(ctx context.Context, e *Env, request protoreflect.Message) (protoreflect.Message, error) {
	response := newMessage(c.output)
	if err := e.Conn.Invoke(ctx, c.method, request.Interface(), response.Interface(), grpc.StaticMethod()); err != nil {
		return nil, err
	}
	return response, nil
}

func newMessage(d protoreflect.MessageDescriptor) protoreflect.Message {
	return router.NewMessage(d).ProtoReflect()
}

// about is the thing a message is about: its subject, or itself.
func about(m protoreflect.Message) protoreflect.Message {
	if f := subject(m.Descriptor()); f != nil {
		return m.Get(f).Message()
	}
	return m
}

// fillVars puts the path's variables into a request.
func (s *Screen) fillVars(e *Env, m protoreflect.Message) error {
	for _, name := range vars(s.Path) {
		path, err := findIn(m.Descriptor(), name)
		if err != nil {
			return err
		}
		if err := fill(m, path, []string{e.Vars[name]}); err != nil {
			return err
		}
	}
	return nil
}

// href writes an address below the portal's base.
func (e *Env) href(path string) string { return e.Base + path }

// from is a lookup for expand: fields of a message first, then the page's own variables.
func (e *Env) from(m protoreflect.Message) func(string) string {
	return func(name string) string {
		if m != nil {
			if path, err := findIn(m.Descriptor(), name); err == nil {
				if v, ok := path.get(m); ok {
					if text := plain(path.last(), v); text != "" {
						return text
					}
				}
			}
		}
		return e.Vars[name]
	}
}

// plain writes a simple value as fill reads it.
func plain(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch {
	case f.IsList() || f.IsMap() || f.Message() != nil:
		return ""
	case f.Enum() != nil:
		if value := f.Enum().Values().ByNumber(v.Enum()); value != nil && value.Number() != 0 {
			return string(value.Name())
		}
		return ""
	default:
		return v.String()
	}
}

// clone copies query values, so that links can change them.
func clone(values url.Values) url.Values {
	out := url.Values{}
	for name, v := range values {
		out[name] = slices.Clone(v)
	}
	return out
}
