// Package nodekit holds the test of what the kit's README promises; the kit's own tests are in tests, for node's runner.
package nodekit

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

func assemble(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts))}, nil
}

// block is a block of code in a README, and the file's name with which the line before it ends, if it does.
var block = regexp.MustCompile("(?m)^[^\n]*?(?:`([a-zA-Z0-9/._]+)`:)?\n\n```([a-z]+)\n((?s).*?)```$")

// A newcomer who does what the kit's README says, word for word, has a plugin that runs in a portal and owes it nothing.
func TestReadme(t *testing.T) {
	kerneltest.NeedsNode(t, ".", "../../.ci")
	root := t.TempDir()
	here, err := filepath.Abs("../..")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(here, filepath.Join(root, "cabinet")))
	folder := filepath.Join(root, "greeting")
	require.NoError(t, os.Mkdir(folder, 0o755))

	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	begin, _, found := strings.Cut(string(text), "\n## What there is")
	require.True(t, found)
	var commands, files int
	for _, b := range block.FindAllStringSubmatch(begin, -1) {
		switch name, language, content := b[1], b[2], b[3]; {
		case language == "sh":
			commands++
			run := exec.CommandContext(t.Context(), "sh", "-e", "-c", installed(content))
			run.Dir = folder
			out, err := run.CombinedOutput()
			require.NoError(t, err, "%s\n%s", content, out)
		case name != "":
			files++
			path := filepath.Join(folder, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
		}
	}
	require.Equal(t, []int{3, 6}, []int{commands, files}, "blocks of the README: commands, files")

	options := kerneltest.Options{Assemble: assemble, Programs: map[string]string{"greeting": filepath.Join(folder, "main.js")}}
	p := kerneltest.Start(t, options)
	lesia := p.Contact(t, p.Client(t, "Zerno Roastery"), "client.director")
	got := lesia.Get(t, "/greeting")
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	require.Contains(t, got.Body, "Hello "+lesia.Name+", it is "+time.Now().Format("2006"))
	kerneltest.Conform(t, kerneltest.Subject{Module: "greeting", Options: options})
}

// installed leaves out of the commands what installs the repository's own packages: they are there, and other tests use them
// meanwhile.
func installed(commands string) string {
	return regexp.MustCompile(`(?m)^\(cd \.\./cabinet/.* npm ci .*\)$`).ReplaceAllString(commands, ":")
}
