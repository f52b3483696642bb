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
// it goes when the test ends. Nothing is mocked. Time is [Options.Now]'s; see [Clock].
//
// People come in as they do in life, through the contracts of accountmanager and clientmanager: invited, by their link.
// So these two contracts are what this package knows beside the kernel's; a portal whose modules provide others gets
// its people from its own tests.
package kerneltest
