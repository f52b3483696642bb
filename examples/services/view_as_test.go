package main

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	accountsv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// looked has a member of staff have seen what the first person of a client sees.
func (s *site) looked(t *testing.T, session, client string) {
	t.Helper()
	conn, err := s.As(t.Context(), session)
	require.NoError(t, err)
	_, err = accountsv1.NewImpersonationServiceClient(conn).ViewAs(t.Context(), &accountsv1.ViewAsRequest{
		MembershipId: s.member(t, client), Reason: "cannot find the act of last month, R-1184",
	})
	require.NoError(t, err)
	_, err = kernelv1.NewIdentityServiceClient(s.Kernel()).EndImpersonation(t.Context(), &kernelv1.EndImpersonationRequest{SessionToken: session})
	require.NoError(t, err)
}

// member is the membership of a client's first person.
func (s *site) member(t *testing.T, client string) string {
	t.Helper()
	list, err := accountsv1.NewMembershipServiceClient(s.Kernel()).ListMemberships(t.Context(), &accountsv1.ListMembershipsRequest{ClientId: client})
	require.NoError(t, err)
	return list.GetMemberships()[0].GetId()
}

// deputy makes somebody who may act as contacts, and returns their session's token.
func (s *site) deputy(t *testing.T) string {
	t.Helper()
	invited, err := accountsv1.NewInvitationServiceClient(s.Kernel()).InviteStaff(t.Context(), &accountsv1.InviteStaffRequest{
		RequestId: store.NewID(), Name: "Danylo Rud", Email: "danylo@polissia.example", Role: "deputy",
	})
	require.NoError(t, err)
	in, err := kernelv1.NewIdentityServiceClient(s.Kernel()).AcceptInvitation(t.Context(), &kernelv1.AcceptInvitationRequest{
		Token: invited.GetToken(), Name: "Danylo Rud", Password: s.password,
	})
	require.NoError(t, err)
	return in.GetSessionToken()
}

// bannered says that the banner is seen wherever the reader has scrolled to, and counts down.
func (b *tab) bannered(says string) {
	b.t.Helper()
	b.until(`/\d:\d\d/.test(document.querySelector('.banner .num')?.textContent ?? '')`)
	for _, s := range []size{desk, phone} {
		b.view(s, "light")
		require.True(b.t, ask[bool](b, `(() => { scrollTo(0, 100000); const r = document.querySelector('.banner').getBoundingClientRect();
			const seen = r.top >= 0 && r.bottom <= innerHeight && document.elementFromPoint(innerWidth / 2, r.top + 8).closest('.banner') !== null;
			scrollTo(0, 0); return seen && document.querySelector('.banner').innerText.includes(`+quoted(says)+`); })()`), "%s: the banner is overlooked on a %s", b.path(), s.name)
	}
	b.view(desk, "light")
}

// viewsAs has a manager see what a director sees, and a deputy act as them.
func viewsAs(t *testing.T, browser context.Context, s *site, all *walked, head, roastery string) {
	page := "/clients/" + roastery
	b := newTab(t, browser, s, s.session(t, staff[0].email))
	b.open(page + "?tab=accountmanager.memberships")
	b.look("view-as-way-in")
	b.leads(200, b.clickText("View as this client"))
	name := ask[string](b, `document.querySelector('[name=membership_id]').options[1].text`)
	ask[bool](b, `(() => { document.querySelector('[name=membership_id]').selectedIndex = 1; return true; })()`)
	b.do(write("[name=reason]", "cannot find the act, R-1184"))
	b.look("view-as-form")
	b.leads(200, click("#form .primary"))
	b.bannered(name)
	b.look("view-as-home")
	other := b.beside()
	other.open("/company")
	other.bannered(name)
	other.look("view-as-company")
	b.open("/company/people")
	require.False(t, ask[bool](b, `!!document.querySelector('main .btn.primary, main form[method=post]')`), "what cannot be done is offered")
	b.look("view-as-people")
	b.leads(403, chromedp.Navigate(s.URL()+"/company/invite"))
	b.bannered(name)
	b.look("view-as-refused")
	b.leads(200, click(".banner button"))
	require.Equal(t, page+"/people", b.path())
	require.False(t, ask[bool](b, `!!document.querySelector('.banner')`))
	other.until(`!document.querySelector('.banner')`) // by itself
	other.until(`location.pathname === '/' || location.pathname === '/company'`)

	d := newTab(t, browser, s, s.deputy(t))
	d.open(page + "/people")
	d.open(page + "/act-as?membership_id=" + s.member(t, roastery))
	all.first(screenOf(page + "/act-as"))
	d.do(write("[name=reason]", "cannot find the act"), write("[name=act_reason]", "asked by phone to change the address"))
	d.look("act-as-form")
	d.leads(200, click("#form .primary"))
	d.bannered(name)
	d.look("act-as-home")
	d.script(false)
	d.open("/company")
	require.Regexp(t, `until \d`, d.text(".banner .num"), "without script the time is said")
	d.leads(200, click(".banner button"))
	d.script(true)

	h := newTab(t, browser, s, head)
	h.open("/people/impersonations")
	h.look("impersonations")
	h.leads(200, click("tbody a"))
	h.look("impersonation")
}
