package kernel_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/control"
)

func TestCommandsReachAPortalThatRuns(t *testing.T) {
	t.Parallel()
	p, err := kernel.New(with(t, of(doorman()), "", "DATABASE_URL="+database(t)))
	require.NoError(t, err)
	_, err = control.Dial(t.Context(), p.Config().Data)
	require.ErrorIs(t, err, control.ErrNotRunning)
	require.NoError(t, p.Start(t.Context()))
	conn, err := control.Dial(t.Context(), p.Config().Data)
	require.NoError(t, err)
	require.Equal(t, p.URL(), conn.Place.URL)
	_, err = kernelv1.NewEventServiceClient(conn).ListLanes(t.Context(), &kernelv1.ListLanesRequest{})
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	stop(t, p)
	_, err = control.Dial(t.Context(), p.Config().Data)
	require.ErrorIs(t, err, control.ErrNotRunning)
}

// Where it cannot say where commands reach it there is a portal all the same.
func TestAPortalWithoutASocketForCommands(t *testing.T) {
	t.Parallel()
	p, err := kernel.New(with(t, of(doorman()), "", "DATABASE_URL="+database(t)))
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(p.Config().Data, control.File), 0o700))
	require.NoError(t, p.Start(t.Context()))
	_, err = control.Dial(t.Context(), p.Config().Data)
	require.ErrorContains(t, err, "remove it")
	stop(t, p)
}
