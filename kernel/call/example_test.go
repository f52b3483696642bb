package call_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

// A client can be made before anybody provides its service, as constructors of modules do.
func ExampleRouter() {
	router := call.New(call.Options{})
	client := testpb.NewEchoServiceClient(router)
	ctx := access.With(context.Background(), access.Principal{Kind: access.Contact, Name: "Olena"})

	_, err := client.Echo(ctx, &testpb.EchoRequest{Text: "hello"})
	fmt.Println(status.Code(err), status.Convert(err).Message())

	testpb.RegisterEchoServiceServer(router.For("echo", nil), &echo{})
	reply, err := client.Echo(ctx, &testpb.EchoRequest{Text: "hello"})
	fmt.Println(reply.GetText(), reply.GetVia(), err)
	// Output:
	// Unimplemented no module of this portal provides cabinet.calltest.v1.EchoService
	// hello [echo] <nil>
}
