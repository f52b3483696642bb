package booking_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program links nothing but what a third party may: not the portal, not its web server, no other module.
func TestWhatTheProgramLinks(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./cmd/booking").Output()
	require.NoError(t, err)
	const here = "github.com/opencabinet/cabinet/"
	linked := strings.Fields(string(out))
	require.Contains(t, linked, here+"kernel/serve")
	for _, pkg := range linked {
		own, ours := strings.CutPrefix(pkg, here)
		switch {
		case !ours:
			require.False(t, strings.HasPrefix(pkg, "github.com/labstack/echo"), pkg)
		case strings.HasPrefix(own, "contracts/"), strings.HasPrefix(own, "plugins/booking"):
		default:
			require.NotEqual(t, "kernel", own)
			for _, not := range []string{"kernel/web", "kernel/api", "kernel/plugin", "kernel/kerneltest", "modules/", "examples/"} {
				require.False(t, strings.HasPrefix(own, not), pkg)
			}
		}
	}
}
