package screen

import (
	"net/url"
	"strings"
	"unicode"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// currencyField is the field beside an amount of money that says what it is in: a form asks for the amount alone.
const currencyField = "currency_code"

func isMoney(f protoreflect.FieldDescriptor) bool {
	return f.Message() != nil && !f.IsList() && !f.IsMap() && f.Message().FullName() == (*kernelv1.Money)(nil).ProtoReflect().Descriptor().FullName()
}

// currencyBeside is the way to the currency of an amount; nil where its message does not say.
func currencyBeside(path fieldPath) fieldPath {
	beside := path.last().Parent().(protoreflect.MessageDescriptor).Fields().ByName(currencyField)
	if beside == nil || beside.Kind() != protoreflect.StringKind || beside.IsList() {
		return nil
	}
	return append(append(fieldPath{}, path[:len(path)-1]...), beside)
}

// fillMoney puts what a reader typed into an amount, in the currency beside it, which is there before. Nothing typed
// clears it.
func fillMoney(m protoreflect.Message, path fieldPath, typed string) {
	amount := amountOf(typed)
	if amount == "" {
		parent := m
		for _, step := range path[:len(path)-1] {
			parent = parent.Mutable(step).Message()
		}
		parent.Clear(path.last())
		return
	}
	money := &kernelv1.Money{Amount: amount}
	if v, ok := currencyBeside(path).get(m); ok {
		money.CurrencyCode = v.String()
	}
	target := m
	for _, step := range path {
		target = target.Mutable(step).Message()
	}
	fields := target.Descriptor().Fields()
	target.Set(fields.ByName(currencyField), protoreflect.ValueOfString(money.CurrencyCode))
	target.Set(fields.ByName("amount"), protoreflect.ValueOfString(money.Amount))
}

// amountOf writes an amount as contracts do, from how people type it: "60 000,50", "60,000.50", "60'000". What is no
// amount stays as it was typed, for the contract to refuse.
func amountOf(typed string) string {
	text := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '\'' || r == '’':
			return -1
		case r == '−':
			return '-'
		}
		return r
	}, typed)
	comma, point := strings.LastIndexByte(text, ','), strings.LastIndexByte(text, '.')
	switch {
	case comma >= 0 && point > comma: // grouped by commas
		return strings.ReplaceAll(text, ",", "")
	case comma >= 0 && strings.Count(text, ",") == 1 && point < 0:
		return strings.Replace(text, ",", ".", 1)
	}
	return text
}

// moneyTyped is the present amount as its reader would type it.
func moneyTyped(m protoreflect.Message, path fieldPath) []string {
	v, ok := path.get(m)
	if !ok || !v.Message().IsValid() {
		return nil
	}
	return []string{v.Message().Get(v.Message().Descriptor().Fields().ByName("amount")).String()}
}

// sendsMoney puts the amounts of a form into a request, once the currencies beside them are there.
func sendsMoney(request protoreflect.Message, fields map[string]fieldPath, form url.Values) {
	for name, path := range fields {
		if given, sent := form[name]; sent && isMoney(path.last()) {
			fillMoney(request, path, given[len(given)-1])
		}
	}
}
