package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/live"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/secret"
	"github.com/opencabinet/cabinet/kernel/web/assets"
	"github.com/opencabinet/cabinet/kernel/web/screen"
)

// Config is what the pages need. All fields must be set but those that say otherwise.
type Config struct {
	// Name is the business's, as clients know it.
	Name string
	// Base is the path the portal lives under, without a slash at its end: "" or "/my".
	Base string
	// Origin is how the outside reaches the portal, "https://cabinet.example.com". With https cookies are secure.
	Origin string
	// Languages are those offered, the default one first.
	Languages []string
	// WeekBegins is the first day of the week in languages of which several parts of the world have different ones.
	WeekBegins time.Weekday
	// Help is shown at the foot of the navigation; may be empty, each part too.
	Help Help

	Router  grpc.ClientConnInterface
	Policy  *access.Policy
	Screens *screen.Set
	Texts   *locale.Bundle
	Assets  *assets.Bundle
	// Own are the handlers of modules that serve pages of their own, by id; may be empty.
	Own map[string]http.Handler
	// Hooks are the modules, of those in Own, to which programs elsewhere post.
	Hooks []string
	// Live tells browsers what changed; without it pages stay as they are.
	Live *live.Hub
	// Key signs what the browser keeps for us: 32 bytes.
	Key   []byte
	Now   func() time.Time
	NewID func() string
	Log   *slog.Logger
	// Tracer and Meter have a span and a measurement made of each request; nil: none.
	Tracer trace.TracerProvider
	Meter  metric.MeterProvider
}

// Help says whom to ask, and when.
type Help struct{ Hours, Phone, Email string }

// Server serves a portal's pages.
type Server struct {
	Config
	echo     *echo.Echo
	identity kernelv1.IdentityServiceClient
	factors  kernelv1.FactorServiceClient
	roles    kernelv1.RoleServiceClient
	passkeys kernelv1.PasskeyServiceClient
	// draining ends with Drain.
	draining context.Context
	drain    context.CancelFunc
	open     *watch
	// secrets seals what the browser keeps for us and must not read.
	secrets *secret.Keeper
	public  publicLimits
}

var _ http.Handler = (*Server)(nil)

// New builds the routes. Screens whose paths the web server's own pages use are an error.
func New(cfg Config) (*Server, error) {
	s := &Server{
		Config: cfg, echo: echo.New(), identity: kernelv1.NewIdentityServiceClient(cfg.Router),
		factors: kernelv1.NewFactorServiceClient(cfg.Router), roles: kernelv1.NewRoleServiceClient(cfg.Router),
		passkeys: kernelv1.NewPasskeyServiceClient(cfg.Router),
	}
	s.public = s.newPublicLimits()
	s.draining, s.drain = context.WithCancel(context.Background()) //nolint:forbidigo // it is nobody's request
	s.open = &watch{identity: s.identity, ctx: s.draining, open: map[string]map[*context.CancelFunc]struct{}{}}
	var err error
	if s.secrets, err = secret.Of(cfg.Key); err != nil {
		return nil, fmt.Errorf("what seals for the browser: %w", err)
	}
	e := s.echo
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.showError
	// What a proxy near us says is believed, what a browser says of itself is not: tries are counted by address.
	e.IPExtractor = echo.ExtractIPFromXFFHeader()
	measured, err := measures(cfg.Tracer, cfg.Meter)
	if err != nil {
		return nil, err
	}
	if measured != nil {
		e.Use(measured)
	}
	e.Use(s.recovered, s.headers, s.limits)

	root := e.Group(cfg.Base)
	root.GET("/assets/*", echo.WrapHandler(cfg.Assets))
	root.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })

	if cfg.Live != nil {
		root.GET(livePath, s.stream)
	}

	pages := root.Group("", s.crossOrigin, s.identify, s.csrf)
	pages.GET("/sign-in", s.signInPage)
	pages.POST("/sign-in", s.signIn)
	pages.POST("/sign-in/passkey", s.enterByPasskey)
	pages.GET("/sign-in/code", s.codePage)
	pages.POST("/sign-in/code", s.finishSignIn)
	pages.POST("/sign-in/code/passkey", s.factorByPasskey)
	s.externalRoutes(pages)
	s.phoneRoutes(pages)
	pages.POST("/sign-out", s.signOut)
	pages.GET("/forgot-password", s.forgotPage)
	pages.POST("/forgot-password", s.forgot)
	pages.GET("/reset-password/:token", s.resetPage)
	pages.POST("/reset-password/:token", s.reset)
	pages.GET("/confirm-email/:token", s.confirmEmailPage)
	pages.POST("/confirm-email/:token", s.confirmEmail)
	pages.GET("/invitation/:token", s.invitationPage)
	pages.POST("/invitation/:token", s.acceptInvitation)
	pages.POST("/preferences/theme", s.setTheme)
	pages.POST("/preferences/language", s.setLanguage)
	pages.GET("/language/:tag", s.chooseLanguage)

	inside := pages.Group("", s.signedIn, s.afterGuise, s.enrols, s.proves)
	inside.POST("/prove", s.prove)
	s.factorRoutes(inside)
	s.rightsRoutes(inside)
	inside.GET(passkeyPath+"/new", s.newPasskeyPage)
	inside.POST(passkeyPath+"/new", s.makePasskey)
	inside.GET("", s.home)
	inside.GET("/", s.home)
	inside.POST(screen.SwitchRoute, s.switchClient)
	inside.POST(endViewAsPath, s.endViewAs)
	inside.POST(screen.ActionRoute, s.act)
	inside.GET("/views/:id", s.openView)

	if err := s.own(root); err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for _, r := range e.Routes() {
		taken[r.Path] = true
	}
	for _, sc := range cfg.Screens.Screens() {
		if taken[cfg.Base+sc.Route()] {
			return nil, fmt.Errorf("screen %s.%s has the path %s, which the portal itself uses: choose another", sc.Module, sc.ID, sc.Path)
		}
		if sc.Audience == module.ForAnybody {
			s.publicRoutes(pages, sc)
			continue
		}
		inside.GET(sc.Route(), s.showScreen(sc))
		inside.POST(sc.Route(), s.submitScreen(sc))
	}
	return s, nil
}

// ServeHTTP serves a request. HEAD is asked as GET, whose body net/http leaves out.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		get := *r
		get.Method = http.MethodGet
		r = &get
	}
	s.echo.ServeHTTP(w, r)
}

func (s *Server) secure() bool { return len(s.Origin) > 8 && s.Origin[:8] == "https://" }

func (s *Server) href(path string) string { return s.Base + path }
