package serve

import (
	"encoding/json"
	"fmt"
	"io/fs"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
	"github.com/opencabinet/cabinet/kernel/module"
)

// describe says what a module is, as data.
func describe(m module.Module) (*kernelv1.DescribeResponse, error) {
	manifest := m.Manifest()
	text, err := json.Marshal(manifest)
	if err != nil {
		return nil, fmt.Errorf("the manifest cannot be written: %w", err)
	}
	out := &kernelv1.DescribeResponse{Protocol: wire.Protocol, Manifest: text, Version: version()}
	if out.Files, err = filesOf(manifest); err != nil {
		return nil, err
	}
	if out.Migrations, err = read(manifest.Migrations); err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	if out.Locales, err = read(manifest.Locales); err != nil {
		return nil, fmt.Errorf("locales: %w", err)
	}
	_, out.Configurable = m.(module.Configurable)
	_, out.Pages = m.(module.Pages)
	return out, nil
}

// filesOf are the descriptors of the contracts that a module speaks, imports first.
func filesOf(m module.Manifest) (*descriptorpb.FileDescriptorSet, error) {
	set, seen := &descriptorpb.FileDescriptorSet{}, map[string]bool{}
	var add func(f protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if seen[f.Path()] {
			return
		}
		seen[f.Path()] = true
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i).FileDescriptor)
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
	}
	for _, names := range [][]string{m.Provides, m.Requires, m.Optional, m.Publishes} {
		for _, name := range names {
			d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
			if err != nil {
				return nil, fmt.Errorf("the manifest names %s, whose contract this program does not link", name)
			}
			add(d.ParentFile())
		}
	}
	return set, nil
}

func read(files fs.FS) ([]*kernelv1.PluginFile, error) {
	if files == nil {
		return nil, nil
	}
	var out []*kernelv1.PluginFile
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, path)
		out = append(out, &kernelv1.PluginFile{Path: path, Content: content})
		return err
	})
	return out, err
}
