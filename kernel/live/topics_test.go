package live_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/live"
	"github.com/opencabinet/cabinet/kernel/web/screen"
)

// What a migration says is compared with what contracts show, for each module by itself.
func TestTopicsThatNoContractShows(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	var sources []live.Source
	for _, m := range p.Router().Methods() {
		sources = append(sources, live.Source{Module: m.Module, Topic: string(screen.Shows(m.Descriptor.Output()).FullName()), Rules: m.Rules})
	}
	topics := live.NewTopics(p.Policy(), sources)
	check := func() error {
		return topics.Check(t.Context(), p.Store().Pool(), []string{"accountmanager", "clientmanager"})
	}
	require.NoError(t, check())
	sql(t, p, `select kernel.live('clientmanager.contacts', 'cabinet.clientmanager.v1.Contact', 'cabinet.clientmanager.v1.Contcat')`)
	require.EqualError(t, check(), `module clientmanager: live updates of clientmanager.contacts name "cabinet.clientmanager.v1.Contcat", `+
		`which is no message that a method of its contracts shows; did you mean "cabinet.clientmanager.v1.Contact"?`)
	sql(t, p, `select kernel.live('clientmanager.contacts', 'cabinet.accountmanager.v1.User')`)
	require.ErrorContains(t, check(), `name "cabinet.accountmanager.v1.User"`)
}

// A migration is told what is wrong with what it says.
func TestWhatAMigrationMayNotSay(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	for statement, want := range map[string]string{
		`select kernel.live('clientmanager.goose_migration', 'x')`:                      "say first with kernel.protect",
		`select kernel.live_for('clientmanager.contacts', 'client', '{}', 'x')`:         "is no rule",
		`select kernel.live_for('clientmanager.contacts', 'everybody', '{}', 'x')`:      "is no rule",
		`select kernel.live_for('clientmanager.contacts', 'client name', '{}', 'x')`:    "no column name of type uuid",
		`select kernel.live_for('clientmanager.contacts', 'client "; drop', '{}', 'x')`: "no column",
		`select kernel.live_for('clientmanager.contacts', 'all client_id', '{}', 'x')`:  "is no rule",
	} {
		err := asRole(t, p, "cab_kerneltest_clientmanager_owner", statement)
		require.ErrorContains(t, err, want, statement)
	}
}
