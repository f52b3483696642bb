package call

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/access"
)

// showsClients is the field of a response whose messages are about clients: they say which, or are clients. nil when there
// is none.
func showsClients(d protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		if f.Message() == nil || f.IsMap() {
			continue
		}
		if hasField(f.Message(), func(f protoreflect.FieldDescriptor) bool { return access.MeaningOf(f).GetClientId() }) {
			return f
		}
	}
	return nil
}

// shown is how many messages there are in the field.
func shown(answer proto.Message, f protoreflect.FieldDescriptor) int {
	m := answer.ProtoReflect()
	if f.Parent() != m.Descriptor() { // another version's, of a process that was changed meanwhile
		return 0
	}
	if f.IsList() {
		return m.Get(f).List().Len()
	}
	if m.Has(f) {
		return 1
	}
	return 0
}
