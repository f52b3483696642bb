package call

import (
	"reflect"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// MessageType is the linked Go type of a message, or a dynamic one.
func MessageType(d protoreflect.MessageDescriptor) protoreflect.MessageType {
	if t, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName()); err == nil && t.Descriptor() == d {
		return t
	}
	return dynamicpb.NewMessageType(d)
}

// NewMessage makes an empty message of a type: of the Go type that the program links for just this descriptor, or a
// dynamic one.
func NewMessage(d protoreflect.MessageDescriptor) proto.Message {
	return MessageType(d).New().Interface()
}

func message(v any) (proto.Message, error) {
	if m, ok := v.(proto.Message); ok && m != nil {
		return m, nil
	}
	return nil, status.Errorf(codes.Internal, "%T is no protobuf message", v)
}

// limit refuses what is too big, as gRPC does between processes.
func limit(m proto.Message, most int) error {
	if n := proto.Size(m); n > most {
		return status.Errorf(codes.ResourceExhausted, "%s of %d bytes is larger than the limit of %d bytes",
			m.ProtoReflect().Descriptor().FullName(), n, most)
	}
	return nil
}

// copyInto fills an empty dst with a copy of src, so that they share nothing. Both are of the same message, but one
// may be dynamic or have another version's descriptor: then the copy goes through bytes.
func copyInto(dst, src proto.Message) error {
	d, s := dst.ProtoReflect(), src.ProtoReflect()
	if d.Descriptor() == s.Descriptor() {
		proto.Merge(dst, src)
		return nil
	}
	return transcode(dst, src)
}

// openFields are the fields of a generated message's struct, when all that it holds lies in exported ones. Copying
// those is cheaper than going through protobuf's reflection.
func openFields(t protoreflect.MessageType) (reflect.Type, []int) {
	pointer := reflect.TypeOf(t.Zero().Interface())
	if pointer.Kind() != reflect.Pointer || pointer.Elem().Kind() != reflect.Struct {
		return nil, nil
	}
	var fields []int
	for i := range pointer.Elem().NumField() {
		switch f := pointer.Elem().Field(i); {
		case f.IsExported():
			fields = append(fields, i)
		case f.Name == "state", f.Name == "sizeCache", f.Name == "unknownFields": // protobuf's own
		default:
			return nil, nil // an opaque message: its fields are not to be touched
		}
	}
	return pointer, fields
}

// share has the method's caller and provider share their messages.
func (m *method) share() {
	m.shares = true
	m.openReply, m.openFields = openFields(MessageType(m.descriptor.Output()))
}

// hand is shareInto for the method's reply.
func (m *method) hand(dst, src proto.Message) error {
	if m.openReply == nil || reflect.TypeOf(dst) != m.openReply || reflect.TypeOf(src) != m.openReply {
		return shareInto(dst, src)
	}
	to, from := reflect.ValueOf(dst), reflect.ValueOf(src)
	if from.IsNil() {
		return nil
	}
	to, from = to.Elem(), from.Elem()
	for _, i := range m.openFields {
		to.Field(i).Set(from.Field(i))
	}
	if unknown := src.ProtoReflect().GetUnknown(); len(unknown) > 0 {
		dst.ProtoReflect().SetUnknown(unknown)
	}
	return nil
}

// shareInto fills an empty dst with src's own fields: what lies below them is shared.
func shareInto(dst, src proto.Message) error {
	d, s := dst.ProtoReflect(), src.ProtoReflect()
	if d.Type() != s.Type() {
		return copyInto(dst, src)
	}
	s.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		d.Set(f, v)
		return true
	})
	if unknown := s.GetUnknown(); len(unknown) > 0 {
		d.SetUnknown(unknown)
	}
	return nil
}

func transcode(dst, src proto.Message) error {
	to, from := dst.ProtoReflect().Descriptor().FullName(), src.ProtoReflect().Descriptor().FullName()
	if to != from {
		return status.Errorf(codes.Internal, "a %s was given where the contract has %s", from, to)
	}
	data, err := proto.Marshal(src)
	if err != nil {
		return status.Errorf(codes.Internal, "write %s: %v", from, err)
	}
	if err := proto.Unmarshal(data, dst); err != nil {
		return status.Errorf(codes.Internal, "read %s: %v", to, err)
	}
	return nil
}
