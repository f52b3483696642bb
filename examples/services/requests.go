package main

import (
	"context"

	clientsv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

// entities are clients that are legal entities of one customer, the first of them named first.
var entities = [][]string{{"Zerno Roastery", "Zerno Café Podil", "Zerno Trade"}}

// requests are of people who want to become clients, and have confirmed their e-mail.
var requests = []*clientsv1.Registration{
	{
		Kind: clientsv1.ClientKind_CLIENT_KIND_COMPANY, Name: "Bistro “Try kazky”", LegalName: "Try Kazky LLC", TaxId: "43118704", CountryCode: "UA",
		Email: "hello@trykazky.example", Phone: "+380445550177", Place: "Kyiv, Lukianivka", ContactName: "Marta Havryliuk", ContactPosition: "Owner",
		Note: "Kitchen hood and two cooling units. Best to call after 15:00.",
	},
	{
		Kind: clientsv1.ClientKind_CLIENT_KIND_PERSON, Name: "Petro Danylenko", TaxId: "3184502120", BirthDate: "1987-03-10", CountryCode: "UA",
		Email: "petro.danylenko@mail.example", Phone: "+380675550190", Place: "Vyshhorod", Note: "A heat pump for a house of 140 m².",
	},
	{
		// Whose accountant asks though the company is a client already.
		Kind: clientsv1.ClientKind_CLIENT_KIND_COMPANY, Name: "Data hall Opora", LegalName: "Opora Data LLC", TaxId: "41220870", CountryCode: "UA",
		Email: "accounts@opora.example", Phone: "+380577555142", Place: "Kharkiv", ContactName: "Inna Tkach", ContactPosition: "Accountant",
	},
}

// ask puts the requests into the queue, and joins what belongs to one customer.
func (t *teller) ask(ctx context.Context) error {
	for _, group := range entities {
		for _, other := range group[1:] {
			_, err := clientsv1.NewEntityServiceClient(t.served[group[0]]).JoinEntities(ctx, &clientsv1.JoinEntitiesRequest{
				ClientId: t.clients[group[0]], OtherClientId: t.clients[other],
			})
			if err != nil {
				return err
			}
		}
	}
	for _, r := range requests {
		_, err := clientsv1.NewRegistrationServiceClient(t.kernel).CreateRegistration(ctx, &clientsv1.CreateRegistrationRequest{
			RequestId: once("request " + r.GetEmail()), Registration: r,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
