package accountmanager_test

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	v1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestConform(t *testing.T) { kerneltest.ConformBoth(t, subject) }

func subject() kerneltest.Subject {
	return kerneltest.Subject{
		Module:  accountmanager.ID,
		Options: kerneltest.Options{Assemble: assemble, Config: `modules: {accountmanager: {settings: {letters: module}}}`},
		Logged: map[string]string{
			kernelv1.IdentityService_ConfirmEmailChange_FullMethodName:  "TestAnEmailChangesOnceConfirmed",
			kernelv1.IdentityService_FinishPasswordReset_FullMethodName: "TestAForgottenPasswordIsReplacedOnce",
			v1.UserService_EndSession_FullMethodName:                    "TestStaffSeeAndEndSessions",
			v1.UserService_ResetSecondFactor_FullMethodName:             "TestAHeadResetsALostFactor",
			kernelv1.FactorService_ConfirmTotp_FullMethodName:           "TestASecondFactorIsAskedFor",
			kernelv1.FactorService_MakeRecoveryCodes_FullMethodName:     "TestRecoveryCodesWorkOnce",
			kernelv1.IdentityService_FinishSignIn_FullMethodName:        "TestASecondFactorIsAskedFor",
			kernelv1.IdentityService_Prove_FullMethodName:               "TestAHeadResetsALostFactor",
			v1.UserService_EndUserSessions_FullMethodName:               "TestStaffSeeAndEndSessions",
		},
		Samples: map[string]func(proto.Message, *kerneltest.Side){
			// Its constraints hold for what the mask names, so nothing says from the outside that an id is needed.
			v1.UserService_UpdateUser_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.UpdateUserRequest)
				r.User = &v1.User{Id: side.UserID, Name: side.Marker}
				r.UpdateMask = &fieldmaskpb.FieldMask{Paths: []string{"name"}}
			},
			v1.AdmissionService_WriteLetter_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.WriteLetterRequest)
				r.Kind, r.Path, r.Name = v1.LetterKind_LETTER_KIND_REGISTRATION, "/registration/token", side.Marker
			},
			v1.UserService_GetStaffCard_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*v1.GetStaffCardRequest).UserId = side.StaffID
			},
			// Nobody's, who is not found: those who ask later still need their sessions.
			v1.UserService_EndUserSessions_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.EndUserSessionsRequest).UserId = "00000000-0000-7000-8000-000000000000"
			},
			kernelv1.IdentityService_StartPasswordReset_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*kernelv1.StartPasswordResetRequest).Login = side.Email
			},
			v1.UserService_ResetSecondFactor_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.ResetSecondFactorRequest).UserId = "00000000-0000-7000-8000-000000000000"
			},
			kernelv1.IdentityService_SignIn_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*kernelv1.SignInRequest).Login = side.Email
			},
			kernelv1.IdentityService_SwitchClient_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*kernelv1.SwitchClientRequest).ClientId = side.ClientID
			},
		},
	}
}

// assemble is a portal of the two modules, which each need the other.
func assemble(router *call.Router) ([]module.Unit, error) {
	m := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	others := clientmanager.New(v1.NewUserServiceClient(router), v1.NewAdmissionServiceClient(router))
	return []module.Unit{module.Unit(clientmanager.NewUnit(others)), module.Unit(accountmanager.NewUnit(m))}, nil
}
