package kernel_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store/cluster"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

func TestStartsAndStopsOnce(t *testing.T) {
	t.Parallel()
	var order []string
	second := &stub{
		says:  module.Manifest{ID: "second"},
		start: func(context.Context) error { order = append(order, "start second"); return nil },
		stop:  func(context.Context) error { order = append(order, "stop second"); return nil },
	}
	first := doorman()
	first.start = func(context.Context) error { order = append(order, "start first"); return nil }
	first.stop = func(context.Context) error { order = append(order, "stop first"); return nil }
	p, err := kernel.New(with(t, of(first, second), "", "DATABASE_URL="+database(t)))
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context()))
	require.ErrorContains(t, p.Start(t.Context()), "started or stopped before")
	response, err := http.Get(p.URL() + "/healthz")
	require.NoError(t, err, "the second start did no harm")
	require.NoError(t, response.Body.Close())

	waiting, enough := context.WithCancel(t.Context())
	waited := make(chan error, 1)
	go func() { waited <- p.Wait(waiting) }()
	stop(t, p)
	stop(t, p)
	enough()
	require.NoError(t, <-waited, "being stopped is no failure")
	require.Equal(t, []string{"start first", "start second", "stop second", "stop first"}, order)
	require.ErrorContains(t, p.Start(t.Context()), "make a new one")
	_, err = net.Dial("tcp", p.Address())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestStopsBeforeItStarts(t *testing.T) {
	t.Parallel()
	p, err := kernel.New(with(t, of(doorman()), ""))
	require.NoError(t, err)
	stop(t, p)
	stop(t, p)
	require.ErrorContains(t, p.Start(t.Context()), "stopped before")
}

func TestStoppedWhileItStarts(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	slow := doorman()
	slow.start = func(context.Context) error { close(begun); <-goOn; return nil }
	p, err := kernel.New(with(t, of(slow), "", "DATABASE_URL="+database(t)))
	require.NoError(t, err)
	started := make(chan error, 1)
	go func() { started <- p.Start(context.WithoutCancel(t.Context())) }()
	<-begun
	stop(t, p)
	close(goOn)
	require.Error(t, <-started)
	_, err = net.Dial("tcp", p.Address())
	require.ErrorIs(t, err, syscall.ECONNREFUSED, "nothing was left open")
}

// What was started before something failed is stopped: no goroutine, no cluster, and the port is free.
func TestStartThatFailsHalfway(t *testing.T) {
	broken := errors.New("the roof leaks")
	stopped := false
	storetest.Cluster(t) // before goroutines are counted
	for name, c := range map[string]struct {
		spoil func(*kernel.Options, *stub)
		says  string
	}{
		"a module": {func(_ *kernel.Options, m *stub) {
			m.start = func(context.Context) error { return broken }
		}, "start module doorman: the roof leaks"},
		"the story": {func(o *kernel.Options, m *stub) {
			o.Seed = func(context.Context, *kernel.Seed) error { return broken }
			m.stop = func(context.Context) error { stopped = true; return nil }
		}, "seed: the roof leaks"},
		"a service that is promised": {func(_ *kernel.Options, m *stub) {
			m.register = nil
		}, "module doorman: it promises " + identity + " in its manifest and does not register it"},
		"a service that is not": {func(_ *kernel.Options, m *stub) {
			both := m.register
			m.register = func(r module.Registrar) {
				both(r)
				clientmanagerv1.RegisterProfileServiceServer(r, clientmanagerv1.UnimplementedProfileServiceServer{})
			}
		}, "module doorman: it registers cabinet.clientmanager.v1.ProfileService, which its manifest does not promise"},
		"a subscriber of another's name": {func(_ *kernel.Options, m *stub) {
			both := m.register
			m.register = func(r module.Registrar) {
				both(r)
				r.Handle(event.Subscription{Module: "doorman", Subscriber: "porter.bell"})
			}
		}, "module doorman: it hears events as porter.bell of module doorman"},
		"a screen of no method": {func(_ *kernel.Options, m *stub) {
			m.says.Screens = []module.Screen{{ID: "bell", Path: "/bell", Kind: module.List, Title: "x", Method: "/cabinet.bell.v1.BellService/ListBells"}}
		}, `screen doorman.bell calls "/cabinet.bell.v1.BellService/ListBells", which no module provides`},
		"a screen of no field": {func(_ *kernel.Options, m *stub) {
			m.says.Screens = []module.Screen{{
				ID: "bell", Path: "/bell", Kind: module.Form, Title: "x", Submit: "x", Method: kernelv1.AccessService_ExplainAccess_FullMethodName,
				Sections: []module.Section{{Fields: []string{"methd"}}},
			}}
		}, `no field "methd"; did you mean "method"?`},
		"a screen in the portal's place": {func(_ *kernel.Options, m *stub) {
			m.says.Screens = []module.Screen{{
				ID: "bell", Path: "/sign-in", Kind: module.Form, Title: "x", Submit: "x", Method: kernelv1.AccessService_ExplainAccess_FullMethodName,
				Sections: []module.Section{{Fields: []string{"method"}}},
			}}
		}, "/sign-in, which the portal itself uses"},
		"a logo that is not there": {func(o *kernel.Options, _ *stub) {
			o.Config.Environ = append(o.Config.Environ, "CABINET_ID=logoless")
			require.NoError(t, os.WriteFile(o.Config.Path, []byte("brand: {logo: nowhere.svg}"), 0o600))
		}, "nowhere.svg"},
	} {
		t.Run(name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			m := doorman()
			options := with(t, of(m), "")
			private := throwaway(&options)
			if name != "a module" { // once is enough: a cluster takes its time
				options.Config.Environ = append(options.Config.Environ, "DATABASE_URL="+database(t))
			}
			c.spoil(&options, m)
			p, err := kernel.New(options)
			if err == nil {
				err = p.Start(t.Context())
			}
			require.ErrorContains(t, err, c.says)
			if p != nil {
				if *private != nil {
					<-(*private).Done()
				}
				again, err := net.Listen("tcp", p.Address())
				require.NoError(t, err, "the port is free")
				require.NoError(t, again.Close())
				stop(t, p)
			}
			goleak.VerifyNone(t, before)
		})
	}
	require.True(t, stopped, "a module that was started is stopped")
}

// throwaway has a portal start a private cluster that is not to last, and returns where that will stand.
func throwaway(o *kernel.Options) **cluster.Cluster {
	var private *cluster.Cluster
	o.Cluster = func(ctx context.Context, _ string) (_ *cluster.Cluster, err error) {
		private, err = cluster.ForTests(ctx)
		return private, err
	}
	return &private
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	p, err := kernel.New(with(t, of(doorman()), "", "CABINET_LISTEN="+taken.Addr().String()))
	require.NoError(t, err)
	err = p.Start(t.Context())
	require.EqualError(t, err, taken.Addr().String()+" is in use by another program: stop it, or choose another address with listen in portal.yaml or CABINET_LISTEN")
}

func TestAddressOfAnotherMachine(t *testing.T) {
	t.Parallel()
	p, err := kernel.New(with(t, of(doorman()), "", "CABINET_LISTEN=192.0.2.1:8080"))
	require.NoError(t, err)
	require.ErrorContains(t, p.Start(t.Context()), "is not an address of this machine")
}

func TestDatabaseThatIsNotThere(t *testing.T) {
	t.Parallel()
	p, err := kernel.New(with(t, of(doorman()), "", "DATABASE_URL=postgres://cabinet:hush@127.0.0.1:1/nowhere"))
	require.NoError(t, err)
	err = p.Start(t.Context())
	require.ErrorContains(t, err, "127.0.0.1")
	require.NotContains(t, err.Error(), "hush", "a password is never printed")
}

func TestTheDatabaseOfAPortalDies(t *testing.T) {
	t.Parallel()
	options := with(t, of(doorman()), "")
	private := throwaway(&options)
	p, err := kernel.New(options)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context()))
	pidFile, err := os.ReadFile(filepath.Join((*private).Data(), "postmaster.pid"))
	require.NoError(t, err)
	line, _, _ := strings.Cut(string(pidFile), "\n")
	pid, err := strconv.Atoi(line)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	err = p.Wait(t.Context())
	require.ErrorContains(t, err, "the portal's database stopped")
	require.ErrorContains(t, err, "kill", "and why")
	_ = p.Stop(t.Context()) // says that there was nothing to stop, or not
	_, err = net.Dial("tcp", p.Address())
	require.Error(t, err)
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ yaml, listen, url string }{
		"plain":          {"", "127.0.0.1:0", "http://localhost:PORT"},
		"below a path":   {"path: /my/", "127.0.0.1:0", "http://localhost:PORT/my"},
		"behind a proxy": {"url: https://cabinet.example.com", "127.0.0.1:0", "https://cabinet.example.com"},
		"all networks":   {"", ":0", "http://localhost:PORT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := kernel.New(with(t, of(doorman()), c.yaml, "DATABASE_URL="+database(t), "CABINET_LISTEN="+c.listen))
			require.NoError(t, err)
			require.NoError(t, p.Start(t.Context()))
			defer stop(t, p)
			_, port, err := net.SplitHostPort(p.Address())
			require.NoError(t, err)
			require.Equal(t, strings.Replace(c.url, "PORT", port, 1), p.URL())
		})
	}
}
