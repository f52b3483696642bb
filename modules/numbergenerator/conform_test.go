package numbergenerator_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
	"github.com/opencabinet/cabinet/modules/numbergenerator"
)

func TestConform(t *testing.T) { kerneltest.ConformBoth(t, subject) }

func subject() kerneltest.Subject {
	return kerneltest.Subject{
		Module:  numbergenerator.ID,
		Options: kerneltest.Options{Assemble: assemble},
		Samples: map[string]func(proto.Message, *kerneltest.Side){
			// A series is the business's, and says nothing of a client.
			v1.SeriesService_CreateSeries_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CreateSeriesRequest).Series = series()
			},
			v1.SeriesService_UpdateSeries_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				r := m.(*v1.UpdateSeriesRequest)
				r.Series, r.UpdateMask = &v1.Series{Id: r.GetSeries().GetId(), Name: "Name " + store.NewID()}, &fieldmaskpb.FieldMask{Paths: []string{"name"}}
			},
			v1.SeriesService_PreviewSeries_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.PreviewSeriesRequest).Series = series()
			},
			v1.SeriesService_SetNextNumber_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.SetNextNumberRequest).Date = ""
			},
		},
	}
}

// series is another one each time.
func series() *v1.Series {
	key := "k" + strings.ReplaceAll(store.NewID(), "-", "")
	return &v1.Series{Key: key, Name: key, Pattern: "{prefix}{yyyy}/{n:4}", Prefix: key + "-", Restart: v1.Restart_RESTART_YEARLY}
}

func assemble(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{
		module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts)), module.Unit(numbergenerator.NewUnit(numbergenerator.New())),
	}, nil
}
