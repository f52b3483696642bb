package clientmanager

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// A rule is said once, in SQL: what a preview counts, what a change of a client finds and what the job goes through are
// the same conditions.

// segmentsMost is how many segments a portal may have: each change of a client asks the rules of all.
const segmentsMost = 50

// matches is the condition on a row of clients that a rule is. One that asks for nothing matches nobody: a segment of
// everybody is never made by leaving a form empty.
func (m *Module) matches(w *store.Where, rule *v1.Segment) (string, error) {
	c := &store.Where{Args: w.Args}
	defer func() { w.Args = c.Args }()
	if len(rule.GetKinds()) > 0 {
		c.Add("kind in (" + quoted(clientKinds, rule.GetKinds()) + ")")
	}
	if len(rule.GetTagsAll()) > 0 {
		c.Add("tags @> ?::text[]", rule.GetTagsAll())
	}
	if len(rule.GetTagsAny()) > 0 {
		c.Add("tags && ?::text[]", rule.GetTagsAny())
	}
	var places []string
	for _, place := range rule.GetPlaces() {
		from := c.Arg(fold(place))
		if end := after(fold(place)); end != "" {
			places = append(places, fmt.Sprintf("(place_fold >= %s and place_fold < %s)", from, c.Arg(end)))
		} else {
			places = append(places, "place_fold >= "+from)
		}
	}
	if len(places) > 0 {
		c.Add("(" + strings.Join(places, " or ") + ")")
	}
	if len(rule.GetStatuses()) > 0 {
		c.Add("status in (" + quoted(clientStatuses, rule.GetStatuses()) + ")")
	}
	if len(rule.GetManagerIds()) > 0 {
		c.Add("manager_id = any(?::uuid[])", rule.GetManagerIds())
	}
	terms, wrong := m.settings.Fields.Search(rule.GetExtra(), "segment."+extraField, fold)
	if len(wrong) > 0 {
		return "", module.Refusals(codes.InvalidArgument, "some fields cannot be asked for", wrong...)
	}
	if len(terms) > 0 {
		c.Add("extra_terms @> ?::text[]", terms)
	}
	from, err := m.day("segment.since_from", rule.GetSinceFrom(), 0)
	if err != nil {
		return "", err
	}
	until, err := m.day("segment.since_until", rule.GetSinceUntil(), 1)
	if err != nil {
		return "", err
	}
	if !from.IsZero() {
		c.Add("create_time >= ?::timestamptz", from)
	}
	if !until.IsZero() {
		c.Add("create_time < ?::timestamptz", until)
	}
	if len(c.Conditions) == 0 {
		return "false", nil
	}
	return strings.Join(c.Conditions, " and "), nil
}

// quoted are values of an enum as they are kept, for a statement. The contract lets in no others than the enum's.
func quoted[E store.Valued](k store.Enum[E], values []E) string {
	return "'" + strings.Join(k.Texts(values), "', '") + "'"
}

// day is the beginning of a day in the portal's time zone, or of one that many days later; zero for none.
func (m *Module) day(field, text string, later int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, m.host.Zone)
	if err != nil {
		return day, refuse(codes.InvalidArgument, field, "refusal.no_day", "there is no such day: write it as 2006-01-02")
	}
	return day.AddDate(0, 0, later), nil
}

// checkRule refuses a rule that cannot be asked.
func (m *Module) checkRule(rule *v1.Segment) error {
	if _, err := m.matches(&store.Where{}, rule); err != nil {
		return err
	}
	if rule.GetSinceFrom() != "" && rule.GetSinceUntil() != "" && rule.GetSinceFrom() > rule.GetSinceUntil() {
		return refuse(codes.InvalidArgument, "segment.since_until", "refusal.days_turned", "the last day is before the first")
	}
	return nil
}

// tidyRule brings a segment into the form it is kept in.
func (m *Module) tidyRule(s *v1.Segment) error {
	s.Name, s.Note = oneLine(s.GetName()), lines(s.GetNote())
	s.TagsAll, s.TagsAny, s.Places = tidyTags(s.GetTagsAll()), tidyTags(s.GetTagsAny()), tidyTags(s.GetPlaces())
	values, wrong := m.settings.Fields.Check(s.GetExtra(), "segment."+extraField)
	for _, v := range wrong {
		if v.GetReason() != "kernel.custom.required" { // a rule need not ask for what every client has
			return module.Refusals(codes.InvalidArgument, "some fields are not valid", []*errdetails.BadRequest_FieldViolation{v}...)
		}
	}
	s.Extra = merged(nil, fieldValues(values))
	return nil
}
