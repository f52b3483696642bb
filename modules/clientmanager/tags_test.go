package clientmanager_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

func TestTagsAreCountedRenamedMergedDeleted(t *testing.T) {
	p := newPortal(t)
	head, taras := p.head(), p.manager("Taras")
	a := p.add(taras, &v1.Client{Name: "A", Tags: []string{"key", "vip"}})
	b := p.add(head, &v1.Client{Name: "B", Tags: []string{"vip"}})
	counts := func(who user) map[string]int32 {
		list, err := p.tags.ListTags(who, &v1.ListTagsRequest{})
		require.NoError(t, err)
		out := map[string]int32{}
		for _, tag := range list.GetTags() {
			out[tag.GetName()] = tag.GetClients()
		}
		return out
	}
	require.Equal(t, map[string]int32{"key": 1, "vip": 2}, counts(head))
	require.Equal(t, map[string]int32{"key": 1, "vip": 1}, counts(taras), "a manager counts their own")
	first, err := p.tags.ListTags(head, &v1.ListTagsRequest{PageSize: 1})
	require.NoError(t, err)
	second, err := p.tags.ListTags(head, &v1.ListTagsRequest{PageSize: 1, PageToken: first.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, []string{"key", "vip"}, []string{first.GetTags()[0].GetName(), second.GetTags()[0].GetName()})
	require.Empty(t, second.GetNextPageToken())

	_, err = p.tags.RenameTag(taras, &v1.RenameTagRequest{Name: "vip", NewName: "x"})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.tags.RenameTag(head, &v1.RenameTagRequest{Name: "vip", NewName: "key"})
	require.Equal(t, codes.AlreadyExists, status.Code(err))
	renamed, err := p.tags.RenameTag(head, &v1.RenameTagRequest{Name: "vip", NewName: " very  important "})
	require.NoError(t, err)
	require.EqualValues(t, 2, renamed.GetClients())
	require.Equal(t, []string{"key", "very important"}, p.read(head, a.GetId()).GetTags())
	require.EqualValues(t, 2, p.read(head, b.GetId()).GetRevision())
	require.Equal(t, 1, p.rows(`select count(*) from clientmanager.history where client_id = $1 and what = 'updated' and revision = 2`, b.GetId()))

	_, err = p.tags.MergeTags(head, &v1.MergeTagsRequest{Name: "key", Into: "nowhere"})
	require.Equal(t, codes.NotFound, status.Code(err))
	merged, err := p.tags.MergeTags(head, &v1.MergeTagsRequest{Name: "key", Into: "very important"})
	require.NoError(t, err)
	require.EqualValues(t, 1, merged.GetClients())
	require.Equal(t, map[string]int32{"very important": 2}, counts(head))
	gone, err := p.tags.DeleteTag(head, &v1.DeleteTagRequest{Name: "very important"})
	require.NoError(t, err)
	require.EqualValues(t, 2, gone.GetClients())
	require.Empty(t, counts(head))
	_, err = p.tags.DeleteTag(head, &v1.DeleteTagRequest{Name: "very important"})
	require.Equal(t, codes.NotFound, status.Code(err))
}

// Of many who rename a tag at once, one does; the others hear that there is none of that name any more.
func TestTagIsRenamedOnce(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	for range 30 {
		p.add(head, &v1.Client{Name: "C", Tags: []string{"old"}})
	}
	names := []string{"a", "b", "c", "d", "e"}
	errs := kerneltest.AtOnce(len(names), func(i int) error {
		_, err := p.tags.RenameTag(head, &v1.RenameTagRequest{Name: "old", NewName: names[i]})
		return err
	})
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.Equal(t, codes.NotFound, status.Code(err))
	}
	require.Equal(t, 1, won)
	require.Equal(t, 1, p.rows(`select count(distinct tags) from clientmanager.clients`), "all of them got the same name")
}

func TestTagsInRulesFollow(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a := p.add(head, &v1.Client{Name: "A", Tags: []string{"vip"}})
	b := p.add(head, &v1.Client{Name: "B", Tags: []string{"important"}})
	segment := p.segment(head, &v1.Segment{Name: "Key accounts", TagsAny: []string{"vip"}})
	p.settled()
	_, err := p.tags.DeleteTag(head, &v1.DeleteTagRequest{Name: "vip"})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	require.Equal(t, []string{"vip"}, p.read(head, a.GetId()).GetTags())
	_, err = p.tags.MergeTags(head, &v1.MergeTagsRequest{Name: "vip", Into: "important"})
	require.NoError(t, err)
	p.settled()
	got, err := p.segments.GetSegment(head, &v1.GetSegmentRequest{Id: segment})
	require.NoError(t, err)
	require.Equal(t, []string{"important"}, got.GetSegment().GetTagsAny())
	require.Equal(t, []string{segment}, p.read(head, a.GetId()).GetSegmentIds())
	require.Equal(t, []string{segment}, p.read(head, b.GetId()).GetSegmentIds(), "who had the other tag came in")
}

func (p *portal) segment(who user, s *v1.Segment) string {
	p.t.Helper()
	made, err := p.segments.CreateSegment(who, &v1.CreateSegmentRequest{RequestId: store.NewID(), Segment: s})
	require.NoError(p.t, err)
	return made.GetSegment().GetId()
}

// settled waits until all clients were gone through.
func (p *portal) settled() {
	p.t.Helper()
	require.NoError(p.t, p.dispatcher.WaitDrained(p.t.Context()))
	require.Equal(p.t, 1, p.rows(`select count(*) from clientmanager.segment_state where done = generation`))
}
