package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/opencabinet/cabinet/kernel/access"
)

// Once runs do for a request id, and gives its answer again to whoever asks with the same id and the same content, for a
// week. The same id with other content is [ErrOtherContent]. Of two requests at once one is run and the other waits for
// its answer. The answer is kept in tx itself: it is there exactly if what do wrote is.
//
// Ids belong to the principal, the method called and the module; another user's same id is another request. An empty id asks
// for nothing to be kept. When do fails the transaction cannot commit, and the id is free again.
//
// The content is compared as protobuf encodes it, so a program that knows new fields may find a request of an older one
// different.
func Once[Resp proto.Message](ctx context.Context, tx *Tx, requestID string, req proto.Message, do func() (Resp, error)) (Resp, error) {
	var none Resp
	if requestID == "" {
		return do()
	}
	if len(requestID) > 200 {
		return none, &Error{Code: codes.InvalidArgument, Text: "request_id is longer than 200 bytes"}
	}
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return none, fmt.Errorf("store: content of a request: %w", err)
	}
	digest := sha256.Sum256(content)
	method := access.DecisionFrom(ctx).Method
	if method == "" {
		method = string(req.ProtoReflect().Descriptor().FullName())
	}
	type claimed struct {
		State  string
		Answer []byte
	}
	claim, err := QueryOne(ctx, tx, pgx.RowToStructByPos[claimed],
		"select state, answer from kernel.once_claim($1, $2, $3)", method, requestID, digest[:])
	if err != nil {
		return none, tx.fail(err)
	}
	switch claim.State {
	case "other":
		return none, ErrOtherContent
	case "done":
		again, ok := none.ProtoReflect().New().Interface().(Resp)
		if !ok {
			return none, errors.New("store: the answer's type cannot be made anew")
		}
		if err := proto.Unmarshal(claim.Answer, again); err != nil {
			return none, fmt.Errorf("store: answer to request %s: %w", requestID, err)
		}
		return again, nil
	}
	answer, err := do()
	if err != nil {
		return none, tx.fail(err)
	}
	tx.audited.answered(answer)
	kept, err := proto.Marshal(answer)
	if err != nil {
		return none, tx.fail(fmt.Errorf("store: answer to request %s: %w", requestID, err))
	}
	if kept == nil {
		kept = []byte{}
	}
	if _, err := tx.Exec(ctx, "select kernel.once_keep($1, $2, $3)", method, requestID, kept); err != nil {
		return none, tx.fail(err)
	}
	return answer, nil
}
