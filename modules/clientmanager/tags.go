package clientmanager

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// tagService keeps the words by which clients are grouped.
type tagService struct {
	v1.UnimplementedTagServiceServer
	*Module
}

var _ v1.TagServiceServer = (*tagService)(nil)

// tagRow is a tag as it is counted.
type tagRow struct {
	Name    string
	Clients int32
}

// tagsSQL counts the tags that begin with a text and come after another. Tags are no rows of their own: the clients that
// the caller sees are gone through, all of them for a head.
func tagsSQL(w *store.Where, begin, after string, most int) string {
	if begin != "" {
		w.Add("starts_with(tag, ?)", begin)
	}
	if after != "" {
		w.Add(`tag collate "C" > ?`, after)
	}
	limit := w.Arg(most)
	return `select tag, count(*)::int from (select unnest(tags) as tag from clientmanager.clients where tags <> '{}') t` + w.String() + `
		group by tag order by tag collate "C" limit ` + limit
}

// ListTags counts tags.
func (s *tagService) ListTags(ctx context.Context, r *v1.ListTagsRequest) (*v1.ListTagsResponse, error) {
	var last string
	if _, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &last); err != nil {
		return nil, err
	}
	n := store.PageSize(r.GetPageSize())
	w := &store.Where{}
	sql := tagsSQL(w, oneLine(r.GetName()), last, n+1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[tagRow], sql, w.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListTagsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last tagRow) []any { return []any{last.Name} })
	if err != nil {
		return nil, err
	}
	segments := map[string][]string{}
	if reach, _ := s.host.Policy.Reach(access.From(ctx).Roles, readSegments); reach != access.None || !access.From(ctx).IsUser() {
		if segments, err = s.segmentsByTag(ctx); err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		response.Tags = append(response.Tags, &v1.Tag{Name: row.Name, Clients: row.Clients, Segments: segments[row.Name]})
	}
	return response, nil
}

// segmentsByTag are the names of segments whose rules name a tag.
func (m *Module) segmentsByTag(ctx context.Context) (map[string][]string, error) {
	rules, err := readRules(ctx, m.host.Store, `clientmanager.segments order by priority, segments.id`)
	found := map[string][]string{}
	for _, r := range rules {
		for _, tag := range tidyTags(slices.Concat(r.rule.GetTagsAll(), r.rule.GetTagsAny())) {
			found[tag] = append(found[tag], r.name)
		}
	}
	return found, err
}

// RenameTag gives the clients of a tag the same under another name.
func (s *tagService) RenameTag(ctx context.Context, r *v1.RenameTagRequest) (*v1.RenameTagResponse, error) {
	name, err := s.word("new_name", r.GetNewName())
	if err != nil {
		return nil, err
	}
	n, err := s.replaceTag(ctx, oneLine(r.GetName()), name, func(taken bool) error {
		if taken {
			return refuse(codes.AlreadyExists, "new_name", "refusal.tag_taken", "there is a tag of this name: merge the two instead")
		}
		return nil
	})
	return &v1.RenameTagResponse{Clients: n}, err
}

// MergeTags gives the clients of a tag another one.
func (s *tagService) MergeTags(ctx context.Context, r *v1.MergeTagsRequest) (*v1.MergeTagsResponse, error) {
	into, err := s.word("into", r.GetInto())
	if err != nil {
		return nil, err
	}
	n, err := s.replaceTag(ctx, oneLine(r.GetName()), into, func(taken bool) error {
		if !taken {
			return refuse(codes.NotFound, "into", "refusal.no_tag", "no client has this tag")
		}
		return nil
	})
	return &v1.MergeTagsResponse{Clients: n}, err
}

// DeleteTag takes a tag from all its clients.
func (s *tagService) DeleteTag(ctx context.Context, r *v1.DeleteTagRequest) (*v1.DeleteTagResponse, error) {
	n, err := s.replaceTag(ctx, oneLine(r.GetName()), "", nil)
	return &v1.DeleteTagResponse{Clients: n}, err
}

// word is a tag in the form that clients have it in.
func (m *Module) word(field, text string) (string, error) {
	if tag := oneLine(text); tag != "" {
		return tag, nil
	}
	return "", refuse(codes.InvalidArgument, field, "refusal.no_word", "write a word")
}

// replaceTag gives all clients of a tag another one, or none, in one transaction, and the rules of segments with them.
// check is told whether there are clients that have the other one. Of two at once, the second finds what the first left.
func (m *Module) replaceTag(ctx context.Context, tag, other string, check func(taken bool) error) (int32, error) {
	if err := everybodys(ctx); err != nil {
		return 0, err
	}
	if tag == other {
		return 0, refuse(codes.InvalidArgument, "name", "refusal.same_tag", "this is the same tag twice")
	}
	var done int32
	err := m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		done = 0
		if err := changingRules(ctx, tx); err != nil { // one change of tags at a time, too
			return err
		}
		if check != nil {
			taken, err := store.QueryOne(ctx, tx, pgx.RowTo[bool], `select exists (select from clientmanager.clients where tags @> array[$1::text])`, other)
			if err != nil {
				return err
			}
			if err := check(taken); err != nil {
				return err
			}
		}
		ruled, err := m.replaceInRules(ctx, tx, tag, other)
		if err != nil {
			return err
		}
		last := ""
		for {
			clients, err := taggedClients(ctx, tx, tag, last, writeTogether)
			if err != nil {
				return err
			}
			if len(clients) == 0 {
				break
			}
			last = clients[len(clients)-1].GetId()
			done += int32(len(clients)) //nolint:gosec // a thousand
			if err := m.retag(ctx, tx, clients, tag, other); err != nil {
				return err
			}
		}
		if done == 0 && !ruled {
			return refuse(codes.NotFound, "name", "refusal.no_tag", "no client has this tag")
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return done, nil
}

// taggedClients are some clients that have a tag, locked, in the order of ids.
func taggedClients(ctx context.Context, tx *store.Tx, tag, after string, most int) ([]*v1.Client, error) {
	w := &store.Where{}
	w.Add("tags @> array[?::text]", tag)
	if after != "" {
		w.Add("id > ?::uuid", after)
	}
	limit := w.Arg(most)
	rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[clientRow],
		`select `+clientColumns+` from clientmanager.clients`+w.String()+` order by clients.id limit `+limit+` for no key update`, w.Args...)
	if err != nil {
		return nil, err
	}
	out := make([]*v1.Client, len(rows))
	for i, row := range rows {
		out[i] = row.client()
	}
	return out, nil
}

// retag replaces a tag of locked clients, with their history.
func (m *Module) retag(ctx context.Context, tx *store.Tx, clients []*v1.Client, tag, other string) error {
	type tagged struct {
		ID       string   `json:"id"`
		Tags     []string `json:"tags"`
		Revision int64    `json:"revision"`
	}
	rows, entries, ids := make([]tagged, len(clients)), make([]entry, len(clients)), make([]string, len(clients))
	for i, c := range clients {
		tags := slices.DeleteFunc(slices.Clone(c.GetTags()), func(t string) bool { return t == tag })
		if other != "" {
			tags = append(tags, other)
		}
		ids[i] = c.GetId()
		rows[i] = tagged{c.GetId(), tidyTags(tags), c.GetRevision() + 1}
		entries[i] = entry{client: c.GetId(), revision: c.GetRevision() + 1, what: "updated", fields: []string{"tags"}}
	}
	if err := execJSON(ctx, tx, `
		update clientmanager.clients c set tags = w.tags, revision = w.revision, update_time = $2
		from jsonb_to_recordset($1) as w(id uuid, tags text[], revision bigint) where c.id = w.id`, rows, m.host.Now()); err != nil {
		return err
	}
	if _, err := m.regroup(ctx, tx, ids); err != nil {
		return err
	}
	return m.record(ctx, tx, entries)
}

// replaceInRules has the rules of segments name the other tag; without one, a rule that names the tag keeps it from
// being deleted: it would match others than its maker meant.
func (m *Module) replaceInRules(ctx context.Context, tx *store.Tx, tag, other string) (bool, error) {
	rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[segmentRow], `select `+segmentColumns+` from clientmanager.segments order by segments.id`)
	if err != nil {
		return false, err
	}
	changed := false
	for _, row := range rows {
		present, err := row.segment()
		if err != nil {
			return false, err
		}
		segment := proto.CloneOf(present)
		segment.TagsAll, segment.TagsAny = replaced(segment.GetTagsAll(), tag, other), replaced(segment.GetTagsAny(), tag, other)
		if proto.Equal(segment, present) {
			continue
		}
		if other == "" {
			return false, refuse(codes.FailedPrecondition, "name", "refusal.tag_in_rule", "the rule of a segment names this tag: change the segment "+present.GetName()+" first")
		}
		changed = true
		segment.Revision++
		segment.UpdateTime = timestamppb.New(m.host.Now())
		if err := writeSegment(ctx, tx, segment); err != nil {
			return false, err
		}
	}
	if !changed {
		return false, nil
	}
	return true, m.rulesChanged(ctx, tx) // who has the other tag already may come in
}

func replaced(tags []string, tag, other string) []string {
	if !slices.Contains(tags, tag) {
		return tags
	}
	out := slices.Clone(tags)
	for i := range out {
		if out[i] == tag {
			out[i] = other
		}
	}
	return tidyTags(out)
}
