package finsystem

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

var ruleKinds = store.Enum[v1.MatchRuleKind]{Prefix: "MATCH_RULE_KIND_", Values: v1.MatchRuleKind_value}

// ruleKey is what a payer is known again by.
type ruleKey struct{ kind, value string }

// ruleKeys are what an entry's payer may be known by, what says most first.
func (r *entryRow) ruleKeys() []ruleKey {
	var keys []ruleKey
	if id := r.taxIDKey(); id != "" {
		keys = append(keys, ruleKey{"tax_id", id})
	}
	if account := r.accountKey(); account != "" && !r.beginsWith(account) {
		keys = append(keys, ruleKey{"account", account})
	}
	if name := strings.ToLower(strings.Join(strings.Fields(r.Name), " ")); utf8.RuneCountInString(name) >= 5 {
		keys = append(keys, ruleKey{"name", name})
	}
	return keys
}

// accountKey is the payer's account; empty for none, for which banks write words, zeros and other figures of one digit.
func (r *entryRow) accountKey() string {
	rest := strings.TrimLeft(r.PayerAccount, "0")
	if !strings.ContainsAny(rest, "123456789") || strings.Trim(rest, rest[:1]) == "" {
		return ""
	}
	return r.PayerAccount
}

// beginsWith tells whether the purpose begins with an account. Where a bank writes all in one text, what is taken for the account may be a number that the payer wrote.
func (r *entryRow) beginsWith(account string) bool {
	text := strings.NewReplacer(" ", "", ".", "").Replace(strings.ToUpper(r.Purpose))
	return strings.HasPrefix(strings.TrimPrefix(text, "GIRO"), account)
}

// lookRules asks what was learned of the entries' payers.
func (x *examiner) lookRules(ctx context.Context, rows []*entryRow) error {
	var kinds, values []string
	for _, r := range rows {
		for _, key := range r.ruleKeys() {
			kinds, values = append(kinds, key.kind), append(values, key.value)
		}
	}
	type rule struct{ Kind, Value, ClientID string }
	list, err := store.Query(ctx, x.host.Store, pgx.RowToStructByPos[rule], `
		select r.kind, r.value, r.client_id::text from finsystem.match_rules r
		where not r.ambiguous and (r.kind, r.value) in (select * from unnest($1::text[], $2::text[]))`, some(kinds), some(values))
	x.rules = map[ruleKey]string{}
	for _, r := range list {
		x.rules[ruleKey{r.Kind, r.Value}] = r.ClientID
	}
	return err
}

// byRule is who was learned of the payer, and by what.
func (x *examiner) byRule(r *entryRow) (found, string) {
	for _, key := range r.ruleKeys() {
		if client := x.rules[key]; client != "" {
			f := found{client: client, strength: sure}
			if key.kind == "name" { // which anybody may have
				f.strength = likely
			}
			return f, key.kind
		}
	}
	return found{}, ""
}

// learn remembers by what says most of an entry's payer whose it is. Of what two things were said says nothing any more, until it is forgotten: accounts
// and names may be several payers', and with a tax id of one a bank's counter or a holding pays for several clients.
func (m *Module) learn(ctx context.Context, tx *store.Tx, r *entryRow, client string) error {
	keys := r.ruleKeys()
	if len(keys) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		insert into finsystem.match_rules as r (id, kind, value, client_id, create_time) values ($1, $2, $3, $4, $5)
		on conflict (kind, value) do update set client_id = excluded.client_id,
			ambiguous = r.ambiguous or r.client_id <> excluded.client_id`,
		store.NewID(), keys[0].kind, keys[0].value, client, m.host.Now())
	return err
}

type matchRuleRow struct {
	ID, Kind, Value, ClientID string
	Ambiguous                 bool
	Created                   time.Time
}

func (r matchRuleRow) rule() *v1.MatchRule {
	return &v1.MatchRule{
		Id: r.ID, Kind: ruleKinds.Of(r.Kind), Value: r.Value, ClientId: r.ClientID, Ambiguous: r.Ambiguous, CreateTime: timestamppb.New(r.Created),
	}
}

const matchRuleFields = `id::text, kind, value, client_id::text, ambiguous, create_time`

// ListMatchRules lists what was learned, newest first.
func (s *statementService) ListMatchRules(ctx context.Context, r *v1.ListMatchRulesRequest) (*v1.ListMatchRulesResponse, error) {
	c := &store.Where{}
	if r.GetClientId() != "" {
		c.Add("client_id = ?::uuid", r.GetClientId())
	}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[matchRuleRow],
		`select `+matchRuleFields+` from finsystem.match_rules`+c.String()+` order by match_rules.id desc limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListMatchRulesResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last matchRuleRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Rules = append(response.Rules, row.rule())
	}
	return response, nil
}

// DeleteMatchRule forgets what was learned. What is not there is forgotten.
func (s *statementService) DeleteMatchRule(ctx context.Context, r *v1.DeleteMatchRuleRequest) (*v1.DeleteMatchRuleResponse, error) {
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		gone, err := store.Query(ctx, tx, pgx.RowToStructByPos[matchRuleRow], `delete from finsystem.match_rules where id = $1 returning `+matchRuleFields, r.GetId())
		for _, row := range gone {
			audit.Changed(tx, row.rule(), nil)
		}
		return err
	})
	return &v1.DeleteMatchRuleResponse{}, err
}
