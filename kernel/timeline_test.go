package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/event"
)

// paid is an event of a contract that nothing links.
func paid(t *testing.T) protoreflect.MessageDescriptor {
	t.Helper()
	field := func(name string, number int32, kind descriptorpb.FieldDescriptorProto_Type, of string) *descriptorpb.FieldDescriptorProto {
		f := &descriptorpb.FieldDescriptorProto{
			Name: &name, Number: &number, Type: &kind, Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}
		if of != "" {
			f.TypeName = &of
		}
		return f
	}
	text, message := descriptorpb.FieldDescriptorProto_TYPE_STRING, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("shop/v1/events.proto"), Package: proto.String("shop.v1"), Syntax: proto.String("proto3"),
		Dependency: []string{"contracts/kernel/v1/money.proto", "contracts/kernel/v1/events.proto", "google/protobuf/timestamp.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Paid"), Field: []*descriptorpb.FieldDescriptorProto{
			field("payer_id", 1, text, ""), field("bill_id", 2, text, ""), field("amount", 3, message, ".cabinet.kernel.v1.Money"),
			field("at", 4, message, ".google.protobuf.Timestamp"),
			field("rule", 5, descriptorpb.FieldDescriptorProto_TYPE_ENUM, ".cabinet.kernel.v1.CatchUp"), field("count", 6, descriptorpb.FieldDescriptorProto_TYPE_INT64, ""),
		}}},
	}, protoregistry.GlobalFiles)
	require.NoError(t, err)
	return file.Messages().Get(0)
}

// What an event says becomes ids, amounts and states, whether or not the portal links its contract.
func TestAnEventBecomesWhatHappened(t *testing.T) {
	d := paid(t)
	h := &happening{module: "shop", message: d, meaning: &kernelv1.HappeningMeaning{
		ClientField: "payer_id", Text: "shop.timeline.paid", AboutField: "bill_id", Link: "/bills/{bill_id}", ForContacts: true,
	}}
	require.NoError(t, h.check())
	m := dynamicpb.NewMessage(d)
	set := func(name string, v protoreflect.Value) { m.Set(d.Fields().ByName(protoreflect.Name(name)), v) }
	require.Nil(t, h.happened(event.Event{Payload: m}), "about no client")
	set("payer_id", protoreflect.ValueOfString("c1"))
	set("bill_id", protoreflect.ValueOfString("b/1"))
	set("rule", protoreflect.ValueOfEnum(kernelv1.CatchUp_CATCH_UP_ONCE.Number()))
	set("count", protoreflect.ValueOfInt64(3))
	money := m.Mutable(d.Fields().ByName("amount")).Message()
	b, err := proto.Marshal(&kernelv1.Money{CurrencyCode: "UAH", Amount: "12.50"})
	require.NoError(t, err)
	require.NoError(t, proto.Unmarshal(b, money.Interface()))

	said := h.happened(event.Event{Payload: m})
	require.Equal(t, "c1", said.GetClientId())
	require.Equal(t, "b/1", said.GetAboutId())
	require.Equal(t, "/bills/b%2F1", said.GetLink(), "an id leads nowhere else")
	got := map[string]string{}
	for _, a := range said.GetArguments() {
		got[a.GetName()] = a.GetValue()
	}
	require.Equal(t, map[string]string{"payer_id": "c1", "bill_id": "b/1", "amount": "UAH 12.50", "rule": "CATCH_UP_ONCE", "count": "3"}, got)
	for _, away := range []string{"", "..", "."} {
		set("bill_id", protoreflect.ValueOfString(away))
		require.Empty(t, h.happened(event.Event{Payload: m}).GetLink(), away)
	}
}

// A contract that says of an event what it lacks stops the portal from starting, by name.
func TestAHappeningThatDoesNotFit(t *testing.T) {
	d := paid(t)
	for wrong, meaning := range map[string]*kernelv1.HappeningMeaning{
		"names no text":     {ClientField: "payer_id"},
		`"client_id"`:       {Text: "shop.timeline.paid"},
		`"amount"`:          {Text: "shop.timeline.paid", ClientField: "payer_id", AboutField: "amount"},
		`"nobody"`:          {Text: "shop.timeline.paid", ClientField: "payer_id", Link: "/bills/{nobody}"},
		"a path of the por": {Text: "shop.timeline.paid", ClientField: "payer_id", Link: "https://elsewhere.example/{bill_id}"},
		"begins with one":   {Text: "shop.timeline.paid", ClientField: "payer_id", Link: "//elsewhere.example"},
	} {
		require.ErrorContains(t, (&happening{module: "shop", message: d, meaning: meaning}).check(), wrong)
	}
}
