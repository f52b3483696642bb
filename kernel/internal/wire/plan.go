package wire

import (
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/event"
)

var catchUps = map[kernelv1.CatchUp]event.CatchUp{
	kernelv1.CatchUp_CATCH_UP_SKIP: event.CatchUpSkip, kernelv1.CatchUp_CATCH_UP_ONCE: event.CatchUpOnce, kernelv1.CatchUp_CATCH_UP_EACH: event.CatchUpEach,
}

// CatchUp is a rule as the contract writes it; unspecified for one that it does not know.
func CatchUp(rule event.CatchUp) kernelv1.CatchUp {
	for out, in := range catchUps {
		if in == rule {
			return out
		}
	}
	return kernelv1.CatchUp_CATCH_UP_UNSPECIFIED
}

// Plan is a schedule as it travels; nil for none.
func Plan(s *event.Schedule) *kernelv1.Plan {
	if s == nil {
		return nil
	}
	return &kernelv1.Plan{Title: s.Title, Cron: s.Cron, CatchUp: CatchUp(s.CatchUp), Most: int32(min(max(s.Most, -1), 1<<20))} //nolint:gosec // bounded
}

// Schedule is a plan as it was declared; nil for none.
func Schedule(p *kernelv1.Plan) *event.Schedule {
	if p == nil {
		return nil
	}
	return &event.Schedule{Title: p.GetTitle(), Cron: p.GetCron(), CatchUp: catchUps[p.GetCatchUp()], Most: int(p.GetMost())}
}
