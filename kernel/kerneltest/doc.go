// Package kerneltest opens whole portals for tests: real modules, a real database, real pages, on a throwaway cluster
// that the test binary starts when the first test asks for one.
//
//	func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }
//
//	func TestAccountantReads(t *testing.T) {
//		p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
//		roastery := p.Client(t, "Zerno Roastery")
//		lesia := p.Contact(t, roastery, "client.accountant")
//		_, err := clientsv1.NewClientServiceClient(lesia.Conn).GetClient(t.Context(), &clientsv1.GetClientRequest{Id: roastery})
//		require.NoError(t, err)
//		require.Equal(t, 200, lesia.Get(t, "/").Status)
//	}
//
// Each test has a portal and a database of its own, cloned from one in which the same modules are installed already;
// it goes when the test ends, and tests may run in parallel. Nothing is mocked. Time is [Options.Now]'s; see [Clock].
// A [User] calls contracts through its Conn and pages through Get and Post, which bring the session's cookie and the
// form's token.
//
// # What a module's own test says
//
// Every module runs [Conform], in one test, and keeps the file that it writes:
//
//	func TestConform(t *testing.T) {
//		kerneltest.Conform(t, kerneltest.Subject{Module: "booking", Options: kerneltest.Options{Assemble: assemble}})
//	}
//
//	go test -run TestConform . -update    # writes testdata/access.golden: read it, each line is a right
//
// assemble lists the module and those whose contracts it requires. The requests are made from descriptors: constraints
// give valid values, request_id and the field meanings client_id, refers_to and KIND_ID say what an id is of, and the
// things that ids name come from the module's own creates and lists. So a contract that says what its fields mean needs
// nothing more. Where it cannot say it (the bytes of a file, the fields a mask may name), a finding names the method, and
// the module gives [Subject].Samples for it.
//
// What Conform does not see: a definer function that answers with rows instead of ids; what the role reads that reaches
// all rows; which staff may be pointed at. These are the module's own tests.
//
// # Where people come from
//
// People come in as they do in life, through the contracts of accountmanager and clientmanager: invited, by their link.
// So these two contracts are what this package knows beside the kernel's; a portal whose modules provide others gets
// its people from its own tests.
//
// Map of the package:
//
//	portal.go, database.go, clock.go     portals for tests
//	module.go                            one module on a router of the test's own
//	races.go                             many at once
//	people.go, browser.go                who is signed in, and what their browser is answered
//	node.go                              programs in Node, where there is none
//	oidctest/                            an outside provider of sign-in, which can misbehave
//	conform.go                           Conform and its parts, each in conform_PART.go
//	conform_program.go                   what is looked at from outside of a program of its own
//	conform_world.go, conform_request.go clients with their things, and requests about them
package kerneltest
