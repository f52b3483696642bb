package clientmanager

import (
	"context"
	"strings"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/custom"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/store"
)

// PreviewMerge lays both clients side by side.
func (s *mergeService) PreviewMerge(ctx context.Context, r *v1.PreviewMergeRequest) (*v1.PreviewMergeResponse, error) {
	if r.GetIntoId() == r.GetFromId() {
		return nil, errSelf
	}
	response := &v1.PreviewMergeResponse{IntoId: r.GetIntoId(), FromId: r.GetFromId()}
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		into, from, err := s.both(ctx, tx, r.GetIntoId(), r.GetFromId(), "")
		if err != nil {
			return err
		}
		response.IntoRevision, response.FromRevision = into.GetRevision(), from.GetRevision()
		c := &kernelv1.Comparison{Left: into.GetName(), Right: from.GetName(), Fields: s.compared(into, from)}
		numbers, err := clashing(ctx, tx, into.GetId(), from.GetId())
		if err != nil {
			return err
		}
		if len(numbers) > 0 {
			c.Obstacles = []*kernelv1.ComparedObstacle{{Text: ID + ".merge.obstacle_numbers", What: strings.Join(numbers, ", ")}}
		}
		var sides [2]belongings
		for i, id := range []string{into.GetId(), from.GetId()} {
			if sides[i], err = countBelongings(ctx, tx, id); err != nil {
				return err
			}
		}
		for _, count := range []struct {
			label       string
			left, right int64
		}{
			{"contacts", sides[0].Contacts, sides[1].Contacts}, {"addresses", sides[0].Addresses, sides[1].Addresses},
			{"agreements", sides[0].Agreements, sides[1].Agreements}, {"history", sides[0].History, sides[1].History},
		} {
			c.Counts = append(c.Counts, &kernelv1.ComparedCount{Label: ID + ".merge.counts." + count.label, Left: count.left, Right: count.right})
		}
		response.Comparison = c
		return nil
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// compared are the fields of both. Proposed is the survivor's value, and the other's where it has none.
func (m *Module) compared(into, from *v1.Client) []*kernelv1.ComparedField {
	var fields []*kernelv1.ComparedField
	for _, name := range mergedFields {
		f := &kernelv1.ComparedField{Field: name, Label: ID + ".fields." + name}
		f.Left, f.Kind = fieldText(into, name)
		f.Right, _ = fieldText(from, name)
		f.RightProposed = f.Left == "" && f.Right != ""
		fields = append(fields, f)
	}
	mine, theirs := custom.Of(into.GetExtra()), custom.Of(from.GetExtra())
	for _, d := range m.settings.Fields.Definitions(true) {
		f := &kernelv1.ComparedField{Field: extraField + "." + d.GetId(), Titles: d.GetTitles(), Left: mine[d.GetId()], Right: theirs[d.GetId()]}
		if d.GetType() == kernelv1.FieldType_FIELD_TYPE_DATE {
			f.Kind = kernelv1.Kind_KIND_DATE
		}
		f.RightProposed = f.Left == "" && f.Right != ""
		fields = append(fields, f)
	}
	return append(fields, &kernelv1.ComparedField{
		Field: "tags", Label: ID + ".fields.tags", Kind: kernelv1.Kind_KIND_TAG, United: true,
		Left: strings.Join(into.GetTags(), ", "), Right: strings.Join(from.GetTags(), ", "),
	})
}

// fieldText is what a field holds, as a text of a kind.
func fieldText(c *v1.Client, name string) (string, kernelv1.Kind) {
	switch name {
	case "kind":
		kind := c.GetKind()
		return locale.EnumKey(kind.Descriptor(), kind.String()), kernelv1.Kind_KIND_TEXT_KEY
	case managerField:
		return c.GetManagerName(), kernelv1.Kind_KIND_UNSPECIFIED
	}
	f := c.ProtoReflect().Descriptor().Fields().ByTextName(name)
	return c.ProtoReflect().Get(f).String(), meaningOf(f)
}
