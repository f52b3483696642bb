package pagestest

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/plugin"
)

// both runs a test on a portal that has the module in its process, and on one that has it in one of its own.
func both(t *testing.T, f func(t *testing.T, p *kerneltest.Portal)) {
	t.Helper()
	for name, processes := range map[string][]string{"in process": nil, "as a process": {"pages"}} {
		t.Run(name, func(t *testing.T) {
			f(t, kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Processes: processes}))
		})
	}
}

func ask(t *testing.T, p *kerneltest.Portal, path string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL()+path, nil)
	require.NoError(t, err)
	return r
}

var token = regexp.MustCompile(`action="/m/pages/say"><input type="hidden" name="csrf" value="([^"]+)"`)

func TestPages(t *testing.T) {
	both(t, func(t *testing.T, p *kerneltest.Portal) {
		roastery, museum := p.Client(t, "Zerno Roastery"), p.Client(t, "Lviv Museum")
		lesia := p.Contact(t, roastery, "client.director")

		page := lesia.Get(t, "/m/pages/page")
		require.Equal(t, http.StatusOK, page.Status, page.Body)
		require.Contains(t, page.Body, "<title>Своя сторінка", "it is inside the layout")
		require.Contains(t, page.Body, "/sign-out")
		require.Contains(t, page.Body, `<p id="lang">en</p>`)
		require.Empty(t, page.Header.Get("Cabinet-Title"))

		require.Equal(t, "Zerno Roastery", lesia.Get(t, "/m/pages/client/"+roastery).Body, "it calls as its reader")
		foreign := lesia.Get(t, "/m/pages/client/"+museum)
		require.Equal(t, http.StatusNotFound, foreign.Status)
		require.Contains(t, foreign.Body, "There is no such page")
		require.Equal(t, http.StatusNotFound, lesia.Get(t, "/m/pages/nothing").Status)
		for reason, said := range map[string]string{
			"pages.refusal.too_much": "Ask for less.", "pages.refusal.none": "stands in the way", "kernel.error.forged": "stands in the way", "<script>": "stands in the way",
		} {
			refused := lesia.Get(t, "/m/pages/refused/"+url.PathEscape(reason))
			require.Equal(t, http.StatusConflict, refused.Status)
			require.Contains(t, refused.Body, "This could not be done now")
			require.Contains(t, refused.Body, said)
			require.NotContains(t, refused.Body, "what only programs are told")
			require.Empty(t, refused.Header.Get("Cabinet-Reason"))
		}
		require.Equal(t, http.StatusInternalServerError, lesia.Get(t, "/m/pages/panic").Status)

		nobody := p.Anonymous(t).Get(t, "/m/pages/page?a=b")
		require.Equal(t, http.StatusSeeOther, nobody.Status)
		require.Contains(t, nobody.Location(), "/sign-in?to=%2Fm%2Fpages%2Fpage%3Fa%3Db")

		csrf := token.FindStringSubmatch(page.Body)
		require.NotNil(t, csrf, page.Body)
		said := lesia.Post(t, "/m/pages/say", url.Values{"csrf": {csrf[1]}, "text": {"ї"}})
		require.Equal(t, "said ї", said.Body)
		require.Equal(t, http.StatusForbidden, lesia.Post(t, "/m/pages/say", url.Values{"csrf": {""}, "text": {"x"}}).Status)
		require.Equal(t, http.StatusForbidden, lesia.Post(t, "/preferences/theme", url.Values{"csrf": {csrf[1]}, "theme": {"dark"}}).Status,
			"the module's token is good for its own pages alone")

		download := lesia.Get(t, "/m/pages/large")
		require.Equal(t, string(large), download.Body)
		require.Equal(t, `attachment; filename="large.bin"`, download.Header.Get("Content-Disposition"))
		require.Equal(t, "no-store", download.Header.Get("Cache-Control"))
	})
}

func TestPartsOfAStreamArriveOneByOne(t *testing.T) {
	both(t, func(t *testing.T, p *kerneltest.Portal) {
		response, err := p.Head(t).HTTP.Do(ask(t, p, "/m/pages/events"))
		require.NoError(t, err)
		lines := bufio.NewReader(response.Body)
		for _, part := range []string{"data: 0\n", "\n", "data: 1\n", "\n", "data: 2\n", "\n"} {
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, part, line)
		}
		// The portal stops with the stream open: the test's end waits for that.
		t.Cleanup(func() { _ = response.Body.Close() })
	})
}

func TestHostileHeaders(t *testing.T) {
	heard := map[string]string{}
	both(t, func(t *testing.T, p *kerneltest.Portal) {
		head := p.Head(t)
		r := ask(t, p, "/m/pages/heard?q=1")
		for _, name := range []string{"Cabinet-Call", "Cabinet-Token", "X-Forwarded-For", "Authorization", "Upgrade", "Accept-Encoding"} {
			r.Header.Set(name, "forged")
		}
		response, err := head.HTTP.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, response.Body.Close())
		require.NoError(t, err)
		require.NotContains(t, string(body), "forged")
		require.NotContains(t, string(body), "Cookie")
		require.NotContains(t, string(body), "Cabinet")
		heard[regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+`).ReplaceAllString(string(body), "HOST")] = t.Name()

		hostile := head.Get(t, "/m/pages/hostile")
		require.Equal(t, "{}", hostile.Body)
		for _, name := range []string{"Set-Cookie", "Access-Control-Allow-Origin", "Refresh"} {
			require.NotContains(t, hostile.Header, name)
		}
		require.NotContains(t, hostile.Header.Get("Content-Security-Policy"), "*")
		require.Equal(t, "no-store", hostile.Header.Get("Cache-Control"))
		for _, to := range []string{"https://evil.example/", "//evil.example/", `/\evil.example/`, "javascript:alert(1)"} {
			require.Equal(t, http.StatusInternalServerError, head.Get(t, "/m/pages/away?to="+url.QueryEscape(to)).Status, to)
		}
		require.Equal(t, "/m/pages/page", head.Get(t, "/m/pages/away?to=/m/pages/page").Location())
		require.Equal(t, http.StatusInternalServerError, head.Get(t, "/m/pages/script").Status)
	})
	require.Len(t, heard, 1, "a handler hears the same in both modes")
}

// state waits for a process's state.
func state(t *testing.T, p *plugin.Process, is plugin.State) {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		changed := p.Changed()
		if p.Status().State == is {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			require.Fail(t, "the process does not get there", "%+v", p.Status())
		}
	}
}

func TestProcessGoesAway(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Processes: []string{"pages"}})
	head, process := p.Head(t), p.Processes()[0]

	response, err := head.HTTP.Do(ask(t, p, "/m/pages/endless"))
	require.NoError(t, err)
	_, err = io.ReadFull(response.Body, make([]byte, 1<<20))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(process.Status().PID, syscall.SIGKILL))
	_, err = io.Copy(io.Discard, response.Body)
	require.Error(t, err, "half of a download does not pass for the whole")
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, head.Get(t, "/clients").Status, "the rest of the portal is untouched")
	require.Equal(t, http.StatusOK, head.Get(t, "/m/pages/page").Status, "who reads waits for the next process")

	for process.Status().State != plugin.Quarantined {
		state(t, process, plugin.Ready)
		changed := process.Changed()
		require.NoError(t, syscall.Kill(process.Status().PID, syscall.SIGKILL))
		<-changed
		for s := process.Status().State; s != plugin.Ready && s != plugin.Quarantined; s = process.Status().State {
			select {
			case <-process.Changed():
			case <-time.After(time.Second): // it may have changed between the two
			}
		}
	}
	for _, page := range []*kerneltest.Page{head.Get(t, "/m/pages/page"), head.Post(t, "/m/pages/say", url.Values{})} {
		require.Equal(t, http.StatusServiceUnavailable, page.Status)
		require.Contains(t, page.Body, "This part rests for now")
		require.Contains(t, page.Body, "/sign-out", "the notice is inside the layout")
	}
	require.Equal(t, http.StatusOK, head.Get(t, "/clients").Status)
}
