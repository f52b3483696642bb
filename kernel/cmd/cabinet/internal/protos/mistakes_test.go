package protos

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A mistake is told with its place, all of them at once, and no Go is made.
func TestMistakes(t *testing.T) {
	t.Parallel()
	framework, err := filepath.Abs(repository)
	require.NoError(t, err)
	const head = "syntax = \"proto3\";\npackage acme.x.v1;\nimport \"contracts/kernel/v1/options.proto\";\noption go_package = \"acme/x/v1;xv1\";\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"syntax":        {head + "message A {\n  string = 1;\n}\n", []string{"x/v1/x.proto:6:10: "}},
		"two":           {head + "message A {\n  B b = 1;\n  C c = 2;\n}\n", []string{"x/v1/x.proto:6:3: ", "x/v1/x.proto:7:3: "}},
		"import":        {strings.Replace(head, "kernel/v1/options", "kernel/v1/option", 1), []string{"x/v1/x.proto:3:8: ", "imports begin at the repository's folder"}},
		"option":        {head + "message A {\n  string a = 1 [(cabinet.kernel.v1.field) = {kid: KIND_ID}];\n}\n", []string{"x/v1/x.proto:6:", "kid"}},
		"no rules":      {head + "message A {}\nservice S {\n  rpc Get(A) returns (A);\n  rpc List(A) returns (A);\n}\n", []string{"x/v1/x.proto:7:3: /acme.x.v1.S/Get does not say who may call it", "x/v1/x.proto:8:3: /acme.x.v1.S/List"}},
		"no permission": {head + "message A {}\nservice S {\n  rpc Get(A) returns (A) {\n    option (cabinet.kernel.v1.method) = {scope: SCOPE_CLIENT};\n  }\n}\n", []string{"x/v1/x.proto:7:3: ", "names no permission"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(root, "x/v1"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(root, "x/v1/x.proto"), []byte(c.text), 0o600))
			files, err := Find(root)
			require.NoError(t, err)
			outputs, err := Generate(t.Context(), Options{Root: root, Framework: framework, Files: files})
			require.Error(t, err)
			require.Empty(t, outputs)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// A repository whose go.mod lacks the generators is told how to get them.
func TestNoGenerator(t *testing.T) {
	t.Parallel()
	framework, err := filepath.Abs(repository)
	require.NoError(t, err)
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module acme\n\ngo 1.26\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(root, "a.proto"), []byte("syntax = \"proto3\";\npackage a.v1;\noption go_package = \"acme/a\";\n"), 0o600))
	_, err = Generate(t.Context(), Options{Root: root, Framework: framework, Files: []string{"a.proto"}})
	require.ErrorContains(t, err, "go get -tool google.golang.org/protobuf/cmd/protoc-gen-go")
}

// Others' files, hidden ones and those of other Go modules are not the repository's contracts.
func TestFind(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, name := range []string{"a/v1/a.proto", ".build/b.proto", "node_modules/c.proto", "other/go.mod", "other/d.proto", "x/testdata/e.proto"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), nil, 0o600))
	}
	files, err := Find(root)
	require.NoError(t, err)
	require.Equal(t, []string{"a/v1/a.proto"}, files)
}
