package event

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
)

// FieldError is a field that an event must not have.
type FieldError struct {
	Message protoreflect.FullName // the event
	Field   protoreflect.FullName // the field, of the event or of a message in it
	Reason  string
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("event %s carries %s, %s: an event carries ids, amounts and states, and its subscribers ask for the rest",
		e.Message, e.Field, e.Reason)
}

// checked remembers what Check said, by descriptor.
var checked sync.Map // protoreflect.MessageDescriptor → error or nil

// Check refuses a message whose contract says that it carries an e-mail address, a phone number, a text of several
// lines or a secret, at any depth. The error is a *FieldError. [Publish] and [Install] check by themselves.
func Check(m protoreflect.MessageDescriptor) error {
	if err, ok := checked.Load(m); ok {
		err, _ := err.(error)
		return err
	}
	err := check(m, m, map[protoreflect.FullName]bool{})
	checked.Store(m, err)
	return err
}

func check(event, m protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) error {
	if seen[m.FullName()] {
		return nil
	}
	seen[m.FullName()] = true
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		meaning := access.MeaningOf(f)
		reason := ""
		switch {
		case meaning.GetSecret():
			reason = "a secret"
		case meaning.GetKind() == kernelv1.Kind_KIND_EMAIL:
			reason = "an e-mail address"
		case meaning.GetKind() == kernelv1.Kind_KIND_PHONE:
			reason = "a phone number"
		case meaning.GetKind() == kernelv1.Kind_KIND_MULTILINE:
			reason = "a text"
		}
		if reason != "" {
			return &FieldError{event.FullName(), f.FullName(), reason}
		}
		if f.Message() != nil {
			if err := check(event, f.Message(), seen); err != nil {
				return err
			}
		}
	}
	return nil
}
