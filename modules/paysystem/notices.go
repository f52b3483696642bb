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
	}
	found, err := store.Query(ctx, m.host.Store, pgx.RowToStructByPos[content],
		`select gateway, remote, state, headers, body from paysystem.notices where id = $1`, orNil(e.GetNoticeId()))
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
	about, unknown, err := m.about(ctx, n.Gateway, read)
	switch {
	case errors.Is(err, errUnanswered):
		return m.later(ctx, e.GetTries(), e.GetNoticeId(), again, err)
	case err != nil:
		return err
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		end := ending{state: "ignored", title: short(read.GetTitle()), verified: read.GetVerified()}
		switch {
		case unknown:
			end.state, end.oddity = "odd", oddUnknown
		case !read.GetVerified() && len(about) == 0:
			end.oddity = oddUnverified
		}
		for _, id := range order(about) {
			p, err := holdPayment(ctx, tx, id)
			if err != nil {
				return err
			}
			odd, err := m.apply(ctx, tx, &p, about[id])
			if err != nil {
				return err
			}
			end.payment, end.client = p.ID, p.ClientID
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

// about is what a notice says, by payment. What cannot be verified has the gateway asked, and so has what goes back of a payment
// of which we do not know that it came: notices overtake each other. unknown tells that one verified is about no payment of ours.
func (m *Module) about(ctx context.Context, gateway string, read *v1.ReadNoticeResponse) (about map[string][]*v1.Fact, unknown bool, err error) {
	about = map[string][]*v1.Fact{}
	ask := func(id string) error {
		p, err := findPayment(ctx, m.host.Store, id)
		if err != nil {
			return err
		}
		facts, err := m.stateOf(ctx, &p)
		if err != nil && passing(err) {
			return fmt.Errorf("%w: %w", errUnanswered, err)
		}
		about[id] = append(facts, about[id]...)
		return nil
	}
	for _, h := range read.GetHints() {
		id, err := atGateway(ctx, m.host.Store, gateway, h.GetPaymentId(), h.GetGatewayPaymentId())
		if err != nil {
			return nil, false, err
		}
		if id != "" {
			if err := ask(id); err != nil {
				return nil, false, err
			}
		}
		unknown = unknown || id == "" && read.GetVerified()
	}
	if !read.GetVerified() {
		return about, false, nil
	}
	for _, f := range read.GetFacts() {
		id, err := atGateway(ctx, m.host.Store, gateway, f.GetPaymentId(), f.GetGatewayPaymentId())
		if err != nil {
			return nil, false, err
		}
		if id == "" {
			unknown = true
			continue
		}
		if goesBack(f) {
			p, err := findPayment(ctx, m.host.Store, id)
			if err != nil {
				return nil, false, err
			}
			if p.State != stateSucceeded {
				if err := ask(id); err != nil {
					return nil, false, err
				}
			}
		}
		about[id] = append(about[id], f)
	}
	return about, unknown, nil
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

func endNotice(ctx context.Context, tx *store.Tx, id string, e ending) error {
	_, err := tx.Exec(ctx, `update paysystem.notices set state = $2, oddity = $3, title = $4, verified = $5, payment_id = $6::text::uuid, client_id = $7::text::uuid where id = $1`,
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
