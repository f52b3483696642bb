package event

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

func TestRollbackPublishesNothing(t *testing.T) {
	w := newWorld(t, On("shop.hear", func(context.Context, Event, *wrapperspb.Int64Value) error { return nil }))
	sorry := errors.New("sorry")
	err := w.bank.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
		require.NoError(t, Publish(ctx, tx, "a", wrapperspb.Int64(1)))
		return sorry
	})
	require.ErrorIs(t, err, sorry)
	// Also when it had reached the database by then.
	err = w.bank.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
		require.NoError(t, Publish(ctx, tx, "a", wrapperspb.Int64(1)))
		tx.BeforeCommit(func(context.Context) error { return sorry })
		return nil
	})
	require.ErrorIs(t, err, sorry)
	require.Zero(t, w.count(`select count(*) from kernel.outbox`))
	require.Zero(t, w.count(`select count(*) from kernel.lane`))
}

func TestAModulePublishesItsOwnEventsAlone(t *testing.T) {
	sub := On("shop.hear", func(context.Context, Event, *wrapperspb.Int64Value) error { return nil })
	w := newWorld(t, sub)
	for _, store := range []testStore{
		w.shop,                     // Int64Value is bank's
		{w.bank.pool, "stray_all"}, // a role of no module
		{w.bank.pool, ""},          // the bare login
	} {
		err := store.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
			return Publish(ctx, tx, "a", wrapperspb.Int64(1))
		})
		require.Equal(t, "42501", code(err), "as %q: %v", store.role, err)
	}
	// One that is not its own takes its own, and the work of the transaction, with it.
	err := w.shop.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
		require.NoError(t, note(ctx, tx, Event{Key: "a", ID: "x"}, 1))
		require.NoError(t, Publish(ctx, tx, "a", wrapperspb.String("mine")))
		return Publish(ctx, tx, "a", wrapperspb.Int64(1))
	})
	require.ErrorContains(t, err, "module shop may not publish google.protobuf.Int64Value")
	require.Zero(t, w.count(`select count(*) from kernel.outbox`))
	require.Empty(t, w.effects("a"))

	for _, attack := range []string{
		`insert into kernel.outbox (id, source, type, key, payload) values (gen_random_uuid(), 'bank', 'google.protobuf.Int64Value', 'a', '')`,
		`select * from kernel.outbox`, `select * from kernel.inbox`, `update kernel.lane set done = 99`,
		`insert into kernel.event_type values ('google.protobuf.Int64Value', 'shop')`,
		`insert into kernel.event_role values ('shop_all', 'bank')`,
		`insert into kernel.asleep values (gen_random_uuid(), 'infinity')`,
		`lock table kernel.subscription in access exclusive mode`,
		`select kernel.apply('bank.other', gen_random_uuid())`,
		`select kernel.event_module()`,
	} {
		err := w.shop.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
			_, err := tx.Exec(ctx, attack)
			return err
		})
		require.Equal(t, "42501", code(err), attack)
	}
}

func TestPublishRefusesWhatNobodyCouldHandle(t *testing.T) {
	w := newWorld(t)
	err := w.bank.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
		require.ErrorContains(t, Publish(ctx, tx, "", wrapperspb.Int64(1)), "key is empty")
		require.ErrorContains(t, Publish(ctx, tx, strings.Repeat("k", MaxKey+1), wrapperspb.Int64(1)), "201 bytes")
		require.ErrorContains(t, Publish(ctx, tx, "a\x00", wrapperspb.Int64(1)), "no text")
		require.ErrorContains(t, Publish(ctx, tx, "a\xff", wrapperspb.Int64(1)), "no text")
		require.ErrorContains(t, Publish(ctx, tx, "a", nil), "nil")
		require.ErrorContains(t, Publish(ctx, tx, "a", (*wrapperspb.Int64Value)(nil)), "nil")
		require.ErrorContains(t, Publish(ctx, tx, "a", wrapperspb.String(strings.Repeat("x", MaxPayload))), "bytes")
		require.NoError(t, Publish(ctx, tx, strings.Repeat("ї", MaxKey/2), wrapperspb.Int64(0))) // an empty payload
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 1, w.count(`select count(*) from kernel.outbox where payload = ''`))
}

func TestAMessageIsCopiedWhenItIsPublished(t *testing.T) {
	got := make(chan int64, 1)
	sub := On("shop.hear", func(_ context.Context, e Event, m *wrapperspb.Int64Value) error { got <- m.Value; return nil })
	w := newWorld(t, sub)
	err := w.bank.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
		m := wrapperspb.Int64(1)
		require.NoError(t, Publish(ctx, tx, "a", m))
		m.Value = 2
		return nil
	})
	require.NoError(t, err)
	w.start(Config{}, sub)
	require.EqualValues(t, 1, recv(t, got))
}

func TestEventsAreNumberedInOrderWithinATransaction(t *testing.T) {
	w := newWorld(t, On("shop.hear", func(context.Context, Event, *wrapperspb.Int64Value) error { return nil }))
	err := w.bank.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
		for i := range int64(200) {
			require.NoError(t, Publish(ctx, tx, string('c'-rune(i%3)), wrapperspb.Int64(i)))
		}
		return nil
	})
	require.NoError(t, err)
	rows, err := w.owner.Query(t.Context(), `select payload from kernel.outbox order by key, seq`)
	require.NoError(t, err)
	payloads, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	require.NoError(t, err)
	require.Len(t, payloads, 200)
	last := int64(-1)
	var m wrapperspb.Int64Value
	for i, p := range payloads {
		require.NoError(t, proto.Unmarshal(p, &m))
		if i > 0 && m.Value < 3 { // the next key
			last = -1
		}
		require.Greater(t, m.Value, last)
		last = m.Value
	}
	require.Equal(t, 3, w.count(`select count(*) from kernel.lane l where done < (select min(seq) from kernel.outbox o where o.key = l.key)
		and last = (select max(seq) from kernel.outbox o where o.key = l.key)`))
}

// Several events of one key in one transaction all come, also when a handler fails in between and when lanes take turns.
func TestEventsOfOneTransactionAllCome(t *testing.T) {
	var shop testStore
	failed := false
	sub := hearing(&shop, func(point string) {
		if point == "before apply" && !failed {
			failed = true
			panic("once")
		}
	})
	w := newWorld(t, sub)
	shop = w.shop
	d := w.start(Config{Turn: 2, Workers: 1, Backoff: time.Millisecond, Poll: 10 * time.Millisecond}, sub)
	want := []int64{}
	for n := range int64(40) { // more than are fetched at once
		want = append(want, n)
	}
	w.plan(func(ctx context.Context, tx *testTx) {
		for _, n := range want {
			require.NoError(t, Publish(ctx, tx, "a", wrapperspb.Int64(n)))
		}
		require.NoError(t, Publish(ctx, tx, "b", wrapperspb.Int64(7)))
	})
	w.drained(d)
	require.Equal(t, want, w.effects("a"))
	require.Equal(t, []int64{7}, w.effects("b"))
	require.True(t, failed)
}

func TestCheckRefusesWhatOutlivesAnErasure(t *testing.T) {
	for _, kind := range []kernelv1.Kind{kernelv1.Kind_KIND_EMAIL, kernelv1.Kind_KIND_PHONE, kernelv1.Kind_KIND_MULTILINE, kernelv1.Kind_KIND_DATE} {
		meaning := &descriptorpb.FieldOptions{}
		proto.SetExtension(meaning, kernelv1.E_Field, &kernelv1.FieldMeaning{Kind: kind})
		text := descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum()
		nested := descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum()
		one := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()
		many := descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
			Name: proto.String("t.proto"), Package: proto.String("t"), Syntax: proto.String("proto3"),
			MessageType: []*descriptorpb.DescriptorProto{
				{Name: proto.String("Happened"), Field: []*descriptorpb.FieldDescriptorProto{
					{Name: proto.String("id"), Number: proto.Int32(1), Type: text, Label: one},
					{Name: proto.String("again"), Number: proto.Int32(2), Type: nested, Label: one, TypeName: proto.String(".t.Happened")},
					{Name: proto.String("parts"), Number: proto.Int32(3), Type: nested, Label: many, TypeName: proto.String(".t.Part")},
				}},
				{Name: proto.String("Part"), Field: []*descriptorpb.FieldDescriptorProto{
					{Name: proto.String("detail"), Number: proto.Int32(1), Type: text, Label: one, Options: meaning},
				}},
			},
		}, nil)
		require.NoError(t, err)
		for range 2 { // the second time from memory
			err = Check(file.Messages().ByName("Happened"))
			if kind == kernelv1.Kind_KIND_DATE {
				require.NoError(t, err)
				continue
			}
			var wrong *FieldError
			require.ErrorAs(t, err, &wrong)
			require.EqualValues(t, "t.Part.detail", wrong.Field)
			require.EqualValues(t, "t.Happened", wrong.Message)
		}
	}
}
