package access

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// Rules are what a method asks of its caller.
type Rules struct {
	// Method is the full name as gRPC writes it: "/package.Service/Method".
	Method     string
	Scope      kernelv1.Scope
	Permission string
	// Immutable methods hand messages over without a copy.
	Immutable bool
	// ReadOnly methods have idempotency_level NO_SIDE_EFFECTS: they may be retried and served to GET.
	ReadOnly bool
	// DeadlineMS is the deadline of a call that brings none, in milliseconds; 0 for the kernel's default.
	DeadlineMS int32
	// Proof is how long ago a user may have shown that it is them; 0 asks for nothing.
	Proof time.Duration
}

// MethodName writes a method's full name as gRPC does: "/package.Service/Method".
func MethodName(m protoreflect.MethodDescriptor) string {
	return "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
}

// ManyProviders tells whether several modules of a portal may provide a service.
func ManyProviders(s protoreflect.ServiceDescriptor) bool {
	rules, _ := proto.GetExtension(s.Options(), kernelv1.E_Service).(*kernelv1.ServiceRules)
	return rules.GetManyProviders()
}

// MeaningOf is what a contract says that a field means; nil, which says nothing, for one that it says nothing of.
func MeaningOf(f protoreflect.FieldDescriptor) *kernelv1.FieldMeaning {
	m, _ := proto.GetExtension(f.Options(), kernelv1.E_Field).(*kernelv1.FieldMeaning)
	return m
}

// IDOf is the field of a message that holds the id of the thing it describes; nil when it describes none.
func IDOf(m protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	for i := range m.Fields().Len() {
		if f := m.Fields().Get(i); MeaningOf(f).GetKind() == kernelv1.Kind_KIND_ID && f.Kind() == protoreflect.StringKind {
			return f
		}
	}
	return nil
}

// RulesOf reads the rules of a method from its descriptor. A method that states none, or states them against
// each other, is an error that names the method and what to write.
func RulesOf(m protoreflect.MethodDescriptor) (Rules, error) {
	name := MethodName(m)
	stated, _ := proto.GetExtension(m.Options(), kernelv1.E_Method).(*kernelv1.MethodRules)
	rules := Rules{
		Method: name, Scope: stated.GetScope(), Permission: stated.GetPermission(),
		Immutable: stated.GetImmutable(), DeadlineMS: stated.GetDefaultDeadlineMs(),
		Proof: time.Duration(stated.GetProofMinutes()) * time.Minute,
	}
	switch rules.Scope {
	case kernelv1.Scope_SCOPE_CLIENT, kernelv1.Scope_SCOPE_STAFF:
		if rules.Permission == "" {
			return Rules{}, fmt.Errorf("%s has scope %s but names no permission: add permission: \"module.things.verb\"", name, rules.Scope)
		}
	case kernelv1.Scope_SCOPE_PUBLIC, kernelv1.Scope_SCOPE_KERNEL, kernelv1.Scope_SCOPE_MODULE:
		if rules.Permission != "" {
			return Rules{}, fmt.Errorf("%s has scope %s, which asks for no permission: remove %q", name, rules.Scope, rules.Permission)
		}
		if rules.Proof != 0 {
			return Rules{}, fmt.Errorf("%s has scope %s, in which nobody can prove who they are: remove proof_minutes", name, rules.Scope)
		}
	case kernelv1.Scope_SCOPE_SELF:
	default:
		return Rules{}, fmt.Errorf("%s does not say who may call it: add option (cabinet.kernel.v1.method) = {scope: …}", name)
	}
	if rules.DeadlineMS < 0 {
		return Rules{}, fmt.Errorf("%s has a deadline of %d ms: write a positive number, or leave it out", name, rules.DeadlineMS)
	}
	if rules.Proof < 0 {
		return Rules{}, fmt.Errorf("%s asks for a proof of %s: write a positive number of minutes, or leave it out", name, rules.Proof)
	}
	if options, ok := m.Options().(*descriptorpb.MethodOptions); ok {
		rules.ReadOnly = options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
	}
	return rules, nil
}
