package paysystem_test

import (
	"os"
	"testing"

	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
)

// simulated is the gateway of all portals of these tests: payments of one are not known to another.
var simulated = paysystemtest.NewGateway("testpay")

var assemble = paysystemtest.Assemble(simulated.Unit, paysystemtest.NewGateway("otherpay").Unit)

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return
	}
	os.Exit(kerneltest.Main(m))
}
