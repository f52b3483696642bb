package screen

import (
	"math/big"
	"time"

	"github.com/a-h/templ"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/web/ui"
)

type figure struct{ path, before fieldPath }

// bars are those of a list, and among the rows of a page the largest amount.
type bars struct {
	field, before fieldPath
	out           map[string]string
	largest       *big.Rat
}

// figures compiles what a list says of all its rows, and the bars in them.
func (c *compiler) figures(s *Screen, item protoreflect.MessageDescriptor) {
	where := s.name()
	if len(s.Figures) > 0 {
		said := subject(s.call.output)
		if said == nil {
			c.fail(where, "shows figures, and the response of %s has no one message beside its rows", s.Method)
			return
		}
		for _, f := range s.Figures {
			one := figure{path: c.find(where, said.Message(), f.Field)}
			if f.Before != "" {
				one.before = c.find(where, said.Message(), f.Before)
			}
			s.figures = append(s.figures, one)
		}
		for _, name := range s.Lead {
			s.lead = append(s.lead, c.find(where, said.Message(), name))
		}
	}
	if s.Bars == nil {
		return
	}
	s.bars = &bars{field: c.find(where, item, s.Bars.Field), out: s.Bars.Out}
	if s.Bars.Before != "" {
		s.bars.before = c.find(where, item, s.Bars.Before)
	}
	for _, path := range []fieldPath{s.bars.field, s.bars.before} {
		if path != nil && !isMoney(path.last()) {
			c.fail(where, "draws bars of %s, which is no amount of money", path)
		}
	}
	c.when(where+" bars", item, s.Bars.Out)
}

// said is what a list's response says of all its rows, and it as figures; both nil where it says nothing.
func (s *Screen) said(e *Env, response protoreflect.Message) (protoreflect.Message, templ.Component) {
	if len(s.figures) == 0 || response == nil {
		return nil, nil
	}
	m := about(response)
	var figures []ui.Figure
	for _, f := range s.figures {
		v := e.value(m, f.path)
		if v.Empty() {
			continue
		}
		one := ui.Figure{Label: e.label(f.path.last(), ""), Value: v}
		if f.before != nil {
			switch before := e.value(m, f.before); {
			case before.Money != nil:
				one.Note = e.Text.T("kernel.list.before", "figure", before.Money.Text)
			case !before.Empty():
				one.Note = e.Text.T("kernel.list.before", "figure", before.Text)
			}
		}
		figures = append(figures, one)
	}
	return m, ui.Figures(figures)
}

// days are the fields of a line where two of them are the ends of a range, from_date and to_date, as people write one; ok is false for others.
func (e *Env) days(m protoreflect.Message, from, to fieldPath) (text string, ok bool) {
	if !between(filter{string(from.last().Name()), from}, filter{string(to.last().Name()), to}) {
		return "", false
	}
	var ends [2]time.Time
	for i, path := range []fieldPath{from, to} {
		v, set := path.get(m)
		if !set {
			return "", false
		}
		day, err := time.ParseInLocation(time.DateOnly, v.String(), e.Text.Zone())
		if err != nil {
			return "", false
		}
		ends[i] = day
	}
	return e.Text.Days(ends[0], ends[1]), true
}

// none tells whether no row has something in a column.
func none(path fieldPath, list protoreflect.List) bool {
	for i := range list.Len() {
		if path.has(list.Get(i).Message()) {
			return false
		}
	}
	return true
}

// among are the bars of some rows; nil for a list that has none.
func (b *bars) among(list protoreflect.List) *bars {
	if b == nil {
		return nil
	}
	out := &bars{field: b.field, before: b.before, out: b.out, largest: new(big.Rat)}
	for i := range list.Len() {
		for _, path := range []fieldPath{b.field, b.before} {
			if n := size(list.Get(i).Message(), path); n.Cmp(out.largest) > 0 {
				out.largest = n
			}
		}
	}
	return out
}

// of is a row's bar.
func (b *bars) of(m protoreflect.Message) *ui.Bar {
	if b == nil || b.largest.Sign() == 0 {
		return nil
	}
	share := func(path fieldPath) int {
		n := new(big.Rat).Quo(size(m, path), b.largest)
		n.Mul(n, big.NewRat(1000, 1))
		return int(new(big.Int).Quo(n.Num(), n.Denom()).Int64())
	}
	return &ui.Bar{Share: share(b.field), Before: share(b.before), Out: len(b.out) > 0 && holds(b.out, m)}
}

// size is an amount without its sign; zero for none.
func size(m protoreflect.Message, path fieldPath) *big.Rat {
	out := new(big.Rat)
	if path == nil {
		return out
	}
	for _, amount := range moneyTyped(m, path) {
		if _, ok := out.SetString(amount); !ok {
			return new(big.Rat)
		}
	}
	return out.Abs(out)
}
