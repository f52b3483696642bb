package protos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// generators are run in this order. A repository's go.mod names them as its tools, so that everybody who works on it has
// the same ones.
var generators = []struct{ name, path string }{
	{"protoc-gen-go", "google.golang.org/protobuf/cmd/protoc-gen-go"},
	{"protoc-gen-go-grpc", "google.golang.org/grpc/cmd/protoc-gen-go-grpc"},
}

// Options say of what Go is made.
type Options struct {
	// Root is the repository's folder, at which imports begin, and which has the go.mod.
	Root string
	// Framework is the folder of Cabinet's sources, whose contracts are imported.
	Framework string
	// Files are the .proto files, by their paths in Root.
	Files []string
}

// Output is a file to be written, by its path in the repository.
type Output struct {
	Path    string
	Content []byte
}

// Generate compiles the files and returns the Go to stand beside them. It writes nothing.
func Generate(ctx context.Context, o Options) ([]Output, error) {
	if len(o.Files) == 0 {
		return nil, nil
	}
	compiled, err := compile(ctx, o.Root, o.Framework, o.Files)
	if err != nil {
		return nil, err
	}
	set, err := described(compiled)
	if err != nil {
		return nil, err
	}
	own := map[string]bool{}
	for _, file := range o.Files {
		own[file] = true
	}
	if err := checkRules(set, own); err != nil {
		return nil, err
	}
	request, err := proto.MarshalOptions{Deterministic: true}.Marshal(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: o.Files, ProtoFile: set.GetFile(), Parameter: proto.String("paths=source_relative"),
	})
	if err != nil {
		return nil, err
	}
	var outputs []Output
	for _, g := range generators {
		made, err := run(ctx, o.Root, g.name, g.path, request)
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, made...)
	}
	return outputs, nil
}

// described are the files and all they import, each after what it imports.
func described(files linker.Files) (*descriptorpb.FileDescriptorSet, error) {
	compiled, set, seen := &descriptorpb.FileDescriptorSet{}, &descriptorpb.FileDescriptorSet{}, map[string]bool{}
	var add func(file protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if seen[file.Path()] {
			return
		}
		seen[file.Path()] = true
		for i := range file.Imports().Len() {
			add(file.Imports().Get(i).FileDescriptor)
		}
		compiled.File = append(compiled.File, protoutil.ProtoFromFileDescriptor(file))
	}
	for _, file := range files {
		add(file)
	}
	// Once through bytes: the options become those of the Go types that this program links.
	text, err := proto.Marshal(compiled)
	if err != nil {
		return nil, err
	}
	return set, proto.Unmarshal(text, set)
}

// run has a generator answer a request.
func run(ctx context.Context, root, name, path string, request []byte) ([]Output, error) {
	var out, errs bytes.Buffer
	command := exec.CommandContext(ctx, "go", "tool", name)
	command.Dir, command.Stdin, command.Stdout, command.Stderr = root, bytes.NewReader(request), &out, &errs
	if err := command.Run(); err != nil {
		if strings.Contains(errs.String(), "no such tool") {
			return nil, fmt.Errorf("the go.mod in %s does not name %s as a tool: run go get -tool %s", root, name, path)
		}
		return nil, fmt.Errorf("%s: %w\n%s", name, err, strings.TrimSpace(errs.String()))
	}
	response := &pluginpb.CodeGeneratorResponse{}
	if err := proto.Unmarshal(out.Bytes(), response); err != nil {
		return nil, fmt.Errorf("%s: its answer cannot be read: %w", name, err)
	}
	if response.Error != nil {
		return nil, fmt.Errorf("%s: %w", name, errors.New(response.GetError()))
	}
	var outputs []Output
	for _, file := range response.GetFile() {
		if !filepath.IsLocal(filepath.FromSlash(file.GetName())) {
			return nil, fmt.Errorf("%s wants to write %s, outside of the repository", name, file.GetName())
		}
		outputs = append(outputs, Output{Path: file.GetName(), Content: []byte(file.GetContent())})
	}
	return outputs, nil
}

// Write writes what differs from what is there, and returns its paths, sorted.
func Write(root string, outputs []Output) ([]string, error) {
	var written []string
	for _, o := range outputs {
		path := filepath.Join(root, filepath.FromSlash(o.Path))
		if present, err := os.ReadFile(path); err == nil && bytes.Equal(present, o.Content) {
			continue
		}
		if err := os.WriteFile(path, o.Content, 0o644); err != nil {
			return written, err
		}
		written = append(written, o.Path)
	}
	slices.Sort(written)
	return written, nil
}
