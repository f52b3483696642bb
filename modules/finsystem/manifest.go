package finsystem

import (
	"embed"
	"slices"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	numbergeneratorv1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
)

// ID names the module, its schema, its texts and its permissions.
const ID = "finsystem"

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed locales/*.yaml
var locales embed.FS

// Permissions of the module.
const (
	readBalance     = "finsystem.balance.read"
	topUpBalance    = "finsystem.balance.top_up"
	adjustPostings  = "finsystem.postings.adjust"
	readDocuments   = "finsystem.documents.read"
	updateDocuments = "finsystem.documents.update"
	issueDocuments  = "finsystem.documents.issue"
	createPayments  = "finsystem.payments.create"
	exportMoney     = "finsystem.money.export"
	readSignatory   = "finsystem.signatory.read"
	updateSignatory = "finsystem.signatory.update"

	readServices     = "finsystem.services.read"
	updateServices   = "finsystem.services.update"
	recordServices   = "finsystem.services.record"
	transferServices = "finsystem.services.transfer"

	readDeferrals       = "finsystem.deferrals.read"
	requestDeferrals    = "finsystem.deferrals.request"
	decideDeferrals     = "finsystem.deferrals.decide"
	readDeferralRules   = "finsystem.deferral_rules.read"
	updateDeferralRules = "finsystem.deferral_rules.update"
	readBank            = "finsystem.bank.read"
	updateBank          = "finsystem.bank.update"
	readReports         = "finsystem.reports.read"
	readBooks           = "finsystem.books.read"
	closeBooks          = "finsystem.books.close"
	grantBonuses        = "finsystem.bonuses.grant"
)

func manifest() module.Manifest {
	return module.Manifest{
		ID: ID,
		Provides: []string{
			v1.LedgerService_ServiceDesc.ServiceName, v1.DocumentService_ServiceDesc.ServiceName, v1.PaymentService_ServiceDesc.ServiceName,
			v1.SubscriptionService_ServiceDesc.ServiceName, v1.DeferralService_ServiceDesc.ServiceName,
			v1.StatementService_ServiceDesc.ServiceName,
			v1.SettlementService_ServiceDesc.ServiceName, v1.ReportService_ServiceDesc.ServiceName, v1.BooksService_ServiceDesc.ServiceName,
			v1.BonusService_ServiceDesc.ServiceName, v1.TopUpService_ServiceDesc.ServiceName, v1.SignatoryService_ServiceDesc.ServiceName, paysystemv1.AccountService_ServiceDesc.ServiceName,
		},
		Requires: []string{
			clientmanagerv1.ClientService_ServiceDesc.ServiceName, v1.DocumentService_ServiceDesc.ServiceName,
			clientmanagerv1.AgreementService_ServiceDesc.ServiceName, clientmanagerv1.SegmentService_ServiceDesc.ServiceName,
		},
		Optional: []string{paysystemv1.PaymentService_ServiceDesc.ServiceName}, // clients may pay without it
		Borrows:  []string{numbergeneratorv1.Take},
		Publishes: []string{
			string((&v1.DocumentIssued{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.DocumentVoided{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.DocumentPaid{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.PaymentReceived{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.PaymentReversed{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.PaymentRestored{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.ChargeRefused{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.DeferralRequested{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.DeferralDecided{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.DeferralDue{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.SettlementDue{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.BonusChanged{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.HoldDue{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.StatementWork{}).ProtoReflect().Descriptor().FullName()),
		},
		Permissions: []access.Permission{
			permission(readBalance, access.Granted, access.Granted, access.All, "client.director", "client.accountant"),
			permission(topUpBalance, access.Granted, access.Granted, access.All, "client.director", "client.accountant"),
			permission(readDocuments, access.Granted, access.Granted, access.All, "client.director", "client.accountant"),
			permission(adjustPostings, access.None, access.None, access.All),
			permission(updateDocuments, access.None, access.Granted, access.All),
			permission(issueDocuments, access.None, access.Granted, access.All),
			permission(createPayments, access.None, access.Granted, access.All),
			permission(readSignatory, access.None, access.None, access.All),
			permission(updateSignatory, access.None, access.None, access.All),
			// What the bank says is of all clients, and of none while nobody knows whose it is.
			permission(readBank, access.None, access.None, access.All),
			permission(updateBank, access.None, access.None, access.All),
			permission(exportMoney, access.Granted, access.Granted, access.All, "client.director", "client.accountant"),
			permission(readServices, access.Granted, access.Granted, access.All, "client.director", "client.accountant"),
			permission(updateServices, access.None, access.Granted, access.All),
			permission(recordServices, access.None, access.Granted, access.All),
			permission(transferServices, access.Granted, access.Granted, access.All, "client.director", "client.accountant"),
			permission(readDeferrals, access.Granted, access.Granted, access.All, "client.director", "client.accountant"),
			permission(requestDeferrals, access.Granted, access.Granted, access.All, "client.director", "client.accountant"),
			permission(decideDeferrals, access.None, access.Granted, access.All),
			permission(readDeferralRules, access.None, access.None, access.All),
			permission(updateDeferralRules, access.None, access.None, access.All),
			permission(readReports, access.None, access.Granted, access.All),
			permission(readBooks, access.None, access.None, access.All),
			permission(closeBooks, access.None, access.None, access.All),
			permission(grantBonuses, access.None, access.None, access.All),
		},
		Screens:      slices.Concat(balanceScreens, documentScreens, paymentScreens, serviceScreens, deferralScreens, bankScreens, settlementScreens, reportScreens, bonusScreens, signatoryScreens),
		Tiles:        append(slices.Clone(tiles), booksTile),
		MovesClients: true, // accounts of both are made one, with postings that say so
		Migrations:   module.Folder(migrations, "migrations"),
		Locales:      locales,
	}
}

// permission gives a right to the roles of contacts named last, to managers, their own and a branch's, and to heads.
func permission(name string, contacts, managers, heads access.Reach, contactRoles ...string) access.Permission {
	p := access.Permission{Name: name, Title: ID + ".permissions." + name[len(ID)+1:], Presets: map[string]access.Reach{}}
	for _, role := range contactRoles {
		p.Presets[role] = contacts
	}
	for role, reach := range map[string]access.Reach{"manager": managers, "branch-manager": managers, "head": heads} {
		if reach != access.None {
			p.Presets[role] = reach
		}
	}
	return p
}
