package screen

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// references are the things a field may refer to, found by a part of their title where the contract can search. A
// reader who may not list them gets none.
func (s *Set) references(ctx context.Context, e *Env, message, search string) ([]ui.Option, error) {
	thing := s.message(message)
	if thing == nil {
		return nil, nil
	}
	r := resource(thing)
	if r.GetListMethod() == "" {
		return nil, nil
	}
	c := compiler{methods: s.methods, set: s}
	lister := c.call("reference to "+message, r.GetListMethod(), nil)
	if lister == nil || !e.may(lister) {
		return nil, nil
	}
	request, err := lister.request()
	if err != nil {
		return nil, err
	}
	for name, value := range e.Vars { // a page about one client offers what is that client's
		if f := request.Descriptor().Fields().ByName(protoreflect.Name(name)); f != nil && meaning(f).GetClientId() {
			request.Set(f, protoreflect.ValueOfString(value))
		}
	}
	setKnown(request, "page_size", protoreflect.ValueOfInt32(100))
	if search != "" && r.GetSearchField() != "" {
		setKnown(request, r.GetSearchField(), protoreflect.ValueOfString(search))
	}
	response, err := lister.do(ctx, e, request)
	switch status.Code(err) {
	case codes.Unimplemented:
		return nil, nil
	case codes.InvalidArgument: // they are listed of one client alone, and the page is about none
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	item := items(response.Descriptor())
	if item == nil {
		return nil, nil
	}
	id, title := byKind(item.Message(), kernelv1.Kind_KIND_ID), item.Message().Fields().ByName(protoreflect.Name(r.GetTitleField()))
	if id == nil || title == nil {
		return nil, nil
	}
	var options []ui.Option
	list := response.Get(item).List()
	for i := range list.Len() {
		m := list.Get(i).Message()
		options = append(options, ui.Option{Value: m.Get(id).String(), Label: e.value(m, fieldPath{title}).Text})
	}
	return options, nil
}

// message finds a message by its full name: one that the program links, or one of a plugin's contract that screens show.
// nil for one of a contract that this portal does not know.
func (s *Set) message(name string) protoreflect.MessageDescriptor {
	if d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name)); err == nil {
		m, _ := d.(protoreflect.MessageDescriptor)
		return m
	}
	return s.messages[protoreflect.FullName(name)]
}

// learn remembers the messages of the contracts that screens and tiles show.
func (s *Set) learn() {
	files := map[string]bool{}
	var learn func(f protoreflect.FileDescriptor)
	learn = func(f protoreflect.FileDescriptor) {
		if files[f.Path()] {
			return
		}
		files[f.Path()] = true
		for i := range f.Messages().Len() {
			s.messages[f.Messages().Get(i).FullName()] = f.Messages().Get(i)
		}
		for i := range f.Imports().Len() {
			learn(f.Imports().Get(i).FileDescriptor)
		}
	}
	for _, sc := range s.ordered {
		if sc.call != nil {
			learn(sc.call.input.ParentFile())
		}
		for _, t := range sc.tiles {
			learn(t.call.input.ParentFile())
		}
	}
	for _, t := range s.tiles {
		learn(t.call.input.ParentFile())
	}
}

// idName is what requests call the id of a thing: as the thing itself does.
func idName(thing protoreflect.MessageDescriptor) string {
	if f := byKind(thing, kernelv1.Kind_KIND_ID); f != nil {
		return string(f.Name())
	}
	return "id"
}
