package serve_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A plugin's program links what a module needs, and nothing of the portal around it.
func TestLinksNothingOfTheHost(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").CombinedOutput()
	require.NoError(t, err, string(out))
	const root = "github.com/opencabinet/cabinet/"
	linked := strings.Fields(string(out))
	require.Contains(t, linked, root+"kernel/serve", "or the list is of something else")
	for _, path := range linked {
		for _, host := range []string{
			"github.com/labstack/echo", "github.com/a-h/templ", root + "kernel/web", root + "kernel/plugin", root + "kernel/store/cluster",
			root + "kernel/config", root + "kernel/kerneltest", root + "modules", root + "plugins",
			root + "kernel/telemetry", "go.opentelemetry.io/otel/exporters", "github.com/prometheus",
		} {
			require.False(t, path == host || strings.HasPrefix(path, host+"/"), "it links %s", path)
		}
		require.NotEqual(t, root+"kernel", path)
	}
}
