package custom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// Values are what a thing has, by field; in the form of the contract. A field without a value is not in it.
type Values map[string]string

// textLimit is how long a text may be, in characters.
const textLimit = 1000

var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,9})?$`)

// Parse brings a value into the form it is kept in. Empty stays empty. reason is the end of a key of the kernel's locale
// files where it is of no good: "kernel.custom." and it.
func (f Field) Parse(value string) (kept, reason string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return "", ""
	}
	switch f.Type {
	case "number":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return "", "number"
		}
		return strconv.FormatInt(n, 10), ""
	case "decimal":
		if value = strings.Replace(value, ",", ".", 1); !decimal.MatchString(value) {
			return "", "decimal"
		}
	case "date":
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return "", "date"
		}
	case "boolean":
		if value != "true" && value != "false" {
			return "", "boolean"
		}
	case "choice":
		if !slices.ContainsFunc(f.Choices, func(c Choice) bool { return c.ID == value }) {
			return "", "choice"
		}
	default:
		if len([]rune(value)) > textLimit {
			return "", "long"
		}
	}
	return value, ""
}

// Check reads values that somebody sends: what they change, each in the form it is kept in; empty takes it away. under
// is the request's field that holds them, for the violations: "client.extra".
func (fs Fields) Check(sent []*kernelv1.FieldValue, under string) (Values, []*errdetails.BadRequest_FieldViolation) {
	changes := Values{}
	var wrong []*errdetails.BadRequest_FieldViolation
	for _, v := range sent {
		f, known := fs.find(v.GetId())
		reason := "unknown"
		if known {
			changes[f.ID], reason = f.Parse(v.GetValue())
		}
		if reason == "" && f.Required && changes[f.ID] == "" {
			reason = "required"
		}
		if reason != "" {
			wrong = append(wrong, violation(under, v.GetId(), reason))
		}
	}
	return changes, wrong
}

// Complete names the required fields that values lack: of a thing that is made.
func (fs Fields) Complete(values Values, under string) []*errdetails.BadRequest_FieldViolation {
	var wrong []*errdetails.BadRequest_FieldViolation
	for _, f := range fs {
		if f.Required && values[f.ID] == "" {
			wrong = append(wrong, violation(under, f.ID, "required"))
		}
	}
	return wrong
}

// texts are what violations say, for programs; people read the locale files.
var texts = map[string]string{
	"unknown": "there is no such field", "required": "the field needs a value", "number": "write a whole number", "decimal": "write a number such as 12.50",
	"date": "write a day as 2006-01-02", "boolean": "write true or false", "choice": "choose one of the field's choices", "long": "the text is too long",
}

func violation(under, id, reason string) *errdetails.BadRequest_FieldViolation {
	return &errdetails.BadRequest_FieldViolation{Field: under + "." + id, Description: texts[reason], Reason: "kernel.custom." + reason}
}

// Of are the values of a message.
func Of(list []*kernelv1.FieldValue) Values {
	values := Values{}
	for _, v := range list {
		if v.GetValue() != "" {
			values[v.GetId()] = v.GetValue()
		}
	}
	return values
}

// Shown are values as a message holds them, in the order of their declaration: of fields that are declared, and that
// clients see unless forStaff.
func (fs Fields) Shown(values Values, forStaff bool) []*kernelv1.FieldValue {
	var out []*kernelv1.FieldValue
	for _, f := range fs {
		if values[f.ID] != "" && (forStaff || !f.staffOnly()) {
			out = append(out, &kernelv1.FieldValue{Id: f.ID, Value: values[f.ID]})
		}
	}
	return out
}

// JSON writes values as they are kept: numbers as numbers, booleans as booleans.
func (fs Fields) JSON(values Values) json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, f := range fs {
		value := values[f.ID]
		if value == "" {
			continue
		}
		switch f.Type {
		case "number", "decimal", "boolean":
			out[f.ID] = json.RawMessage(value)
		default:
			text, _ := json.Marshal(value) // texts can always be written
			out[f.ID] = text
		}
	}
	text, _ := json.Marshal(out)
	return text
}

// Read reads what JSON wrote. A field that has another type now keeps what was written.
func Read(text []byte) (Values, error) {
	var raw map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&raw); err != nil {
		return nil, fmt.Errorf("custom: values of a row: %w", err)
	}
	values := Values{}
	for id, v := range raw {
		values[id] = fmt.Sprint(v)
	}
	return values, nil
}

// Terms are what a thing is found by, a text for each value; fold makes values that count as the same the same. They are
// kept for every field, so that one can be made searchable without writing every row again.
func (fs Fields) Terms(values Values, fold func(string) string) []string {
	terms := []string{}
	for _, f := range fs {
		if values[f.ID] != "" {
			terms = append(terms, term(f, values[f.ID], fold))
		}
	}
	slices.Sort(terms)
	return terms
}

func term(f Field, value string, fold func(string) string) string {
	if f.Type == "decimal" && strings.Contains(value, ".") {
		value = strings.TrimRight(strings.TrimRight(value, "0"), ".")
	}
	return f.ID + "=" + fold(value)
}

// Search are the terms that a filter asks for. under is the request's field that holds it.
func (fs Fields) Search(asked []*kernelv1.FieldValue, under string, fold func(string) string) ([]string, []*errdetails.BadRequest_FieldViolation) {
	var terms []string
	var wrong []*errdetails.BadRequest_FieldViolation
	for _, v := range asked {
		f, known := fs.find(v.GetId())
		if !known || !f.Searchable {
			wrong = append(wrong, violation(under, v.GetId(), "unknown"))
			continue
		}
		value, reason := f.Parse(v.GetValue())
		switch {
		case reason != "":
			wrong = append(wrong, violation(under, v.GetId(), reason))
		case value != "":
			terms = append(terms, term(f, value, fold))
		}
	}
	return terms, wrong
}
