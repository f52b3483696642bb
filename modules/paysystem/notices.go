package paysystem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// noticeRow is a notice as it is kept, without its content.
type noticeRow struct {
	ID, Gateway, State, Oddity, Title string
	Verified                          bool
	PaymentID, ClientID               string
	Received                          time.Time
}

const noticeFields = `id::text, gateway, state, oddity, title, verified, coalesce(payment_id::text, ''), coalesce(client_id::text, ''), receive_time`

func (r noticeRow) notice() *v1.Notice {
	return &v1.Notice{
		Id: r.ID, Gateway: r.Gateway, Title: r.Title, State: noticeStates.Of(r.State), Oddity: noticeOddities.Of(r.Oddity), Verified: r.Verified,
		PaymentId: r.PaymentID, ClientId: r.ClientID, ReceiveTime: timestamppb.New(r.Received),
	}
}

// posted is what came to the portal as a gateway's notice.
type posted struct {
	gateway, remote string
	headers         map[string]string
	body, digest    []byte
}

// keep stores a notice, before anything is made of it. The same told again is kept once.
func (m *Module) keep(ctx context.Context, n posted) error {
	headers, err := json.Marshal(n.headers)
	if err != nil {
		return err
	}
	return m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		id := store.NewID()
		tag, err := tx.Exec(ctx, `
			insert into paysystem.notices (id, gateway, headers, body, digest, remote, receive_time, state, oddity, title, verified)
			values ($1, $2, $3, $4, $5, $6, $7, 'new', '', '', false) on conflict (gateway, digest) do nothing`,
			id, n.gateway, headers, n.body, n.digest, n.remote, m.host.Now())
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return m.host.Publish(ctx, tx, id, &v1.NoticeReceived{NoticeId: id})
	})
}

// noticeReceived reads a notice and does what it says, later where the gateway does not answer.
func (m *Module) noticeReceived(ctx context.Context, _ event.Event, e *v1.NoticeReceived) error {
	type content struct {
		Gateway, Remote, State string
		Headers                map[string]string
		Body                   []byte
		Received               time.Time
	}
	found, err := store.Query(ctx, m.host.Store, pgx.RowToStructByPos[content],
		`select gateway, remote, state, headers, body, receive_time from paysystem.notices where id = $1`, orNil(e.GetNoticeId()))
	switch {
	case err != nil:
		return err
	case len(found) == 0 || found[0].State != "new":
		return m.nothing(ctx)
	}
	n := found[0]
	again := &v1.NoticeReceived{NoticeId: e.GetNoticeId(), Tries: e.GetTries() + 1}
	read, err := m.gateways.ReadNotice(m.to(ctx, n.Gateway), &v1.ReadNoticeRequest{Headers: n.Headers, Body: n.Body, RemoteAddress: n.Remote})
	if err != nil && passing(err) {
		return m.later(ctx, e.GetTries(), e.GetNoticeId(), again, err)
	}
	told, err := m.told(ctx, n.Gateway, read, n.Received)
	switch {
	case errors.Is(err, errRests):
		return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
			audit.Quiet(tx)
			return m.host.PublishAt(ctx, tx, m.host.Now().Add(rests), e.GetNoticeId(), e)
		})
	case errors.Is(err, errUnanswered):
		return m.later(ctx, e.GetTries(), e.GetNoticeId(), again, err)
	case err != nil:
		return err
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		end := ending{state: "ignored", title: short(read.GetTitle()), verified: read.GetVerified()}
		switch {
		case told.unknown:
			end.state, end.oddity = "odd", oddUnknown
		case !read.GetVerified() && len(told.facts) == 0:
			end.oddity = oddUnverified
		}
		for _, id := range order(told.facts) {
			p, err := holdPayment(ctx, tx, id)
			if err != nil {
				return err
			}
			end.payment, end.client = p.ID, p.ClientID
			at, asked := told.asked[id]
			if asked {
				p.Checked = &at
			} else if len(told.facts[id]) == 0 {
				continue // the gateway was asked since it came
			}
			odd, err := m.apply(ctx, tx, &p, told.facts[id])
			if err != nil {
				return err
			}
			if end.state == "ignored" {
				end.state = "applied"
			}
			if odd != "" {
				end.state, end.oddity = "odd", odd
			}
		}
		if end.client != "" {
			audit.Concerns(tx, end.client)
		}
		return endNotice(ctx, tx, e.GetNoticeId(), end)
	})
}

// news is what a notice says, by payment, and when the gateway was asked because of it. unknown tells that a verified one is about no
// payment of ours.
type news struct {
	facts   map[string][]*v1.Fact
	asked   map[string]time.Time
	unknown bool
}

// errRests says that a gateway was asked about a payment just now: see [rests].
var errRests = errors.New("the gateway was asked a moment ago")

// told finds out what a notice says. What cannot be verified has the gateway asked, and so has what goes back of a payment of which we do
// not know that it came: notices overtake each other. Since anybody may post what cannot be verified, the vendor is not asked each time:
// an answer that is younger than the notice is good enough, and after an older one the gateway is let rest.
func (m *Module) told(ctx context.Context, gateway string, read *v1.ReadNoticeResponse, received time.Time) (*news, error) {
	n := &news{facts: map[string][]*v1.Fact{}, asked: map[string]time.Time{}}
	ask := func(id string) error {
		if _, ok := n.asked[id]; ok {
			return nil
		}
		p, err := findPayment(ctx, m.host.Store, id)
		if err != nil {
			return err
		}
		now := m.host.Now()
		switch {
		case read.GetVerified() || p.Checked == nil:
		case p.Checked.After(received):
			n.facts[id] = nil
			return nil
		case now.Sub(*p.Checked) < rests:
			return errRests
		}
		facts, err := m.stateOf(ctx, &p)
		if err != nil && passing(err) {
			return fmt.Errorf("%w: %w", errUnanswered, err)
		}
		n.facts[id], n.asked[id] = append(facts, n.facts[id]...), now
		return nil
	}
	for _, h := range read.GetHints() {
		id, err := atGateway(ctx, m.host.Store, gateway, h.GetPaymentId(), h.GetGatewayPaymentId())
		if err != nil {
			return nil, err
		}
		if id != "" {
			if err := ask(id); err != nil {
				return nil, err
			}
		}
		n.unknown = n.unknown || id == "" && read.GetVerified()
	}
	if !read.GetVerified() {
		return n, nil
	}
	for _, f := range read.GetFacts() {
		id, err := atGateway(ctx, m.host.Store, gateway, f.GetPaymentId(), f.GetGatewayPaymentId())
		if err != nil {
			return nil, err
		}
		if id == "" {
			n.unknown = true
			continue
		}
		if goesBack(f) {
			p, err := findPayment(ctx, m.host.Store, id)
			if err != nil {
				return nil, err
			}
			if p.State != stateSucceeded {
				if err := ask(id); err != nil {
					return nil, err
				}
			}
		}
		n.facts[id] = append(n.facts[id], f)
	}
	return n, nil
}

func goesBack(f *v1.Fact) bool {
	return f.GetKind() >= v1.FactKind_FACT_KIND_REFUND_PENDING && f.GetKind() <= v1.FactKind_FACT_KIND_CHARGEBACK_LOST
}

// order is the one in which payments are held, so that no two wait for each other.
func order(about map[string][]*v1.Fact) []string {
	ids := make([]string, 0, len(about))
	for id := range about {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// ending is what became of a notice.
type ending struct {
	state, oddity, title, payment, client string
	verified                              bool
}

// endNotice keeps what became of a notice. Of one that anybody may have posted the content is dropped: it proves nothing, and fills the disk.
func endNotice(ctx context.Context, tx *store.Tx, id string, e ending) error {
	_, err := tx.Exec(ctx, `update paysystem.notices set state = $2, oddity = $3, title = $4, verified = $5, payment_id = $6::text::uuid, client_id = $7::text::uuid,
		headers = case when $5 then headers else '{}' end, body = case when $5 then body else '' end where id = $1`,
		id, e.state, e.oddity, e.title, e.verified, orNil(e.payment), orNil(e.client))
	return err
}

// noticeService shows notices.
type noticeService struct {
	v1.UnimplementedNoticeServiceServer
	*Module
}

var _ v1.NoticeServiceServer = (*noticeService)(nil)

// ListNotices lists what gateways told, newest first.
func (s *noticeService) ListNotices(ctx context.Context, r *v1.ListNoticesRequest) (*v1.ListNoticesResponse, error) {
	c := &store.Where{}
	if len(r.GetStates()) > 0 {
		c.Add("state = any(?)", noticeStates.Texts(r.GetStates()))
	}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[noticeRow], `select `+noticeFields+` from paysystem.notices`+c.String()+` order by id desc limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListNoticesResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last noticeRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Notices = append(response.Notices, row.notice())
	}
	return response, nil
}

// ResolveNotice says that somebody looked at an odd one, and, of another amount, what is to be done with the money.
func (s *noticeService) ResolveNotice(ctx context.Context, r *v1.ResolveNoticeRequest) (*v1.ResolveNoticeResponse, error) {
	about := ""
	if r.GetResolution() != v1.PaymentResolution_PAYMENT_RESOLUTION_UNSPECIFIED {
		row, err := store.QueryOne(ctx, s.host.Store, pgx.RowToStructByPos[noticeRow], `select `+noticeFields+` from paysystem.notices where id = $1`, r.GetId())
		switch {
		case err != nil:
			return nil, store.NotFoundAs(err, errNoNotice)
		case row.Oddity != oddAmount || row.PaymentID == "":
			return nil, errSame
		}
		about = row.PaymentID
		if err := s.resolvable(ctx, about, r.GetResolution()); err != nil {
			return nil, err
		}
	}
	var response *v1.ResolveNoticeResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if about != "" {
			if _, err := s.resolve(ctx, tx, about, r.GetResolution()); err != nil {
				return err
			}
		}
		row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[noticeRow], `select `+noticeFields+` from paysystem.notices where id = $1 for update`, r.GetId())
		if err != nil {
			return store.NotFoundAs(err, errNoNotice)
		}
		before := row.notice()
		if row.State == "odd" {
			row.State = "resolved"
			if _, err := tx.Exec(ctx, `update paysystem.notices set state = 'resolved' where id = $1`, row.ID); err != nil {
				return err
			}
		}
		response = &v1.ResolveNoticeResponse{Notice: row.notice()}
		audit.Changed(tx, before, response.GetNotice())
		return nil
	})
	return response, err
}
