package access_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
)

func method(t testing.TB, stated *kernelv1.MethodRules, level descriptorpb.MethodOptions_IdempotencyLevel) protoreflect.MethodDescriptor {
	t.Helper()
	options := &descriptorpb.MethodOptions{IdempotencyLevel: level.Enum()}
	if stated != nil {
		proto.SetExtension(options, kernelv1.E_Method, stated)
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("t.proto"), Package: proto.String("t.v1"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("M")}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("S"), Method: []*descriptorpb.MethodDescriptorProto{{
			Name: proto.String("Do"), InputType: proto.String(".t.v1.M"), OutputType: proto.String(".t.v1.M"), Options: options,
		}}}},
	}, nil)
	require.NoError(t, err)
	return file.Services().Get(0).Methods().Get(0)
}

func TestRulesAreReadFromTheContract(t *testing.T) {
	rules, err := access.RulesOf(method(t, &kernelv1.MethodRules{
		Scope: client, Permission: "notes.read", Immutable: true, DefaultDeadlineMs: 1500,
	}, descriptorpb.MethodOptions_NO_SIDE_EFFECTS))
	require.NoError(t, err)
	require.Equal(t, access.Rules{
		Method: "/t.v1.S/Do", Scope: client, Permission: "notes.read", Immutable: true, ReadOnly: true, DeadlineMS: 1500,
	}, rules)
	rules, err = access.RulesOf(method(t, &kernelv1.MethodRules{Scope: self}, descriptorpb.MethodOptions_IDEMPOTENT))
	require.NoError(t, err)
	require.False(t, rules.ReadOnly)
}

func TestRulesThatContradictThemselves(t *testing.T) {
	for name, c := range map[string]struct {
		stated *kernelv1.MethodRules
		want   string
	}{
		"none":                        {nil, "/t.v1.S/Do does not say who may call it"},
		"no scope":                    {&kernelv1.MethodRules{Permission: "notes.read"}, "does not say who may call it"},
		"a scope unknown":             {&kernelv1.MethodRules{Scope: unknown, Permission: "notes.read"}, "does not say who may call it"},
		"client without a permission": {&kernelv1.MethodRules{Scope: client}, "names no permission"},
		"staff without a permission":  {&kernelv1.MethodRules{Scope: staff}, "names no permission"},
		"public with a permission":    {&kernelv1.MethodRules{Scope: public, Permission: "notes.read"}, `remove "notes.read"`},
		"kernel with a permission":    {&kernelv1.MethodRules{Scope: ours, Permission: "notes.read"}, `remove "notes.read"`},
		"a deadline before the call":  {&kernelv1.MethodRules{Scope: self, DefaultDeadlineMs: -1}, "a deadline of -1 ms"},
	} {
		t.Run(name, func(t *testing.T) {
			rules, err := access.RulesOf(method(t, c.stated, descriptorpb.MethodOptions_IDEMPOTENT))
			require.ErrorContains(t, err, c.want)
			require.Equal(t, access.Rules{}, rules)
		})
	}
}
