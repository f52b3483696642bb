package protos

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/opencabinet/cabinet/kernel/access"
)

// checkRules names every method of the files that does not say who may call it, or says it against itself. A portal would
// not open with it.
func checkRules(set *descriptorpb.FileDescriptorSet, own map[string]bool) error {
	registry, err := protodesc.NewFiles(set)
	if err != nil {
		return err
	}
	var wrong []error
	for _, file := range set.GetFile() {
		if !own[file.GetName()] {
			continue
		}
		d, err := registry.FindFileByPath(file.GetName())
		if err != nil {
			return err
		}
		for i := range d.Services().Len() {
			methods := d.Services().Get(i).Methods()
			for j := range methods.Len() {
				if _, err := access.RulesOf(methods.Get(j)); err != nil {
					at := d.SourceLocations().ByDescriptor(methods.Get(j))
					wrong = append(wrong, fmt.Errorf("%s:%d:%d: %w", file.GetName(), at.StartLine+1, at.StartColumn+1, err))
				}
			}
		}
	}
	return errors.Join(wrong...)
}
