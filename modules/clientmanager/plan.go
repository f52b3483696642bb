package clientmanager

import (
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
	// present is what an update found.
	present *v1.Client
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

// parse makes every row a client, or says what is wrong with it.
func (s *sheet) parse(m mapping, country string, fields custom.Fields) []parsed {
	out := make([]parsed, len(s.rows))
	for i, row := range s.rows {
		client, said, problem := clientOf(row, m, country, fields)
		out[i] = parsed{line: row.line, title: short(row.cell(m["name"][0])), client: client, said: said, problem: problem}
		if columns := m["branch"]; len(columns) > 0 {
			out[i].branch = row.cell(columns[0])
		}
	}
	return out
}

// decide says what becomes of each row. It writes nothing: a check stops here, a run goes on to write what it says,
// so both report the same. newID gives ids to what is created.
func decide(rows []parsed, m mapping, header []string, k known, newID func() string) []planned {
	codes, taxIDs, ids := map[string]bool{}, map[string]bool{}, map[string]bool{}
	out := make([]planned, len(rows))
	for i, row := range rows {
		out[i] = planned{line: row.line, title: row.title}
		problem := row.problem
		if problem == nil {
			problem = decideOne(&out[i], row, k, codes, taxIDs, ids)
		}
		if problem != nil {
			out[i].outcome, out[i].problem, out[i].client = kernelv1.RowOutcome_ROW_OUTCOME_FAILED, problem, nil
			if columns := m[problem.field]; len(columns) > 0 {
				out[i].column = header[columns[0]]
			}
			continue
		}
		if code := fold(row.client.GetCode()); code != "" {
			codes[code] = true
		}
		if taxID := fold(row.client.GetTaxId()); taxID != "" {
			taxIDs[taxID] = true
		}
		if out[i].outcome == kernelv1.RowOutcome_ROW_OUTCOME_CREATED {
			out[i].client.Id = newID()
		}
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

func decideOne(p *planned, row parsed, k known, codes, taxIDs, ids map[string]bool) *problem {
	code, taxID := fold(row.client.GetCode()), fold(row.client.GetTaxId())
	switch {
	case code != "" && codes[code]:
		return wrong("code", "code_twice")
	case taxID != "" && taxIDs[taxID]:
		return wrong("tax_id", "tax_id_twice")
	}
	byCode, byTaxID := k.byCode[code], k.byTaxID[taxID]
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
	if ids[id] {
		return wrong("", "client_twice")
	}
	ids[id] = true
	present, seen := k.clients[id]
	if !seen {
		return wrong("", "not_yours")
	}
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
	p.outcome, p.client, p.present, p.fields = kernelv1.RowOutcome_ROW_OUTCOME_UPDATED, client, present, differ
	return nil
}

// report counts.
func report(rows []planned, dry bool) *kernelv1.ImportReport {
	r := &kernelv1.ImportReport{DryRun: dry, Rows: int32(len(rows))}
	for _, row := range rows {
		switch row.outcome {
		case kernelv1.RowOutcome_ROW_OUTCOME_CREATED:
			r.Created++
		case kernelv1.RowOutcome_ROW_OUTCOME_UPDATED:
			r.Updated++
		case kernelv1.RowOutcome_ROW_OUTCOME_UNCHANGED:
			r.Unchanged++
		default:
			r.Failed++
		}
	}
	return r
}
