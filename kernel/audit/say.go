package audit

import (
	"google.golang.org/protobuf/proto"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// About says that the transaction is about a thing, where the request does not: one that was made, or one of many. A
// call that is about several leaves an entry for each.
func About(tx *store.Tx, thing proto.Message) {
	tx.Audit().About(store.SubjectOf(thing.ProtoReflect()))
}

// Concerns says whom the transaction concerns, where neither the request nor a thing does.
func Concerns(tx *store.Tx, clientID string) {
	tx.Audit().First().ClientID = clientID
}

// Changed says what of a thing the transaction changes: the fields in which the two differ. A nil before is one that was
// made, whose fields are not kept; a nil after one that is gone. What a contract calls secret or hidden is left out, and
// nothing is said where nothing differs.
func Changed(tx *store.Tx, before, after proto.Message) {
	switch {
	case before == nil:
		About(tx, after)
		return
	case after == nil:
		after = before.ProtoReflect().New().Interface()
	}
	changes := diff(before.ProtoReflect(), after.ProtoReflect())
	if len(changes) == 0 {
		return
	}
	s := tx.Audit().About(store.SubjectOf(before.ProtoReflect()))
	s.Changes = append(s.Changes, changes...)
}

// Refused says that what the transaction writes down is a refusal, and why, in one word of lower-case letters, digits and
// underscores: a wrong password is counted, and nobody came in.
func Refused(tx *store.Tx, reason string) {
	s := tx.Audit().First()
	s.Outcome, s.Reason = "refused", reason
}

// Quiet says that the transaction is not what its call is for: counts, copies, what is swept by the way. It leaves no entry;
// another transaction of the call does.
func Quiet(tx *store.Tx) { tx.Audit().Quiet = true }

// By says who came in or went, for the module that the kernel asks about identities. Of others it is not believed.
func By(tx *store.Tx, userID string, staff bool) {
	s := tx.Audit().First()
	s.ActorID, s.ActorKind = userID, access.Contact
	if staff {
		s.ActorKind = access.Staff
	}
}
