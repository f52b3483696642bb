package main

import (
	clientsv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// manager is a member of staff and the clients they brought.
type manager struct {
	// leads is the branch that they manage; empty for who serves clients alone.
	leads                        string
	name, position, email, phone string
	clients                      []*clientsv1.Client
}

// person is somebody who can sign in for clients.
type person struct {
	name, email string
	places      []place
}

type place struct{ client, role string }

func company(name, legal, code, taxID, where, address, email, phone string, tags ...string) *clientsv1.Client {
	return &clientsv1.Client{
		Kind: clientsv1.ClientKind_CLIENT_KIND_COMPANY, Name: name, LegalName: legal, Code: code, TaxId: taxID, Place: where,
		Address: address, Email: email, Phone: phone, CountryCode: "UA", Tags: tags,
	}
}

func private(name, code, where, email, phone string, tags ...string) *clientsv1.Client {
	return &clientsv1.Client{
		Kind: clientsv1.ClientKind_CLIENT_KIND_PERSON, Name: name, Code: code, Place: where, Email: email, Phone: phone,
		CountryCode: "UA", Tags: tags,
	}
}

func noted(c *clientsv1.Client, note string) *clientsv1.Client {
	c.Note = note
	c.Extra = []*kernelv1.FieldValue{{Id: "support", Value: "always"}, {Id: "area", Value: "412.5"}, {Id: "next_audit", Value: "2027-03-15"}}
	return c
}

// lead manages a branch.
var lead = manager{name: "Nadiia Voloshyn", position: "Head of the branch West", email: "nadiia@polissia.example", phone: "+380322555100", leads: "West"}

var staff = []manager{
	{name: "Taras Hnatiuk", position: "Service manager", email: "taras@polissia.example", phone: "+380445550142", clients: []*clientsv1.Client{
		private("Halyna Savka", "HS-301", "Irpin", "halyna.savka@mail.example", "+380675550131", "Home"),
		company("Museum of Maps", "Museum of Maps, municipal institution", "MM-214", "02220117", "Poltava", "Soborna 3, Poltava", "office@maps.example", "+380532555014", "Small"),
		company("Library by the River", "Library by the River, public institution", "LR-209", "02220340", "Chernihiv", "Myru 41, Chernihiv", "tech@riverlib.example", "+380462555009", "Small"),
		company("Theatre on the Hill", "Theatre on the Hill, municipal enterprise", "TH-187", "02224512", "Chernivtsi", "Teatralna 1, Chernivtsi", "stage@hilltheatre.example", "+380372555087", "Small"),
		company("School of Wine", "School of Wine LLC", "SW-176", "43118702", "Uzhhorod", "Korzo 17, Uzhhorod", "cellar@wineschool.example", "+380312555076", "Small"),
		company("Data hall “Opora”", "Opora Data LLC", "DO-142", "40877315", "Kharkiv", "Nauky 27, Kharkiv", "noc@opora.example", "+380577555142", "Key account", "24/7"),
		company("Clinic “Zirka”", "Medical Centre Zirka LLC", "CZ-131", "39550218", "Lviv", "Zelena 112, Lviv", "admin@zirka.example", "+380322555131", "Key account", "24/7"),
		company("Karpaty Grand Hotel", "Karpaty Grand LLC", "KG-124", "38841190", "Bukovel", "Vyshni 200, Polianytsia", "engineer@karpatygrand.example", "+380342555124", "Key account"),
		company("Zerno Café Podil", "Zerno Café LLC", "ZC-119", "41220899", "Kyiv, Podil", "Nyzhnii Val 19, Kyiv", "podil@zerno.example", "+380445550119", "Small"),
		company("Zerno Trade", "Zerno Trade LLC", "ZT-122", "41220925", "Brovary", "Kyivska 221, Brovary", "trade@zerno.example", "+380445550122", "Business"),
		private("Olena Marchuk", "OM-120", "Kyiv, Podil", "olena@zerno.example", "+380675550118", "Home"),
		noted(company("Zerno Roastery", "Zerno Roastery LLC", "ZR-118", "41220874", "Kyiv, Podil", "Sahaidachnoho 12, Kyiv", "office@zerno.example", "+380445550118", "Business", "Maintenance"),
			"Deliveries only until 11:00, the yard is closed later.\nPlans a second roasting line in spring: offer a heat exchanger."),
	}},
	{name: "Iryna Bondar", position: "Service manager", email: "iryna@polissia.example", phone: "+380445550143", clients: []*clientsv1.Client{
		private("Viktor Melnyk", "VM-260", "Kyiv, Osokorky", "viktor.melnyk@mail.example", "+380505550260", "Home"),
		private("Sofiia Lytvyn", "SL-262", "Brovary", "sofiia.lytvyn@mail.example", "+380635550262", "Home"),
		company("Café “Druhyi dim”", "Druhyi Dim LLC", "CD-203", "43672001", "Ternopil", "Ruska 8, Ternopil", "hello@druhyidim.example", "+380352555103", "Small"),
		company("Greenhouse “Lan”", "Lan Agro LLC", "GL-171", "40218865", "Bila Tserkva", "Skvyrske shose 194, Bila Tserkva", "grow@lan.example", "+380456555171", "Business"),
		company("North Dock Logistics", "North Dock Logistics LLC", "ND-158", "42906614", "Odesa", "Chornomorskoho Kozatstva 103, Odesa", "ops@northdock.example", "+380487555158", "Business", "24/7"),
		noted(company("Bakery “Palianytsia”", "Palianytsia LLC", "BP-149", "37714420", "Kyiv, Obolon", "Bohatyrska 6, Kyiv", "oven@palianytsia.example", "+380445550149", "Business"),
			"Ask for Roman before sending the crew: the oven hall is closed on Mondays."),
		company("Fish market “Lyman”", "Lyman Fish LLC", "FL-166", "42100357", "Mykolaiv", "Admiralska 20, Mykolaiv", "cold@lyman.example", "+380512555166", "Business", "Maintenance"),
		company("Print house “Ark”", "Ark Print LLC", "PA-183", "36620918", "Vinnytsia", "Keletska 51, Vinnytsia", "press@ark.example", "+380432555183", "Business"),
		company("Kindergarten “Romashka”", "Romashka, municipal institution", "KR-221", "02229871", "Zhytomyr", "Velyka Berdychivska 14, Zhytomyr", "office@romashka.example", "+380412555021", "Small"),
	}},
}

// addresses are those of clients.
var addresses = map[string][]*clientsv1.Address{
	"Zerno Roastery": {
		{Kind: clientsv1.AddressKind_ADDRESS_KIND_LEGAL, Street: "Sahaidachnoho 12", Place: "Kyiv, Podil", PostalCode: "04070", CountryCode: "UA"},
		{
			Kind: clientsv1.AddressKind_ADDRESS_KIND_DELIVERY, Recipient: "Ihor Savchuk, roasting hall", Street: "Nyzhnii Val 23, gate 2", Place: "Kyiv, Podil",
			PostalCode: "04071", CountryCode: "UA", Directions: "Until 11:00; later the yard is closed. Take the key from the guard.",
		},
		{Kind: clientsv1.AddressKind_ADDRESS_KIND_BILLING, Recipient: "Accounts office", Street: "Sahaidachnoho 12, office 4", Place: "Kyiv, Podil", CountryCode: "UA"},
	},
}

// agreement is one with a client, and how far it came.
type agreement struct {
	*clientsv1.Agreement
	status clientsv1.AgreementStatus
}

var agreements = map[string][]agreement{
	"Zerno Roastery": {
		agreed("21/007", "Mounting of the first cold room", "2021-04-01", "2021-09-30", "", 0, clientsv1.AgreementStatus_AGREEMENT_STATUS_ENDED),
		agreed("24/118", "Ventilation of the roasting hall", "2024-06-10", "2025-12-31", "", 0, clientsv1.AgreementStatus_AGREEMENT_STATUS_SUSPENDED),
		agreed("26/014", "Heat exchanger for the second line", "2026-05-01", "", "", 7, clientsv1.AgreementStatus_AGREEMENT_STATUS_DRAFT),
		agreed("23/061", "Planned maintenance, 4 units", "2023-03-01", "", "60000.00", 14, clientsv1.AgreementStatus_AGREEMENT_STATUS_ACTIVE),
	},
}

func agreed(number, subject, from, to, limit string, days int32, status clientsv1.AgreementStatus) agreement {
	a := &clientsv1.Agreement{
		Number: number, Kind: clientsv1.AgreementKind_AGREEMENT_KIND_SERVICE, Subject: subject, StartDate: from, EndDate: to, CurrencyCode: "UAH", PaymentDays: days,
	}
	if limit != "" {
		a.CreditLimit = &kernelv1.Money{CurrencyCode: "UAH", Amount: limit}
	}
	return agreement{a, status}
}

// contacts are the people of clients, the main one first.
var contacts = map[string][]*clientsv1.Contact{
	"Zerno Roastery": {
		{Name: "Olena Marchuk", Position: "Director", Email: "olena@zerno.example", Phone: "+380675550118", Role: "client.director"},
		{Name: "Lesia Kovalenko", Position: "Accountant", Email: "lesia@zerno.example", Phone: "+380675550128", Role: "client.accountant"},
		{Name: "Ihor Savchuk", Position: "Shift lead", Phone: "+380675550138", Role: "client.manager"},
	},
	"Zerno Café Podil":     {{Name: "Olena Marchuk", Position: "Accountant", Email: "olena@zerno.example", Role: "client.accountant"}},
	"Karpaty Grand Hotel":  {{Name: "Andrii Lys", Position: "Chief engineer", Email: "lys@karpatygrand.example", Role: "client.manager"}},
	"Clinic “Zirka”":       {{Name: "Nadiia Kravets", Position: "Administrator", Email: "kravets@zirka.example", Role: "client.director"}},
	"Bakery “Palianytsia”": {{Name: "Roman Diachenko", Position: "Owner", Phone: "+380675550149", Role: "client.director"}},
	"North Dock Logistics": {{Name: "Maksym Rudenko", Position: "Operations", Email: "rudenko@northdock.example", Role: "client.manager"}},
	"School of Wine":       {{Name: "Hanna Popovych", Position: "Head of the school", Role: "client.director"}},
	"Data hall “Opora”":    {{Name: "Serhii Tkach", Position: "Duty engineer", Phone: "+380577555143", Role: "client.manager"}},
	"Greenhouse “Lan”":     {{Name: "Kateryna Moroz", Position: "Agronomist", Role: "client.manager"}},
	"Theatre on the Hill":  {{Name: "Bohdan Fedoruk", Position: "Technical director", Role: "client.director"}},
	"Museum of Maps":       {{Name: "Ostap Hrytsenko", Position: "Director", Role: "client.director"}},
	"Café “Druhyi dim”":    {{Name: "Yuliia Shevchuk", Position: "Owner", Role: "client.director"}},
}

// suspended clients, and why.
var suspended = map[string]string{"Café “Druhyi dim”": "Closed for the winter; asked to stop visits and bills."}

// people who can sign in for clients.
var people = []person{
	{name: "Olena Marchuk", email: "olena@zerno.example", places: []place{
		{"Zerno Roastery", "client.director"}, {"Zerno Café Podil", "client.accountant"}, {"Zerno Trade", "client.director"}, {"Olena Marchuk", "client.director"},
	}},
	{name: "Lesia Kovalenko", email: "lesia@zerno.example", places: []place{{"Zerno Roastery", "client.accountant"}}},
	{name: "Halyna Savka", email: "halyna.savka@mail.example", places: []place{{"Halyna Savka", "client.director"}}},
}
