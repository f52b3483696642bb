package kerneltest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// EnvNode set to "1" says that programs in Node are there, so that a test which needs them fails without, where it would be
// skipped otherwise.
const EnvNode = "CABINET_NODE"

// NeedsNode skips a test on a machine that has no Node, or where the packages of these folders were not installed with
// npm ci; see [EnvNode].
func NeedsNode(t testing.TB, folders ...string) {
	t.Helper()
	_, err := exec.LookPath("node")
	for _, folder := range folders {
		_, missing := os.Stat(filepath.Join(folder, "node_modules"))
		err = errors.Join(err, missing)
	}
	if err == nil {
		return
	}
	how := "this test needs Node 20.11 or newer, and its packages: run npm ci in " + strings.Join(folders, " and in ")
	require.NotEqual(t, "1", os.Getenv(EnvNode), "%s (%v)", how, err)
	t.Skipf("%s (%v)", how, err)
}
