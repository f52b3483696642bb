package command

import (
	"strings"
	"time"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// doctorReport is what doctor prints for programs.
type doctorReport struct {
	OK      bool         `json:"ok"`
	Running bool         `json:"running"`
	Portal  portalJSON   `json:"portal"`
	Modules []moduleJSON `json:"modules"`
	Links   []linkJSON   `json:"links"`
	Lanes   lanesJSON    `json:"lanes"`
	// Problems are what kept doctor from finding out, or a portal from being opened.
	Problems []problem `json:"problems"`
}

type portalJSON struct {
	ID      string     `json:"id"`
	URL     string     `json:"url,omitempty"`
	PID     int        `json:"pid,omitempty"`
	Started *time.Time `json:"started,omitempty"`
}

type lanesJSON struct {
	Failing int `json:"failing"`
	Parked  int `json:"parked"`
}

// moduleJSON is a module; where no portal runs, it has no state.
type moduleJSON struct {
	ID            string  `json:"id"`
	Place         string  `json:"place"`
	State         string  `json:"state,omitempty"`
	Reason        string  `json:"reason,omitempty"`
	Since         string  `json:"since,omitempty"`
	Version       string  `json:"version,omitempty"`
	Checksum      string  `json:"checksum,omitempty"`
	Path          string  `json:"path,omitempty"`
	PID           int32   `json:"pid,omitempty"`
	Restarts      int32   `json:"restarts"`
	Swaps         int32   `json:"swaps"`
	LastFailure   string  `json:"last_failure,omitempty"`
	MemoryMiB     int32   `json:"memory_mib,omitempty"`
	Calls         int32   `json:"calls_per_minute"`
	Errors        int32   `json:"errors_per_minute"`
	MedianMS      float64 `json:"median_ms"`
	SlowMS        float64 `json:"slow_ms"`
	EventsWaiting int32   `json:"events_waiting"`
	LagSeconds    int32   `json:"lag_seconds"`
	Hint          string  `json:"hint,omitempty"`
}

type linkJSON struct {
	Module  string   `json:"module"`
	Kind    string   `json:"kind"`
	Name    string   `json:"name"`
	Others  []string `json:"others"`
	Because string   `json:"because"`
}

// word is the last part of a constant in lower case: "ready" of MODULE_STATE_READY.
func word(constant, prefix string) string {
	text := strings.ToLower(strings.TrimPrefix(constant, prefix))
	if text == "unspecified" {
		return ""
	}
	return text
}

func stateWord(m *kernelv1.Module) string { return word(m.GetState().String(), "MODULE_STATE_") }

func placeWord(m *kernelv1.Module) string { return word(m.GetPlace().String(), "MODULE_PLACE_") }

func kindWord(l *kernelv1.ModuleLink) string { return word(l.GetKind().String(), "LINK_KIND_") }

func modulesJSON(modules []*kernelv1.Module) []moduleJSON {
	out := []moduleJSON{}
	for _, m := range modules {
		one := moduleJSON{
			ID: m.GetId(), Place: placeWord(m), State: stateWord(m), Reason: m.GetReason(), Version: m.GetVersion(), Checksum: m.GetChecksum(),
			Path: m.GetPath(), PID: m.GetPid(), Restarts: m.GetRestarts(), Swaps: m.GetSwaps(), LastFailure: m.GetLastFailure(),
			MemoryMiB: m.GetMemoryMib(), Calls: m.GetCallsPerMinute(), Errors: m.GetErrorsPerMinute(), MedianMS: m.GetMedianMs(), SlowMS: m.GetSlowMs(),
			EventsWaiting: m.GetEventsWaiting(), LagSeconds: m.GetLagSeconds(), Hint: hint(m),
		}
		if m.GetSinceTime() != nil {
			one.Since = m.GetSinceTime().AsTime().Format(time.RFC3339)
		}
		out = append(out, one)
	}
	return out
}

func (h *health) report() doctorReport {
	r := doctorReport{
		OK: !h.ill(), Running: h.place != nil, Portal: portalJSON{ID: h.id}, Modules: modulesJSON(h.modules), Links: []linkJSON{},
		Lanes: lanesJSON{Failing: h.failing, Parked: h.parked}, Problems: append([]problem{}, h.problems...),
	}
	if h.place != nil {
		r.Portal = portalJSON{ID: h.place.ID, URL: h.place.URL, PID: h.place.PID, Started: &h.place.Started}
	}
	for _, l := range h.links {
		r.Links = append(r.Links, linkJSON{
			Module: l.GetModuleId(), Kind: kindWord(l), Name: l.GetName(), Others: append([]string{}, l.GetOthers()...), Because: l.GetBecause(),
		})
	}
	return r
}
