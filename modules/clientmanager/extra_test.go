package clientmanager_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/custom"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func said(text string) map[string]string {
	return map[string]string{"en": text, "uk": text + " (uk)", "ru": text + " (ru)"}
}

// withFields has a field of every type.
func withFields(s *clientmanager.Settings) {
	s.Fields = custom.Fields{
		{ID: "tier", Type: "choice", Title: said("Tier"), Visible: "clients", Searchable: true, Choices: []custom.Choice{
			{ID: "gold", Title: said("Gold")}, {ID: "basic", Title: said("Basic plan")},
		}},
		{ID: "area", Type: "decimal", Title: said("Area"), Searchable: true},
		{ID: "units", Type: "number", Title: said("Units")},
		{ID: "audit", Type: "date", Title: said("Audit"), Searchable: true},
		{ID: "vip", Type: "boolean", Title: said("VIP"), Searchable: true},
		{ID: "remark", Type: "text", Title: said("Remark"), Searchable: true},
	}
}

// extra makes values of pairs.
func extra(pairs ...string) []*kernelv1.FieldValue {
	var out []*kernelv1.FieldValue
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, &kernelv1.FieldValue{Id: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func pairs(values []*kernelv1.FieldValue) []string {
	var out []string
	for _, v := range values {
		out = append(out, v.GetId(), v.GetValue())
	}
	return out
}

func TestFieldsOfTheIntegrator(t *testing.T) {
	p := newPortal(t, withFields)
	olha := p.manager("Olha")
	all := extra("tier", "gold", "area", "12,50", "units", " 007 ", "audit", "2026-05-01", "vip", "true", "remark", "  Ask for Roman ")
	made := p.add(olha, &v1.Client{Name: "Zerno", Extra: all})
	want := []string{"tier", "gold", "area", "12.50", "units", "7", "audit", "2026-05-01", "vip", "true", "remark", "Ask for Roman"}
	require.Equal(t, want, pairs(made.GetExtra()))
	got, err := p.clients.GetClient(olha, &v1.GetClientRequest{Id: made.GetId()})
	require.NoError(t, err)
	require.Equal(t, want, pairs(got.GetClient().GetExtra()))
	require.Equal(t, 1, p.rows(`select count(*) from clientmanager.clients where extra = '{"tier": "gold", "area": 12.50, "units": 7, "audit": "2026-05-01", "vip": true, "remark": "Ask for Roman"}'`),
		"each is kept as what it is")

	update := func(who user, values ...string) (*v1.Client, error) {
		got, err := p.clients.UpdateClient(who, &v1.UpdateClientRequest{Client: &v1.Client{Id: made.GetId(), Extra: extra(values...)}, UpdateMask: mask("extra")})
		return got.GetClient(), err
	}
	changed, err := update(olha, "units", "8", "remark", "")
	require.NoError(t, err)
	require.Equal(t, []string{"tier", "gold", "area", "12.50", "units", "8", "audit", "2026-05-01", "vip", "true"}, pairs(changed.GetExtra()), "what is not named stays")
	same, err := update(olha, "units", "8")
	require.NoError(t, err)
	require.Equal(t, changed.GetRevision(), same.GetRevision())
	for field, bad := range map[string]string{"tier": "silver", "area": "much", "units": "1.5", "audit": "2026-02-30", "vip": "perhaps"} {
		_, err = update(olha, field, bad)
		reason := map[string]string{"tier": "choice", "area": "decimal", "units": "number", "audit": "date", "vip": "boolean"}[field]
		refused(t, err, codes.InvalidArgument, "client.extra."+field, "kernel.custom."+reason)
	}
	_, err = update(olha, "nothing", "1")
	refused(t, err, codes.InvalidArgument, "client.extra.nothing", "kernel.custom.unknown")

	director := p.contact("Olena", made.GetId(), "client.director")
	profile, err := p.profile.GetProfile(director, &v1.GetProfileRequest{})
	require.NoError(t, err)
	require.Equal(t, []string{"tier", "gold"}, pairs(profile.GetClient().GetExtra()), "clients see what is for clients")
	own, err := p.clients.GetClient(director, &v1.GetClientRequest{Id: made.GetId()})
	require.NoError(t, err)
	require.Equal(t, []string{"tier", "gold"}, pairs(own.GetClient().GetExtra()))
	changedProfile, err := p.profile.UpdateProfile(director, &v1.UpdateProfileRequest{Client: &v1.Client{Place: "Kyiv"}, UpdateMask: mask("place")})
	require.NoError(t, err)
	require.Equal(t, []string{"tier", "gold"}, pairs(changedProfile.GetClient().GetExtra()))
	_, err = p.profile.UpdateProfile(director, &v1.UpdateProfileRequest{Client: &v1.Client{Extra: extra("tier", "gold")}, UpdateMask: mask("extra")})
	refused(t, err, codes.PermissionDenied, "client.extra", "clientmanager.refusal.not_editable")
	fields, err := p.clients.ListClientFields(director, &v1.ListClientFieldsRequest{})
	require.NoError(t, err)
	require.Len(t, fields.GetFields(), 1)
	require.Equal(t, 1, p.rows(`select count(*) from clientmanager.clients where extra ? 'units'`), "a client that changes itself loses nothing that it does not see")
}

func TestClientsAreFoundByFieldsOfTheIntegrator(t *testing.T) {
	p := newPortal(t, withFields)
	head, olha := p.head(), p.manager("Olha")
	p.add(olha, &v1.Client{Name: "A", Extra: extra("tier", "gold", "area", "12.50", "vip", "false", "remark", "Ask for ROMAN")})
	p.add(olha, &v1.Client{Name: "B", Extra: extra("tier", "gold", "area", "12.5")})
	p.add(head, &v1.Client{Name: "C", Extra: extra("tier", "gold", "units", "1")})
	for _, c := range []struct {
		who   user
		asked []string
		found []string
	}{
		{head, []string{"tier", "gold"}, []string{"A", "B", "C"}},
		{olha, []string{"tier", "gold"}, []string{"A", "B"}},
		{head, []string{"area", "12.500"}, []string{"A", "B"}},
		{head, []string{"tier", "gold", "vip", "false"}, []string{"A"}},
		{olha, []string{"remark", "ask for Roman"}, []string{"A"}},
		{olha, []string{"tier", "basic"}, []string{}},
	} {
		got, err := p.clients.ListClients(c.who, &v1.ListClientsRequest{OrderBy: v1.ClientOrder_CLIENT_ORDER_NAME, Extra: extra(c.asked...)})
		require.NoError(t, err)
		require.Equal(t, c.found, names(got.GetClients()), "%v", c.asked)
	}
	_, err := p.clients.ListClients(head, &v1.ListClientsRequest{Extra: extra("units", "1")})
	refused(t, err, codes.InvalidArgument, "extra.units", "kernel.custom.unknown")
	_, err = p.clients.ListClients(head, &v1.ListClientsRequest{Extra: extra("area", "much")})
	refused(t, err, codes.InvalidArgument, "extra.area", "kernel.custom.decimal")
}

// A field that is declared no more is not shown, and what is in it stays: it may be declared again.
func TestWhatIsDeclaredNoMoreStays(t *testing.T) {
	p := newPortal(t, withFields)
	olha := p.manager("Olha")
	made := p.add(olha, &v1.Client{Name: "Zerno", Extra: extra("tier", "gold")})
	_, err := p.admin().Exec(t.Context(), `update clientmanager.clients set extra = extra || '{"former": {"any": 1}}'`)
	require.NoError(t, err)
	got, err := p.clients.UpdateClient(olha, &v1.UpdateClientRequest{Client: &v1.Client{Id: made.GetId(), Extra: extra("tier", "basic"), Name: "Lan"}, UpdateMask: mask("extra", "name")})
	require.NoError(t, err)
	require.Equal(t, []string{"tier", "basic"}, pairs(got.GetClient().GetExtra()))
	require.Equal(t, 1, p.rows(`select count(*) from clientmanager.clients where extra = '{"tier": "basic", "former": {"any": 1}}'`))
}

func TestRequiredFieldsOfTheIntegrator(t *testing.T) {
	p := newPortal(t, func(s *clientmanager.Settings) {
		withFields(s)
		s.Fields[0].Required = true
	})
	olha := p.manager("Olha")
	_, err := p.clients.CreateClient(olha, &v1.CreateClientRequest{RequestId: store.NewID(), Client: &v1.Client{Name: "A"}})
	refused(t, err, codes.InvalidArgument, "client.extra.tier", "kernel.custom.required")
	made := p.add(olha, &v1.Client{Name: "A", Extra: extra("tier", "gold")})
	_, err = p.clients.UpdateClient(olha, &v1.UpdateClientRequest{Client: &v1.Client{Id: made.GetId(), Extra: extra("tier", "")}, UpdateMask: mask("extra")})
	refused(t, err, codes.InvalidArgument, "client.extra.tier", "kernel.custom.required")
	i := p.upload(olha, "name,code,tier\nB,B-1,Gold\nC,C-1,\n")
	done := p.run(olha, p.check(olha, i))
	require.Equal(t, []int32{1, 1}, []int32{done.GetReport().GetCreated(), done.GetReport().GetFailed()})
}

func TestImportOfFieldsOfTheIntegrator(t *testing.T) {
	p := newPortal(t, withFields)
	olha := p.manager("Olha")
	i := p.upload(olha, "name;Tier (uk);Area;units;Audit;VIP;Remark\n"+
		"A;gold (uk);1 200,5;3;1.5.2026;так;hello\nB;Basic plan;;;;no;\nC;silver;;;;;\nD;;;;;;=1+1\n")
	suggested := []string{}
	for _, c := range i.GetColumns() {
		suggested = append(suggested, c.GetSuggestedField())
	}
	require.Equal(t, []string{"name", "extra.tier", "extra.area", "extra.units", "extra.audit", "extra.vip", "extra.remark"}, suggested)
	done := p.run(olha, p.check(olha, i))
	require.Equal(t, []int32{2, 2}, []int32{done.GetReport().GetCreated(), done.GetReport().GetFailed()})
	got, err := p.clients.ListClients(olha, &v1.ListClientsRequest{OrderBy: v1.ClientOrder_CLIENT_ORDER_NAME})
	require.NoError(t, err)
	require.Equal(t, []string{"tier", "gold", "area", "1200.5", "units", "3", "audit", "2026-05-01", "vip", "true", "remark", "hello"}, pairs(got.GetClients()[0].GetExtra()))
	require.Equal(t, []string{"tier", "basic", "vip", "false"}, pairs(got.GetClients()[1].GetExtra()))
}

// Those who change different fields at once do not undo each other's change.
func TestFieldsFromManyAtOnce(t *testing.T) {
	p := newPortal(t, withFields)
	olha := p.manager("Olha")
	made := p.named(olha, "Zerno")
	values := [][]string{{"tier", "gold"}, {"area", "1.5"}, {"units", "4"}, {"audit", "2026-01-01"}, {"vip", "true"}, {"remark", "x"}}
	errs := kerneltest.AtOnce(len(values)*2, func(i int) error {
		_, err := p.clients.UpdateClient(context.Context(olha), &v1.UpdateClientRequest{
			Client: &v1.Client{Id: made.GetId(), Extra: extra(values[i%len(values)]...)}, UpdateMask: mask("extra"),
		})
		return err
	})
	require.Equal(t, len(errs), kerneltest.Count(errs, codes.OK), "%v", errs)
	got, err := p.clients.GetClient(olha, &v1.GetClientRequest{Id: made.GetId()})
	require.NoError(t, err)
	require.Len(t, got.GetClient().GetExtra(), len(values))
}
