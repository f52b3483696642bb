package accountmanager_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// faults are the fields that an error names, with what it says of each.
func faults(err error) map[string]string {
	found := map[string]string{}
	for _, v := range module.Violations(err) {
		found[v.GetField()] = v.GetReason()
	}
	return found
}

func TestAnUpdateChangesWhatItsMaskNames(t *testing.T) {
	p := newPortal(t)
	head := p.as(p.head())
	update := func(me *accountmanagerv1.Me, paths ...string) error {
		_, err := p.me.UpdateMe(head, &accountmanagerv1.UpdateMeRequest{Me: me, UpdateMask: mask(paths...)})
		return err
	}
	read := func() *accountmanagerv1.Me {
		got, err := p.me.GetMe(head, &accountmanagerv1.GetMeRequest{})
		require.NoError(t, err)
		return got.GetMe()
	}
	before := read()
	require.NoError(t, update(&accountmanagerv1.Me{Theme: accountmanagerv1.Theme_THEME_DARK}, "theme"))
	after := read()
	require.Equal(t, before.GetName(), after.GetName())
	require.Equal(t, accountmanagerv1.Theme_THEME_DARK, after.GetTheme())
	require.Equal(t, before.GetRevision()+1, after.GetRevision())

	// The same again is no change, also with the revision of before: so a retry succeeds.
	require.NoError(t, update(&accountmanagerv1.Me{Theme: accountmanagerv1.Theme_THEME_DARK, Revision: before.GetRevision()}, "theme"))
	require.Equal(t, after.GetRevision(), read().GetRevision())
	require.Equal(t, codes.Aborted, status.Code(update(&accountmanagerv1.Me{Position: "Owner", Revision: before.GetRevision()}, "position")))

	for reason, err := range map[string]error{
		"accountmanager.errors.nothing_named": update(&accountmanagerv1.Me{Name: "X"}),
		"accountmanager.errors.unknown_field": update(&accountmanagerv1.Me{Email: "x@example.com"}, "email"),
	} {
		require.Equal(t, codes.InvalidArgument, status.Code(err))
		require.Equal(t, reason, faults(err)["update_mask"])
	}
	err := update(&accountmanagerv1.Me{Name: "  ", Phone: "call me", Language: "xx", Theme: 9}, "name", "phone", "theme")
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.Equal(t, map[string]string{"me.name": "string.min_len", "me.phone": "string.pattern", "me.theme": "enum.defined_only"}, faults(err))
	require.Equal(t, codes.InvalidArgument, status.Code(func() error {
		_, err := p.me.UpdateMe(head, &accountmanagerv1.UpdateMeRequest{UpdateMask: mask("name")})
		return err
	}()), "no account at all")
	require.Equal(t, after.GetRevision(), read().GetRevision())
}

func TestStaffChangePeopleByMask(t *testing.T) {
	p := newPortal(t)
	token := p.head()
	head := p.as(token)
	manager := p.who(p.staff(token, "m@example.com", "manager")).GetUserId()
	contact := p.who(p.contact(token, p.client("Alpha"), "ann@example.com", "client.director")).GetUserId()
	update := func(user *accountmanagerv1.User, paths ...string) (*accountmanagerv1.User, error) {
		got, err := p.users.UpdateUser(head, &accountmanagerv1.UpdateUserRequest{User: user, UpdateMask: mask(paths...)})
		return got.GetUser(), err
	}
	user, err := update(&accountmanagerv1.User{Id: manager, Position: "Service manager"}, "position")
	require.NoError(t, err)
	require.Equal(t, "Staff m@example.com", user.GetName())
	require.Equal(t, []string{"manager"}, user.GetRoles())
	user, err = update(&accountmanagerv1.User{Id: contact, Phone: "050 555 01 42"}, "phone")
	require.NoError(t, err)
	require.Equal(t, "+380505550142", user.GetPhone())

	_, err = update(&accountmanagerv1.User{Id: manager})
	require.Equal(t, codes.InvalidArgument, status.Code(err), "an empty mask takes nobody's roles")
	_, err = update(&accountmanagerv1.User{Id: contact, Roles: []string{"manager"}}, "roles")
	require.Equal(t, "accountmanager.errors.contact_roles", faults(err)["user.roles"])
	_, err = update(&accountmanagerv1.User{Id: manager, Roles: []string{"manager", "manager"}}, "roles")
	require.Equal(t, "repeated.unique", faults(err)["user.roles"])
	for _, id := range []string{"", "x", "' or true --"} {
		_, err = update(&accountmanagerv1.User{Id: id, Name: "X"}, "name")
		require.Equal(t, codes.InvalidArgument, status.Code(err))
	}
	_, err = update(&accountmanagerv1.User{Id: store.NewID(), Name: "X"}, "name")
	require.Equal(t, codes.NotFound, status.Code(err))
}

// A password that is chosen while somebody signs in with the old one leaves them outside.
func TestAChangedPasswordLetsNobodyIn(t *testing.T) {
	p := newPortal(t)
	p.head()
	for round := range 4 {
		p.clock.Move(time.Minute)
		present, next := password, "another long one"
		if round%2 == 1 {
			present, next = next, present
		}
		mine, err := p.signIn("head@example.com", present)
		require.NoError(t, err)
		ctx := p.as(mine)
		tokens := make([]string, 8)
		errs := kerneltest.AtOnce(len(tokens), func(i int) error {
			if i == 0 {
				_, err := p.me.ChangePassword(ctx, &accountmanagerv1.ChangePasswordRequest{PresentPassword: present, NewPassword: next})
				return err
			}
			token, err := p.signIn("head@example.com", present)
			tokens[i] = token
			return err
		})
		require.NoError(t, errs[0])
		for i, token := range tokens[1:] {
			require.Contains(t, []codes.Code{codes.OK, codes.Unauthenticated, codes.ResourceExhausted}, status.Code(errs[i+1]), "%v", errs[i+1])
			if token != "" {
				p.gone(token)
			}
		}
		p.who(mine)
		p.clock.Move(24 * time.Hour) // the wrong ones may have locked the account
		_, err = p.signIn("head@example.com", present)
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		_, err = p.signIn("head@example.com", next)
		require.NoError(t, err)
	}
}
