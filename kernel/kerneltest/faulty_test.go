package kerneltest_test

import (
	"context"
	"errors"
	"io/fs"
	"testing/fstest"

	"google.golang.org/grpc"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

// faulty is a real module with a fault put into it, so that Conform is seen to find what it looks for in a module that
// is otherwise sound.
type faulty struct {
	module.Module
	// manifest changes what it says; sql is one more migration.
	manifest func(*module.Manifest)
	sql      string
	// contacts stands before the ContactService.
	contacts func(h *module.Host, real clientmanagerv1.ContactServiceServer) clientmanagerv1.ContactServiceServer
	// hears is one more thing it hears.
	hears func(h *module.Host) event.Subscription
	start func(ctx context.Context, h *module.Host) error
	stop  func(ctx context.Context) error

	host *module.Host
}

func (f *faulty) Settings() any { return f.Module.(module.Configurable).Settings() }

func (f *faulty) Manifest() module.Manifest {
	m := f.Module.Manifest()
	if f.manifest != nil {
		f.manifest(&m)
	}
	if f.sql != "" {
		m.Migrations = with(m.Migrations, "0099_fault.sql", "-- +goose Up\n"+f.sql+"\n-- +goose Down\nselect 1;\n")
	}
	return m
}

// with is a folder of files and one more.
func with(files fs.FS, name, text string) fs.FS {
	all := fstest.MapFS{name: {Data: []byte(text)}}
	names, _ := fs.Glob(files, "*")
	for _, n := range names {
		data, _ := fs.ReadFile(files, n)
		all[n] = &fstest.MapFile{Data: data}
	}
	return all
}

func (f *faulty) Register(r module.Registrar) {
	f.host = r.Host()
	f.Module.Register(&faultyRegistrar{r, f})
	if f.hears != nil {
		r.Handle(f.hears(f.host))
	}
}

func (f *faulty) Start(ctx context.Context) error {
	if f.start == nil {
		return nil
	}
	return f.start(ctx, f.host)
}

func (f *faulty) Stop(ctx context.Context) error {
	if f.stop == nil {
		return nil
	}
	return f.stop(ctx)
}

type faultyRegistrar struct {
	module.Registrar
	f *faulty
}

func (r *faultyRegistrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	if real, ok := impl.(clientmanagerv1.ContactServiceServer); ok && r.f.contacts != nil {
		impl = r.f.contacts(r.f.host, real)
	}
	r.Registrar.RegisterService(desc, impl)
}

// assembleWith is assemble with a fault in one of the modules.
func assembleWith(id string, fault func() faulty) kernel.Assemble {
	return func(router *call.Router) ([]module.Unit, error) {
		units := []module.Unit{
			module.Unit(clientmanager.NewUnit(clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router)))),
			module.Unit(accountmanager.NewUnit(accountmanager.New(clientmanagerv1.NewClientServiceClient(router)))),
		}
		for i, u := range units {
			if u.Name == id {
				f := fault()
				f.Module = u.Module
				units[i].Module = &f
			}
		}
		return units, nil
	}
}

// leaking answers for any contact that exists, whoever asks.
type leaking struct {
	clientmanagerv1.ContactServiceServer
	host *module.Host
}

func (l leaking) GetContact(ctx context.Context, r *clientmanagerv1.GetContactRequest) (*clientmanagerv1.GetContactResponse, error) {
	return l.ContactServiceServer.GetContact(l.host.Self(ctx), r)
}

// careless lets anybody delete any contact, and says nothing of it.
type careless struct {
	clientmanagerv1.ContactServiceServer
	host *module.Host
}

func (c careless) DeleteContact(ctx context.Context, r *clientmanagerv1.DeleteContactRequest) (*clientmanagerv1.DeleteContactResponse, error) {
	return c.ContactServiceServer.DeleteContact(c.host.Self(ctx), r)
}

// silent deletes contacts beside the transactions that the audit log knows of.
type silent struct {
	clientmanagerv1.ContactServiceServer
	host *module.Host
}

func (s silent) DeleteContact(ctx context.Context, r *clientmanagerv1.DeleteContactRequest) (*clientmanagerv1.DeleteContactResponse, error) {
	_, err := s.host.Store.Exec(ctx, "delete from clientmanager.contacts where id = $1", r.GetId())
	return &clientmanagerv1.DeleteContactResponse{}, err
}

// forgetful makes a contact each time it is asked.
type forgetful struct {
	clientmanagerv1.ContactServiceServer
	newID func() string
}

func (f forgetful) CreateContact(ctx context.Context, r *clientmanagerv1.CreateContactRequest) (*clientmanagerv1.CreateContactResponse, error) {
	r.RequestId = f.newID()
	return f.ContactServiceServer.CreateContact(ctx, r)
}

// blind answers for what was sent first, whatever is sent.
type blind struct {
	clientmanagerv1.ContactServiceServer
}

func (b blind) CreateContact(ctx context.Context, r *clientmanagerv1.CreateContactRequest) (*clientmanagerv1.CreateContactResponse, error) {
	r.Contact.Name = "always " + r.GetRequestId()
	return b.ContactServiceServer.CreateContact(ctx, r)
}

// plain returns an error that is no status.
type plain struct {
	clientmanagerv1.ContactServiceServer
}

func (plain) GetContact(context.Context, *clientmanagerv1.GetContactRequest) (*clientmanagerv1.GetContactResponse, error) {
	return nil, errors.New("no contact")
}
