package kernel_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/module"
)

// runPortal is the program that the tests below start: Main, as a portal's main calls it.
func runPortal() {
	options := kernel.Options{Assemble: assemble}
	switch os.Getenv(asPortal) {
	case "story":
		options.Seed = story
	case "ticker":
		options.Assemble = func(router *call.Router) ([]module.Unit, error) {
			units, err := assemble(router)
			return append(units, module.Unit{Name: "ticker", Module: ticker(func() {
				fmt.Println("ticking")
				select {} // until it is killed
			})}), err
		}
	}
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "-test.") {
		os.Args = os.Args[:1]
	}
	kernel.Main(options)
}

// storyClients is how many clients the story has.
const storyClients = 6

// story makes clients one by one. It tells its standard output how far it is, and goes on when told to.
func story(ctx context.Context, s *kernel.Seed) error {
	s.Say("fresh: %t", s.Fresh)
	if !s.Fresh {
		return nil
	}
	told := bufio.NewReader(os.Stdin)
	for i := range storyClients {
		name := fmt.Sprintf("Client %d", i)
		_, err := clientmanagerv1.NewClientServiceClient(s.Conn).CreateClient(ctx, &clientmanagerv1.CreateClientRequest{
			RequestId: uuid.NewSHA1(uuid.Nil, []byte(name)).String(),
			Client:    &clientmanagerv1.Client{Name: name, Kind: clientmanagerv1.ClientKind_CLIENT_KIND_COMPANY},
		})
		if err != nil {
			return err
		}
		fmt.Println("made", i)
		if _, err := told.ReadString('\n'); err != nil {
			return err
		}
	}
	return nil
}

// program is a portal that runs as a process of its own.
type program struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string // of its output; closed when it ends
	errs  strings.Builder
	ended bool
}

func launch(t *testing.T, kind string, environ ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(os.Args[0]), lines: make(chan string, 100)}
	p.cmd.Env = append(os.Environ(), asPortal+"="+kind, "CABINET_LISTEN=127.0.0.1:0", "CABINET_ID=process", "CABINET_MASTER_KEY="+masterKey)
	p.cmd.Env = append(p.cmd.Env, environ...)
	p.cmd.Dir = t.TempDir() // where there is no portal.yaml
	p.cmd.Stderr = &p.errs
	var err error
	p.in, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.lines)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.lines <- lines.Text()
		}
	}()
	t.Cleanup(func() { p.kill(t) })
	return p
}

// until reads the output up to a line with a text, and returns all of it so far.
func (p *program) until(t *testing.T, text string) string {
	t.Helper()
	var said strings.Builder
	for {
		select {
		case line, open := <-p.lines:
			if !open {
				p.ended = true
				_ = p.cmd.Wait()
				require.Fail(t, "the portal ended", "waiting for %q\n%s\n%s", text, said.String(), p.errs.String())
			}
			said.WriteString(line + "\n")
			if strings.Contains(line, text) {
				return said.String()
			}
		case <-time.After(time.Minute):
			require.Fail(t, "the portal says nothing", "waiting for %q\n%s", text, said.String())
		}
	}
}

// open waits until the portal is open, and returns its address and what it said.
func (p *program) open(t *testing.T) (address, said string) {
	t.Helper()
	said = p.until(t, "Ctrl-C stops it.")
	_, after, found := strings.Cut(said, " is open at ")
	require.True(t, found, said)
	address, _, _ = strings.Cut(after, " ")
	return address, said
}

// end waits for the process and returns its exit code.
func (p *program) end(t *testing.T) int {
	t.Helper()
	for range p.lines { // until it has ended
	}
	if !p.ended {
		p.ended = true
		_ = p.cmd.Wait()
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) kill(t *testing.T) {
	t.Helper()
	if p.ended {
		return
	}
	require.NoError(t, p.cmd.Process.Kill())
	p.end(t)
}

// folder is one that a private cluster can live in: its path is short, and other users may pass.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "cabinet-kernel-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o711))
	return dir
}

// A portal on a cluster of its own, from its first start to its last.
func TestLifeOfAPortal(t *testing.T) {
	t.Parallel()
	data := "CABINET_DATA=" + folder(t)
	first := launch(t, "plain", data)
	address, said := first.open(t)
	require.Contains(t, said, "It has no head yet")
	require.Contains(t, said, address+"/invitation/")

	second := launch(t, "plain", data)
	require.Equal(t, 1, second.end(t), "one data folder, one portal")
	require.Contains(t, second.errs.String(), "The portal cannot run:")
	require.Contains(t, second.errs.String(), "in use")
	require.Equal(t, http.StatusOK, fetch(t, address+"/sign-in"), "the first one is not concerned")

	first.kill(t)
	again := launch(t, "plain", data)
	address, said = again.open(t)
	require.Contains(t, said, "It has no head yet", "killed or not: nobody came in by the first link")
	_, after, _ := strings.Cut(said, "/invitation/")
	token, _, _ := strings.Cut(after, "\n")
	require.Equal(t, http.StatusOK, fetch(t, address+"/invitation/"+token))

	require.NoError(t, again.cmd.Process.Signal(syscall.SIGTERM))
	began := time.Now()
	require.Equal(t, 0, again.end(t), again.errs.String())
	require.Less(t, time.Since(began), 15*time.Second)
	for _, line := range strings.Split(strings.TrimSpace(again.errs.String()), "\n") {
		if line != "" { // when it was quicker than the killed one's server noticed
			require.Contains(t, line, "stopping the server that a killed portal left behind")
		}
	}
}

func fetch(t *testing.T, address string) int {
	t.Helper()
	response, err := http.Get(address)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

// The link is for the first head alone: with one there, none is printed, and the old ones are dead.
func TestLinkOfTheFirstHead(t *testing.T) {
	t.Parallel()
	dsn := "DATABASE_URL=" + database(t)
	first := launch(t, "plain", dsn, "CABINET_DATA="+t.TempDir())
	address, said := first.open(t)
	_, after, _ := strings.Cut(said, "/invitation/")
	token, _, _ := strings.Cut(after, "\n")

	p, err := kernel.New(with(t, assemble, "", dsn, "CABINET_ID=process"))
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context()), "a second node of the same portal")
	defer stop(t, p)
	identity := kernelv1.NewIdentityServiceClient(p.Kernel())
	_, err = identity.AcceptInvitation(t.Context(), &kernelv1.AcceptInvitationRequest{
		Token: token, Name: "Oksana Head", Email: "head@example.com", Password: "correct horse battery",
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusGone, fetch(t, address+"/invitation/"+token), "it works once")

	require.NoError(t, first.cmd.Process.Signal(syscall.SIGINT))
	require.Equal(t, 0, first.end(t), first.errs.String())
	_, said = launch(t, "plain", dsn, "CABINET_DATA="+t.TempDir()).open(t)
	require.NotContains(t, said, "/invitation/")
	require.NotContains(t, said, "no head")
}

// A story that is broken off goes on where it was: nothing in it is there twice.
func TestKilledInTheMiddleOfAStory(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	environ := []string{"DATABASE_URL=" + dsn, "CABINET_DATA=" + t.TempDir()}
	clients := func() []string { return query(t, dsn, "select name from clientmanager.clients order by name") }

	broken := launch(t, "story", environ...)
	for i := range 3 {
		broken.until(t, fmt.Sprint("made ", i))
		if i < 2 {
			_, err := io.WriteString(broken.in, "\n")
			require.NoError(t, err)
		}
	}
	broken.kill(t)
	require.Len(t, clients(), 3)

	whole := launch(t, "story", environ...)
	_, err := io.WriteString(whole.in, strings.Repeat("\n", storyClients))
	require.NoError(t, err)
	_, said := whole.open(t)
	require.Contains(t, said, "fresh: true")
	require.Len(t, clients(), storyClients)
	whole.kill(t)

	_, said = launch(t, "story", environ...).open(t)
	require.Contains(t, said, "fresh: false", "it was told to its end")
	require.Len(t, clients(), storyClients)
}
