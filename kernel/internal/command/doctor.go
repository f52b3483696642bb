package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/control"
)

// askWithin is how long a portal that runs has to tell how it is.
const askWithin = 30 * time.Second

// health is what doctor found out.
type health struct {
	id, name string
	// place is nil when no portal runs.
	place *control.Place
	// told tells that the portal that runs told of its modules; otherwise they are those that would be.
	told    bool
	modules []*kernelv1.Module
	links   []*kernelv1.ModuleLink
	// failing and parked are lanes of events that do not go on, those of one page.
	failing, parked int
	problems        []problem
}

func (c *command) doctor(ctx context.Context, asJSON bool) int {
	h := c.examine(ctx)
	if asJSON {
		if printJSON(c.out, h.report()) != well {
			return found
		}
	} else {
		h.print(c.out)
	}
	if h.ill() {
		return found
	}
	return well
}

// ill tells whether somebody should look.
func (h *health) ill() bool {
	if len(h.problems) > 0 || h.parked > 0 {
		return true
	}
	for _, m := range h.modules {
		if h.told && hint(m) != "" {
			return true
		}
	}
	return false
}

// examine asks the portal that runs, and where none does looks at what would.
func (c *command) examine(ctx context.Context) *health {
	h := &health{}
	cfg, err := c.portal.Config()
	if err != nil {
		h.problems = problems(err)
		return h
	}
	h.id, h.name = cfg.ID, cfg.Name
	conn, err := control.Dial(ctx, cfg.Data)
	if err == nil {
		defer func() { _ = conn.Close() }()
		h.place = &conn.Place
		if err = h.ask(ctx, conn); err == nil {
			return h
		}
	}
	if !errors.Is(err, control.ErrNotRunning) {
		h.problems = append(h.problems, problems(err)...)
	}
	checked, err := c.portal.Check(ctx)
	h.problems = append(h.problems, problems(err)...)
	if checked != nil {
		h.modules, h.links = checked.Modules, checked.Links
	}
	return h
}

// ask has a portal that runs tell how it is.
func (h *health) ask(ctx context.Context, conn grpc.ClientConnInterface) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	modules := kernelv1.NewModuleServiceClient(conn)
	list, err := modules.ListModules(ctx, &kernelv1.ListModulesRequest{})
	if err != nil {
		return fmt.Errorf("the portal that runs does not tell of its modules: %s", status.Convert(err).Message())
	}
	links, err := modules.ListModuleLinks(ctx, &kernelv1.ListModuleLinksRequest{})
	if err != nil {
		return fmt.Errorf("the portal that runs does not tell what ties its modules: %s", status.Convert(err).Message())
	}
	lanes, err := kernelv1.NewEventServiceClient(conn).ListLanes(ctx, &kernelv1.ListLanesRequest{
		States: []kernelv1.LaneState{kernelv1.LaneState_LANE_STATE_FAILING, kernelv1.LaneState_LANE_STATE_PARKED}, PageSize: 100,
	})
	if err != nil {
		return fmt.Errorf("the portal that runs does not tell of its events: %s", status.Convert(err).Message())
	}
	h.modules, h.links, h.told = list.GetModules(), links.GetLinks(), true
	for _, l := range lanes.GetLanes() {
		if l.GetState() == kernelv1.LaneState_LANE_STATE_PARKED {
			h.parked++
		} else {
			h.failing++
		}
	}
	return nil
}

// lagging is from how many seconds on events have waited too long.
const lagging = 60

// hint says what is to be done about a module; nothing when it is well.
func hint(m *kernelv1.Module) string {
	switch m.GetState() {
	case kernelv1.ModuleState_MODULE_STATE_DEGRADED:
		return "it is ended and started again when this goes on; the portal's log has what it wrote"
	case kernelv1.ModuleState_MODULE_STATE_CRASHED, kernelv1.ModuleState_MODULE_STATE_BACKOFF:
		return "it is started again by itself; the portal's log has what it wrote"
	case kernelv1.ModuleState_MODULE_STATE_QUARANTINED:
		return "mend it, then resume it on the portal's page of modules"
	case kernelv1.ModuleState_MODULE_STATE_STOPPED:
		return "the portal is being closed"
	case kernelv1.ModuleState_MODULE_STATE_MISSING:
		return "look at its path and checksum in portal.yaml, then open the portal again"
	}
	if m.GetLagSeconds() >= lagging {
		return "its events wait: see what it does with them on the portal's page of events"
	}
	return ""
}
