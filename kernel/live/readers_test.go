package live_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// readersEnv has the test binary be the browsers of the benchmark instead of running tests: it names the portal's address,
// and the sessions' tokens come line by line.
const readersEnv = "CABINET_LIVE_READERS"

// readers opens a stream for each session and says "open" once all are; then for each change when the last was told.
func readers() int {
	var tokens []string
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		tokens = append(tokens, in.Text())
	}
	var open sync.WaitGroup
	var toldOf [1 << 16]atomic.Int64
	open.Add(len(tokens))
	for _, token := range tokens {
		conn, err := new(net.Dialer).Dial("tcp", os.Getenv(readersEnv)) //nolint:noctx // it lives as long as the process
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		go func() {
			fmt.Fprintf(conn, "GET /live HTTP/1.1\r\nHost: x\r\nCookie: cabinet_session=%s\r\n\r\n", token)
			in := bufio.NewReaderSize(conn, 512)
			for n := -1; ; { // the first event says that everything may have changed
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if !strings.HasPrefix(line, "data: ") {
					continue
				}
				if n++; n == 0 {
					open.Done()
				} else if toldOf[n].Add(1) == int64(len(tokens)) {
					fmt.Println(time.Now().UnixNano())
				}
			}
		}()
	}
	open.Wait()
	fmt.Println("open")
	select {} // until it is killed
}

// BenchmarkTold measures how long it takes from a change, its commit included, until the last of 2,000 open pages, all
// of them concerned, was told over HTTP; and what an open stream costs.
//
//	go test -run '^$' -bench Told -benchtime 200x ./kernel/live
func BenchmarkTold(b *testing.B) {
	const streams = 2000
	p := kerneltest.Start(b, kerneltest.Options{Assemble: assemble})
	head := p.Head(b)
	zerno := p.Client(b, "Zerno")
	identity := kernelv1.NewIdentityServiceClient(p.Kernel())
	var tokens strings.Builder
	for range streams {
		signed, err := identity.SignIn(b.Context(), &kernelv1.SignInRequest{Login: head.Email, Password: kerneltest.Password})
		require.NoError(b, err)
		tokens.WriteString(signed.GetSessionToken() + "\n")
	}
	before := inUse()

	self, err := os.Executable()
	require.NoError(b, err)
	browsers := exec.CommandContext(b.Context(), self)
	browsers.Env = append(os.Environ(), readersEnv+"="+p.Address())
	browsers.Stdin = strings.NewReader(tokens.String())
	browsers.Stderr = os.Stderr
	out, err := browsers.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, browsers.Start())
	b.Cleanup(func() {
		_ = browsers.Process.Kill()
		_ = browsers.Wait()
	})
	in := bufio.NewScanner(out)
	require.True(b, in.Scan())
	require.Equal(b, "open", in.Text())
	require.Equal(b, streams, p.Live().Count())
	settle(b, p)
	each := float64(inUse()-before) / streams / 1024

	clients := clientmanagerv1.NewClientServiceClient(p.Kernel())
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		began := time.Now()
		_, err := clients.UpdateClient(b.Context(), &clientmanagerv1.UpdateClientRequest{
			Client: &clientmanagerv1.Client{Id: zerno, Name: fmt.Sprint("Zerno ", n)}, UpdateMask: mask("name"),
		})
		require.NoError(b, err)
		require.True(b, in.Scan(), "the browsers left")
		told, err := strconv.ParseInt(in.Text(), 10, 64)
		require.NoError(b, err)
		took = append(took, time.Unix(0, told).Sub(began))
	}
	slices.Sort(took)
	b.ReportMetric(each, "KiB/stream")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "ms-most")
}

// BenchmarkWrite measures what a change pays for being noted: an update of a client and its history, a row each, beside
// the same without the lines in the migration.
//
//	go test -run '^$' -bench Write -benchtime 500x ./kernel/live
func BenchmarkWrite(b *testing.B) {
	p := kerneltest.Start(b, kerneltest.Options{Assemble: assemble})
	zerno := p.Client(b, "Zerno")
	clients := clientmanagerv1.NewClientServiceClient(p.Kernel())
	write := func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			_, err := clients.UpdateClient(b.Context(), &clientmanagerv1.UpdateClientRequest{
				Client: &clientmanagerv1.Client{Id: zerno, Name: fmt.Sprint("Zerno ", n)}, UpdateMask: mask("name"),
			})
			require.NoError(b, err)
		}
	}
	b.Run("noted", write)
	sql(b, p, `select kernel.live_off('clientmanager.clients'), kernel.live_off('clientmanager.history')`)
	b.Run("bare", write)
}

// inUse is the memory of this process that is in use.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
