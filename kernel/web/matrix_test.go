package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
)

func TestRightsAreSavedTogether(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	const suspend, imports = "clientmanager.clients.suspend", "clientmanager.clients.import"
	none, granted := kernelv1.RoleReach_ROLE_REACH_NONE.String(), kernelv1.RoleReach_ROLE_REACH_GRANTED.String()

	page := head.Get(t, "/roles/manager/edit")
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, page.Body, `name="`+suspend+`"`)
	require.NotContains(t, page.Body, "clientmanager.profile.read", "no member of staff could have it")

	saved := head.Post(t, "/roles/manager/edit", url.Values{
		suspend: {none}, "was." + suspend: {granted}, imports: {granted}, "was." + imports: {granted}, "made.up": {granted},
	})
	require.Equal(t, http.StatusSeeOther, saved.Status)
	require.Equal(t, access.None, s.Policy().Given("manager")[suspend])
	require.Equal(t, access.Granted, s.Policy().Given("manager")[imports])

	// A form that was drawn before: what it did not change it does not take back, and what both changed it asks about.
	stale := head.Post(t, "/roles/manager/edit", url.Values{suspend: {granted}, "was." + suspend: {granted}})
	require.Equal(t, http.StatusSeeOther, stale.Status)
	require.Equal(t, access.None, s.Policy().Given("manager")[suspend])
	all := kernelv1.RoleReach_ROLE_REACH_ALL.String()
	clash := head.Post(t, "/roles/manager/edit", url.Values{suspend: {all}, "was." + suspend: {granted}})
	require.Equal(t, http.StatusConflict, clash.Status)
	require.Contains(t, clash.Body, "Somebody else changed")
	require.Equal(t, access.None, s.Policy().Given("manager")[suspend])

	refused := head.Post(t, "/roles/head/edit", url.Values{"kernel.roles.update": {none}, "was.kernel.roles.update": {all}})
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.Body, "You would take the right")
	require.Equal(t, http.StatusNotFound, head.Get(t, "/roles/emperor/edit").Status)
}

func TestMatrixIsForWhoMaySeeRoles(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head, manager := s.Head(t), s.Staff(t, "manager")
	director := s.Contact(t, s.client(t, &clientmanagerv1.Client{Name: "Zerno Roastery"}), "client.director")

	staff := head.Get(t, "/roles/matrix")
	require.Equal(t, http.StatusOK, staff.Status)
	require.Contains(t, staff.Body, "Manager: Own clients")
	require.NotContains(t, staff.Body, "Accountant")
	contacts := head.Get(t, "/roles/matrix?of=contacts")
	require.Contains(t, contacts.Body, "Accountant: Yes")
	require.NotContains(t, contacts.Body, "All clients", "contacts never reach them")
	for _, path := range []string{"/roles/matrix", "/roles/manager/edit", "/access"} {
		require.Equal(t, http.StatusForbidden, manager.Get(t, path).Status, path)
		require.Equal(t, http.StatusForbidden, director.Get(t, path).Status, path)
	}
	require.Equal(t, http.StatusForbidden, manager.Post(t, "/roles/manager/edit", url.Values{}).Status)
}
