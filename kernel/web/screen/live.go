package screen

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// Shows is the message that a method's response shows: what it lists, or the thing it is about, or else itself. Its
// full name is the topic of live updates.
func Shows(response protoreflect.MessageDescriptor) protoreflect.MessageDescriptor {
	if f := items(response); f != nil {
		return f.Message()
	}
	if f := subject(response); f != nil {
		return f.Message()
	}
	return response
}

// clientField is the field by which contracts say whose something is.
const clientField = "client_id"

// watching collects the topics of what a page shows.
type watching []string

// add notes what a call shows; of one client alone when it is known which.
func (w *watching) add(c *call, client string) {
	topic := string(Shows(c.output).FullName())
	if client != "" {
		topic += " " + client
	}
	w.name(topic)
}

// refers notes the things that a field refers to, whose titles are shown.
func (w *watching) refers(path fieldPath) {
	if to := meaning(path.last()).GetRefersTo(); to != "" {
		w.name(to)
	}
}

func (w *watching) name(topic string) {
	if !slices.Contains(*w, topic) {
		*w = append(*w, topic)
	}
}

// list notes what a list shows.
func (w *watching) list(e *Env, sc *Screen, client string) {
	w.add(sc.call, client)
	for _, c := range sc.columns {
		if e.sees(c.Audience) {
			w.refers(c.path)
		}
	}
}

// clientOf is the client that a thing belongs to, or is: the lists below it say so by what they are bound to.
func (s *Screen) clientOf(m protoreflect.Message) string {
	from := clientField
	for _, r := range s.related {
		if field := r.bind[clientField]; field != "" {
			from = field
		}
	}
	path, err := findIn(m.Descriptor(), from)
	if err != nil {
		return ""
	}
	v, ok := path.get(m)
	if !ok {
		return ""
	}
	return plain(path.last(), v)
}

// watched are the topics of a detail's page.
func (s *Set) watched(e *Env, sc *Screen, m protoreflect.Message) []string {
	var w watching
	client := sc.clientOf(m)
	w.add(sc.call, client)
	for _, section := range sc.Sections {
		for _, name := range section.Fields {
			w.refers(sc.fields[name])
			if r := sc.rows[name]; r != nil {
				for _, c := range r.forReader(e) {
					w.refers(c.path)
				}
			}
		}
	}
	for _, r := range sc.related {
		if r.screen.Visible(e) {
			of := ""
			if r.bind[clientField] != "" {
				of = client
			}
			w.list(e, r.screen, of)
		}
	}
	return w
}

// rowKey tells a row from the others of its list, whichever place it has: the id of the thing.
func rowKey(m protoreflect.Message) string {
	if id := idOf(m.Descriptor()); id != nil {
		return m.Get(id.last()).String()
	}
	return ""
}

// idOf is the field that holds the id of a thing; nil when it has none.
func idOf(m protoreflect.MessageDescriptor) fieldPath {
	f := byKind(m, kernelv1.Kind_KIND_ID)
	if f == nil {
		f = m.Fields().ByName("id")
	}
	if f == nil || f.Kind() != protoreflect.StringKind || f.IsList() {
		return nil
	}
	return fieldPath{f}
}
