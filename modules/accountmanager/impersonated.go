package accountmanager

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// peopleOfClients is where a member of staff goes on from who has acted as a person of a client.
const peopleOfClients = "/clients/{client_id}/people"

// reaches tells whether the member of staff may do something with a client of the contact's.
func (m *Module) reaches(g goingOn, permission, clientID string) bool {
	switch reach, _ := m.host.Policy.Reach(g.StaffRoles, permission); reach {
	case access.All:
		return true
	case access.Granted:
		return slices.Contains(g.Granted, clientID)
	}
	return false
}

// over says how an impersonation has ended by now, written down or not; that it goes on otherwise. All that it stands on is
// looked at each time: no module tells this one that a grant was taken, or a role changed.
func (m *Module) over(g goingOn, now time.Time) accountmanagerv1.ImpersonationState {
	reach, _ := m.host.Policy.Reach(g.StaffRoles, mayImpersonate)
	switch {
	case !now.Before(g.Expires):
		return expired
	case !g.Present:
		return signedOut
	case reach == access.None, !g.StaffFactor && m.wantsFactor(true, g.StaffRoles):
		return lostRight
	case g.Blocked, !slices.Contains(g.ClientIDs, g.Acting):
		return lostPerson
	case !m.reaches(g, mayImpersonate, g.Acting):
		return lostClient
	}
	return actsOn
}

// impersonated is who acts in a session of a member of staff who acts as another; nil when they act themselves, also when
// what went on has just ended, which is written down then.
func (m *Module) impersonated(ctx context.Context, s foundSession, now time.Time) (*kernelv1.Identity, error) {
	if s.Impersonation == "" {
		return nil, nil
	}
	g, err := firstOf(m.goingOn(ctx, []string{s.Impersonation}, now))
	if err != nil || g.ID == "" {
		return nil, err
	}
	if how := m.over(g, now); how != actsOn {
		return nil, m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error { return m.close(ctx, tx, how, closeItself, g.ID) })
	}
	if g.NamesOld {
		m.refreshNames(ctx, g.ClientIDs)
	}
	id := &kernelv1.Identity{
		UserId: g.UserID, SessionId: g.ID, Name: g.Name, Roles: []string{roleClient}, ActingClientId: g.Acting,
		ActedById: g.StaffID, ActedByName: g.StaffName, ActingUntil: timestamppb.New(g.Expires), ActingReason: g.Reason,
		MayWrite: g.MayWrite && m.reaches(g, mayActAs, g.Acting),
	}
	for i, clientID := range g.ClientIDs {
		if !m.reaches(g, mayImpersonate, clientID) {
			continue
		}
		id.Clients = append(id.Clients, &kernelv1.ActingClient{ClientId: clientID, Name: g.ClientNames[i], Role: g.ClientRoles[i]})
		if clientID == g.Acting {
			id.Roles = append(id.Roles, g.ClientRoles[i])
		}
	}
	return id, nil
}

// EndImpersonation has who acts as another in a session act as themselves again.
func (s *identityService) EndImpersonation(ctx context.Context, r *kernelv1.EndImpersonationRequest) (*kernelv1.EndImpersonationResponse, error) {
	response := &kernelv1.EndImpersonationResponse{}
	err := s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		ended, err := firstOf(s.closed(ctx, tx, stopped, closeOfSession, hashToken(r.GetSessionToken())))
		if err != nil || ended.ID == "" {
			return err
		}
		audit.By(tx, ended.StaffID, true)
		s.say(tx, ended)
		response.ReturnPath = strings.ReplaceAll(peopleOfClients, "{client_id}", ended.ClientID)
		return nil
	})
	return response, err
}

// switchImpersonated has who acts as a contact act for another of the contact's clients, among those that they reach.
func (m *Module) switchImpersonated(ctx context.Context, s foundSession, clientID string, now time.Time) error {
	id, err := m.impersonated(ctx, s, now)
	switch {
	case err != nil:
		return err
	case id == nil, !slices.ContainsFunc(id.GetClients(), func(c *kernelv1.ActingClient) bool { return c.GetClientId() == clientID }):
		return errNotActing
	}
	return m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		audit.By(tx, id.GetActedById(), true)
		if m.settings.Impersonation.Notify {
			audit.Concerns(tx, clientID)
		}
		done, err := actAlsoFor(ctx, tx, id.GetSessionId(), clientID)
		if err == nil && !done {
			err = errNotActing
		}
		return err
	})
}

// impersonationDue ends what nobody has ended before.
func (m *Module) impersonationDue(ctx context.Context, _ event.Event, e *accountmanagerv1.ImpersonationDue) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		if !store.IsID(e.GetId()) {
			return nil // what names none ends none
		}
		ended, err := firstOf(m.closed(ctx, tx, expired, closeItself, e.GetId()))
		if err == nil && ended.ID != "" {
			m.say(tx, ended)
		}
		return err
	})
}

// goOn are those of some ids that are impersonations which go on.
func (m *Module) goOn(ctx context.Context, ids []string, now time.Time) (map[string]bool, error) {
	found, err := m.goingOn(ctx, ids, now)
	on := map[string]bool{}
	for _, g := range found {
		on[g.ID] = m.over(g, now) == actsOn
	}
	return on, err
}
