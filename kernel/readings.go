package kernel

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/reading"
	"github.com/opencabinet/cabinet/kernel/store"
)

// massReadings is the tile that shows heads who read a mass. Where nobody did, there is no tile.
var massReadings = module.Tile{
	ID: "mass_readings", Kind: module.Rows, Title: "kernel.reading.title", Audience: module.ForStaff, Order: 5,
	Method: kernelv1.AuditService_ListAuditEntries_FullMethodName, Fixed: map[string]string{"method": reading.Method}, Screen: "audit",
}

// startReadings begins to count what staff are shown, where the configuration says from when on that is much.
func (p *Portal) startReadings() {
	if p.config.Reading.RowsPerHour == 0 {
		return
	}
	c := reading.New(reading.Config{
		DB: p.db, Threshold: p.config.Reading.RowsPerHour, Publish: p.tellReading, Now: p.options.Now, Log: p.options.Log,
	})
	ctx, end := context.WithCancel(p.life)
	go c.Run(ctx)
	p.readings.Store(c)
	p.onStop("counting what is read", func(ctx context.Context) error {
		end()
		return c.Wait(ctx)
	})
}

// read is told by the router how many rows about clients a member of staff was shown.
func (p *Portal) read(who *access.Principal, rows int) {
	if c := p.readings.Load(); c != nil {
		c.Read(who, rows)
	}
}

// tellReading publishes that somebody read a mass. The audit log publishes it, which has the rows.
func (p *Portal) tellReading(ctx context.Context, a reading.Alert) error {
	ctx = access.WithDecision(access.With(ctx, access.AsModule(auditID)), access.Decision{Allowed: true, Reach: access.All})
	return p.trail.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return event.Publish(ctx, tx, a.UserID, &kernelv1.MassReading{
			UserId: a.UserID, Rows: int32(a.Rows), Threshold: int32(p.config.Reading.RowsPerHour), Time: timestamppb.New(a.Time), //nolint:gosec // bounded
		})
	})
}
