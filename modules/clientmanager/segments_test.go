package clientmanager_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/custom"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestSegmentsFollowTheClient(t *testing.T) {
	p := newPortal(t)
	head, taras := p.head(), p.manager("Taras")
	kyiv := p.segment(head, &v1.Segment{Name: "Kyiv", Priority: 20, Places: []string{"Kyiv"}})
	key := p.segment(head, &v1.Segment{Name: "Key", Priority: 10, TagsAny: []string{"vip", "key"}, Kinds: []v1.ClientKind{v1.ClientKind_CLIENT_KIND_COMPANY}})
	a := p.add(taras, &v1.Client{Name: "A", Place: "KYIV, Podil", Tags: []string{"key", "24/7"}})
	require.Equal(t, []string{key, kyiv}, a.GetSegmentIds(), "found out with the client, by priority")
	require.Equal(t, []string{key, kyiv}, p.read(taras, a.GetId()).GetSegmentIds())

	why, err := p.segments.GetClientSegments(taras, &v1.GetClientSegmentsRequest{ClientId: a.GetId()})
	require.NoError(t, err)
	require.Equal(t, []string{key, kyiv}, why.GetSegmentIds())
	require.Equal(t, []v1.SegmentReason{v1.SegmentReason_SEGMENT_REASON_KIND, v1.SegmentReason_SEGMENT_REASON_TAG}, why.GetSegments()[0].GetReasons())
	require.Equal(t, []string{"key"}, why.GetSegments()[0].GetTags())

	changed, err := p.clients.UpdateClient(taras, &v1.UpdateClientRequest{Client: &v1.Client{Id: a.GetId(), Place: "Lviv"}, UpdateMask: mask("place")})
	require.NoError(t, err)
	require.Equal(t, []string{key}, changed.GetClient().GetSegmentIds())
	heard := events[*v1.ClientSegmentsChanged](p)
	last := heard[len(heard)-1]
	require.Equal(t, [][]string{{key}, {key, kyiv}}, [][]string{last.GetSegmentIds(), last.GetFormerSegmentIds()})
	require.Equal(t, a.GetId(), last.GetClientId())

	list, err := p.clients.ListClients(taras, &v1.ListClientsRequest{SegmentIds: []string{key}})
	require.NoError(t, err)
	require.Equal(t, []string{"A"}, names(list.GetClients()))
	list, err = p.clients.ListClients(head, &v1.ListClientsRequest{SegmentIds: []string{kyiv}})
	require.NoError(t, err)
	require.Empty(t, list.GetClients())

	// A contact never hears of it.
	olena := p.contact("Olena", a.GetId(), "client.director")
	own, err := p.clients.GetClient(olena, &v1.GetClientRequest{Id: a.GetId()})
	require.NoError(t, err)
	require.Empty(t, own.GetClient().GetSegmentIds())
	_, err = p.segments.GetClientSegments(olena, &v1.GetClientSegmentsRequest{ClientId: a.GetId()})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.segments.GetClientSegments(p.manager("Iryna"), &v1.GetClientSegmentsRequest{ClientId: a.GetId()})
	require.Equal(t, codes.NotFound, status.Code(err), "of another's client nothing is said")
}

func TestRuleOfNothingAndOfEverybody(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a := p.named(head, "A")
	b := p.named(head, "B")
	_, err := p.clients.SuspendClient(head, &v1.SuspendClientRequest{Id: b.GetId()})
	require.NoError(t, err)
	count := func(rule *v1.Segment) int32 {
		got, err := p.segments.PreviewSegment(head, &v1.PreviewSegmentRequest{Segment: rule})
		require.NoError(t, err)
		return got.GetClients()
	}
	require.Zero(t, count(nil))
	require.Zero(t, count(&v1.Segment{Name: "Everybody?"}), "an empty rule is nobody's, and never everybody's by oversight")
	require.EqualValues(t, 2, count(&v1.Segment{Statuses: []v1.ClientStatus{v1.ClientStatus_CLIENT_STATUS_ACTIVE, v1.ClientStatus_CLIENT_STATUS_SUSPENDED}}))
	require.Zero(t, count(&v1.Segment{TagsAll: []string{"no such tag"}}))
	require.Zero(t, count(&v1.Segment{Kinds: []v1.ClientKind{v1.ClientKind_CLIENT_KIND_PERSON}}))

	everybody := p.segment(head, &v1.Segment{Name: "Everybody", Statuses: []v1.ClientStatus{v1.ClientStatus_CLIENT_STATUS_ACTIVE, v1.ClientStatus_CLIENT_STATUS_SUSPENDED}})
	nobody := p.segment(head, &v1.Segment{Name: "Nobody"})
	p.settled()
	require.Equal(t, []string{everybody}, p.read(head, a.GetId()).GetSegmentIds())
	require.Equal(t, []string{everybody}, p.read(head, b.GetId()).GetSegmentIds())

	// By hand, whatever the rules say.
	place := func(segment string, to v1.Placement) {
		_, err := p.segments.PlaceClient(head, &v1.PlaceClientRequest{ClientId: a.GetId(), SegmentId: segment, Placement: to})
		require.NoError(t, err)
	}
	place(nobody, v1.Placement_PLACEMENT_IN)
	place(everybody, v1.Placement_PLACEMENT_OUT)
	place(everybody, v1.Placement_PLACEMENT_OUT) // twice is once
	require.Equal(t, []string{nobody}, p.read(head, a.GetId()).GetSegmentIds())
	got, err := p.segments.UpdateSegment(head, &v1.UpdateSegmentRequest{Segment: &v1.Segment{Id: everybody, Priority: 5}, UpdateMask: mask("priority")})
	require.NoError(t, err)
	require.Equal(t, v1.SegmentState_SEGMENT_STATE_COMPUTING, got.GetSegment().GetState())
	p.settled()
	require.Equal(t, []string{nobody}, p.read(head, a.GetId()).GetSegmentIds(), "what was decided by hand outlives the job")
	place(everybody, v1.Placement_PLACEMENT_BY_RULE)
	require.Equal(t, []string{nobody, everybody}, p.read(head, a.GetId()).GetSegmentIds())
	require.Equal(t, 3, p.rows(`select count(*) from clientmanager.history where client_id = $1 and what like 'segment%'`, a.GetId()))

	_, err = p.segments.DeleteSegment(head, &v1.DeleteSegmentRequest{Id: nobody})
	require.NoError(t, err)
	p.settled()
	require.Equal(t, []string{everybody}, p.read(head, a.GetId()).GetSegmentIds())
	_, err = p.segments.DeleteSegment(head, &v1.DeleteSegmentRequest{Id: nobody})
	require.NoError(t, err)
	_, err = p.segments.DeleteSegment(head, &v1.DeleteSegmentRequest{Id: everybody})
	require.NoError(t, err)
	p.settled()
	require.Empty(t, p.read(head, b.GetId()).GetSegmentIds(), "also the last segment is taken from its clients")
}

func TestRuleConditions(t *testing.T) {
	p := newPortal(t, func(s *clientmanager.Settings) {
		title := map[string]string{"en": "X", "uk": "X", "ru": "X"}
		s.Fields = custom.Fields{
			{ID: "tier", Type: "text", Title: title, Searchable: true, Required: true},
			{ID: "hidden", Type: "text", Title: title},
		}
	})
	head, taras := p.head(), p.manager("Taras")
	gold := []*kernelv1.FieldValue{{Id: "tier", Value: "Gold"}}
	a := p.add(taras, &v1.Client{Name: "A", Tags: []string{"x", "y"}, Place: "Lviv", Extra: gold})
	p.clock.Move(48 * time.Hour)
	p.add(head, &v1.Client{Name: "B", Tags: []string{"x"}, Place: "Kyiv", Kind: v1.ClientKind_CLIENT_KIND_PERSON, Extra: []*kernelv1.FieldValue{{Id: "tier", Value: "tin"}}})
	for name, c := range map[string]struct {
		rule *v1.Segment
		n    int32
	}{
		"all tags":       {&v1.Segment{TagsAll: []string{"x", "y"}}, 1},
		"any tag":        {&v1.Segment{TagsAny: []string{"y", "z"}}, 1},
		"places":         {&v1.Segment{Places: []string{"ky", "LVIV"}}, 2},
		"place and tag":  {&v1.Segment{Places: []string{"ky"}, TagsAll: []string{"y"}}, 0},
		"kind":           {&v1.Segment{Kinds: []v1.ClientKind{v1.ClientKind_CLIENT_KIND_PERSON}}, 1},
		"manager":        {&v1.Segment{ManagerIds: []string{taras.id}}, 1},
		"field":          {&v1.Segment{Extra: []*kernelv1.FieldValue{{Id: "tier", Value: "gold"}}}, 1},
		"to a day":       {&v1.Segment{SinceUntil: "2026-03-02"}, 1},
		"from a day":     {&v1.Segment{SinceFrom: "2026-03-04"}, 1},
		"between":        {&v1.Segment{SinceFrom: "2026-03-02", SinceUntil: "2026-03-04"}, 2},
		"quotes of SQL":  {&v1.Segment{TagsAny: []string{"x') or ('1'='1"}}, 0},
		"place of SQL":   {&v1.Segment{Places: []string{"' or true --"}}, 0},
		"greatest place": {&v1.Segment{Places: []string{"\U0010FFFF"}}, 0},
	} {
		got, err := p.segments.PreviewSegment(head, &v1.PreviewSegmentRequest{Segment: c.rule})
		require.NoError(t, err, name)
		require.Equal(t, c.n, got.GetClients(), name)
	}
	for name, rule := range map[string]*v1.Segment{
		"no such day":   {SinceFrom: "2026-02-31"},
		"turned round":  {SinceFrom: "2026-03-03", SinceUntil: "2026-03-01"},
		"no such field": {Extra: []*kernelv1.FieldValue{{Id: "nothing", Value: "x"}}},
		"not to be had": {Extra: []*kernelv1.FieldValue{{Id: "hidden", Value: "x"}}},
		"no manager":    {ManagerIds: []string{"me"}},
		"an odd kind":   {Kinds: []v1.ClientKind{77}},
	} {
		_, err := p.segments.PreviewSegment(head, &v1.PreviewSegmentRequest{Segment: rule})
		require.Equal(t, codes.InvalidArgument, status.Code(err), name)
	}
	// The same conditions find the clients.
	segment := p.segment(head, &v1.Segment{Name: "Gold", Extra: gold, SinceUntil: "2026-03-02"})
	p.settled()
	require.Equal(t, []string{segment}, p.read(head, a.GetId()).GetSegmentIds())
	_, err := p.segments.UpdateSegment(head, &v1.UpdateSegmentRequest{
		Segment: &v1.Segment{Id: segment, Extra: []*kernelv1.FieldValue{{Id: "tier"}}, SinceFrom: "2026-03-03", SinceUntil: ""}, UpdateMask: mask("extra", "since_from", "since_until"),
	})
	require.NoError(t, err)
	p.settled()
	require.Empty(t, p.read(head, a.GetId()).GetSegmentIds())
}

func TestWhoMaySegment(t *testing.T) {
	p := newPortal(t)
	head, taras := p.head(), p.manager("Taras")
	id := p.segment(head, &v1.Segment{Name: "A", TagsAll: []string{"x"}})
	_, err := p.segments.CreateSegment(taras, &v1.CreateSegmentRequest{RequestId: store.NewID(), Segment: &v1.Segment{Name: "Mine"}})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.segments.DeleteSegment(taras, &v1.DeleteSegmentRequest{Id: id})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.segments.CreateSegment(head, &v1.CreateSegmentRequest{RequestId: store.NewID(), Segment: &v1.Segment{Name: " a "}})
	require.Equal(t, codes.AlreadyExists, status.Code(err))
	_, err = p.segments.UpdateSegment(head, &v1.UpdateSegmentRequest{Segment: &v1.Segment{Id: id, Name: "B", Revision: 7}, UpdateMask: mask("name")})
	require.Equal(t, codes.Aborted, status.Code(err))
	got, err := p.segments.UpdateSegment(head, &v1.UpdateSegmentRequest{Segment: &v1.Segment{Id: id, Name: "B", Revision: 1}, UpdateMask: mask("name")})
	require.NoError(t, err)
	require.Equal(t, []string{"x"}, got.GetSegment().GetTagsAll(), "what the mask does not name stays")
	require.EqualValues(t, 2, got.GetSegment().GetRevision())
	for i := range 49 {
		p.segment(head, &v1.Segment{Name: fmt.Sprint("S", i)})
	}
	_, err = p.segments.CreateSegment(head, &v1.CreateSegmentRequest{RequestId: store.NewID(), Segment: &v1.Segment{Name: "Too many"}})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	list, err := p.segments.ListSegments(taras, &v1.ListSegmentsRequest{PageSize: 30})
	require.NoError(t, err)
	rest, err := p.segments.ListSegments(taras, &v1.ListSegmentsRequest{PageSize: 30, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	require.Len(t, rest.GetSegments(), 20)
	require.Empty(t, rest.GetNextPageToken())
}

// waiting waits until some statement like this waits for another transaction, and returns its process.
func (p *portal) waiting(statement string) int {
	p.t.Helper()
	var pid int
	require.Eventually(p.t, func() bool {
		pid = p.rows(`select coalesce(max(pid), 0) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like $1`, statement)
		return pid != 0
	}, 20*time.Second, 10*time.Millisecond)
	return pid
}

// Killed in the middle of a batch, the job keeps the batches before and does that one again.
func TestJobKilledInBetween(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 2500)
	head := c.head()
	admin := c.admin()
	tx, err := admin.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `select from clientmanager.clients where id = (select id from clientmanager.clients order by id offset 1500 limit 1) for update`)
	require.NoError(t, err)
	all := c.segment(head, &v1.Segment{Name: "All", Kinds: []v1.ClientKind{v1.ClientKind_CLIENT_KIND_COMPANY, v1.ClientKind_CLIENT_KIND_PERSON}})
	pid := c.waiting(`%from clientmanager.clients%for no key update`)
	in := `select count(*) from clientmanager.clients where segments = array[$1::uuid]`
	require.Equal(t, 1000, c.rows(in, all), "the first batch is there")
	got, err := c.segments.GetSegment(head, &v1.GetSegmentRequest{Id: all})
	require.NoError(t, err)
	require.Equal(t, v1.SegmentState_SEGMENT_STATE_COMPUTING, got.GetSegment().GetState())
	require.EqualValues(t, 1000, got.GetSegment().GetClients())
	require.Equal(t, 1, c.rows(`select count(*) from (select pg_terminate_backend($1::int) as done) k where done`, pid))
	require.NoError(t, tx.Rollback(t.Context()))
	c.settled()
	require.Equal(t, 2500, c.rows(in, all))
	require.Len(t, events[*v1.ClientSegmentsChanged](c.portal), 2500, "each client was told of once")
	got, err = c.segments.GetSegment(head, &v1.GetSegmentRequest{Id: all})
	require.NoError(t, err)
	require.Equal(t, v1.SegmentState_SEGMENT_STATE_READY, got.GetSegment().GetState())
}

// Rules change while clients are written: in the end each client is where the rules say, whoever came first.
func TestRulesChangeWhileClientsAreWritten(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	id := p.segment(head, &v1.Segment{Name: "S", Places: []string{"Kyiv"}})
	errs := kerneltest.AtOnce(24, func(i int) error {
		if i%6 == 0 {
			place := []string{"Lviv", "Kyiv", "Odesa", "Lviv"}[i/6]
			_, err := p.segments.UpdateSegment(head, &v1.UpdateSegmentRequest{Segment: &v1.Segment{Id: id, Places: []string{place}}, UpdateMask: mask("places")})
			return err
		}
		_, err := p.clients.CreateClient(head, &v1.CreateClientRequest{
			RequestId: store.NewID(), Client: &v1.Client{Name: "C", Place: []string{"Kyiv", "Lviv", "Odesa"}[i%3]},
		})
		return err
	})
	for _, err := range errs {
		require.NoError(t, err)
	}
	p.settled()
	got, err := p.segments.GetSegment(head, &v1.GetSegmentRequest{Id: id})
	require.NoError(t, err)
	wrong := p.rows(`select count(*) from clientmanager.clients where (place = $2) <> (segments = array[$1::uuid])`, id, got.GetSegment().GetPlaces()[0])
	require.Zero(t, wrong)
}

// A change of a rule waits for a client that is being written, and comes after it.
func TestRuleWaitsForWriters(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	id := p.segment(head, &v1.Segment{Name: "S", Places: []string{"Kyiv"}})
	p.settled()
	admin := p.admin()
	tx, err := admin.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `select clientmanager.hold_segments()`) // as a writer that is slow
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, err := p.segments.UpdateSegment(head, &v1.UpdateSegmentRequest{Segment: &v1.Segment{Id: id, Places: []string{"Lviv"}}, UpdateMask: mask("places")})
		done <- err
	}()
	p.waiting(`%pg_advisory_xact_lock(%`)
	require.Equal(t, 1, p.rows(`select count(*) from clientmanager.segments where rule->'places' = '["Kyiv"]'`))
	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, <-done)
}
