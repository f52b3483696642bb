package numbergenerator_test

import (
	"os"
	"testing"

	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

func TestMain(m *testing.M) {
	if kernel.Serve(withDesk) {
		return // a test's portal runs the module in a process of its own: this one
	}
	os.Exit(storetest.Main(m))
}
