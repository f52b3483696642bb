package protos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate" // imported by contracts
	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/reporter"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails" // imported by contracts
	_ "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Find lists the .proto files below a folder, by their paths in it. Hidden folders, testdata and other Go modules are
// somebody else's.
func Find(root string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if path != root && Foreign(path) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) == ".proto" {
			relative, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			found = append(found, filepath.ToSlash(relative))
		}
		return nil
	})
	return found, err
}

// Foreign tells whether a folder within a repository is not the repository's own source.
func Foreign(folder string) bool {
	switch name := filepath.Base(folder); {
	case strings.HasPrefix(name, "."), strings.HasPrefix(name, "_"), name == "node_modules", name == "vendor", name == "testdata":
		return true
	}
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

// compile reads .proto files by their paths in root. What they import is looked for in root, then in the framework's
// folder, then among the descriptors that this program links. The error joins one for each mistake: "file:line:col: what".
func compile(ctx context.Context, root, framework string, files []string) (linker.Files, error) {
	var wrong []error
	report := reporter.NewReporter(func(err reporter.ErrorWithPos) error {
		at := err.GetPosition()
		wrong = append(wrong, fmt.Errorf("%s:%d:%d: %w", at.Filename, at.Line, at.Col, err.Unwrap()))
		return nil
	}, nil)
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(found(&protocompile.SourceResolver{ImportPaths: slices.Compact([]string{root, framework})})),
		Reporter:       report,
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	compiled, err := compiler.Compile(ctx, files...)
	switch {
	case len(wrong) > 0:
		return nil, errors.Join(wrong...)
	case err != nil:
		return nil, err
	}
	return compiled, nil
}

// found looks for a file among sources, then among the descriptors of this program.
func found(sources protocompile.Resolver) protocompile.Resolver {
	return protocompile.ResolverFunc(func(path string) (protocompile.SearchResult, error) {
		result, err := sources.FindFileByPath(path)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return result, err
		}
		if file, err := protoregistry.GlobalFiles.FindFileByPath(path); err == nil {
			return protocompile.SearchResult{Desc: file}, nil
		}
		return result, fmt.Errorf("there is no file %s: imports begin at the repository's folder, as in \"contracts/kernel/v1/options.proto\"", path)
	})
}
