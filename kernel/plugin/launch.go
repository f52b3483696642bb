//go:build unix

package plugin

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing/fstest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Spec says which program serves a module.
type Spec struct {
	// ID is the module's. Required.
	ID string
	// Path of the program, and its arguments. Required, but with Attach. A native program is read once, when it is started first or
	// swapped: what was checked then is what runs until it is swapped again, whatever becomes of the file. A script runs
	// where it lies, since it needs what lies around it.
	Path string
	Args []string
	// Checksum is the SHA-256 that the program's file must have, in hexadecimal digits; empty for any. Scripts have none.
	Checksum string
	// Attach is the folder in which a program that somebody starts by hand, in a debugger, says where it serves: see
	// serve.EnvAttach. Nothing is started then.
	Attach string
	// Env is all that the program sees of the environment, as "NAME=value", beside what the protocol needs. Secrets do
	// not belong here: settings are handed over when the module is opened.
	Env []string
}

// Description is what a module's process says of itself, checked.
type Description struct {
	Manifest     module.Manifest
	Files        *protoregistry.Files
	Version      string
	Configurable bool
	Pages        bool // it serves pages of its own: see [Host.Pages]
	// Digest is of all that it says but its version: equal for programs that say the same.
	Digest [sha256.Size]byte
}

// service finds a service that the module provides.
func (d *Description) service(name string) (protoreflect.ServiceDescriptor, error) {
	found, err := d.Files.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil, fmt.Errorf("its manifest provides %s, which is not among the descriptors that it sent", name)
	}
	s, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("its manifest provides %s, which is no service", name)
	}
	return s, nil
}

// instance is one running process.
type instance struct {
	process *process
	client  *plugin.Client
	conn    *grpc.ClientConn
	api     kernelv1.PluginServiceClient
	flood   chan struct{}          // closed when it writes too much
	pages   *pagesConn             // nil until it is known where its folder is
	folder  string                 // its own, for sockets
	direct  atomic.Pointer[direct] // nil when it serves no direct calls
	calls   sync.WaitGroup         // under way to it

	revoke   func() // ends the token for what it does by itself
	policy   []byte // that it was opened with
	attached bool   // somebody else started it
}

// carrier takes go-plugin's connection as it is: contracts' own clients are made on it.
type carrier struct{ plugin.NetRPCUnsupportedPlugin }

var _ plugin.GRPCPlugin = carrier{}

// GRPCServer is the process's side, and not here.
func (carrier) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("this is the portal's side")
}

// GRPCClient returns the connection.
func (carrier) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}

// launch starts the program and connects to it. When it fails nothing is left running.
func (h *Host) launch(ctx context.Context, spec Spec, program *program) (_ *instance, err error) {
	if spec.Attach != "" {
		return h.attach(ctx, spec)
	}
	in := &instance{flood: make(chan struct{})}
	log := h.cfg.Log.With("module", spec.ID)
	out := &output{log: log, now: h.cfg.Now, flood: func() { close(in.flood) }}
	in.process = newProcess(program, spec.Args, h.start.run, func(from io.Reader) { out.follow(context.WithoutCancel(ctx), from) })
	in.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  wire.Handshake(),
		Plugins:          plugin.PluginSet{"module": carrier{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		SkipHostEnv:      true,
		StartTimeout:     h.cfg.Timing.Start,
		Logger:           hclog.NewNullLogger(), // what it would say, the supervisor says
		SyncStdout:       out,
		SyncStderr:       out,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: h.dir},
		GRPCDialOptions:  wire.DialOptions(),
		RunnerFunc: func(_ hclog.Logger, given *exec.Cmd, socketDir string) (runner.Runner, error) {
			in.pages, in.folder = newPagesConn(socketDir), socketDir
			in.process.cmd.Env = slices.Concat(spec.Env, given.Env, []string{"TMPDIR=" + socketDir})
			return in.process, nil
		},
	})
	// Start has a deadline of its own and takes no context: what ends ctx ends the process.
	stop := context.AfterFunc(ctx, func() { _ = in.process.Kill(ctx) })
	defer stop()
	defer func() {
		if err != nil {
			in.kill(h.cfg.Timing.Kill)
		}
	}()
	if err := in.connect(); err != nil {
		return nil, err
	}
	return in, nil
}

// connect waits for the process's answer and connects to it.
func (in *instance) connect() error {
	if _, err := in.client.Start(); err != nil {
		return fmt.Errorf("it does not start: %w", err)
	}
	protocol, err := in.client.Client()
	if err != nil {
		return fmt.Errorf("it does not answer: %w", err)
	}
	raw, err := protocol.Dispense("module")
	if err != nil {
		return fmt.Errorf("it does not answer: %w", err)
	}
	in.conn = raw.(*grpc.ClientConn) //nolint:forcetypeassert // carrier gives nothing else
	in.api = kernelv1.NewPluginServiceClient(in.conn)
	return nil
}

// kill ends the process, asking it first. go-plugin's own Kill waits for a process that does not listen without end; so
// after a while the process group is killed.
func (in *instance) kill(patience time.Duration) {
	timer := time.AfterFunc(patience, func() { _ = in.process.Kill(context.TODO()) }) //nolint:forbidigo // a timer has none
	defer timer.Stop()
	select {
	case <-in.process.exited: // nothing to ask
	default:
		if in.conn == nil {
			_ = in.process.Kill(context.TODO()) //nolint:forbidigo // it never answered
		}
	}
	in.client.Kill()
	if in.conn != nil {
		_ = in.conn.Close()
	}
	in.pages.transport.CloseIdleConnections()
	in.direct.Load().close()
	in.process.letGo()
	if in.attached {
		_ = os.RemoveAll(in.folder)
	}
}

// describe asks a process what it is.
func (in *instance) describe(ctx context.Context, id string) (*Description, error) {
	said, err := in.api.Describe(ctx, &kernelv1.DescribeRequest{})
	if err != nil {
		return nil, fmt.Errorf("it does not say what it is: %w", err)
	}
	if said.GetProtocol() != wire.Protocol {
		return nil, fmt.Errorf("it speaks version %d of the protocol between portal and module, the portal version %d: build it anew", said.GetProtocol(), wire.Protocol)
	}
	d := &Description{Version: said.GetVersion(), Configurable: said.GetConfigurable(), Pages: said.GetPages()}
	if d.Digest, err = digest(said); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(said.GetManifest(), &d.Manifest); err != nil {
		return nil, fmt.Errorf("its manifest cannot be read: %w", err)
	}
	if d.Manifest.ID != id {
		return nil, fmt.Errorf("it calls itself %q: write that id in portal.yaml, or another path", d.Manifest.ID)
	}
	if d.Manifest.Migrations, err = files(said.GetMigrations()); err != nil {
		return nil, err
	}
	if d.Manifest.Locales, err = files(said.GetLocales()); err != nil {
		return nil, err
	}
	if d.Files, err = resolve(id, said); err != nil {
		return nil, err
	}
	for _, name := range d.Manifest.Provides {
		if _, err := d.service(name); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func digest(said *kernelv1.DescribeResponse) (sum [sha256.Size]byte, err error) {
	plain := proto.CloneOf(said)
	plain.Version = ""
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(plain)
	return sha256.Sum256(text), err
}

// files makes a file system of what was sent.
func files(sent []*kernelv1.PluginFile) (fs.FS, error) {
	if len(sent) == 0 {
		return nil, nil
	}
	out := fstest.MapFS{}
	for _, f := range sent {
		if !fs.ValidPath(f.GetPath()) || strings.HasPrefix(path.Base(f.GetPath()), ".") {
			return nil, fmt.Errorf("it sent a file with the name %q", f.GetPath())
		}
		out[f.GetPath()] = &fstest.MapFile{Data: f.GetContent(), Mode: 0o444}
	}
	return out, nil
}

// resolve builds the contracts that were sent. What this program links wins, once it is known not to differ; the
// rest is built upon it.
func resolve(id string, said *kernelv1.DescribeResponse) (*protoregistry.Files, error) {
	out := &protoregistry.Files{}
	resolver := both{first: out, second: protoregistry.GlobalFiles}
	var differ []string
	for _, f := range said.GetFiles().GetFile() {
		if linked, err := protoregistry.GlobalFiles.FindFileByPath(f.GetName()); err == nil {
			theirs, err := protodesc.NewFile(f, both{first: &protoregistry.Files{}, second: protoregistry.GlobalFiles})
			if err != nil {
				return nil, fmt.Errorf("its contract %s cannot be read: %w", f.GetName(), err)
			}
			differ = append(differ, differences(linked, theirs)...)
			if err := out.RegisterFile(linked); err != nil {
				return nil, fmt.Errorf("its contract %s: %w", f.GetName(), err)
			}
			continue
		}
		file, err := protodesc.NewFile(f, resolver)
		if err != nil {
			return nil, fmt.Errorf("its contract %s cannot be read: %w", f.GetName(), err)
		}
		if err := out.RegisterFile(file); err != nil {
			return nil, fmt.Errorf("its contract %s: %w", f.GetName(), err)
		}
	}
	if len(differ) > 0 {
		return nil, &IncompatibleError{Module: id, Differences: differ}
	}
	return out, nil
}

// both looks into one registry, then into another.
type both struct{ first, second *protoregistry.Files }

var _ protodesc.Resolver = both{}

// FindFileByPath finds a file.
func (b both) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if f, err := b.first.FindFileByPath(path); err == nil {
		return f, nil
	}
	return b.second.FindFileByPath(path)
}

// FindDescriptorByName finds anything by its full name.
func (b both) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if d, err := b.first.FindDescriptorByName(name); err == nil {
		return d, nil
	}
	return b.second.FindDescriptorByName(name)
}
