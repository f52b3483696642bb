package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// block is a fenced block of a README. An sh block is given to a shell, in the folder in which the one before ended. What
// follows "sh" says more: portal=start opens a portal, which runs until the end of the README; portal=running wants it to
// run; slow takes minutes, and is tried where CABINET_SLOW is set. A text block after one says what it prints, line by line, with … for what differs each time; after portal=running
// with "text portal" what the portal then prints.
type block struct {
	kind, mark string
	text       string
}

var fence = regexp.MustCompile("(?ms)^```(sh|text)([^\n]*)\n(.*?)^```$")

func blocks(t *testing.T, readme string) []block {
	t.Helper()
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	var found []block
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		found = append(found, block{m[1], strings.TrimSpace(m[2]), m[3]})
	}
	return found
}

// guide follows a README.
type guide struct {
	t       *testing.T
	folder  string // the working folder of the next block
	address string // of the portal
	env     []string
	portal  *exec.Cmd
	printed *printed // by the portal
}

// follow does what a README says, in order, and returns where it ended. The portal still runs.
func follow(t *testing.T, readme string) *guide {
	t.Helper()
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	g := &guide{t: t, folder: root, address: freeAddress(t)}
	home := t.TempDir()
	g.env = append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "CABINET_LISTEN="+g.address, "GOBIN="+filepath.Join(home, "bin"),
		"PATH="+filepath.Join(home, "bin")+":"+os.Getenv("PATH"), "GOFLAGS=-buildvcs=false")
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} { // which are below the home folder
		out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		require.NoError(t, err)
		g.env = append(g.env, name+"="+strings.TrimSpace(string(out)))
	}
	last := ""
	for _, b := range blocks(t, filepath.Join(root, readme)) {
		switch b.kind + " " + b.mark {
		case "sh ", "sh portal=running":
			require.True(t, b.mark == "" || g.portal != nil, "no portal runs for:\n%s", b.text)
			last = g.shell(b.text)
		case "sh slow":
			if os.Getenv("CABINET_SLOW") != "" {
				last = g.shell(b.text)
			}
		case "sh portal=start":
			g.start(b.text)
			last = ""
		case "text ":
			if last == "" { // the portal's, whose last block was its start
				g.expect(b.text)
				continue
			}
			for _, line := range strings.Split(strings.TrimRight(b.text, "\n"), "\n") {
				require.Regexp(t, pattern(line), last)
			}
		case "text portal":
			g.expect(b.text)
		default:
			t.Fatalf("%s: a fence cannot be marked %q", readme, b.mark)
		}
	}
	return g
}

// pattern finds a line of a README in what was printed.
func pattern(line string) *regexp.Regexp {
	parts := strings.Split(line, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(strings.Join(parts, ".*"))
}

func (g *guide) command(ctx context.Context, text string) *exec.Cmd {
	text = strings.ReplaceAll(text, "localhost:8080", g.address)
	command := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", text)
	command.Dir, command.Env = g.folder, g.env
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it starts ends with it
	return command
}

// shell does a block and returns what it printed.
func (g *guide) shell(text string) string {
	g.t.Helper()
	began := time.Now()
	where := filepath.Join(g.t.TempDir(), "where")
	out, err := g.command(g.t.Context(), text+"\npwd > '"+where+"'").CombinedOutput()
	require.NoError(g.t, err, "%s\nprinted:\n%s", text, out)
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	g.t.Logf("%.1f s: %s", time.Since(began).Seconds(), first)
	folder, err := os.ReadFile(where)
	require.NoError(g.t, err)
	g.folder = strings.TrimSpace(string(folder))
	return string(out)
}

// start opens a portal, and stops it when the test ends.
func (g *guide) start(text string) {
	g.t.Helper()
	require.Nil(g.t, g.portal, "a portal runs already")
	g.printed = &printed{}
	g.portal = g.command(context.WithoutCancel(g.t.Context()), "exec "+strings.TrimSpace(text))
	g.portal.Stdout, g.portal.Stderr = g.printed, g.printed
	require.NoError(g.t, g.portal.Start())
	g.t.Cleanup(func() {
		_ = syscall.Kill(-g.portal.Process.Pid, syscall.SIGINT)
		_ = g.portal.Wait()
		if g.t.Failed() {
			g.t.Logf("the portal printed:\n%s", g.printed)
		}
	})
}

// expect waits until the portal has printed each line.
func (g *guide) expect(text string) {
	g.t.Helper()
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		line = strings.ReplaceAll(line, "localhost:8080", strings.Replace(g.address, "127.0.0.1", "localhost", 1))
		require.Eventually(g.t, func() bool { return pattern(line).MatchString(g.printed.String()) }, 90*time.Second, 50*time.Millisecond,
			"the portal never printed %q, but:\n%s", line, g.printed)
	}
}

// head comes in by the link that the portal printed, and returns a browser.
func (g *guide) head() *browser {
	g.t.Helper()
	link := regexp.MustCompile(`http://\S+/invitation/\S+`).FindString(g.printed.String())
	require.NotEmpty(g.t, link, "the portal printed no link for the first head")
	jar, err := cookiejar.New(nil)
	require.NoError(g.t, err)
	b := &browser{t: g.t, client: &http.Client{Jar: jar, Transport: &http.Transport{}}}
	g.t.Cleanup(b.client.CloseIdleConnections)
	token := regexp.MustCompile(`name="csrf"\s+value="([^"]+)"`).FindStringSubmatch(b.get(link))
	require.NotNil(g.t, token, "the invitation has no form")
	at, err := url.Parse(link)
	require.NoError(g.t, err)
	b.root = at.Scheme + "://" + at.Host
	b.post(link, url.Values{"csrf": {token[1]}, "name": {"Oksana Hrynko"}, "email": {"oksana@acme.example"}, "password": {"a long enough one"}})
	return b
}

// browser is one that somebody is signed in with.
type browser struct {
	t      *testing.T
	client *http.Client
	root   string
}

func (b *browser) get(address string) string {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	require.NoError(b.t, err)
	return b.do(r)
}

func (b *browser) post(address string, form url.Values) string {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.root)
	return b.do(r)
}

func (b *browser) do(r *http.Request) string {
	b.t.Helper()
	response, err := b.client.Do(r)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	require.Equal(b.t, http.StatusOK, response.StatusCode, "%s: %s", r.URL, body)
	return string(body)
}

// printed gathers what a program prints while others read it.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// freeAddress is one on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
