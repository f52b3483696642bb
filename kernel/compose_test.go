package kernel_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/module"
)

func TestModulesThatDoNotFitTogether(t *testing.T) {
	t.Parallel()
	provider := func(id string, services ...string) *stub {
		return &stub{says: module.Manifest{ID: id, Provides: services}}
	}
	needs := func(id string, services ...string) *stub {
		return &stub{says: module.Manifest{ID: id, Requires: services}}
	}
	for name, c := range map[string]struct {
		modules []*stub
		yaml    string
		says    []string
	}{
		"nobody to sign in": {nil, "", []string{identity, "nobody could sign in", "accountmanager"}},
		"missing provider": {
			[]*stub{doorman(), needs("orders", "cabinet.stock.v1.StockService")}, "",
			[]string{"module orders requires cabinet.stock.v1.StockService", "add a module that provides it"},
		},
		"switched off": {
			[]*stub{doorman(), needs("orders", "cabinet.stock.v1.StockService"), provider("stock", "cabinet.stock.v1.StockService")},
			"modules: {stock: {enabled: false}}", []string{"module orders requires", "module stock would, but portal.yaml switches it off"},
		},
		"two providers": {
			[]*stub{doorman(), provider("stock", "cabinet.stock.v1.StockService"), provider("depot", "cabinet.stock.v1.StockService")}, "",
			[]string{"cabinet.stock.v1.StockService is provided by both stock and depot"},
		},
		"two publishers": {
			[]*stub{doorman(), {says: module.Manifest{ID: "one", Publishes: []string{"a.v1.Done"}}}, {says: module.Manifest{ID: "two", Publishes: []string{"a.v1.Done"}}}}, "",
			[]string{"a.v1.Done is published by both one and two"},
		},
		"two owners of clients": {
			[]*stub{doorman(), {says: module.Manifest{ID: "one", OwnsClients: true}}, {says: module.Manifest{ID: "two", OwnsClients: true}}}, "",
			[]string{"[one two] all own clients"},
		},
		"nothing lent": {
			[]*stub{doorman(), {says: module.Manifest{ID: "bills", Borrows: []string{"numbers.take_v1(text) returns text"}}}}, "",
			[]string{"module bills borrows numbers.take_v1(text) returns text, which no module lends: add module numbers"},
		},
		"the lender is switched off": {
			[]*stub{doorman(), {says: module.Manifest{ID: "bills", Borrows: []string{"numbers.take_v1(text) returns text"}}}, {says: module.Manifest{ID: "numbers", Lends: []string{"numbers.take_v1(text) returns text"}}}},
			"modules: {numbers: {enabled: false}}", []string{"module numbers would, but portal.yaml switches it off"},
		},
		"lent otherwise": {
			[]*stub{doorman(), {says: module.Manifest{ID: "bills", Borrows: []string{"numbers.take_v1(text) returns text"}}}, {says: module.Manifest{ID: "numbers", Lends: []string{"numbers.take_v2(text, uuid) returns text"}}}}, "",
			[]string{`module numbers lends ["numbers.take_v2(text, uuid) returns text"]: use versions of both that fit together`},
		},
		"no signatures": {
			[]*stub{doorman(), {says: module.Manifest{ID: "numbers", Lends: []string{"numbers.take(text) returns text", "bills.pay_v1() returns text"}, Borrows: []string{"numbers.x_v1(text); drop"}}}}, "",
			[]string{`"numbers.take(text) returns text" is no signature`, "module numbers lends bills.pay_v1() returns text: a module lends functions of its own schema alone", `module numbers borrows: "numbers.x_v1(text); drop" is no signature`},
		},
		"twice":                {[]*stub{doorman(), provider("stock"), provider("stock")}, "", []string{`module "stock" is listed twice`}},
		"the kernel's name":    {[]*stub{doorman(), provider("kernel")}, "", []string{`module "kernel"`, "a name that the kernel keeps for itself"}},
		"the audit log's name": {[]*stub{doorman(), provider("audit")}, "", []string{`module "audit"`, "a name that the kernel keeps for itself"}},
		"several at once": {
			[]*stub{needs("orders", "a.v1.A"), needs("bills", "b.v1.B")}, "", []string{"orders requires a.v1.A", "bills requires b.v1.B", identity},
		},
		"a permission of a role that is not there": {
			[]*stub{doorman(), {says: module.Manifest{ID: "stock", Permissions: []access.Permission{
				{Name: "stock.read", Title: "stock.read", Presets: map[string]access.Reach{"keeper": access.All}},
			}}}}, "", []string{"keeper"},
		},
		"an own role with an unknown permission": {
			[]*stub{doorman()}, `roles: {archivist: {title: {en: A, uk: A, ru: A}, staff: true, permissions: {stock.read: all}}}`, []string{"archivist", "stock.read"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := kernel.New(with(t, of(c.modules...), c.yaml))
			require.Error(t, err)
			for _, says := range c.says {
				require.ErrorContains(t, err, says)
			}
		})
	}
}

func TestANameOfItsOwnForEachModule(t *testing.T) {
	t.Parallel()
	other := func(*call.Router) ([]module.Unit, error) {
		return []module.Unit{{Name: "store", Module: &stub{says: module.Manifest{ID: "stock"}}}}, nil
	}
	_, err := kernel.New(with(t, other, ""))
	require.ErrorContains(t, err, `module "store" calls itself "stock"`)
}

func TestWithoutModules(t *testing.T) {
	t.Parallel()
	_, err := kernel.New(kernel.Options{})
	require.ErrorContains(t, err, "Options.Assemble is missing")
}

func TestUnknownKeysOfTheConfiguration(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ yaml, line, near string }{
		"the portal's":     {"name: Polissia\nlisten_on: 127.0.0.1:1\n", ":2", `listen`},
		"a module's":       {"modules:\n  clientmanagr:\n    enabled: true\n", ":2", `clientmanager`},
		"a module's own":   {"modules:\n  accountmanager:\n    settings:\n      lockout: 15m\n", ":4", `lock_out`},
		"a part's":         {"brand:\n  hew: 12\n", ":2", `hue`},
		"a part of a part": {"modules:\n  accountmanager:\n    settings:\n      hashing:\n        memory_kb: 8\n", ":5", `memory_kib`},
	} {
		t.Run(name, func(t *testing.T) {
			options := with(t, assemble, c.yaml)
			_, err := kernel.New(options)
			require.ErrorContains(t, err, options.Config.Path+c.line)
			require.ErrorContains(t, err, c.near)
		})
	}
}

func TestModulesSettingsAreChecked(t *testing.T) {
	t.Parallel()
	_, err := kernel.New(with(t, assemble, "modules:\n  accountmanager:\n    settings: {tries: 0, country: Ukraine}\n"))
	require.ErrorContains(t, err, "tries")
	require.ErrorContains(t, err, "country")
}

// A contract that lets many provide it has as many as there are; whoever requires it is served by one of them.
func TestManyModulesProvideOneContract(t *testing.T) {
	gateways := paysystemv1.GatewayService_ServiceDesc.ServiceName
	shop := &stub{says: module.Manifest{ID: "shop", Requires: []string{gateways}}}
	one, two := &stub{says: module.Manifest{ID: "north", Provides: []string{gateways}}}, &stub{says: module.Manifest{ID: "east", Provides: []string{gateways}}}
	_, err := kernel.New(with(t, of(doorman(), shop, one, two), ""))
	require.NoError(t, err)
	_, err = kernel.New(with(t, of(doorman(), shop), ""))
	require.ErrorContains(t, err, "module shop requires "+gateways)
}
