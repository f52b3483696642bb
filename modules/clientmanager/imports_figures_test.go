package clientmanager_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// The figures of FIGURES.md: how fast a file comes in, and how much memory that takes over what the portal has anyway.
func TestImportFigures(t *testing.T) {
	if os.Getenv("CABINET_IMPORT_FIGURES") == "" {
		t.Skip("set CABINET_IMPORT_FIGURES to measure")
	}
	for _, rows := range []int{10_000, 100_000} {
		for _, format := range []string{"csv", "xlsx"} {
			t.Run(fmt.Sprintf("%s %d", format, rows), func(t *testing.T) {
				p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
				head := p.Head(t)
				content := figuresFile(t, format, rows)
				imports := v1.NewImportServiceClient(head.Conn)
				base := heap()
				peak, stop := watchHeap()
				began := time.Now()
				made, err := imports.CreateImport(t.Context(), &v1.CreateImportRequest{RequestId: store.NewID(), FileName: "x." + format, Content: content})
				require.NoError(t, err)
				read := time.Since(began)
				began = time.Now()
				_, err = imports.CheckImport(t.Context(), &v1.CheckImportRequest{Id: made.GetImport().GetId(), Mapping: suggested(made.GetImport())})
				require.NoError(t, err)
				checked := time.Since(began)
				began = time.Now()
				s := &started{Portal: p, imports: imports, id: made.GetImport().GetId()}
				s.start(t)
				require.NoError(t, p.Events().WaitDrained(t.Context()))
				i := s.end(t)
				ran := time.Since(began)
				stop()
				require.EqualValues(t, rows, i.GetReport().GetCreated())
				fmt.Printf("%s %d rows, file %.1f MB: read %s, check %s, run %s (%.0f rows/s); heap at its peak %d MB over %d MB\n", format, rows,
					float64(len(content))/1e6, read.Round(10*time.Millisecond), checked.Round(10*time.Millisecond), ran.Round(10*time.Millisecond),
					float64(rows)/ran.Seconds(), (peak.Load()-base)>>20, base>>20)
			})
		}
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// watchHeap looks how much of the heap is in use, over and over until it is stopped.
func watchHeap() (peak *atomic.Int64, stop func()) {
	peak, done, ended := &atomic.Int64{}, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(25 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), int64(m.HeapInuse)))
			}
		}
	}()
	return peak, func() { close(done); <-ended }
}

func figuresFile(t *testing.T, format string, rows int) []byte {
	t.Helper()
	var out bytes.Buffer
	row := func(n int) []string {
		return []string{fmt.Sprintf("Client of many %d", n), fmt.Sprintf("C-%d", n), fmt.Sprintf("office%d@example.com", n), fmt.Sprintf("+38044%07d", n), "Kyiv", "coffee,yard"}
	}
	titles := []string{"name", "code", "email", "phone", "place", "tags"}
	if format == "csv" {
		for n := -1; n < rows; n++ {
			cells := titles
			if n >= 0 {
				cells = row(n)
			}
			for i, cell := range cells {
				if i > 0 {
					out.WriteByte(';')
				}
				out.WriteString(cell)
			}
			out.WriteByte('\n')
		}
		return out.Bytes()
	}
	book := excelize.NewFile()
	w, err := book.NewStreamWriter("Sheet1")
	require.NoError(t, err)
	for n := -1; n < rows; n++ {
		cells := titles
		if n >= 0 {
			cells = row(n)
		}
		values := make([]any, len(cells))
		for i, cell := range cells {
			values[i] = cell
		}
		require.NoError(t, w.SetRow(fmt.Sprintf("A%d", n+2), values))
	}
	require.NoError(t, w.Flush())
	require.NoError(t, book.Write(&out))
	require.NoError(t, book.Close())
	return out.Bytes()
}
