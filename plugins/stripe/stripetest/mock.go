// Package stripetest starts stripe-mock for tests: https://github.com/stripe/stripe-mock
package stripetest

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Mock starts Stripe's own stripe-mock, built once into the repository's build folder, and returns where it listens. It holds every request
// against the published description of the API and answers with its examples; it keeps nothing. It ends with the test.
func Mock(t testing.TB) string {
	t.Helper()
	folder, err := filepath.Abs("../../.build") // plugins and examples both lie two folders down
	require.NoError(t, err)
	program := filepath.Join(folder, "stripe-mock")
	if _, err := os.Stat(program); err != nil {
		build := exec.CommandContext(t.Context(), "go", "install", "github.com/stripe/stripe-mock@v0.203.0")
		build.Env, build.Dir = append(os.Environ(), "GOBIN="+folder, "GOFLAGS="), t.TempDir()
		out, err := build.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	ctx, stop := context.WithCancel(t.Context())
	run := exec.CommandContext(ctx, program, "-http-addr", address)
	require.NoError(t, run.Start())
	t.Cleanup(func() {
		stop()
		_ = run.Wait() // it was killed
	})
	require.Eventually(t, func() bool {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/v1/charges", nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer sk_test_123")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}, 30*time.Second, 20*time.Millisecond)
	return "http://" + address
}
