package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// newcomers are the companies that a manager brings, one of whom the path is about.
type newcomers struct {
	file string
	// rows can be brought in, faults cannot.
	rows, faults int
	// search finds one of them alone.
	search, name string
}

// companies503 are real ones, where the file lies beside the repository; otherwise a few that the test writes.
func companies503(t *testing.T) newcomers {
	t.Helper()
	file, err := filepath.Abs("../../../shared/data/companies.csv")
	require.NoError(t, err)
	if _, err := os.Stat(file); err != nil {
		t.Logf("%v: a small file of the test's own is imported instead", err)
		return few(t, "Northwind", "NW")
	}
	return newcomers{file: file, rows: 503, search: "garmin", name: "Garmin"}
}

func few(t *testing.T, name, code string) newcomers {
	t.Helper()
	text := "Symbol,Security,Headquarters Location\n"
	for i, what := range []string{"Traders", "Bakery", "Roastery"} {
		text += fmt.Sprintf("%s%d,%s %s,\"Lutsk, Volyn\"\n", code, i, name, what)
	}
	text += code + "9,,Nowhere\n" // who it is, nobody knows
	file := filepath.Join(t.TempDir(), "few.csv")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return newcomers{file: file, rows: 3, faults: 1, search: strings.ToLower(name) + " bak", name: name + " Bakery"}
}

// path is the whole of it at one size: a manager brings companies, opens one to its accountant and closes it again.
func path(t *testing.T, browser context.Context, s *site, w size, new newcomers, email string) {
	p := &journey{tab: newTab(t, browser, s, ""), size: w}
	p.open("/")
	require.Contains(t, p.path(), "/sign-in")
	p.stop("sign-in")
	p.signIn(staff[0].email, s.password)
	p.stop("home")
	client := p.importAndFind(new)
	p.edit()
	link := p.invite(client, email)
	accountant := p.comeIn(link, client, new.name)
	p.suspend(client, accountant)
	p.open("/")
	p.do(click(".top .avatar[popovertarget]"))
	p.leads(200, click("#me [formaction$='/sign-out'], #me form[action$='/sign-out'] button"))
	require.Contains(t, p.path(), "/sign-in")
	p.open("/clients")
	require.Contains(t, p.path(), "/sign-in", "who has signed out is asked again")
}

// journey goes the path at one size, in light, and looks at each stop in both themes.
type journey struct {
	*tab
	size size
}

func (p *journey) stop(name string) {
	p.t.Helper()
	p.quiet()
	p.lookAt("path-"+name, p.size, "dark", contrast)
	p.lookAt("path-"+name, p.size, "light", everything)
}

func (p *journey) importAndFind(new newcomers) (client string) {
	t := p.t
	p.open("/clients")
	p.leads(200, p.clickText("Import clients"))
	p.do(chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), []string{new.file}))
	p.leads(200, click("main form .primary"))
	p.stop("import-columns")
	p.leads(200, click("main form .primary"))
	p.stop("import-check")
	require.Contains(t, p.text("main"), fmt.Sprint(new.rows))
	p.leads(200, click("main form .primary"))
	p.until(`document.querySelector('.kpis dd') !== null`) // it is a job, and its page looks again by itself
	p.stop("import-done")
	require.Equal(t, []string{fmt.Sprint(new.rows), "0", "0", fmt.Sprint(new.faults)}, ask[[]string](p.tab, `[...document.querySelectorAll('.kpis dd')].map((e) => e.innerText.trim())`))

	p.leads(200, p.clickText("Clients"))
	// At once: between slow keys the form would go by itself.
	p.do(chromedp.SetValue(chromedp.CSS("input[type=search]"), new.search))
	p.leads(200, write("input[type=search]", "\r"))
	require.Equal(t, 1, ask[int](p.tab, `document.querySelectorAll('main tbody tr').length`), p.path())
	p.stop("found")
	p.leads(200, click("main tbody a"))
	require.Contains(t, p.text("h1"), new.name)
	p.stop("client")
	return p.path()
}

func (p *journey) edit() {
	p.leads(200, p.clickText("Edit client"))
	p.do(replace("[name=place]", "Kamianets-Podilskyi"), write("[name=note]", "Wants to hear from us on Mondays."))
	p.leads(200, click("main form .primary"))
	require.Contains(p.t, p.text("main"), "Kamianets-Podilskyi")
	require.Contains(p.t, p.text("main"), "Wants to hear from us on Mondays.")
	p.stop("edited")
}

func (p *journey) invite(client, email string) (link string) {
	p.leads(200, p.clickText("Invite person"))
	p.do(write("[name=name]", "Bohdana Shcherbatiuk-Vyshnevetska"), write("[name=email]", email))
	p.do(chromedp.SetValue(chromedp.CSS("[name=role]"), "client.accountant"))
	p.leads(200, click("main form .primary"))
	p.stop("invited")
	link = ask[string](p.tab, `document.querySelector('main input[readonly]').value`)
	require.Contains(p.t, link, p.site.URL()+"/invitation/")
	return strings.TrimPrefix(link, p.site.URL())
}

// comeIn is the accountant's, in a browser of their own.
func (p *journey) comeIn(link, client, name string) *journey {
	t := p.t
	a := &journey{tab: newTab(t, p.browser, p.site, ""), size: p.size}
	a.open(link)
	a.stop("invitation")
	a.do(write("[name=password]", "on Mondays after ten"))
	a.leads(200, click("form .primary"))
	a.stop("accountant-home")
	a.open("/company")
	require.Contains(t, a.text("main"), name)
	a.stop("accountant-company")
	// The link works once.
	a.leads(410, chromedp.Navigate(p.site.URL()+link))
	// What staff see, and what other clients are, is not theirs. Nor is their own client's page as staff see it.
	other := "/clients/" + p.site.client(t, "Zerno Roastery")
	for _, path := range []string{"/clients", "/clients/new", client, client + "/edit", other, other + "/edit", other + "/contacts", "/people", "/roles"} {
		a.refused(path)
	}
	a.stop("refused")
	a.open("/company")
	return a
}

// refused checks that a page is not shown: it says that it is not there or not allowed, in the portal's own look.
func (b *tab) refused(path string) {
	b.t.Helper()
	ctx, cancel := b.within(patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, chromedp.Navigate(b.site.URL()+path))
	require.NoError(b.t, err)
	require.Contains(b.t, []int64{http.StatusForbidden, http.StatusNotFound}, response.Status, path)
	require.NotEmpty(b.t, b.text("main h1"), path)
}

func (p *journey) suspend(client string, accountant *journey) {
	t := p.t
	p.open(client)
	p.leads(200, p.clickText("Suspend client"))
	p.do(write("[name=reason]", "Asked to pause until spring."))
	p.leads(200, click("main form .primary, main form .danger"))
	suspended := time.Now()
	for {
		asked := time.Since(suspended)
		if accountant.open("/company"); strings.Contains(accountant.path(), "/sign-in") {
			break
		}
		require.Less(t, asked, time.Second, "its people were not signed out")
	}
	accountant.stop("ended")
	require.Contains(t, p.text("main"), "Suspended")
	p.stop("suspended")
}

// text is what a reader sees of a part of the page.
func (b *tab) text(css string) string {
	b.t.Helper()
	return ask[string](b, `document.querySelector(`+quoted(css)+`)?.innerText ?? ''`)
}
