package kernel

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/module"
)

func TestCommandLine(t *testing.T) {
	nothing := Options{Assemble: func(*call.Router) ([]module.Unit, error) { return nil, nil }}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-port", "80"}, 2, "unknown flag --port; see --help"},
		{[]string{"start"}, 2, "unexpected argument start; see --help"},
		{[]string{"rnu"}, 2, `unexpected argument rnu; did you mean "run"?`},
		{[]string{"-confg", "x"}, 2, `unknown flag --confg; did you mean "--config"?`},
		{[]string{"run", "--config", filepath.Join(t.TempDir(), "nowhere.yaml")}, 1, "nowhere.yaml"},
		{[]string{"-config", filepath.Join(t.TempDir(), "nowhere.yaml")}, 1, "nowhere.yaml"},
		{nil, 1, "nobody could sign in"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, c.code, run(nothing, append([]string{"portal"}, c.args...), &out, &errs), "%q", c.args)
		require.Contains(t, errs.String(), c.says, "%q", c.args)
		require.Empty(t, out.String(), "%q", c.args)
	}
}
