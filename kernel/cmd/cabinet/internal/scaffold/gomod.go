package scaffold

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// tools are the generators that a portal's own contracts are made with.
var tools = []string{"google.golang.org/grpc/cmd/protoc-gen-go-grpc", "google.golang.org/protobuf/cmd/protoc-gen-go"}

// unreleased is the version that stands for a checkout; a replace line says where that is.
const unreleased = "v0.0.0-00010101000000-000000000000"

// goMod writes a portal's go.mod and go.sum. With a checkout it takes the versions and sums that the framework itself is
// built with.
func goMod(name string, source Source) (mod, sum []byte, err error) {
	file := &modfile.File{}
	if err := file.AddModuleStmt(name); err != nil {
		return nil, nil, err
	}
	version := source.Version
	if source.Folder != "" {
		version = unreleased
		if sum, err = fromCheckout(file, source.Folder); err != nil {
			return nil, nil, err
		}
		if err := file.AddReplace(Framework, "", source.Folder, ""); err != nil {
			return nil, nil, err
		}
	}
	if err := file.AddRequire(Framework, version); err != nil {
		return nil, nil, err
	}
	for _, tool := range tools {
		if err := file.AddTool(tool); err != nil {
			return nil, nil, err
		}
	}
	file.Cleanup()
	mod, err = file.Format()
	return mod, sum, err
}

func fromCheckout(file *modfile.File, folder string) (sum []byte, err error) {
	text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return nil, err
	}
	framework, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return nil, err
	}
	if err := file.AddGoStmt(framework.Go.Version); err != nil {
		return nil, err
	}
	for _, r := range framework.Require {
		file.AddNewRequire(r.Mod.Path, r.Mod.Version, true)
	}
	return os.ReadFile(filepath.Join(folder, "go.sum"))
}

// tidy has the Go toolchain bring go.mod and go.sum in order.
func tidy(ctx context.Context, folder string) error {
	var errs bytes.Buffer
	command := exec.CommandContext(ctx, "go", "mod", "tidy")
	command.Dir, command.Stderr = folder, &errs
	if err := command.Run(); err != nil {
		return fmt.Errorf("go mod tidy: %w\n%s", err, strings.TrimSpace(errs.String()))
	}
	return nil
}
