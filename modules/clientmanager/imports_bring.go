package clientmanager

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// bringing is an import that is checked or run in one transaction, some rows at a time: of a file of any length no more
// rows are in memory, and what they say that must not be said twice.
type bringing struct {
	*importService
	tx  *store.Tx
	i   *v1.Import
	run bool
	// rules say who gets new clients; looked at in a run.
	rules *assigning
	// seen returns those of clients that the import may change, held in a run.
	seen func(ctx context.Context, tx *store.Tx, i *v1.Import, ids []string, hold bool) (map[string]*v1.Client, error)
	// past is told how many rows were gone past; nil tells nobody. What was said to the audit log and published is
	// written each time then.
	past func(rows int) error
}

// bring decides about every row of a file and, in a run, writes what was decided. It fills the import's report.
func (b *bringing) bring(ctx context.Context, content []byte) error {
	read, err := openFile(content)
	if err != nil {
		return err
	}
	defer read.close()
	m, err := mappingOf(b.i.GetMapping(), len(read.header), b.settings.Fields)
	if err != nil {
		return err
	}
	if b.run {
		if _, err := b.holdRules(ctx, b.tx); err != nil { // before any client is locked
			return err
		}
	}
	d := newDecider(m, read.header, store.NewID)
	for {
		rows, err := read.some(writeTogether)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		if err := b.some(ctx, d, parse(rows, m, b.settings.Country, b.settings.Fields)); err != nil {
			return err
		}
		if b.past == nil {
			continue
		}
		if err := b.host.Flush(ctx, b.tx); err != nil {
			return err
		}
		if err := b.past(int(d.report.GetRows())); err != nil {
			return err
		}
	}
	d.report.DryRun = !b.run
	b.i.Report, b.i.Done = d.report, b.run
	return b.saveReport(ctx, b.tx, b.i)
}

// some decides about the next rows, writes them in a run, and reports on them.
func (b *bringing) some(ctx context.Context, d *decider, rows []parsed) error {
	k, err := b.know(ctx, b.tx, rows, func(ids []string) (map[string]*v1.Client, error) { return b.seen(ctx, b.tx, b.i, ids, b.run) })
	if err != nil {
		return err
	}
	decided := d.decide(rows, k)
	if b.run {
		if err := b.write(ctx, decided); err != nil {
			return meanwhile(err)
		}
	}
	return replaceRows(ctx, b.tx, b.i, b.run, decided)
}

// write writes what was decided.
func (b *bringing) write(ctx context.Context, rows []planned) error {
	var created, updated []*v1.Client
	into, outOf := map[string][]string{}, map[string][]string{} // by branch
	var entries []entry
	now := timestamppb.New(b.host.Now())
	for _, row := range rows {
		switch row.outcome {
		case kernelv1.RowOutcome_ROW_OUTCOME_CREATED:
			created = append(created, row.client)
		case kernelv1.RowOutcome_ROW_OUTCOME_UPDATED:
			audit.Changed(b.tx, row.present, row.client)
			row.client.Revision++
			row.client.UpdateTime = now
			updated = append(updated, row.client)
			if from, to := row.present.GetBranchId(), row.client.GetBranchId(); from != to {
				into[to], outOf[from] = append(into[to], row.client.GetId()), append(outOf[from], row.client.GetId())
			}
			entries = append(entries, entry{client: row.client.GetId(), revision: row.client.GetRevision(), what: "updated_by_import", fields: row.fields})
		}
	}
	if err := b.overwriteClients(ctx, b.tx, updated); err != nil {
		return err
	}
	if err := b.record(ctx, b.tx, entries); err != nil {
		return err
	}
	if err := rehouse(ctx, b.tx, into, outOf); err != nil {
		return err
	}
	return b.add(ctx, b.tx, b.rules, byImport, created...)
}

// seenByCaller are the clients that the caller sees: row security tells.
func (s *importService) seenByCaller(ctx context.Context, tx *store.Tx, _ *v1.Import, ids []string, hold bool) (map[string]*v1.Client, error) {
	return findClients(ctx, tx, ids, hold)
}
