package benchmarks

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/protobuf/proto"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

// note makes a message of 300 bytes, of the kinds of fields that contracts have.
func note(tb testing.TB) *testpb.Note {
	n := &testpb.Note{
		Id: "018f3c1e-7d5a-7c3e-9b1f-2a4b6c8d0e1f", ClientId: "018f3c1e-7d5a-7c3e-9b1f-2a4b6c8d0e20",
		Title: "Delivery of 14 November", Revision: 7, Tags: []string{"urgent", "paper"}, Money: &testpb.Money{Amount: "12450.00"},
	}
	n.Text = strings.Repeat("x", 300-proto.Size(n)-3)
	if size := proto.Size(n); size != 300 {
		tb.Fatalf("the message has %d bytes", size)
	}
	return n
}

type provider struct {
	testpb.UnimplementedNoteServiceServer
	get    *testpb.GetNoteResponse
	peek   *testpb.PeekNoteResponse
	create *testpb.CreateNoteResponse
}

func (p *provider) GetNote(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
	return p.get, nil
}

func (p *provider) PeekNote(context.Context, *testpb.PeekNoteRequest) (*testpb.PeekNoteResponse, error) {
	return p.peek, nil
}

func (p *provider) CreateNote(context.Context, *testpb.CreateNoteRequest) (*testpb.CreateNoteResponse, error) {
	return p.create, nil
}

// fresh answers with a new reply each time, as providers that read a database do.
type fresh struct {
	testpb.UnimplementedNoteServiceServer
	note *testpb.Note
}

func (f *fresh) GetNote(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
	return &testpb.GetNoteResponse{Note: f.note}, nil
}

func BenchmarkCall(b *testing.B) {
	n := note(b)
	impl := &provider{
		get: &testpb.GetNoteResponse{Note: n}, peek: &testpb.PeekNoteResponse{Note: n}, create: &testpb.CreateNoteResponse{Note: n},
	}
	get := &testpb.GetNoteRequest{Note: note(b)}
	peek := &testpb.PeekNoteRequest{Note: note(b)}
	create := &testpb.CreateNoteRequest{Title: "Delivery", Note: note(b)}

	policy, err := access.NewPolicy(
		[]access.Role{{ID: "client", Base: true}, {ID: "head", Staff: true}},
		[]access.Permission{
			{Name: "calltest.notes.read", Presets: map[string]access.Reach{"client": access.Granted, "head": access.All}},
			{Name: "calltest.notes.write", Presets: map[string]access.Reach{"head": access.All}},
		}, nil)
	if err != nil {
		b.Fatal(err)
	}
	router := call.New(call.Options{Policy: policy})
	testpb.RegisterNoteServiceServer(router.For("notes", nil), impl)
	if err := router.Err(); err != nil {
		b.Fatal(err)
	}
	client := testpb.NewNoteServiceClient(router)
	head := access.With(context.Background(), access.Principal{Kind: access.Staff, Roles: []string{"head"}})
	contact := access.With(context.Background(), access.Principal{Kind: access.Contact, Roles: []string{"client"}, ActingFor: "c"})
	channel := &inprocgrpc.Channel{}
	testpb.RegisterNoteServiceServer(channel, impl)
	other := testpb.NewNoteServiceClient(channel)

	var direct testpb.NoteServiceServer = &fresh{note: n}
	run := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("direct", func() error { _, err := direct.GetNote(head, get); return err })
	run("inprocgrpc", func() error { _, err := other.GetNote(head, get); return err })
	run("isolated", func() error { _, err := client.GetNote(head, get); return err })
	run("immutable", func() error { _, err := client.PeekNote(head, peek); return err })
	// What the chain costs where it has more to do.
	run("isolated_constrained", func() error { _, err := client.CreateNote(head, create); return err })
	run("isolated_contact", func() error { _, err := client.GetNote(contact, get); return err })
	in, cancel := context.WithTimeout(head, time.Hour)
	defer cancel()
	run("immutable_deadline", func() error { _, err := client.PeekNote(in, peek); return err })
}

type cardProvider struct {
	testpb.UnimplementedCardServiceServer
	card *testpb.GetCardResponse
}

func (p *cardProvider) GetCard(context.Context, *testpb.GetCardRequest) (*testpb.GetCardResponse, error) {
	return p.card, nil
}

// BenchmarkMasked compares a reader who sees all with one who sees texts masked, of one message. What a method without
// masked texts costs is BenchmarkCall's isolated: it looks at a nil pointer.
func BenchmarkMasked(b *testing.B) {
	policy, err := access.NewPolicy(
		[]access.Role{{ID: "manager", Staff: true}, {ID: "head", Staff: true}},
		[]access.Permission{
			{Name: "calltest.notes.read", Presets: map[string]access.Reach{"manager": access.All, "head": access.All}},
			{Name: "calltest.notes.write", Presets: map[string]access.Reach{"head": access.All}},
			{Name: "calltest.notes.reveal", Presets: map[string]access.Reach{"head": access.All}},
		}, nil)
	if err != nil {
		b.Fatal(err)
	}
	router := call.New(call.Options{Policy: policy})
	testpb.RegisterCardServiceServer(router.For("cards", nil), &cardProvider{card: &testpb.GetCardResponse{Card: &testpb.Card{
		Id: "018f3c1e-7d5a-7c3e-9b1f-2a4b6c8d0e1f", Name: "Olena", Email: "olena@zerno.example", Phones: []string{"+380445550142"}, Text: strings.Repeat("x", 200),
	}}})
	if err := router.Err(); err != nil {
		b.Fatal(err)
	}
	client := testpb.NewCardServiceClient(router)
	for name, who := range map[string]access.Principal{
		"module": access.AsModule("cards"), "whole": {Kind: access.Staff, Roles: []string{"head"}}, "masked": {Kind: access.Staff, Roles: []string{"manager"}},
	} {
		ctx := access.With(context.Background(), who)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.GetCard(ctx, &testpb.GetCardRequest{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
