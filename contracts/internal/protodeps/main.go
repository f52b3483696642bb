// Command protodeps prints the .proto files that our contracts import from others
// (buf/validate, google/rpc) out of the Go descriptors this module links.
// So generation needs no network and no third-party file is committed.
//
// Usage: go run ./contracts/internal/protodeps DIR
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/jhump/protoreflect/v2/protoprint"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	_ "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// printed are the files to print. What they import from google/protobuf ships with buf itself.
var printed = []string{"buf/validate/validate.proto", "google/rpc/error_details.proto", "google/rpc/status.proto"}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: protodeps DIR")
	}
	for _, name := range printed {
		if err := write(os.Args[1], name); err != nil {
			log.Fatal(err)
		}
	}
}

func write(dir, name string) error {
	file, err := protoregistry.GlobalFiles.FindFileByPath(name)
	if err != nil {
		return fmt.Errorf("find %s among the linked descriptors: %w", name, err)
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	printer := protoprint.Printer{}
	if err := printer.PrintProtoFile(file, out); err != nil {
		return fmt.Errorf("print %s: %w", name, err)
	}
	return out.Close()
}
