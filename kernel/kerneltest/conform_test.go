package kerneltest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

type contacts = clientmanagerv1.ContactServiceServer

// Each fault is found by the part that looks for it.
func TestConformFinds(t *testing.T) {
	for _, c := range []struct {
		name, part string
		fault      func() faulty
		of         string // clientmanager unless it says otherwise
		says       []string
	}{
		{name: "tables that are open", part: "rows", says: []string{
			"clientmanager.contacts: reading another client's rows works for a contact of another client",
			"clientmanager.contacts: deleting another client's rows works for a forged principal",
			"clientmanager.history: reading another client's rows works for nobody with role",
			"clientmanager.quiet: reading another client's rows works for a contact of another client through the store",
			"clientmanager.notes: everybody reads it",
		}, fault: func() faulty {
			return faulty{sql: `
				alter policy cabinet_own on clientmanager.contacts using (true);
				alter policy cabinet_many on clientmanager.history using (true) with check (true);
				create table clientmanager.quiet (id uuid primary key, client_id uuid not null, text text not null); -- no contract fills it
				select kernel.protect('clientmanager.quiet', 'client_id');
				alter policy cabinet_own on clientmanager.quiet using (true);
				create table clientmanager.notes (id uuid primary key, client_id uuid not null);
				select kernel.share('clientmanager.notes');`}
		}},
		{name: "policies that ask too little", part: "rows", says: []string{
			"clientmanager.contacts: giving own rows away: another client's rows works",
			"clientmanager.history: reading another client's rows works for a principal altered to another",
			"clientmanager.history: reading another client's rows works for an expired principal",
		}, fault: func() faulty {
			return faulty{sql: `
				alter policy cabinet_own on clientmanager.contacts with check (true);
				alter policy cabinet_own on clientmanager.history using (client_id::text = split_part(current_setting('cabinet.principal', true), '|', 3));`}
		}},
		{name: "a table without protection", part: "manifest", says: []string{"has a column client_id but no row security"}, fault: func() faulty {
			return faulty{sql: "create table clientmanager.notes (id uuid primary key, client_id uuid not null);"}
		}},
		{name: "a method that reads as the module", part: "foreign", says: []string{"GetContact as client.accountant with a foreign id: the answer holds a text of another client"}, fault: func() faulty {
			return faulty{contacts: func(h *module.Host, real contacts) contacts { return leaking{real, h} }}
		}},
		{name: "a method that deletes as the module", part: "foreign", says: []string{"clientmanager.contacts: rows of a client were changed by people of another"}, fault: func() faulty {
			return faulty{contacts: func(h *module.Host, real contacts) contacts { return careless{real, h} }}
		}},
		{name: "a create that forgets the request", part: "once", says: []string{"CreateContact: the same request again is not answered as the first time"}, fault: func() faulty {
			return faulty{contacts: func(_ *module.Host, real contacts) contacts { return forgetful{real, store.NewID} }}
		}},
		{name: "a create that does not compare content", part: "once", says: []string{"CreateContact: a request_id that was used for other content is taken"}, fault: func() faulty {
			return faulty{contacts: func(_ *module.Host, real contacts) contacts { return blind{real} }}
		}},
		{name: "a method that leaves no entry", part: "audit", says: []string{"DeleteContact: was done and left no entry in the audit log"}, fault: func() faulty {
			return faulty{contacts: func(h *module.Host, real contacts) contacts { return silent{real, h} }}
		}},
		{name: "a schedule whose run is doubled, and that says nothing", part: "events", says: []string{
			"clientmanager.nightly hears cabinet.kernel.v1.ScheduleDue: delivered again, it was applied again",
			"schedule clientmanager.nightly: what it does is not said in every language",
		}, fault: func() faulty {
			return faulty{
				sql: "create table clientmanager.heard (id uuid primary key); select kernel.protect_all('clientmanager.heard');",
				hears: func(h *module.Host) event.Subscription {
					return event.OnSchedule("clientmanager.nightly", event.Schedule{Title: "clientmanager.unsaid", Cron: "@daily", CatchUp: event.CatchUpOnce},
						func(ctx context.Context, _ event.Event, _ *kernelv1.ScheduleDue) error {
							_, err := h.Store.Exec(ctx, "insert into clientmanager.heard (id) values ($1)", store.NewID())
							return err
						})
				},
			}
		}},
		{name: "an effect without Apply", part: "events", of: "accountmanager", says: []string{"accountmanager.count hears cabinet.clientmanager.v1.ClientSuspended: delivered again, it was applied again"}, fault: func() faulty {
			return faulty{
				sql: "create table accountmanager.heard (id uuid primary key); select kernel.protect_all('accountmanager.heard');",
				hears: func(h *module.Host) event.Subscription {
					return event.Subscription{Subscriber: "accountmanager.count", Module: "accountmanager", Types: suspended, Handle: func(ctx context.Context, _ event.Event) error {
						_, err := h.Store.Exec(ctx, "insert into accountmanager.heard (id) values ($1)", store.NewID())
						return err
					}}
				},
			}
		}},
		{name: "a handler that fails", part: "events", of: "accountmanager", says: []string{"ClientSuspended: it was not handled: no"}, fault: func() faulty {
			return faulty{hears: func(*module.Host) event.Subscription {
				return event.Subscription{Subscriber: "accountmanager.fail", Module: "accountmanager", Types: suspended, Handle: func(context.Context, event.Event) error {
					return errors.New("no")
				}}
			}}
		}},
		{name: "an error that is no status", part: "access", says: []string{"GetContact as head: ended with"}, fault: func() faulty {
			return faulty{contacts: func(_ *module.Host, real contacts) contacts { return plain{real} }}
		}},
		{name: "a right that was given", part: "access", says: []string{"rights differ"}, fault: func() faulty {
			return faulty{manifest: func(m *module.Manifest) {
				for _, p := range m.Permissions {
					if p.Name == "clientmanager.contacts.update" {
						p.Presets["client.accountant"] = access.Granted
					}
				}
			}}
		}},
		{name: "a permission that opens nothing", part: "manifest", says: []string{"permission clientmanager.clients.admire opens no method, exports no list and reveals nothing"}, fault: func() faulty {
			return faulty{manifest: func(m *module.Manifest) {
				m.Permissions = append(m.Permissions, access.Permission{Name: "clientmanager.clients.admire", Title: "clientmanager.permissions.clients.read"})
			}}
		}},
		{name: "a text that is missing", part: "manifest", says: []string{"text clientmanager.nowhere (uk): there is no text"}, fault: func() faulty {
			return faulty{manifest: func(m *module.Manifest) { m.Screens[0].Intro = "clientmanager.nowhere" }}
		}},
		{name: "a screen of a field that is not there", part: "manifest", says: []string{"the portal does not open"}, fault: func() faulty {
			return faulty{manifest: func(m *module.Manifest) { m.Screens[0].Columns = []module.Column{{Field: "nothing"}} }}
		}},
		{name: "a start that writes each time", part: "migrations", says: []string{"opening the portal again changed rows"}, fault: func() faulty {
			return faulty{
				sql: "create table clientmanager.starts (id uuid primary key); select kernel.protect_all('clientmanager.starts');",
				start: func(ctx context.Context, h *module.Host) error {
					_, err := h.Store.Exec(h.Self(ctx), "insert into clientmanager.starts (id) values ($1)", store.NewID())
					return err
				},
			}
		}},
		{name: "a migration that fails", part: "migrations", says: []string{"0099_fault.sql"}, fault: func() faulty { return faulty{sql: "select nothing;"} }},
		{name: "a goroutine that is left", part: "life", says: []string{"goroutines run on after Stop"}, fault: func() faulty {
			return faulty{start: func(context.Context, *module.Host) error {
				go func() { <-t.Context().Done() }()
				return nil
			}}
		}},
		{name: "a stop that needs a start", part: "life", says: []string{"stopping is safe without a start"}, fault: func() faulty {
			started := false
			return faulty{
				start: func(context.Context, *module.Host) error { started = true; return nil },
				stop: func(context.Context) error {
					if !started {
						panic("nothing to stop")
					}
					return nil
				},
			}
		}},
	} {
		t.Run(c.part+"/"+c.name, func(t *testing.T) {
			if c.part != "life" { // which looks for goroutines
				t.Parallel()
			}
			if c.of == "" {
				c.of = "clientmanager"
			}
			found := kerneltest.Look(t, subject(c.of, c.fault), c.part)
			for _, says := range c.says {
				require.Contains(t, strings.Join(found, "\n"), says)
			}
		})
	}
}

var suspended = []protoreflect.FullName{(&clientmanagerv1.ClientSuspended{}).ProtoReflect().Descriptor().FullName()}

func subject(id string, fault func() faulty) kerneltest.Subject {
	return kerneltest.Subject{
		Module: id, Options: kerneltest.Options{Assemble: assembleWith(id, fault)}, Golden: "../../modules/" + id + "/testdata/access.golden",
		Samples: map[string]func(proto.Message, *kerneltest.Side){
			clientmanagerv1.ImportService_CreateImport_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*clientmanagerv1.CreateImportRequest).Content = []byte("name,phone\n" + side.Marker + ",+380445550142\n")
			},
			clientmanagerv1.ImportService_CheckImport_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*clientmanagerv1.CheckImportRequest).Mapping = []*kernelv1.ImportMapping{{Column: 0, Field: "name"}}
			},
			clientmanagerv1.ClientService_AssignManager_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*clientmanagerv1.AssignManagerRequest).ManagerId = side.StaffID
			},
			clientmanagerv1.ProfileService_UpdateProfile_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*clientmanagerv1.UpdateProfileRequest)
				r.Client, r.UpdateMask.Paths = &clientmanagerv1.Client{Place: side.Marker}, []string{"place"}
			},
		},
	}
}
