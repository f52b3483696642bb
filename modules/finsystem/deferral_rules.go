package finsystem

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// ListDeferralRules lists the rules by which deferrals are granted, in the order in which they are asked.
func (s *deferralService) ListDeferralRules(ctx context.Context, r *v1.ListDeferralRulesRequest) (*v1.ListDeferralRulesResponse, error) {
	c := &store.Where{}
	var name, id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &name, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(name, id) > (?, ?::uuid)", name, id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[ruleRow],
		`select `+ruleFields+` from finsystem.deferral_rules`+c.String()+` order by name, deferral_rules.id limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListDeferralRulesResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last ruleRow) []any { return []any{last.Name, last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Rules = append(response.Rules, row.rule())
	}
	return response, nil
}

// GetDeferralRule returns a rule.
func (s *deferralService) GetDeferralRule(ctx context.Context, r *v1.GetDeferralRuleRequest) (*v1.GetDeferralRuleResponse, error) {
	row, err := findRule(ctx, s.host.Store, r.GetId(), "")
	if err != nil {
		return nil, err
	}
	return &v1.GetDeferralRuleResponse{Rule: row.rule()}, nil
}

// ruleChanges are the fields of a rule that can be written.
var ruleChanges = map[string]func(to, from *v1.DeferralRule){
	"name":              func(to, from *v1.DeferralRule) { to.Name = strings.Join(strings.Fields(from.GetName()), " ") },
	"currency_code":     func(to, from *v1.DeferralRule) { to.CurrencyCode = from.GetCurrencyCode() },
	"max_amount":        func(to, from *v1.DeferralRule) { to.MaxAmount = proto.CloneOf(from.GetMaxAmount()) },
	"max_days":          func(to, from *v1.DeferralRule) { to.MaxDays = from.GetMaxDays() },
	"segment_id":        func(to, from *v1.DeferralRule) { to.SegmentId = from.GetSegmentId() },
	"months":            func(to, from *v1.DeferralRule) { to.Months = from.GetMonths() },
	"min_turnover":      func(to, from *v1.DeferralRule) { to.MinTurnover = proto.CloneOf(from.GetMinTurnover()) },
	"min_paid_invoices": func(to, from *v1.DeferralRule) { to.MinPaidInvoices = from.GetMinPaidInvoices() },
	"no_overdue":        func(to, from *v1.DeferralRule) { to.NoOverdue = from.GetNoOverdue() },
	"active":            func(to, from *v1.DeferralRule) { to.Active = from.GetActive() },
}

// CreateDeferralRule adds a rule.
func (s *deferralService) CreateDeferralRule(ctx context.Context, r *v1.CreateDeferralRuleRequest) (*v1.CreateDeferralRuleResponse, error) {
	var response *v1.CreateDeferralRuleResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateDeferralRuleResponse, error) {
			rule := &v1.DeferralRule{Id: store.NewID()}
			for _, apply := range ruleChanges {
				apply(rule, r.GetRule())
			}
			made, err := s.writeRule(ctx, tx, rule)
			return &v1.CreateDeferralRuleResponse{Rule: made}, err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// writeRule checks a rule and saves it.
func (s *deferralService) writeRule(ctx context.Context, tx *store.Tx, rule *v1.DeferralRule) (*v1.DeferralRule, error) {
	if err := module.Constrained("rule", rule); err != nil {
		return nil, err
	}
	if _, err := money.Scale(rule.GetCurrencyCode()); err != nil {
		return nil, wrongAmount("rule.currency_code", err)
	}
	most, err := amountAbove("rule.max_amount", rule.GetCurrencyCode(), rule.GetMaxAmount())
	if err != nil {
		return nil, err
	}
	var turnover int64
	if rule.GetMinTurnover().GetAmount() != "" {
		if turnover, err = money.Units(rule.GetMinTurnover()); err != nil {
			return nil, wrongAmount("rule.min_turnover", err)
		}
		if turnover < 0 || rule.GetMinTurnover().GetCurrencyCode() != rule.GetCurrencyCode() {
			return nil, refuse(codes.InvalidArgument, "rule.min_turnover", "two_currencies", "the amount says another currency")
		}
	}
	var segment *string
	if rule.GetSegmentId() != "" {
		segment = &rule.SegmentId
	}
	if _, err := tx.Exec(ctx, `
		insert into finsystem.deferral_rules (id, name, currency_code, max_amount, max_days, segment_id, months, min_turnover, min_paid_invoices, no_overdue, active,
			update_time, revision)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (id) do update set name = excluded.name, currency_code = excluded.currency_code, max_amount = excluded.max_amount, max_days = excluded.max_days,
			segment_id = excluded.segment_id, months = excluded.months, min_turnover = excluded.min_turnover, min_paid_invoices = excluded.min_paid_invoices,
			no_overdue = excluded.no_overdue, active = excluded.active, update_time = excluded.update_time, revision = excluded.revision`,
		rule.GetId(), rule.GetName(), rule.GetCurrencyCode(), most, rule.GetMaxDays(), segment, rule.GetMonths(), turnover, rule.GetMinPaidInvoices(),
		rule.GetNoOverdue(), rule.GetActive(), s.host.Now(), rule.GetRevision()+1); err != nil {
		return nil, err
	}
	row, err := findRule(ctx, tx, rule.GetId(), "")
	if err != nil {
		return nil, err
	}
	return row.rule(), nil
}

// UpdateDeferralRule changes the named fields of a rule.
func (s *deferralService) UpdateDeferralRule(ctx context.Context, r *v1.UpdateDeferralRuleRequest) (*v1.UpdateDeferralRuleResponse, error) {
	if !store.IsID(r.GetRule().GetId()) {
		return nil, refuse(codes.InvalidArgument, "rule.id", "which_rule", "say by its id which rule is meant")
	}
	known := func(field string) bool { _, ok := ruleChanges[field]; return ok }
	fields, err := module.Named(r.GetUpdateMask(), known, ID+".refusal.nothing_named", ID+".refusal.no_field")
	if err != nil {
		return nil, err
	}
	var out *v1.DeferralRule
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := findRule(ctx, tx, r.GetRule().GetId(), " for update")
		if err != nil {
			return err
		}
		present := row.rule()
		if r.GetRule().GetRevision() != 0 && r.GetRule().GetRevision() != present.GetRevision() {
			return errMeanwhile
		}
		after := proto.CloneOf(present)
		for _, field := range fields {
			ruleChanges[field](after, r.GetRule())
		}
		if out, err = s.writeRule(ctx, tx, after); err != nil {
			return err
		}
		audit.Changed(tx, present, out)
		return nil
	})
	return &v1.UpdateDeferralRuleResponse{Rule: out}, err
}

// DeleteDeferralRule takes a rule away.
func (s *deferralService) DeleteDeferralRule(ctx context.Context, r *v1.DeleteDeferralRuleRequest) (*v1.DeleteDeferralRuleResponse, error) {
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := findRule(ctx, tx, r.GetId(), " for update")
		if errors.Is(err, errNoRule) {
			return nil
		}
		if err != nil {
			return err
		}
		audit.Changed(tx, row.rule(), nil)
		_, err = tx.Exec(ctx, "delete from finsystem.deferral_rules where id = $1", row.ID)
		return err
	})
	return &v1.DeleteDeferralRuleResponse{}, err
}
