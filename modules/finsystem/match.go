package finsystem

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Whose money is what a bank tells of. In order: the reference of a payment that was begun in the portal, what a hand said of the same payer before, an invoice's number in the purpose, the payer's
// tax id, an account that one client alone paid from, an amount that one open invoice comes to, a name. Only what is sure is matched; what is
// likely or not sure waits with a suggestion. Where two of them contradict each other nothing is sure.

const (
	sure, likely, unsure = "sure", "likely", "unsure"

	byHand, byRule, byNumber, byTaxID, byAccount, byAmount, byName, byReference = "hand", "rule", "number", "tax_id", "account", "amount", "name", "reference"
)

// found is whose an entry may be.
type found struct {
	client    string
	documents []string
	strength  string
}

// examiner looks at entries, and asks of each payer once.
type examiner struct {
	*Module
	rules    map[ruleKey]string
	begun    map[string]*paysystemv1.Payment // by reference
	settled  map[string]bool                 // those of begun that a transfer made, by id
	invoices map[string][]invoiceRow
	taxIDs   map[string]string // client by tax id; "" for nobody's
	names    map[string]string // the same by name
	clients  map[string]*clientmanagerv1.Client
	payers   map[string]string // client by account
	amounts  map[amountKey]found
}

// examine finds out whose entries are, as far as they are not known to be there already. It asks other modules, and so holds no
// transaction.
func (m *Module) examine(ctx context.Context, rows []*entryRow) error {
	x := &examiner{Module: m, taxIDs: map[string]string{}, names: map[string]string{}, clients: map[string]*clientmanagerv1.Client{}}
	for from := 0; from < len(rows); from += together {
		part := slices.DeleteFunc(slices.Clone(rows[from:min(from+together, len(rows))]), func(r *entryRow) bool { return r.Amount <= 0 || r.State != waiting })
		if len(part) == 0 {
			continue
		}
		for _, look := range []func(context.Context, []*entryRow) error{x.lookReferences, x.lookRules, x.lookNumbers, x.lookPayers, x.lookAmounts} {
			if err := look(ctx, part); err != nil {
				return err
			}
		}
		for _, r := range part {
			if err := x.decide(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// decide says whose an entry is.
func (x *examiner) decide(ctx context.Context, r *entryRow) error {
	rule, ruleKind := x.byRule(r)
	number := x.byNumber(r)
	taxID, err := x.byTaxID(ctx, r)
	if err != nil {
		return err
	}
	set := func(reason string, f found) {
		r.ClientID, r.Documents, r.Strength, r.Reason = &f.client, some(f.documents), f.strength, reason
		if f.strength == sure {
			r.State = matched
		}
	}
	begun := x.byReference(r)
	switch {
	case begun.client != "":
		contradicted, err := x.contradicted(ctx, r, begun.client, taxID)
		if err != nil {
			return err
		}
		if contradicted {
			begun.strength = likely
		}
		set(byReference, begun)
	case rule.client != "":
		if number.client == rule.client {
			rule.documents = number.documents
		} else if number.strength == sure {
			rule.strength = likely
		}
		contradicted := taxID != "" && taxID != rule.client // that it paid for another once does not make all its money another's
		if ruleKind != "tax_id" {
			if contradicted, err = x.contradicted(ctx, r, rule.client, taxID); err != nil {
				return err
			}
		}
		if contradicted {
			rule.strength = likely
		}
		set(byRule, rule)
	case number.client != "":
		contradicted, err := x.contradicted(ctx, r, number.client, taxID)
		if err != nil {
			return err
		}
		switch {
		case contradicted:
			number.strength = weaker(number.strength, likely)
		case number.strength == likely && taxID == number.client:
			number.strength = sure
		}
		set(byNumber, number)
	case taxID != "":
		set(byTaxID, found{client: taxID, strength: sure})
	case x.payers[r.accountKey()] != "":
		set(byAccount, found{client: x.payers[r.accountKey()], strength: likely})
	default:
		if f, known := x.amounts[amountKey{r.Currency, r.Amount}]; known {
			set(byAmount, f)
			break
		}
		client, err := x.byName(ctx, r)
		if err != nil {
			return err
		}
		if client != "" {
			set(byName, found{client: client, strength: unsure})
		}
	}
	return nil
}

func weaker(a, b string) string {
	order := []string{unsure, likely, sure}
	return order[min(slices.Index(order, a), slices.Index(order, b))]
}

// contradicted tells whether the payer's tax id is another's than the client's.
func (x *examiner) contradicted(ctx context.Context, r *entryRow, client, byTaxID string) (bool, error) {
	switch {
	case r.taxIDKey() == "", byTaxID == client:
		return false, nil
	case byTaxID != "":
		return true, nil
	}
	c, err := x.clientOf(ctx, client)
	return c.GetTaxId() != "" && taxIDKey(c.GetTaxId()) != r.taxIDKey(), err
}

func (x *examiner) clientOf(ctx context.Context, id string) (*clientmanagerv1.Client, error) {
	if c, known := x.clients[id]; known {
		return c, nil
	}
	c, err := x.client(ctx, id)
	x.clients[id] = c
	return c, err
}

// taxIDKey is a tax id as two are compared.
func taxIDKey(id string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ".", "").Replace(id))
}

// taxIDKey is the payer's; empty for none, for which banks write zeros too.
func (r *entryRow) taxIDKey() string {
	if key := taxIDKey(r.TaxID); utf8.RuneCountInString(key) >= 6 && strings.Trim(key, "0") != "" {
		return key
	}
	return ""
}

// byTaxID is the client that has the payer's tax id.
func (x *examiner) byTaxID(ctx context.Context, r *entryRow) (string, error) {
	key := r.taxIDKey()
	if key == "" {
		return "", nil
	}
	if client, known := x.taxIDs[key]; known {
		return client, nil
	}
	list, err := x.Module.clients.ListClients(ctx, &clientmanagerv1.ListClientsRequest{Name: key, PageSize: 20})
	if err != nil {
		return "", err
	}
	var of []string
	for _, c := range list.GetClients() {
		if taxIDKey(c.GetTaxId()) == key {
			of = append(of, c.GetId())
		}
	}
	x.taxIDs[key] = ""
	if len(of) == 1 {
		x.taxIDs[key] = of[0]
	}
	return x.taxIDs[key], nil
}

// byName is the one client whose name has the payer's in it.
func (x *examiner) byName(ctx context.Context, r *entryRow) (string, error) {
	name := strings.Join(strings.Fields(r.Name), " ")
	if n := utf8.RuneCountInString(name); n < 5 || n > 200 {
		return "", nil
	}
	if client, known := x.names[name]; known {
		return client, nil
	}
	list, err := x.Module.clients.ListClients(ctx, &clientmanagerv1.ListClientsRequest{Name: name, PageSize: 2})
	if status.Code(err) == codes.InvalidArgument { // signs alone
		return "", nil
	}
	if err != nil {
		return "", err
	}
	x.names[name] = ""
	if found := list.GetClients(); len(found) == 1 {
		x.names[name] = found[0].GetId()
	}
	return x.names[name], nil
}

// lookPayers asks whose accounts payments came from before: those that one client alone paid from.
func (x *examiner) lookPayers(ctx context.Context, rows []*entryRow) error {
	var accounts []string
	for _, r := range rows {
		if account := r.accountKey(); account != "" {
			accounts = append(accounts, account)
		}
	}
	type payer struct{ Account, ClientID string }
	known, err := store.Query(ctx, x.host.Store, pgx.RowToStructByPos[payer], `
		select counterparty_account, min(client_id::text) from finsystem.statement_entries
		where state = 'posted' and amount > 0 and counterparty_account <> '' and counterparty_account = any ($1)
		group by counterparty_account having count(distinct client_id) = 1`, some(accounts))
	x.payers = map[string]string{}
	for _, p := range known {
		x.payers[p.Account] = p.ClientID
	}
	return err
}

type amountKey struct {
	currency string
	amount   int64
}

// lookAmounts looks for open invoices that come to the same amount. There is one alone, or it says nothing.
func (x *examiner) lookAmounts(ctx context.Context, rows []*entryRow) error {
	currencies, amounts := make([]string, len(rows)), make([]int64, len(rows))
	for i, r := range rows {
		currencies[i], amounts[i] = r.Currency, r.Amount
	}
	type open struct {
		Currency         string
		Due              int64
		Client, Document string
	}
	list, err := store.Query(ctx, x.host.Store, pgx.RowToStructByPos[open], `
		select d.currency_code, d.total - d.credited - d.paid, min(d.client_id::text), min(d.id::text) from finsystem.documents d
		where d.status = 'issued' and d.kind = 'invoice' and d.paid < d.total - d.credited
		  and (d.currency_code, d.total - d.credited - d.paid) in (select * from unnest($1::text[], $2::bigint[]))
		group by 1, 2 having count(*) = 1`, currencies, amounts)
	x.amounts = map[amountKey]found{}
	for _, o := range list {
		x.amounts[amountKey{o.Currency, o.Due}] = found{client: o.Client, documents: []string{o.Document}, strength: unsure}
	}
	return err
}
