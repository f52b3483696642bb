package trail

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
)

// thing is something that can be asked for by its id.
type thing struct{ kind, id string }

// names are what people and things are called now. The log keeps ids alone, so that a name that was erased is nowhere.
type names struct {
	people map[string]string
	things map[thing]string
}

// askedAtOnce is how many things are asked for at the same time.
const askedAtOnce = 4

// names asks for what rows name: people as the kernel, since whoever may read an entry may know who it was; things as
// the caller, who may not see all of them. What cannot be had stays without a name.
func (s *service) names(ctx context.Context, rows []row) names {
	n := names{people: map[string]string{}, things: map[thing]string{}}
	var ids []string
	var wanted []thing
	for _, r := range rows {
		for _, id := range []string{r.ActorID, r.ActedBy} {
			if _, known := n.people[id]; id != "" && !known {
				n.people[id] = ""
				ids = append(ids, id)
			}
		}
		t := thing{r.ResourceType, r.ResourceID}
		if _, known := n.things[t]; t.kind != "" && t.id != "" && !known {
			n.things[t] = ""
			wanted = append(wanted, t)
		}
	}
	if len(ids) > 0 {
		if response, err := s.identity.GetNames(ctx, &kernelv1.GetNamesRequest{UserIds: ids}); err == nil {
			n.people = response.GetNames()
		}
	}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(askedAtOnce)
	for _, t := range wanted {
		group.Go(func() error {
			title := s.title(ctx, t)
			mu.Lock()
			defer mu.Unlock()
			n.things[t] = title
			return nil
		})
	}
	_ = group.Wait() // what could not be had stays empty
	return n
}

// title asks for what a thing is called, by the method that its contract names; empty when the caller may not know.
func (s *service) title(ctx context.Context, t thing) string {
	d := s.message(t.kind)
	if d == nil {
		return ""
	}
	r, _ := proto.GetExtension(d.Options(), kernelv1.E_Resource).(*kernelv1.ResourceMeaning)
	method, found := s.Router.Descriptor(r.GetGetMethod())
	if !found {
		return ""
	}
	if rules, err := access.RulesOf(method); err != nil || !rules.ReadOnly {
		return ""
	}
	request, response := call.NewMessage(method.Input()).ProtoReflect(), call.NewMessage(method.Output()).ProtoReflect()
	id := request.Descriptor().Fields().ByName("id")
	if own := access.IDOf(d); own != nil && request.Descriptor().Fields().ByName(own.Name()) != nil {
		id = request.Descriptor().Fields().ByName(own.Name())
	}
	if id == nil || id.Kind() != protoreflect.StringKind || id.IsList() {
		return ""
	}
	request.Set(id, protoreflect.ValueOfString(t.id))
	if err := s.Router.Invoke(ctx, r.GetGetMethod(), request.Interface(), response.Interface(), grpc.StaticMethod()); err != nil {
		return ""
	}
	for i := range response.Descriptor().Fields().Len() {
		f := response.Descriptor().Fields().Get(i)
		if f.Message() == nil || f.IsList() || f.IsMap() || f.Message().FullName() != d.FullName() {
			continue
		}
		if title := f.Message().Fields().ByName(protoreflect.Name(r.GetTitleField())); title != nil && title.Kind() == protoreflect.StringKind {
			return response.Get(f).Message().Get(title).String()
		}
	}
	return ""
}

// message finds a message by its full name: one that the program links, or one of a contract that a process brought.
func (s *service) message(name string) protoreflect.MessageDescriptor {
	if d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name)); err == nil {
		m, _ := d.(protoreflect.MessageDescriptor)
		return m
	}
	for _, m := range s.Router.Methods() {
		for _, side := range []protoreflect.MessageDescriptor{m.Descriptor.Output(), m.Descriptor.Input()} {
			for i := range side.Fields().Len() {
				if held := side.Fields().Get(i).Message(); held != nil && string(held.FullName()) == name {
					return held
				}
			}
		}
	}
	return nil
}
