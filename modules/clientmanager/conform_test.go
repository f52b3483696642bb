package clientmanager_test

import (
	"fmt"
	"sync/atomic"
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

// branches count those that were made or changed, so that each is another.
var branches atomic.Int32

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
			// A pair is found, not made.
			v1.MergeService_DismissDuplicate_FullMethodName: "TestADismissedPairStaysAway",
		},
		Samples: map[string]func(proto.Message, *kerneltest.Side){
			v1.ImportService_CreateImport_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*v1.CreateImportRequest).Content = []byte("name,phone\n" + side.Marker + ",+380445550142\n")
			},
			v1.MergeService_PreviewMerge_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*v1.PreviewMergeRequest).FromId = side.Spare()
			},
			v1.MergeService_MergeClients_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.MergeClientsRequest)
				r.FromId, r.IntoRevision, r.FromRevision, r.FromFields = side.Spare(), 0, 0, []string{"phone"}
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
			v1.AssignmentService_DeleteRule_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				if id := side.IDs["cabinet.clientmanager.v1.AssignmentRule"]; id != "" {
					m.(*v1.DeleteRuleRequest).Id = id
				}
			},
			// Branches are the business's: their names say nothing of a client's.
			v1.BranchService_CreateBranch_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CreateBranchRequest).Branch = &v1.Branch{Name: fmt.Sprintf("Branch %d", branches.Add(1))}
			},
			v1.ClientService_CreateClient_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CreateClientRequest).Client.BranchId = ""
			},
			v1.BranchService_UpdateBranch_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				r := m.(*v1.UpdateBranchRequest)
				r.Branch.Position, r.UpdateMask = branches.Add(1), mask("position")
			},
			v1.AssignmentService_UpdateRule_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				r := m.(*v1.UpdateRuleRequest)
				r.Rule.Tag, r.UpdateMask = "gold", mask("tag")
			},
			v1.AssignmentService_CreateRule_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				// It fits nobody: the other parts make clients of their own.
				r := m.(*v1.CreateRuleRequest)
				r.Rule.Tag, r.Rule.ManagerId = "nobody has this", side.StaffID
			},
			v1.AssignmentService_AddManager_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*v1.AddManagerRequest).ManagerId = side.StaffID
			},
			v1.AssignmentService_HandOver_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.HandOverRequest)
				r.FromId, r.ToId = side.StaffID, ""
			},
			v1.BranchService_SetBranchPerson_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				m.(*v1.SetBranchPersonRequest).UserId = side.StaffID
			},
			v1.AddressService_UpdateAddress_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.UpdateAddressRequest)
				r.Address.Street, r.UpdateMask = side.Marker, mask("street")
			},
			v1.AgreementService_UpdateAgreement_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.UpdateAgreementRequest)
				r.Agreement.Subject, r.UpdateMask = side.Marker, mask("subject")
			},
			v1.BulkService_BulkUpdateClients_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				r := m.(*v1.BulkUpdateClientsRequest)
				r.Ids, r.ManagerId, r.WithoutManager, r.RemoveTags = []string{side.ClientID}, "", false, nil
				r.AddTags = []string{"to rename", "to merge", "to stay", "to delete", store.NewID()}
			},
			v1.TagService_RenameTag_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.RenameTagRequest).Name, m.(*v1.RenameTagRequest).NewName = "to rename", store.NewID()
			},
			v1.TagService_MergeTags_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.MergeTagsRequest).Name, m.(*v1.MergeTagsRequest).Into = "to merge", "to stay"
			},
			v1.TagService_DeleteTag_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.DeleteTagRequest).Name = "to delete"
			},
			// A segment is of the whole business, and all staff read it.
			v1.SegmentService_CreateSegment_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CreateSegmentRequest).Segment = &v1.Segment{Name: store.NewID(), TagsAny: []string{"of nobody"}}
			},
			v1.SegmentService_UpdateSegment_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				r := m.(*v1.UpdateSegmentRequest)
				r.Segment, r.UpdateMask = &v1.Segment{Id: r.GetSegment().GetId(), Note: store.NewID()}, mask("note")
			},
			v1.SegmentService_PlaceClient_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.PlaceClientRequest).Placement = v1.Placement_PLACEMENT_IN
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
