package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

// options say what is unusual about a test's portal.
type options struct {
	config string // portal.yaml
	bell   *module.Bell
	now    func() time.Time
}

// site is a portal with its log, whose methods can be made to fail.
type site struct {
	*kerneltest.Portal
	faults *faults
	log    *logged
	bell   *module.Bell
}

func start(t *testing.T, o options) *site {
	t.Helper()
	s := &site{faults: &faults{by: map[string]fault{}}, log: &logged{}, bell: o.bell}
	s.Portal = kerneltest.Start(t, kerneltest.Options{
		Assemble: s.assemble, Config: o.config, Now: o.now,
		Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	return s
}

func (s *site) assemble(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{
		{Name: clientmanager.ID, Module: &breakable{clients, s.faults, s.bell}}, module.Unit(accountmanager.NewUnit(accounts)),
	}, nil
}

// fault stands in for a method; what it returns as an error the method answers with.
type fault func(ctx context.Context) error

type faults struct {
	mu sync.Mutex
	by map[string]fault
}

// set makes a method fail, by its full name; nil makes it whole again.
func (f *faults) set(method string, with fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.by[method] = with
}

func (f *faults) of(method string) fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.by[method]
}

// breakable is the real module, with a switch before each of its methods.
type breakable struct {
	*clientmanager.Module
	faults *faults
	bell   *module.Bell
}

func (b *breakable) Manifest() module.Manifest {
	m := b.Module.Manifest()
	m.Bell = b.bell
	return m
}

func (b *breakable) Register(r module.Registrar) { b.Module.Register(&breaking{r, b.faults}) }

type breaking struct {
	module.Registrar
	faults *faults
}

func (b *breaking) RegisterService(desc *grpc.ServiceDesc, impl any) {
	switched := *desc
	switched.Methods = nil
	for _, m := range desc.Methods {
		handler, name := m.Handler, "/"+desc.ServiceName+"/"+m.MethodName
		m.Handler = func(srv any, ctx context.Context, dec func(any) error, i grpc.UnaryServerInterceptor) (any, error) {
			if broken := b.faults.of(name); broken != nil {
				if err := broken(ctx); err != nil {
					return nil, err
				}
			}
			return handler(srv, ctx, dec, i)
		}
		switched.Methods = append(switched.Methods, m)
	}
	b.Registrar.RegisterService(&switched, impl)
}

// logged keeps what the portal logs.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// send asks as a user's browser would, with headers of the test's own: name, value, name, value. Cookies given so come
// beside the browser's.
func (s *site) send(t *testing.T, u *kerneltest.User, method, path string, body io.Reader, headers ...string) *kerneltest.Page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, body)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return answer(t, u.HTTP, r)
}

func answer(t *testing.T, browser *http.Client, r *http.Request) *kerneltest.Page {
	t.Helper()
	response, err := browser.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return &kerneltest.Page{Status: response.StatusCode, Header: response.Header, Body: string(content)}
}

const formType = "application/x-www-form-urlencoded"

// post sends a form as it is given, without adding a token.
func (s *site) post(t *testing.T, u *kerneltest.User, path string, form url.Values, headers ...string) *kerneltest.Page {
	t.Helper()
	return s.send(t, u, http.MethodPost, path, strings.NewReader(form.Encode()), append([]string{"Content-Type", formType}, headers...)...)
}

// signIn is what a browser sends from the page of sign-in.
func signIn(u *kerneltest.User, password string) url.Values {
	return url.Values{"login": {u.Email}, "password": {password}}
}
