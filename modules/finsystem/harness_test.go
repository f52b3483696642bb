package finsystem_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
	"github.com/opencabinet/cabinet/modules/finsystem"
	"github.com/opencabinet/cabinet/modules/numbergenerator"
)

func TestMain(m *testing.M) {
	if kerneltest.Served() {
		return
	}
	os.Exit(storetest.Main(m))
}

func assemble(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{
		module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts)), module.Unit(numbergenerator.NewUnit(numbergenerator.New())),
		module.Unit(finsystem.NewUnit(finsystem.New(clientmanagerv1.NewClientServiceClient(router)))),
	}, nil
}
