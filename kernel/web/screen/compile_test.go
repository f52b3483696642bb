package screen

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// linked finds the methods of every contract the test links.
type linked struct{}

func (linked) Descriptor(method string) (protoreflect.MethodDescriptor, bool) {
	var found protoreflect.MethodDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			methods := f.Services().Get(i).Methods()
			for j := range methods.Len() {
				m := methods.Get(j)
				if "/"+string(f.Services().Get(i).FullName())+"/"+string(m.Name()) == method {
					found = m
				}
			}
		}
		return found == nil
	})
	return found, found != nil
}

func clients() module.Screen {
	return module.Screen{
		ID: "clients", Path: "/clients", Kind: module.List, Title: "clientmanager.clients.title",
		Method:  clientmanagerv1.ClientService_ListClients_FullMethodName,
		Columns: []module.Column{{Field: "name", Second: "code", Link: "/clients/{id}", OrderBy: "CLIENT_ORDER_NAME"}, {Field: "status"}},
		Filters: []string{"statuses", "tags", "manager_ids"}, Search: "name", Order: "order_by",
	}
}

func client() module.Screen {
	return module.Screen{
		ID: "client", Path: "/clients/{id}", Kind: module.Detail, Title: "clientmanager.client.title", Parent: "clients",
		Method: clientmanagerv1.ClientService_GetClient_FullMethodName, Heading: "name", State: "status",
		Sections: []module.Section{{Fields: []string{"legal_name", "tax_id", "email"}}},
		Actions: []module.Action{{
			ID: "suspend", Label: "clientmanager.client.suspend", Method: clientmanagerv1.ClientService_SuspendClient_FullMethodName,
			Bind: map[string]string{"id": "id"}, When: map[string]string{"status": "CLIENT_STATUS_ACTIVE"},
		}},
	}
}

func compileOne(screens ...module.Screen) (*Set, error) {
	return Compile(linked{}, []module.Manifest{{ID: "clientmanager", Screens: screens}})
}

func TestScreensThatFitTheirContractsCompile(t *testing.T) {
	set, err := compileOne(clients(), client())
	require.NoError(t, err)
	require.Len(t, set.Screens(), 2)
	require.NotNil(t, set.detailOf("cabinet.clientmanager.v1.Client"))
	require.Equal(t, "/clients/:id", set.Screens()[1].Route())
	_ = accountmanagerv1.User{}
}

func TestWhatAContractLacksStopsThePortalWithItsName(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(list, detail *module.Screen)
		says   []string
	}{
		"method":        {func(l, _ *module.Screen) { l.Method = "/cabinet.clientmanager.v1.ClientService/ListClient" }, []string{"clientmanager.clients", "ListClient", "no module provides"}},
		"column":        {func(l, _ *module.Screen) { l.Columns[0].Field = "nmae" }, []string{`no field "nmae"`, `did you mean "name"?`}},
		"filter":        {func(l, _ *module.Screen) { l.Filters = []string{"status"} }, []string{`no field "status"`, `did you mean "statuses"?`}},
		"order":         {func(l, _ *module.Screen) { l.Columns[0].OrderBy = "CLIENT_ORDER_SIZE" }, []string{"CLIENT_ORDER_SIZE"}},
		"path variable": {func(_, d *module.Screen) { d.Path = "/clients/{number}" }, []string{`no field "number"`}},
		"parent":        {func(_, d *module.Screen) { d.Parent = "cleints" }, []string{"no screen", `did you mean "clientmanager.clients"?`}},
		"action bind":   {func(_, d *module.Screen) { d.Actions[0].Bind = map[string]string{"client": "id"} }, []string{"action suspend", `no field "client"`}},
		"action when":   {func(_, d *module.Screen) { d.Actions[0].When = map[string]string{"status": "ACTIVE"} }, []string{"status = ACTIVE"}},
		"both":          {func(_, d *module.Screen) { d.Actions[0].Path = "/x" }, []string{"a path or a method"}},
		"kind":          {func(_, d *module.Screen) { d.Kind = "page" }, []string{`kind "page"`}},
		"same path":     {func(_, d *module.Screen) { d.Path = "/clients" }, []string{"has the path /clients of"}},
	} {
		t.Run(name, func(t *testing.T) {
			list, detail := clients(), client()
			tc.change(&list, &detail)
			_, err := compileOne(list, detail)
			require.Error(t, err)
			for _, says := range tc.says {
				require.ErrorContains(t, err, says)
			}
		})
	}
}

func TestScreensForAnybodyCallPublicMethodsAlone(t *testing.T) {
	register := func(change func(*module.Screen)) module.Screen {
		s := module.Screen{
			ID: "register", Path: "/register", Kind: module.Form, Audience: module.ForAnybody, Title: "t", Submit: "s", SignInLink: "l",
			Method: clientmanagerv1.RegistrationService_StartRegistration_FullMethodName, Sections: []module.Section{{Fields: []string{"name"}}},
		}
		change(&s)
		return s
	}
	_, err := compileOne(register(func(*module.Screen) {}))
	require.NoError(t, err)
	for wrong, change := range map[string]func(*module.Screen){
		"SCOPE_STAFF: only methods of SCOPE_PUBLIC": func(s *module.Screen) {
			s.Method = clientmanagerv1.RegistrationService_CreateRegistration_FullMethodName
		},
		"calls /cabinet.clientmanager.v1.ClientService/GetClient, which has the scope SCOPE_CLIENT": func(s *module.Screen) {
			s.Prefill = clientmanagerv1.ClientService_GetClient_FullMethodName
		},
		"is a list for anybody": func(s *module.Screen) {
			s.Kind, s.Method, s.Sections = module.List, clientmanagerv1.RegistrationService_ListRegistrations_FullMethodName, nil
		},
		"use sign_in_link instead of nav":                   func(s *module.Screen) { s.Nav = &module.Nav{} },
		"lets them choose client_id among things":           func(s *module.Screen) { s.Sections[0].Fields = []string{"client_id"} },
		"has a link on the page of sign-in, and is not for": func(s *module.Screen) { s.Audience = module.ForStaff },
		"stands beside \"registr\", which is no screen":     func(s *module.Screen) { s.Beside = []module.Beside{{Screen: "registr"}} },
		"calls the field \"phone\" by another name":         func(s *module.Screen) { s.Sections[0].Labels = map[string]string{"phone": "x"} },
	} {
		_, err := compileOne(register(change))
		require.ErrorContains(t, err, "screen clientmanager.register")
		require.ErrorContains(t, err, wrong)
	}
}

func TestPartsThatWaitForWhatTheContractLacksAreRefused(t *testing.T) {
	wrong := client()
	wrong.Parent = ""
	wrong.Sections[0].When = map[string]string{"kind": "CLIENT_KIND_GHOST"}
	wrong.Related = []module.Related{{Screen: "clientmanager.clients", When: map[string]string{"sort": "x"}}}
	_, err := compileOne(wrong, clients())
	require.ErrorContains(t, err, "waits for kind = CLIENT_KIND_GHOST, which the contract lacks")
	require.ErrorContains(t, err, "list clientmanager.clients names what its contract lacks")
}
