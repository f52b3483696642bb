package kernel

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/opencabinet/cabinet/kernel/plugin"
)

// lagWithin is how long the database may take to say which events wait.
const lagWithin = 2 * time.Second

// figures are what is read off the portal whenever somebody asks for figures.
type figures struct {
	portal                                                 *Portal
	running, calls, failed, restarts, swaps, state, memory metric.Int64Observable
	dropped, refused, waiting, streams, connections        metric.Int64Observable
	latency, lag                                           metric.Float64Observable
}

// measure has the portal's figures read; at no cost where nobody asks for any.
func (p *Portal) measure() error {
	provider := p.telemetry.Meter()
	if provider == nil {
		return nil
	}
	meter := provider.Meter("github.com/opencabinet/cabinet/kernel")
	f := &figures{portal: p}
	var all []metric.Observable
	whole := func(into *metric.Int64Observable, counts bool, name, unit, description string) error {
		var made metric.Int64Observable
		var err error
		if counts {
			made, err = meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(description))
		} else {
			made, err = meter.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(description))
		}
		*into, all = made, append(all, made)
		return err
	}
	for _, one := range []struct {
		into                    *metric.Int64Observable
		counts                  bool
		name, unit, description string
	}{
		{&f.running, false, "cabinet.module.calls.running", "{call}", "Calls to a module that are under way."},
		{&f.calls, false, "cabinet.module.calls.last_minute", "{call}", "Calls to a module that ended in the last minute."},
		{&f.failed, false, "cabinet.module.failures.last_minute", "{call}", "Those of them that failed by the module's own fault."},
		{&f.state, false, "cabinet.module.state", "", "1 for the state that a module's process is in."},
		{&f.restarts, true, "cabinet.module.restarts", "{restart}", "Times that a module's process was started again after a failure."},
		{&f.swaps, true, "cabinet.module.swaps", "{swap}", "Times that a module's program was swapped for a new one."},
		{&f.memory, false, "cabinet.module.memory", "By", "What a module's process keeps in memory."},
		{&f.dropped, true, "cabinet.telemetry.dropped", "{span}", "Spans that a module's process dropped by itself."},
		{&f.refused, true, "cabinet.telemetry.refused", "{report}", "Spans and figures of a module's process that were not taken."},
		{&f.waiting, false, "cabinet.event.waiting", "{event}", "Events that wait for a module, counted to 1,000 in a lane."},
		{&f.streams, false, "cabinet.live.streams", "{stream}", "Open pages that are told of changes."},
		{&f.connections, false, "cabinet.database.connections", "{connection}", "The portal's connections to its database, by what they do."},
	} {
		if err := whole(one.into, one.counts, one.name, one.unit, one.description); err != nil {
			return fmt.Errorf("measure %s: %w", one.name, err)
		}
	}
	var err error
	decimal := func(into *metric.Float64Observable, name, description string) {
		if err != nil {
			return
		}
		var made metric.Float64ObservableGauge
		made, err = meter.Float64ObservableGauge(name, metric.WithUnit("s"), metric.WithDescription(description))
		*into, all = made, append(all, made)
	}
	decimal(&f.latency, "cabinet.module.latency", "How long half and 99 in a hundred of a module's calls of the last minute took at most.")
	decimal(&f.lag, "cabinet.event.lag", "For how long the oldest event has waited for a module.")
	if err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	if _, err := meter.RegisterCallback(f.observe, all...); err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	return nil
}

var states = []plugin.State{
	plugin.Starting, plugin.Ready, plugin.Degraded, plugin.Draining, plugin.Stopped, plugin.Crashed, plugin.Backoff, plugin.Quarantined,
}

// observe reads the figures.
func (f *figures) observe(ctx context.Context, o metric.Observer) error {
	p := f.portal
	for _, m := range p.Manifests() {
		stats := p.router.Stats(m.ID)
		of := metric.WithAttributes(attribute.String("cabinet.module", m.ID))
		o.ObserveInt64(f.running, int64(stats.Running), of)
		o.ObserveInt64(f.calls, int64(stats.Calls), of)
		o.ObserveInt64(f.failed, int64(stats.Failed), of)
		if stats.Calls > 0 {
			o.ObserveFloat64(f.latency, stats.Median.Seconds(), of, metric.WithAttributes(attribute.String("quantile", "0.5")))
			o.ObserveFloat64(f.latency, stats.Slow.Seconds(), of, metric.WithAttributes(attribute.String("quantile", "0.99")))
		}
	}
	for _, process := range p.Processes() {
		f.process(o, process)
	}
	o.ObserveInt64(f.streams, int64(p.live.Count()))
	pool := p.db.Pool().Stat()
	for what, n := range map[string]int32{"used": pool.AcquiredConns(), "idle": pool.IdleConns(), "opening": pool.ConstructingConns(), "most": pool.MaxConns()} {
		o.ObserveInt64(f.connections, int64(n), metric.WithAttributes(attribute.String("state", what)))
	}
	return f.events(ctx, o)
}

func (f *figures) process(o metric.Observer, process *plugin.Process) {
	id, status := process.ID(), process.Status()
	of := metric.WithAttributes(attribute.String("cabinet.module", id))
	for _, state := range states {
		is := int64(0)
		if state == status.State {
			is = 1
		}
		o.ObserveInt64(f.state, is, of, metric.WithAttributes(attribute.String("state", string(state))))
	}
	o.ObserveInt64(f.restarts, int64(status.Restarts), of)
	o.ObserveInt64(f.swaps, int64(status.Swaps), of)
	if bytes, ok := plugin.Memory(status.PID); ok {
		o.ObserveInt64(f.memory, int64(bytes), of) //nolint:gosec // no machine has as much
	}
	dropped, refused := f.portal.telemetry.Losses(id)
	o.ObserveInt64(f.dropped, dropped, of)
	o.ObserveInt64(f.refused, refused, of)
}

// events asks the database which events wait: those of the lanes that an index holds, of which there are few when all is well.
func (f *figures) events(ctx context.Context, o metric.Observer) error {
	d := f.portal.Events()
	if d == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lagWithin)
	defer cancel()
	lags, err := d.Lags(ctx)
	if err != nil {
		return fmt.Errorf("which events wait is not known: %w", err)
	}
	for id, lag := range lags {
		of := metric.WithAttributes(attribute.String("cabinet.module", id))
		o.ObserveInt64(f.waiting, int64(lag.Waiting), of)
		o.ObserveFloat64(f.lag, max(0, f.portal.options.Now().Sub(lag.Oldest).Seconds()), of)
	}
	return nil
}
