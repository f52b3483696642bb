package clientmanager

import (
	"context"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// contactService keeps the people of clients.
type contactService struct {
	v1.UnimplementedContactServiceServer
	*Module
}

var _ v1.ContactServiceServer = (*contactService)(nil)

// ListContacts lists a client's people.
func (s *contactService) ListContacts(ctx context.Context, r *v1.ListContactsRequest) (*v1.ListContactsResponse, error) {
	client, err := s.clientMeant(ctx, r.GetClientId(), "client_id")
	if err != nil {
		return nil, err
	}
	if _, err := findClient(ctx, s.host.Store, client); err != nil {
		return nil, err
	}
	c := &store.Where{}
	c.Add("client_id = ?::uuid", client)
	var main bool
	var key []byte
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &main, &key, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(not main, name_key, id) > (not ?::boolean, ?, ?::uuid)", main, key, id)
	}
	n := store.PageSize(r.GetPageSize())
	rows, err := s.listContacts(ctx, c, n+1)
	if err != nil {
		return nil, err
	}
	response := &v1.ListContactsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last contactRow) []any { return []any{last.Main, last.NameKey, last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Contacts = append(response.Contacts, row.contact())
	}
	return response, nil
}

// GetContact returns a contact of a client the caller sees.
func (s *contactService) GetContact(ctx context.Context, r *v1.GetContactRequest) (*v1.GetContactResponse, error) {
	contact, err := findContact(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	return &v1.GetContactResponse{Contact: contact}, nil
}

// contactChanges are the fields of a contact that can be written.
var contactChanges = map[string]func(to, from *v1.Contact){
	"name":     func(to, from *v1.Contact) { to.Name = oneLine(from.GetName()) },
	"position": func(to, from *v1.Contact) { to.Position = oneLine(from.GetPosition()) },
	"email":    func(to, from *v1.Contact) { to.Email = strings.ToLower(oneLine(from.GetEmail())) },
	"phone":    func(to, from *v1.Contact) { to.Phone = oneLine(from.GetPhone()) },
	"role":     func(to, from *v1.Contact) { to.Role = oneLine(from.GetRole()) },
	"main":     func(to, from *v1.Contact) { to.Main = from.GetMain() },
}

// CreateContact adds a person to a client.
func (s *contactService) CreateContact(ctx context.Context, r *v1.CreateContactRequest) (*v1.CreateContactResponse, error) {
	client, err := s.clientMeant(ctx, r.GetContact().GetClientId(), "contact.client_id")
	if err != nil {
		return nil, err
	}
	var response *v1.CreateContactResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateContactResponse, error) {
			contact := &v1.Contact{Id: store.NewID(), ClientId: client, Revision: 1, CreateTime: timestamppb.New(s.host.Now())}
			for _, apply := range contactChanges {
				apply(contact, r.GetContact())
			}
			if err := s.checkRole(contact.GetRole()); err != nil {
				return nil, err
			}
			if err := s.write(ctx, tx, contact, "contact_added"); err != nil {
				return nil, err
			}
			return &v1.CreateContactResponse{Contact: contact}, nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// checkRole refuses what is no role of contacts in this portal. A role that was there when it was given may stay.
func (s *contactService) checkRole(id string) error {
	if role, known := s.host.Policy.Role(id); id != "" && (!known || role.Staff || role.Base) {
		return refuse(codes.InvalidArgument, "contact.role", "refusal.no_role", "there is no such role among those of contacts")
	}
	return nil
}

// write saves a contact and writes it down. The client is held, so that two do not make two main contacts.
func (s *contactService) write(ctx context.Context, tx *store.Tx, c *v1.Contact, what string) error {
	if err := module.Constrained("contact", c); err != nil {
		return err
	}
	if _, err := holdClient(ctx, tx, c.GetClientId()); err != nil {
		return err
	}
	if err := saveContact(ctx, tx, c); err != nil {
		return err
	}
	return s.record(ctx, tx, []entry{{client: c.GetClientId(), what: what}})
}

// UpdateContact changes the named fields. A contact stays with its client.
func (s *contactService) UpdateContact(ctx context.Context, r *v1.UpdateContactRequest) (*v1.UpdateContactResponse, error) {
	if !store.IsID(r.GetContact().GetId()) {
		return nil, refuse(codes.InvalidArgument, "contact.id", "refusal.which", "say by its id which contact is meant")
	}
	fields, err := named(r.GetUpdateMask(), contactChanges)
	if err != nil {
		return nil, err
	}
	var contact *v1.Contact
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		present, err := s.holdContact(ctx, tx, r.GetContact().GetId())
		if err != nil {
			return err
		}
		var differ []string
		contact, differ = changedBy(present, r.GetContact(), fields, contactChanges)
		switch {
		case len(differ) == 0:
			return nil
		case r.GetContact().GetRevision() != 0 && r.GetContact().GetRevision() != present.GetRevision():
			return errMeanwhile
		}
		if contact.GetRole() != present.GetRole() {
			if err := s.checkRole(contact.GetRole()); err != nil {
				return err
			}
		}
		audit.Changed(tx, present, contact)
		contact.Revision++
		return s.write(ctx, tx, contact, "contact_updated")
	})
	if err != nil {
		return nil, err
	}
	return &v1.UpdateContactResponse{Contact: contact}, nil
}

// holdContact reads a contact while its client is held: who changes a contact holds its client.
func (s *contactService) holdContact(ctx context.Context, tx *store.Tx, id string) (*v1.Contact, error) {
	contact, err := findContact(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if _, err := holdClient(ctx, tx, contact.GetClientId()); err != nil {
		return nil, err
	}
	return findContact(ctx, tx, id) // as it is now that nobody else changes it
}

// DeleteContact removes a contact. Access to the portal is a matter of its own.
func (s *contactService) DeleteContact(ctx context.Context, r *v1.DeleteContactRequest) (*v1.DeleteContactResponse, error) {
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		contact, err := s.holdContact(ctx, tx, r.GetId())
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from clientmanager.contacts where id = $1`, r.GetId()); err != nil {
			return err
		}
		audit.Changed(tx, contact, nil)
		return s.record(ctx, tx, []entry{{client: contact.GetClientId(), what: "contact_removed"}})
	})
	if err != nil {
		return nil, err
	}
	return &v1.DeleteContactResponse{}, nil
}
