package kernel_test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/plugin"
)

func TestModulesAreTheHeadsToWatchAndToOperate(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Processes: []string{"clientmanager"}, Config: `
roles:
  watcher:
    title: {en: Watcher, uk: Спостерігач, ru: Наблюдатель}
    staff: true
    permissions: {kernel.modules.read: all}
`})
	head, client := p.Head(t), p.Client(t, "Zerno Roastery")
	for _, one := range []struct {
		name         string
		user         *kerneltest.User
		read, change codes.Code
	}{
		{"manager", p.Staff(t, "manager"), codes.PermissionDenied, codes.PermissionDenied},
		{"somebody who may look", p.Staff(t, "watcher"), codes.OK, codes.PermissionDenied},
		{"director", p.Contact(t, client, "client.director"), codes.PermissionDenied, codes.PermissionDenied},
		{"nobody", p.Anonymous(t), codes.Unauthenticated, codes.Unauthenticated},
		{"head", head, codes.OK, codes.OK},
	} {
		s := kernelv1.NewModuleServiceClient(one.user.Conn)
		_, list := s.ListModules(t.Context(), &kernelv1.ListModulesRequest{})
		_, get := s.GetModule(t.Context(), &kernelv1.GetModuleRequest{Id: "clientmanager"})
		_, links := s.ListModuleLinks(t.Context(), &kernelv1.ListModuleLinksRequest{})
		_, changes := s.ListModuleChanges(t.Context(), &kernelv1.ListModuleChangesRequest{})
		for _, err := range []error{list, get, links, changes} {
			require.Equal(t, one.read, status.Code(err), one.name)
		}
		_, quarantine := s.QuarantineModule(t.Context(), &kernelv1.QuarantineModuleRequest{Id: "clientmanager"})
		require.Equal(t, one.change, status.Code(quarantine), one.name)
		_, resume := s.ResumeModule(t.Context(), &kernelv1.ResumeModuleRequest{Id: "clientmanager"})
		require.Equal(t, one.change, status.Code(resume), one.name)
		_, restart := s.RestartModule(t.Context(), &kernelv1.RestartModuleRequest{Id: "clientmanager"})
		require.Equal(t, one.change, status.Code(restart), one.name)
		page := one.user.Get(t, "/modules")
		require.Equal(t, one.read == codes.OK, page.Status == http.StatusOK, one.name)
		if one.change != codes.OK && one.read == codes.OK {
			require.NotContains(t, page.Body, "/actions/kernel.modules/restart", one.name)
		}
	}
	require.Len(t, query(t, p.DSN, `select method from kernel.audit_entry where method like '%.ModuleService/%' and outcome <> 'refused'`), 3, "what the head did stands in the audit log")
}

func TestAModulesProcessIsShownAndOperatedOnItsPage(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Processes: []string{"clientmanager"}})
	head := p.Head(t)
	s := kernelv1.NewModuleServiceClient(head.Conn)
	get := func(id string) *kernelv1.Module {
		t.Helper()
		got, err := s.GetModule(t.Context(), &kernelv1.GetModuleRequest{Id: id})
		require.NoError(t, err)
		return got.GetModule()
	}
	clients := func() error {
		_, err := clientmanagerv1.NewClientServiceClient(head.Conn).ListClients(t.Context(), &clientmanagerv1.ListClientsRequest{})
		return err
	}
	for range 3 {
		require.NoError(t, clients())
	}
	of := get("clientmanager")
	require.Equal(t, kernelv1.ModulePlace_MODULE_PLACE_PROCESS, of.GetPlace())
	require.Equal(t, kernelv1.ModuleState_MODULE_STATE_READY, of.GetState())
	require.NotZero(t, of.GetPid())
	require.NotZero(t, of.GetMemoryMib())
	require.GreaterOrEqual(t, of.GetCallsPerMinute(), int32(3))
	require.Positive(t, of.GetMedianMs())
	require.GreaterOrEqual(t, of.GetSlowMs(), of.GetMedianMs())
	require.Equal(t, kernelv1.ModulePlace_MODULE_PLACE_PORTAL, get("accountmanager").GetPlace())
	_, err := s.GetModule(t.Context(), &kernelv1.GetModuleRequest{Id: "clientmanger"})
	require.ErrorContains(t, err, "did you mean clientmanager?")

	// By its page, as a head would.
	act := func(what string) *kerneltest.Page {
		t.Helper()
		return head.Post(t, "/actions/kernel.module/"+what, url.Values{"id": {"clientmanager"}, "return": {"/modules/clientmanager"}, "confirmed": {"1"}})
	}
	before := of.GetPid()
	require.Equal(t, http.StatusSeeOther, act("restart").Status)
	require.NotEqual(t, before, get("clientmanager").GetPid())
	require.NoError(t, clients())
	require.Equal(t, http.StatusSeeOther, act("quarantine").Status)
	require.Equal(t, kernelv1.ModuleState_MODULE_STATE_QUARANTINED, get("clientmanager").GetState())
	require.Equal(t, codes.Unavailable, status.Code(clients()))
	page := head.Get(t, "/modules/clientmanager")
	require.Contains(t, page.Body, "put it into quarantine", "and who did it")
	require.Contains(t, page.Body, "/actions/kernel.module/resume")
	require.NotContains(t, page.Body, "/actions/kernel.module/restart")
	listed, err := s.ListModules(t.Context(), &kernelv1.ListModulesRequest{States: []kernelv1.ModuleState{kernelv1.ModuleState_MODULE_STATE_QUARANTINED}})
	require.NoError(t, err)
	require.Len(t, listed.GetModules(), 1)
	require.Equal(t, http.StatusSeeOther, act("resume").Status)
	require.NoError(t, clients(), "a reader waits for it")

	// What happened to it, and what ties it.
	changes, err := s.ListModuleChanges(t.Context(), &kernelv1.ListModuleChangesRequest{ModuleId: "clientmanager"})
	require.NoError(t, err)
	require.Equal(t, kernelv1.ModuleState_MODULE_STATE_READY, changes.GetChanges()[0].GetState())
	links, err := s.ListModuleLinks(t.Context(), &kernelv1.ListModuleLinksRequest{ModuleId: "clientmanager"})
	require.NoError(t, err)
	var said []string
	for _, l := range links.GetLinks() {
		said = append(said, l.GetKind().String()+" "+l.GetName()+" "+strings.Join(l.GetOthers(), ","))
	}
	require.Contains(t, said, "LINK_KIND_PROVIDES cabinet.clientmanager.v1.ClientService accountmanager")
	require.Contains(t, said, "LINK_KIND_REQUIRES cabinet.accountmanager.v1.UserService accountmanager")
	require.Contains(t, head.Get(t, "/modules/clientmanager/links").Body, "cabinet.accountmanager.v1.UserService")

	// What cannot be done is said, and why.
	for _, id := range []string{"accountmanager", "kernel"} {
		_, err := s.RestartModule(t.Context(), &kernelv1.RestartModuleRequest{Id: id})
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
		require.ErrorContains(t, err, "the portal's own process")
	}
	_, err = s.SwapModule(t.Context(), &kernelv1.SwapModuleRequest{Id: "clientmanager"})
	require.ErrorContains(t, err, "part of the portal's own program")
	_, err = s.ResumeModule(t.Context(), &kernelv1.ResumeModuleRequest{Id: "clientmanager"})
	require.ErrorContains(t, err, "not in quarantine")
}

// A browser that looks at modules hears that one changed.
func TestBrowsersHearOfModules(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Processes: []string{"clientmanager"}})
	head := p.Head(t)
	stream, err := p.Live().Open(t.Context(), head.Token, "")
	require.NoError(t, err)
	defer stream.Close()
	process := p.Processes()[0]
	require.Equal(t, plugin.Ready, process.Status().State)
	running, err := os.FindProcess(process.Status().PID)
	require.NoError(t, err)
	require.NoError(t, running.Kill())
	limit := time.After(time.Minute)
	for {
		select {
		case <-stream.Ready():
			told, ok, err := stream.Take(t.Context())
			require.NoError(t, err)
			if ok && strings.Contains(strings.Join(told.Topics, " "), "cabinet.kernel.v1.Module") {
				return
			}
		case <-limit:
			require.FailNow(t, "nothing was told")
		}
	}
}
