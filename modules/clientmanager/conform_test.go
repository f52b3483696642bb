package clientmanager_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestConform(t *testing.T) { kerneltest.ConformBoth(t, subject) }

func subject() kerneltest.Subject {
	return kerneltest.Subject{
		Module:  clientmanager.ID,
		Options: kerneltest.Options{Assemble: assemble, Config: `modules: {clientmanager: {settings: {separate_duties: false, registration: {open: true}}}, accountmanager: {settings: {letters: module}}}`},
		Logged: map[string]string{
			v1.EntityService_JoinEntities_FullMethodName:               "TestLegalEntitiesOfOneCustomer",
			v1.RegistrationService_ConfirmRegistration_FullMethodName:  "TestARequestBecomesAClient",
			v1.RegistrationService_WithdrawRegistration_FullMethodName: "TestWithdrawnRequestsAreNotApproved",
			v1.RegistrationService_AttachRegistration_FullMethodName:   "TestLookalikesShowNobodyElsesClients",
			v1.RegistrationService_DeclineRegistration_FullMethodName:  "TestWithdrawnRequestsAreNotApproved",
		},
		Samples: map[string]func(proto.Message, *kerneltest.Side){
			v1.ImportService_CreateImport_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*v1.CreateImportRequest).Content = []byte("name,phone\n" + side.Marker + ",+380445550142\n")
			},
			v1.ImportService_CheckImport_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CheckImportRequest).Mapping = []*kernelv1.ImportMapping{{Column: 0, Field: "name"}}
			},
			v1.RegistrationService_StartRegistration_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.StartRegistrationRequest)
				r.Registration = applicant(side, r.GetRequestId())
			},
			v1.RegistrationService_CreateRegistration_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.CreateRegistrationRequest)
				r.Registration = applicant(side, r.GetRequestId())
			},
			v1.RegistrationService_UpdateRegistration_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.UpdateRegistrationRequest)
				r.Registration = &v1.Registration{Id: side.IDs["cabinet.clientmanager.v1.Registration"], Place: side.Marker}
				if r.Registration.Id == "" {
					r.Registration.Id = store.NewID()
				}
				r.UpdateMask = mask("place")
			},
			v1.ClientService_AssignManager_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*v1.AssignManagerRequest).ManagerId = side.StaffID
			},
			v1.AddressService_UpdateAddress_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.UpdateAddressRequest)
				r.Address.Street, r.UpdateMask = side.Marker, mask("street")
			},
			v1.AgreementService_UpdateAgreement_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.UpdateAgreementRequest)
				r.Agreement.Subject, r.UpdateMask = side.Marker, mask("subject")
			},
			v1.ProfileService_UpdateProfile_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.UpdateProfileRequest)
				r.Client, r.UpdateMask.Paths = &v1.Client{Place: side.Marker}, []string{"place"}
			},
		},
	}
}

// applicant is a person, another one in each request.
func applicant(side *kerneltest.Side, request string) *v1.Registration {
	return &v1.Registration{
		Kind: v1.ClientKind_CLIENT_KIND_PERSON, Name: side.Marker, Email: "applicant-" + request + "@example.com", CountryCode: "UA",
	}
}

// assemble is a portal of the two modules, which each need the other.
func assemble(router *call.Router) ([]module.Unit, error) {
	m := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	others := accountmanager.New(v1.NewClientServiceClient(router))
	return []module.Unit{module.Unit(clientmanager.NewUnit(m)), module.Unit(accountmanager.NewUnit(others))}, nil
}
