// Package pagestest looks at a module's own pages, from the same file in the portal's process and in one of its own.
package pagestest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
	"testing/fstest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return
	}
	os.Exit(kerneltest.Main(m))
}

func assemble(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{
		module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts)),
		{Name: "pages", Module: newPages(router)},
	}, nil
}

// pages is a module that has pages and nothing else.
type pages struct {
	clients clientmanagerv1.ClientServiceClient
}

var _ module.Pages = (*pages)(nil)

func newPages(conn grpc.ClientConnInterface) *pages {
	return &pages{clientmanagerv1.NewClientServiceClient(conn)}
}

// Manifest says that the module calls clientmanager.
func (p *pages) Manifest() module.Manifest {
	texts := fstest.MapFS{}
	for _, language := range []string{"en", "uk", "ru"} {
		texts["locales/"+language+".yaml"] = &fstest.MapFile{Data: []byte("pages.refusal.too_much: \"Ask for less.\"\n")}
	}
	return module.Manifest{ID: "pages", Hooks: true, Locales: texts, Requires: []string{clientmanagerv1.ClientService_ServiceDesc.ServiceName}}
}

// Register binds nothing.
func (p *pages) Register(module.Registrar) {}

// large is what is downloaded.
var large = bytes.Repeat([]byte("0123456789abcdef"), 5<<20/16)

// Routes serves each kind of answer.
func (p *pages) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set(module.TitleHeader, "Своя сторінка")
		_, _ = fmt.Fprintf(w, `<form method="post" action="%s/say"><input type="hidden" name="csrf" value="%s"></form><p id="lang">%s</p>`,
			module.Base(r.Context()), module.CSRF(r.Context()), module.Language(r.Context()))
	})
	mux.HandleFunc("GET /client/{id}", func(w http.ResponseWriter, r *http.Request) {
		found, err := p.clients.GetClient(r.Context(), &clientmanagerv1.GetClientRequest{Id: r.PathValue("id")})
		if err != nil {
			module.Refuse(w, err)
			return
		}
		_, _ = io.WriteString(w, found.GetClient().GetName())
	})
	mux.HandleFunc("GET /refused/{reason}", func(w http.ResponseWriter, r *http.Request) {
		module.Refuse(w, module.Refusal(codes.FailedPrecondition, "", r.PathValue("reason"), "what only programs are told"))
	})
	mux.HandleFunc("POST /say", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "said "+r.FormValue("text"))
	})
	mux.HandleFunc("GET /large", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="large.bin"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(large)))
		_, _ = w.Write(large)
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done() // the parts came although there is no end
	})
	mux.HandleFunc("GET /endless", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		for r.Context().Err() == nil {
			if _, err := w.Write(large[:1<<16]); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("GET /heard", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, "%q %q %q %q", r.Header, r.Host, r.RequestURI, r.RemoteAddr)
	})
	mux.HandleFunc("GET /hostile", func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Set-Cookie", "cabinet_session=stolen")
		h.Set("Content-Security-Policy", "default-src *")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Refresh", "0; url=https://evil.example/")
		h.Set("Cache-Control", "public, max-age=3600")
		_, _ = io.WriteString(w, "{}")
	})
	mux.HandleFunc("GET /away", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(http.StatusSeeOther)
	})
	mux.HandleFunc("GET /script", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = io.WriteString(w, "alert(1)")
	})
	mux.HandleFunc("POST /hooks/{what}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("what") == "panic" {
			panic("a defect")
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, asNobody := p.clients.GetClient(r.Context(), &clientmanagerv1.GetClientRequest{Id: r.PathValue("what")})
		w.Header().Set("Set-Cookie", "cabinet_session=stolen")
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusAccepted)
		_, _ = fmt.Fprintf(w, "%q %q %s %s %v", r.Header, r.RequestURI, body, access.From(r.Context()).Place.Address, status.Code(asNobody))
	})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("a defect") })
	return mux
}
