package main

import (
	"bytes"
	"context"
	"image/png"
	"strings"

	"google.golang.org/grpc"

	accountsv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientsv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

// branches are the places from which clients are served, and the towns of whose clients each takes care. Whom no other
// takes, the first does.
var branches = []struct {
	*clientsv1.Branch
	towns []string
	works []string // e-mails of staff
}{
	{&clientsv1.Branch{Name: "Kyiv", Place: "Kyiv, Sahaidachnoho 25", Phone: "+380445550140", Position: 1}, nil, []string{"taras@polissia.example", "iryna@polissia.example"}},
	{
		&clientsv1.Branch{Name: "West", Place: "Lviv, Horodotska 120", Phone: "+380322555100", Position: 2},
		[]string{"Lviv", "Chernivtsi", "Uzhhorod", "Bukovel", "Ternopil"}, []string{"nadiia@polissia.example", "taras@polissia.example"},
	},
	{&clientsv1.Branch{Name: "South", Place: "Odesa, Prymorska 6", Phone: "+380487555100", Position: 3}, []string{"Odesa", "Mykolaiv"}, []string{"iryna@polissia.example"}},
}

// helpers serve a client beside its manager, by their e-mails.
var helpers = map[string]string{
	"Zerno Roastery": "iryna@polissia.example", "Karpaty Grand Hotel": "nadiia@polissia.example", "North Dock Logistics": "taras@polissia.example",
}

func (m manager) role() string {
	if m.leads != "" {
		return "branch-manager"
	}
	return "manager"
}

// known remembers a member of staff, and gives them a face.
func (t *teller) known(ctx context.Context, conn grpc.ClientConnInterface, m manager) error {
	me, err := accountsv1.NewMeServiceClient(conn).GetMe(ctx, &accountsv1.GetMeRequest{})
	if err != nil {
		return err
	}
	t.staff[m.email] = me.GetMe().GetUserId()
	var picture bytes.Buffer
	if err := png.Encode(&picture, portrait(m.name)); err != nil {
		return err
	}
	_, err = accountsv1.NewPhotoServiceClient(conn).SetMyPhoto(ctx, &accountsv1.SetMyPhotoRequest{Photo: picture.Bytes()})
	return err
}

// settle opens the branches, puts people and clients into them, and says who gets the next ones. A head would do it, who is
// not here yet: so the portal does.
func (t *teller) settle(ctx context.Context) error {
	made := map[string]string{}
	service := clientsv1.NewBranchServiceClient(t.kernel)
	for _, b := range branches {
		created, err := service.CreateBranch(ctx, &clientsv1.CreateBranchRequest{RequestId: once("branch " + b.GetName()), Branch: b.Branch})
		if err != nil {
			return err
		}
		made[b.GetName()] = created.GetBranch().GetId()
		for _, email := range b.works {
			_, err := service.SetBranchPerson(ctx, &clientsv1.SetBranchPersonRequest{
				BranchId: made[b.GetName()], UserId: t.staff[email], Leads: email == lead.email && b.GetName() == lead.leads,
			})
			if err != nil {
				return err
			}
		}
	}
	for _, m := range staff {
		for _, c := range m.clients {
			_, err := service.MoveClient(ctx, &clientsv1.MoveClientRequest{Id: t.clients[c.GetName()], BranchId: made[branchOf(c.GetPlace())]})
			if err != nil {
				return err
			}
		}
	}
	assignment := clientsv1.NewAssignmentServiceClient(t.kernel)
	for client, email := range helpers {
		if _, err := assignment.AddManager(ctx, &clientsv1.AddManagerRequest{ClientId: t.clients[client], ManagerId: t.staff[email]}); err != nil {
			return err
		}
	}
	for _, rule := range []*clientsv1.AssignmentRule{
		{Name: "Key accounts", Tag: "Key account", Target: clientsv1.RuleTarget_RULE_TARGET_MANAGER, ManagerId: t.staff[staff[0].email]},
		{Name: "Lviv and around", Place: "Lviv", Target: clientsv1.RuleTarget_RULE_TARGET_BRANCH, TargetBranchId: made["West"]},
		{Name: "Homes in turn", Kind: clientsv1.KindCondition_KIND_CONDITION_PERSON, Target: clientsv1.RuleTarget_RULE_TARGET_IN_TURN, TargetBranchId: made["Kyiv"]},
		{
			Name: "Everybody else", Target: clientsv1.RuleTarget_RULE_TARGET_LEAST,
			People: []string{t.staff[staff[0].email], t.staff[staff[1].email]},
		},
	} {
		if _, err := assignment.CreateRule(ctx, &clientsv1.CreateRuleRequest{RequestId: once("rule " + rule.GetName()), Rule: rule}); err != nil {
			return err
		}
	}
	return nil
}

// branchOf is the branch that takes care of a place.
func branchOf(place string) string {
	for _, b := range branches {
		for _, town := range b.towns {
			if strings.HasPrefix(place, town) {
				return b.GetName()
			}
		}
	}
	return branches[0].GetName()
}
