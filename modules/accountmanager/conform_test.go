package accountmanager_test

import (
	"bytes"
	"image/png"
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

// withDeputy has a role that may act as a contact: no role may unless the integrator gives it one.
const withDeputy = `
modules: {accountmanager: {settings: {letters: module}}}
roles:
  deputy:
    title: {en: Deputy, uk: Заступник, ru: Заместитель}
    staff: true
    permissions:
      accountmanager.users.impersonate: granted
      accountmanager.users.act_as: granted
      accountmanager.memberships.read: granted
`

// samplePhoto is a picture that anybody could send.
var samplePhoto = func() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, halves(8, 8)); err != nil {
		panic(err)
	}
	return b.Bytes()
}()

func subject() kerneltest.Subject {
	return kerneltest.Subject{
		Module:  accountmanager.ID,
		Options: kerneltest.Options{Assemble: assemble, Config: withDeputy},
		Logged: map[string]string{
			kernelv1.IdentityService_ConfirmEmailChange_FullMethodName:     "TestAnEmailChangesOnceConfirmed",
			kernelv1.IdentityService_FinishPasswordReset_FullMethodName:    "TestAForgottenPasswordIsReplacedOnce",
			v1.UserService_EndSession_FullMethodName:                       "TestStaffSeeAndEndSessions",
			v1.UserService_ResetSecondFactor_FullMethodName:                "TestAHeadResetsALostFactor",
			kernelv1.FactorService_ConfirmTotp_FullMethodName:              "TestASecondFactorIsAskedFor",
			kernelv1.FactorService_MakeRecoveryCodes_FullMethodName:        "TestRecoveryCodesWorkOnce",
			kernelv1.IdentityService_FinishSignIn_FullMethodName:           "TestASecondFactorIsAskedFor",
			kernelv1.IdentityService_Prove_FullMethodName:                  "TestAHeadResetsALostFactor",
			v1.UserService_EndUserSessions_FullMethodName:                  "TestStaffSeeAndEndSessions",
			kernelv1.IdentityService_FinishExternalSignIn_FullMethodName:   "TestStaffComeInByAProvider",
			v1.ExternalAccountService_UnlinkExternalAccount_FullMethodName: "TestLinkedAccountsAreLookedAfterByTheirOwners",
			v1.ExternalAccountService_AllowExternalAccount_FullMethodName:  "TestLinkedAccountsAreLookedAfterByTheirOwners",
			kernelv1.IdentityService_StartPhoneSignIn_FullMethodName:       "TestACodeToTheirPhoneLetsPeopleIn",
			kernelv1.IdentityService_FinishPhoneSignIn_FullMethodName:      "TestACodeToTheirPhoneLetsPeopleIn",
			v1.PhoneService_StartPhoneConfirmation_FullMethodName:          "TestACodeToTheirPhoneLetsPeopleIn",
			v1.PhoneService_FinishPhoneConfirmation_FullMethodName:         "TestACodeToTheirPhoneLetsPeopleIn",
			kernelv1.PasskeyService_FinishPasskey_FullMethodName:           "TestAPasskeyIsMadeNamedAndRemoved",
			kernelv1.PasskeyService_RenamePasskey_FullMethodName:           "TestAPasskeyIsMadeNamedAndRemoved",
			kernelv1.PasskeyService_DeletePasskey_FullMethodName:           "TestAPasskeyIsMadeNamedAndRemoved",
			kernelv1.IdentityService_FinishPasskeySignIn_FullMethodName:    "TestAPasskeySignsInByItself",
			kernelv1.IdentityService_EndImpersonation_FullMethodName:       "TestTheClientIsToldWhereWanted",
		},
		Samples: map[string]func(proto.Message, *kerneltest.Side){
			v1.PhotoService_SetMyPhoto_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.SetMyPhotoRequest).Photo = samplePhoto
			},
			v1.PhotoService_SetUserPhoto_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.SetUserPhotoRequest).Photo = samplePhoto
			},
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
