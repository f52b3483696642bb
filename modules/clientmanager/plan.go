package clientmanager

import (
	"cmp"
	"slices"
	"time"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/custom"
)

// planned is what becomes of a row.
type planned struct {
	line    int
	title   string
	outcome kernelv1.RowOutcome
	column  string // its header; empty when it is the whole row
	problem *problem
	// client is what is written: a new one, or the present one as changed. nil when nothing is.
	client *v1.Client
	// present is what an update found, id which client it is about that was there before.
	present *v1.Client
	id      string
	fields  []string // of an update: what differs
}

// known is what the portal has already of what a file names.
type known struct {
	// fields are the integrator's own.
	fields custom.Fields
	today  time.Time
	// byCode and byTaxID lead from folded codes and tax ids to ids, of clients the caller sees or not.
	byCode, byTaxID map[string]string
	// clients are those among them that the caller sees.
	clients map[string]*v1.Client
	// branches lead from folded names to the ids of branches that the caller may put clients into.
	branches map[string]string
	// moves tells whether the caller may move present clients to another branch.
	moves bool
}

// parsed is a row before the portal was asked about it.
type parsed struct {
	line    int
	title   string
	client  *v1.Client
	said    []string // the fields that the row says something of
	problem *problem
	branch  string // its name, as written; empty where the row says none
}

// parse makes rows clients, or says what is wrong with them.
func parse(rows []record, m mapping, country string, fields custom.Fields) []parsed {
	out := make([]parsed, len(rows))
	for i, row := range rows {
		client, said, problem := clientOf(row, m, country, fields)
		out[i] = parsed{line: row.line, title: short(row.cell(m["name"][0])), client: client, said: said, problem: problem}
		if columns := m["branch"]; len(columns) > 0 {
			out[i].branch = row.cell(columns[0])
		}
	}
	return out
}

// decider says what becomes of rows, some at a time, and remembers of those before what no row may say again.
type decider struct {
	mapping mapping
	header  []string
	newID   func() string // gives ids to what is created

	codes, taxIDs, ids map[string]struct{}
	// former are the codes and tax ids that clients had before a row changed them: what is looked up later, once that is
	// written, must not come out otherwise than in a check, which writes nothing.
	formerCodes, formerTaxIDs map[string]string
	report                    *kernelv1.ImportReport
}

func newDecider(m mapping, header []string, newID func() string) *decider {
	return &decider{
		mapping: m, header: header, newID: newID, report: &kernelv1.ImportReport{},
		codes: map[string]struct{}{}, taxIDs: map[string]struct{}{}, ids: map[string]struct{}{},
		formerCodes: map[string]string{}, formerTaxIDs: map[string]string{},
	}
}

// decide says what becomes of the next rows. It writes nothing: a check stops here, a run goes on to write what it says,
// so both report the same.
func (d *decider) decide(rows []parsed, k known) []planned {
	out := make([]planned, len(rows))
	for i, row := range rows {
		out[i] = planned{line: row.line, title: row.title}
		problem := row.problem
		if problem == nil {
			problem = d.decideOne(&out[i], row, k)
		}
		if problem != nil {
			out[i].outcome, out[i].problem, out[i].client = kernelv1.RowOutcome_ROW_OUTCOME_FAILED, problem, nil
			if columns := d.mapping[problem.field]; len(columns) > 0 {
				out[i].column = d.header[columns[0]]
			}
		} else {
			if code := fold(row.client.GetCode()); code != "" {
				d.codes[code] = struct{}{}
			}
			if taxID := fold(row.client.GetTaxId()); taxID != "" {
				d.taxIDs[taxID] = struct{}{}
			}
			if out[i].outcome == kernelv1.RowOutcome_ROW_OUTCOME_CREATED {
				out[i].client.Id = d.newID()
			}
		}
		d.count(out[i].outcome)
	}
	return out
}

// misfit is what is wrong with a client of its kind.
func (k known) misfit(c *v1.Client) *problem {
	field, reason, _ := misfit(c, k.today)
	if field == "" {
		return nil
	}
	return wrong(field, reason)
}

func (d *decider) decideOne(p *planned, row parsed, k known) *problem {
	code, taxID := fold(row.client.GetCode()), fold(row.client.GetTaxId())
	if _, twice := d.codes[code]; twice {
		return wrong("code", "code_twice")
	}
	if _, twice := d.taxIDs[taxID]; twice {
		return wrong("tax_id", "tax_id_twice")
	}
	byCode, byTaxID := cmp.Or(d.formerCodes[code], k.byCode[code]), cmp.Or(d.formerTaxIDs[taxID], k.byTaxID[taxID])
	if code == "" {
		byCode = ""
	}
	if taxID == "" {
		byTaxID = ""
	}
	if byCode != "" && byTaxID != "" && byCode != byTaxID {
		return wrong("", "two_clients")
	}
	id := byCode
	if id == "" {
		id = byTaxID
	}
	if id == "" && len(k.fields.Complete(custom.Of(row.client.GetExtra()), "")) > 0 {
		return wrong("", "extra_needed")
	}
	branch := k.branches[fold(row.branch)]
	if row.branch != "" && branch == "" {
		return wrong("branch", "bad_branch")
	}
	if id == "" {
		if problem := k.misfit(row.client); problem != nil {
			return problem
		}
		row.client.BranchId = branch
		p.outcome, p.client = kernelv1.RowOutcome_ROW_OUTCOME_CREATED, row.client
		return nil
	}
	if _, twice := d.ids[id]; twice {
		return wrong("", "client_twice")
	}
	d.ids[id] = struct{}{}
	present, seen := k.clients[id]
	if !seen {
		return wrong("", "not_yours")
	}
	p.id = id
	client, differ := changed(present, row.client, row.said)
	if branch != "" && branch != present.GetBranchId() {
		if !k.moves {
			return wrong("branch", "branch_stays")
		}
		client.BranchId, differ = branch, append(differ, "branch_id")
	}
	if len(differ) == 0 {
		p.outcome = kernelv1.RowOutcome_ROW_OUTCOME_UNCHANGED
		return nil
	}
	if slices.ContainsFunc(differ, func(field string) bool { return slices.Contains(ofOneKind, field) }) {
		if problem := k.misfit(client); problem != nil {
			return problem
		}
	}
	if was := fold(present.GetCode()); was != "" && was != fold(client.GetCode()) {
		d.formerCodes[was] = id
	}
	if was := fold(present.GetTaxId()); was != "" && was != fold(client.GetTaxId()) {
		d.formerTaxIDs[was] = id
	}
	p.outcome, p.client, p.present, p.fields = kernelv1.RowOutcome_ROW_OUTCOME_UPDATED, client, present, differ
	return nil
}

// count adds a row to the report.
func (d *decider) count(outcome kernelv1.RowOutcome) {
	d.report.Rows++
	switch outcome {
	case kernelv1.RowOutcome_ROW_OUTCOME_CREATED:
		d.report.Created++
	case kernelv1.RowOutcome_ROW_OUTCOME_UPDATED:
		d.report.Updated++
	case kernelv1.RowOutcome_ROW_OUTCOME_UNCHANGED:
		d.report.Unchanged++
	default:
		d.report.Failed++
	}
}
