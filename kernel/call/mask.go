package call

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
)

// masking leads through a message to texts that are shown whole only to who has a permission.
type masking struct {
	tree *fieldTree
	// permissions are those that reveal something in the message; a bit of a set of masks stands for each.
	permissions []string
	fields      map[protoreflect.FieldDescriptor]maskedField
	// locked are the names of masked fields of what an update changes, with their bits.
	locked map[string]uint64
}

type maskedField struct {
	bit  uint64
	kind kernelv1.Kind
}

// mostMasks is how many permissions may reveal something in one message.
const mostMasks = 64

func maskedWithout(f protoreflect.FieldDescriptor) bool {
	return access.MeaningOf(f).GetMaskedWithout() != ""
}

// maskingOf returns nil for a message in which nothing is masked. What is no text cannot be.
func maskingOf(d protoreflect.MessageDescriptor) (*masking, error) {
	m := &masking{tree: treeOf(d, maskedWithout), fields: map[protoreflect.FieldDescriptor]maskedField{}, locked: map[string]uint64{}}
	if m.tree == nil {
		return nil, nil
	}
	seen := map[*fieldTree]bool{}
	var learn func(t *fieldTree) error
	learn = func(t *fieldTree) error {
		if seen[t] {
			return nil
		}
		seen[t] = true
		for _, f := range t.fields {
			if err := m.learn(f); err != nil {
				return err
			}
		}
		for _, b := range t.below {
			if err := learn(b.mask); err != nil {
				return err
			}
		}
		return nil
	}
	if err := learn(m.tree); err != nil {
		return nil, err
	}
	if d.Fields().ByName(updateMask) != nil {
		for _, b := range m.tree.below {
			for _, f := range b.mask.fields {
				m.locked[string(f.Name())] = m.fields[f].bit
			}
		}
	}
	return m, nil
}

// updateMask is what updates call the field that names what they change.
const updateMask = "update_mask"

func (m *masking) learn(f protoreflect.FieldDescriptor) error {
	value := f
	if f.IsMap() {
		value = f.MapValue()
	}
	if value.Kind() != protoreflect.StringKind {
		return fmt.Errorf("%s is masked without a permission and is no text", f.FullName())
	}
	meaning := access.MeaningOf(f)
	at := slices.Index(m.permissions, meaning.GetMaskedWithout())
	if at < 0 {
		if len(m.permissions) == mostMasks {
			return fmt.Errorf("more than %d permissions reveal something in it", mostMasks)
		}
		at = len(m.permissions)
		m.permissions = append(m.permissions, meaning.GetMaskedWithout())
	}
	m.fields[f] = maskedField{bit: 1 << at, kind: meaning.GetKind()}
	return nil
}

// masked is what is masked for the caller, a bit for each permission that they lack; 0 where nothing is.
func (m *masking) masked(a *admitted) uint64 {
	if m == nil || a.principal.Kind != access.Staff {
		return 0
	}
	var masks uint64
	for i, permission := range m.permissions {
		if a.policy.Masks(a.principal, permission, a.decision.Reach) {
			masks |= 1 << i
		}
	}
	return masks
}

func (m *masking) reveals() []string {
	if m == nil {
		return nil
	}
	return m.permissions
}

// mask masks the texts of a message. The message is its caller's own copy.
func (m *masking) mask(in protoreflect.Message, masks uint64) {
	m.maskIn(m.tree, in, masks)
}

func (m *masking) maskIn(t *fieldTree, in protoreflect.Message, masks uint64) {
	for _, f := range t.fields {
		field := m.fields[f]
		if field.bit&masks == 0 || !in.Has(f) {
			continue
		}
		masked := func(v protoreflect.Value) protoreflect.Value {
			return protoreflect.ValueOfString(access.Mask(field.kind, v.String()))
		}
		switch value := in.Get(f); {
		case f.IsMap():
			value.Map().Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
				value.Map().Set(key, masked(v))
				return true
			})
		case f.IsList():
			for i := range value.List().Len() {
				value.List().Set(i, masked(value.List().Get(i)))
			}
		default:
			in.Set(f, masked(value))
		}
	}
	t.each(in, "", func(below *fieldTree, held protoreflect.Message, _ string) { m.maskIn(below, held, masks) })
}

// violations names what somebody sends who sees it masked: a masked text itself, and in an update the field. What one does
// not see whole one does not write over; one may say it of something new.
func (m *masking) violations(a *admitted, in protoreflect.Message) []*errdetails.BadRequest_FieldViolation {
	masks := m.masked(a)
	if masks == 0 {
		return nil
	}
	var found []*errdetails.BadRequest_FieldViolation
	refuse := func(path string) {
		found = append(found, &errdetails.BadRequest_FieldViolation{
			Field: path, Description: "you do not see it whole, so that you cannot change it: leave it out", Reason: "kernel.masked.sent",
		})
	}
	var look func(t *fieldTree, in protoreflect.Message, path string)
	look = func(t *fieldTree, in protoreflect.Message, path string) {
		for _, f := range t.fields {
			if m.fields[f].bit&masks != 0 && in.Has(f) && holdsMasked(f, in.Get(f)) {
				refuse(path + string(f.Name()))
			}
		}
		t.each(in, path, look)
	}
	look(m.tree, in, "")
	if len(m.locked) > 0 && len(found) == 0 {
		for _, name := range namedBy(in) {
			if m.locked[name]&masks != 0 {
				refuse(updateMask)
			}
		}
	}
	return found
}

// namedBy are the last steps of the paths of an update's mask.
func namedBy(in protoreflect.Message) []string {
	f := in.Descriptor().Fields().ByName(updateMask)
	if f == nil || f.Message() == nil || f.IsList() {
		return nil
	}
	paths := f.Message().Fields().ByName("paths")
	if paths == nil || !paths.IsList() || paths.Kind() != protoreflect.StringKind {
		return nil
	}
	list := in.Get(f).Message().Get(paths).List()
	var names []string
	for i := range list.Len() {
		path := list.Get(i).String()
		names = append(names, path[strings.LastIndexByte(path, '.')+1:])
	}
	return names
}

// holdsMasked tells whether a field holds what masking made.
func holdsMasked(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
	found := false
	switch {
	case f.IsMap():
		v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
			found = found || access.IsMasked(v.String())
			return !found
		})
	case f.IsList():
		for i := range v.List().Len() {
			found = found || access.IsMasked(v.List().Get(i).String())
		}
	default:
		found = access.IsMasked(v.String())
	}
	return found
}
