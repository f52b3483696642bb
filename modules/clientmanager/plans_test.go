package clientmanager_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

// The plans of every list are those of testdata. At 20,000 clients statistics are of every row, and plans the same each
// time; with CABINET_MILLION=1 they are compared at a million.
func TestPlans(t *testing.T) {
	kerneltest.SkipAsProcess(t, "the statements are taken out of the module, and are the same wherever it runs")
	t.Parallel()
	n := 20_000
	if os.Getenv("CABINET_MILLION") != "" {
		n = 1_000_000
	}
	c := newCrowd(t, n)
	var out strings.Builder
	for _, who := range c.callers {
		d := access.Decision{Allowed: true, Reach: access.Granted}
		if who.only == "" {
			d.Reach = access.All
		}
		ctx := access.WithDecision(who, d)
		for _, q := range c.questions() {
			sql, args, err := c.module.Listing(ctx, q.ListClientsRequest, "")
			require.NoError(t, err)
			plan, err := store.Query(ctx, c.own, pgx.RowTo[string], "explain (costs off) "+sql, args...)
			require.NoError(t, err)
			text := short(plan)
			if strings.Contains(text, "Seq Scan on clients") {
				require.Contains(t, readsAll, q.name, "%s, %s reads the whole table:\n%s", who.name, q.name, text)
			}
			fmt.Fprintf(&out, "== %s: %s\n%s\n", who.name, q.name, text)
		}
		c.planOthers(t, ctx, who, &out)
	}
	file := fmt.Sprintf("testdata/plans_%d.txt", n)
	if update := flag.Lookup("update"); update != nil && update.Value.String() == "true" { // kerneltest's
		require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String(), "run go test -run TestPlans -update and look at what changed")
}

// readsAll are the questions whose count may read the table from its beginning, and why: it stops after a thousand
// matches, and where nearly every row matches, those are the first thousand or few more. Pages never do.
var readsAll = map[string]string{
	"name, frequent":    "every client has these letters",
	"tag, frequent":     "every client has this tag",
	"active":            "nearly every client is",
	"segment, frequent": "every client is in this segment",
}

// planOthers are the plans of what is counted by tags and by rules.
func (c *crowd) planOthers(t *testing.T, ctx context.Context, who caller, out *strings.Builder) {
	t.Helper()
	explain := func(name, sql string, args []any) {
		plan, err := store.Query(ctx, c.own, pgx.RowTo[string], "explain (costs off) "+sql, args...)
		require.NoError(t, err)
		fmt.Fprintf(out, "== %s: %s\n%s\n", who.name, name, short(plan))
	}
	sql, args := clientmanager.TagsSQL("", "", 51)
	explain("tags: all clients seen are gone through, for tags are no rows", sql, args)
	if who.only != "" {
		return // heads make segments
	}
	for _, rule := range []struct {
		name string
		*v1.Segment
	}{
		{"rule, tags", &v1.Segment{TagsAll: []string{"vip"}}},
		{"rule, any tag", &v1.Segment{TagsAny: []string{"vip", "key"}}},
		{"rule, places", &v1.Segment{Places: []string{"Рівне", "Луцьк"}}},
	} {
		sql, args, err := c.module.PreviewSQL(rule.Segment)
		require.NoError(t, err)
		explain(rule.name, sql, args)
	}
}

var numbers = regexp.MustCompile(`hashed |(SubPlan|InitPlan) \d+|\$\d+`)

// short leaves out of a plan the ids of this run, the numbers of its parts, and how the kernel's policy looks a client
// up among those that a caller sees: that is the kernel's, and the same for each list.
func short(whole []string) string {
	var plan []string
	below := -1
	for _, line := range whole {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if below >= 0 && indent > below {
			continue
		}
		below = -1
		if strings.HasPrefix(strings.TrimSpace(line), "SubPlan") {
			below = indent
		}
		plan = append(plan, numbers.ReplaceAllStringFunc(line, func(s string) string { return strings.TrimRight(strings.TrimPrefix(s, "hashed "), " 0123456789") }))
	}
	for i, line := range plan {
		if at := strings.Index(line, "ANY ('{"); at >= 0 {
			if end := strings.Index(line[at:], "}'"); end >= 0 {
				plan[i] = line[:at] + "ANY ('{…" + line[at+end:]
			}
		}
	}
	return strings.Join(plan, "\n") + "\n"
}
