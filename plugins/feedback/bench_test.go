package feedback

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// BenchmarkBesideGo has the plugin in Node and booking, a plugin in Go, read one row and ask clientmanager for a name, by
// turns, and says what each takes: the median of a call, how many times that of Go Node's is, and the memory that each process
// holds before the first call and after the last. The figures are in plugins/nodekit/README.md.
func BenchmarkBesideGo(b *testing.B) {
	options := withFeedback(b)
	options.Programs["booking"] = filepath.Join(b.TempDir(), "booking")
	out, err := exec.CommandContext(b.Context(), "go", "build", "-o", options.Programs["booking"], "../booking/cmd/booking").CombinedOutput()
	require.NoError(b, err, "%s", out)
	for name, grpcOnly := range map[string]bool{"frames": false, "gRPC": true} {
		b.Run(name, func(b *testing.B) {
			options.GRPCOnly = grpcOnly
			p := kerneltest.Start(b, options)
			head, client := p.Head(b), p.Client(b, "Zerno Roastery")
			idle := resident(b, p)
			made := func(method, request, thing string) string {
				said, err := invoke(b.Context(), p, head.Conn, method, request)
				require.NoError(b, err)
				return said[thing].(map[string]any)["id"].(string)
			}
			said := made(service+"CreateFeedback", fmt.Sprintf(`{"request_id": %q, "client_id": %q, "subject": "The oven", "rating": 5, "text": "Hot."}`, store.NewID(), client), "feedback")
			room := made("/cabinet.booking.v1.ResourceService/CreateResource", fmt.Sprintf(`{"request_id": %q, "resource": {"name": "Hall", "opens": "00:00", "closes": "24:00"}}`, store.NewID()), "resource")
			booked := made("/cabinet.booking.v1.BookingService/CreateBooking", fmt.Sprintf(`{"request_id": %q, "client_id": %q, "resource_id": %q, "start_time": %q}`,
				store.NewID(), client, room, time.Now().AddDate(0, 0, 2).Truncate(24*time.Hour).Add(12*time.Hour).Format(time.RFC3339)), "booking")
			took := map[string][]time.Duration{}
			for range b.N {
				for module, one := range map[string][2]string{
					"feedback": {service + "GetFeedback", said}, "booking": {"/cabinet.booking.v1.BookingService/GetBooking", booked},
				} {
					begun := time.Now()
					_, err := invoke(b.Context(), p, head.Conn, one[0], fmt.Sprintf(`{"id": %q}`, one[1]))
					took[module] = append(took[module], time.Since(begun))
					require.NoError(b, err)
				}
			}
			median := func(module string) float64 {
				slices.Sort(took[module])
				return float64(took[module][len(took[module])/2].Microseconds())
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median("booking"), "Go-µs")
			b.ReportMetric(median("feedback"), "Node-µs")
			b.ReportMetric(median("feedback")/median("booking"), "×Go")
			busy := resident(b, p)
			for unit, of := range map[string]map[string]float64{"MiB-idle": idle, "MiB-after": busy} {
				b.ReportMetric(of["booking"], "Go-"+unit)
				b.ReportMetric(of["feedback"], "Node-"+unit)
			}
		})
	}
}

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// resident is the memory that the portal's processes hold, in MiB, by module; nothing where /proc is not.
func resident(tb testing.TB, p *kerneltest.Portal) map[string]float64 {
	tb.Helper()
	out := map[string]float64{}
	for _, process := range p.Processes() {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process.Status().PID))
		if err != nil {
			continue
		}
		if found := residentLine.FindSubmatch(text); found != nil {
			kB, err := strconv.ParseFloat(string(found[1]), 64)
			require.NoError(tb, err)
			out[process.ID()] = kB / 1024
		}
	}
	return out
}
