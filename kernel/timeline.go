package kernel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/event"
)

// happenedName is what the module that keeps the timeline subscribes to.
var happenedName = (&kernelv1.Happened{}).ProtoReflect().Descriptor().FullName()

// happening is an event that stands on timelines.
type happening struct {
	module  string
	message protoreflect.MessageDescriptor
	meaning *kernelv1.HappeningMeaning
}

// eventTypes makes messages of events: of those that the portal links, and of those that a plugin's contract describes.
type eventTypes struct {
	sent map[protoreflect.FullName]protoreflect.MessageType
}

var _ protoregistry.MessageTypeResolver = eventTypes{}

// FindMessageByName finds a message that the portal links, or that a plugin sent.
func (t eventTypes) FindMessageByName(name protoreflect.FullName) (protoreflect.MessageType, error) {
	if linked, err := protoregistry.GlobalTypes.FindMessageByName(name); err == nil {
		return linked, nil
	}
	if sent, ok := t.sent[name]; ok {
		return sent, nil
	}
	return nil, protoregistry.NotFound
}

// FindMessageByURL finds the same by the last part of an address.
func (t eventTypes) FindMessageByURL(address string) (protoreflect.MessageType, error) {
	return t.FindMessageByName(protoreflect.FullName(address[strings.LastIndexByte(address, '/')+1:]))
}

// eventTypes are those that the portal's modules publish.
func (p *Portal) eventTypes() eventTypes {
	t := eventTypes{sent: map[protoreflect.FullName]protoreflect.MessageType{}}
	for _, m := range p.parts().manifests {
		for _, name := range m.Publishes {
			if program := p.program(m.ID); program != nil {
				if d, err := program.Description().Files.FindDescriptorByName(protoreflect.FullName(name)); err == nil {
					if message, ok := d.(protoreflect.MessageDescriptor); ok {
						t.sent[message.FullName()] = dynamicpb.NewMessageType(message)
					}
				}
			}
		}
	}
	return t
}

// happenings are the events of the portal that stand on timelines, by name. The error names each whose contract says of it what
// it lacks.
func (p *Portal) happenings(types eventTypes) (map[protoreflect.FullName]*happening, error) {
	found := map[protoreflect.FullName]*happening{}
	var errs []error
	for _, m := range p.parts().manifests {
		for _, name := range m.Publishes {
			t, err := types.FindMessageByName(protoreflect.FullName(name))
			if err != nil {
				continue // of which only its module knows
			}
			meaning, _ := proto.GetExtension(t.Descriptor().Options(), kernelv1.E_Happening).(*kernelv1.HappeningMeaning)
			if meaning == nil {
				continue
			}
			h := &happening{module: m.ID, message: t.Descriptor(), meaning: meaning}
			if err := h.check(); err != nil {
				errs = append(errs, fmt.Errorf("event %s of module %s, for the timeline: %w", name, m.ID, err))
			} else if err := p.texts.Check([]string{meaning.GetText(), m.ID + ".timeline.module"}); err != nil {
				errs = append(errs, fmt.Errorf("event %s of module %s, for the timeline: %w", name, m.ID, err))
			}
			found[t.Descriptor().FullName()] = h
		}
	}
	return found, errors.Join(errs...)
}

// check compares what an event says of itself with its fields.
func (h *happening) check() error {
	if h.meaning.GetText() == "" {
		return errors.New("it names no text")
	}
	names := append([]string{h.clientField()}, linkVars(h.meaning.GetLink())...)
	for _, optional := range []string{h.meaning.GetAboutField(), h.meaning.GetActorField()} {
		if optional != "" {
			names = append(names, optional)
		}
	}
	for _, name := range names {
		f := h.message.Fields().ByName(protoreflect.Name(name))
		if f == nil || f.Kind() != protoreflect.StringKind || f.IsList() {
			return fmt.Errorf("it names the field %q, which is none of its fields that hold an id", name)
		}
	}
	if link := h.meaning.GetLink(); link != "" && (!strings.HasPrefix(link, "/") || strings.HasPrefix(link, "//")) {
		return fmt.Errorf("it leads to %q: a path of the portal begins with one slash", link)
	}
	return nil
}

func (h *happening) clientField() string {
	if name := h.meaning.GetClientField(); name != "" {
		return name
	}
	return "client_id"
}

// timelines has the module that keeps the timeline hear of every event that stands on it, wherever either runs: it subscribes to
// Happened, and that is what the kernel makes of each.
func (p *Portal) timelines(subscriptions []event.Subscription, types eventTypes) ([]event.Subscription, error) {
	all, err := p.happenings(types)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(all))
	keeper := ""
	out := make([]event.Subscription, 0, len(subscriptions))
	for _, s := range subscriptions {
		if !slices.Contains(s.Types, happenedName) {
			out = append(out, s)
			continue
		}
		switch {
		case len(s.Types) > 1:
			return nil, fmt.Errorf("subscriber %s: who hears %s hears nothing else: give the rest another subscriber", s.Subscriber, happenedName)
		case keeper != "":
			return nil, fmt.Errorf("subscribers %s and %s both keep the timeline: switch off the module of one in portal.yaml", keeper, s.Subscriber)
		}
		keeper = s.Subscriber
		if len(names) == 0 {
			continue
		}
		handle := s.Handle
		s.Types = names
		s.Handle = func(ctx context.Context, e event.Event) error {
			h := all[e.Type]
			if h == nil {
				return fmt.Errorf("%s stands on no timeline", e.Type)
			}
			said := h.happened(e)
			if said == nil {
				return nil
			}
			e.Type, e.Payload = happenedName, said
			return handle(ctx, e)
		}
		out = append(out, s)
	}
	return out, nil
}

// happened is what the keeper is told; nil when the event is about no client.
func (h *happening) happened(e event.Event) *kernelv1.Happened {
	m := e.Payload.ProtoReflect()
	text := func(name string) string {
		if f := m.Descriptor().Fields().ByName(protoreflect.Name(name)); name != "" && f != nil {
			return m.Get(f).String()
		}
		return ""
	}
	client := text(h.clientField())
	if client == "" {
		return nil
	}
	said := &kernelv1.Happened{
		ClientId: client, Type: string(h.message.FullName()), Module: h.module, Text: h.meaning.GetText(), Icon: h.meaning.GetIcon(),
		AboutId: text(h.meaning.GetAboutField()), ForContacts: h.meaning.GetForContacts(), ActorId: text(h.meaning.GetActorField()),
		Time: timestamppb.New(e.Time), Link: h.meaning.GetLink(),
	}
	for _, name := range linkVars(said.GetLink()) {
		value := text(name)
		if value == "" || value == "." || value == ".." {
			said.Link = "" // there is nowhere to lead to
			break
		}
		said.Link = strings.ReplaceAll(said.GetLink(), "{"+name+"}", url.PathEscape(value))
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if a := argument(m, fields.Get(i)); a != nil {
			said.Arguments = append(said.Arguments, a)
		}
	}
	return said
}

// argument is what a field of an event gives to a text; nil when that is nothing.
func argument(m protoreflect.Message, f protoreflect.FieldDescriptor) *kernelv1.HappenedArgument {
	if f.IsList() || f.IsMap() || f.HasPresence() && !m.Has(f) {
		return nil
	}
	a := &kernelv1.HappenedArgument{Name: string(f.Name()), RefersTo: access.MeaningOf(f).GetRefersTo(), Kind: access.MeaningOf(f).GetKind()}
	v := m.Get(f)
	switch {
	case f.Enum() != nil:
		value := f.Enum().Values().ByNumber(v.Enum())
		if value == nil || value.Number() == 0 {
			return nil
		}
		a.Enum, a.Value = string(f.Enum().FullName()), string(value.Name())
	case f.Message() != nil:
		switch f.Message().FullName() {
		case "google.protobuf.Timestamp":
			at := &timestamppb.Timestamp{}
			if !convert(v.Message(), at) || !at.IsValid() {
				return nil
			}
			a.Time, a.Value = true, at.AsTime().Format(time.RFC3339)
		case "cabinet.kernel.v1.Money":
			money := &kernelv1.Money{}
			if !convert(v.Message(), money) {
				return nil
			}
			a.Money, a.Value = true, money.GetCurrencyCode()+" "+money.GetAmount()
		default:
			return nil
		}
	case f.Kind() == protoreflect.StringKind:
		if a.Value = v.String(); a.Value == "" {
			return nil
		}
	case f.Kind() == protoreflect.BoolKind:
		a.Value = strconv.FormatBool(v.Bool())
	case f.Kind() == protoreflect.BytesKind:
		return nil
	default:
		a.Value = v.String()
	}
	return a
}

// convert makes a message of the type that the portal links, of whatever copy of it.
func convert(from protoreflect.Message, to proto.Message) bool {
	b, err := proto.Marshal(from.Interface())
	return err == nil && proto.Unmarshal(b, to) == nil
}

// linkVars are the names in braces of a link.
func linkVars(link string) []string {
	var names []string
	for {
		_, rest, found := strings.Cut(link, "{")
		if !found {
			return names
		}
		name, after, _ := strings.Cut(rest, "}")
		names, link = append(names, name), after
	}
}
