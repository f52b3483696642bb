package paysystem

import (
	"embed"

	"google.golang.org/protobuf/proto"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
)

// ID names the module, its schema, its texts and its permissions.
const ID = "paysystem"

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed locales/*.yaml
var locales embed.FS

// Permissions of the module.
const (
	readPayments    = "paysystem.payments.read"
	createPayments  = "paysystem.payments.create"
	confirmPayments = "paysystem.payments.confirm"
	refundPayments  = "paysystem.payments.refund"
	exportPayments  = "paysystem.payments.export"
	readMethods     = "paysystem.methods.read"
	updateMethods   = "paysystem.methods.update"
	readNotices     = "paysystem.notices.read"
	resolveNotices  = "paysystem.notices.resolve"
	retryReceipts   = "paysystem.receipts.retry"
)

func manifest() module.Manifest {
	return module.Manifest{
		ID: ID,
		Provides: []string{
			v1.PaymentService_ServiceDesc.ServiceName, v1.MethodService_ServiceDesc.ServiceName, v1.NoticeService_ServiceDesc.ServiceName,
			v1.ReceiptService_ServiceDesc.ServiceName, v1.SavedCardService_ServiceDesc.ServiceName,
		},
		Requires: []string{clientmanagerv1.ClientService_ServiceDesc.ServiceName},
		Optional: []string{v1.GatewayService_ServiceDesc.ServiceName, v1.FiscalService_ServiceDesc.ServiceName, v1.AccountService_ServiceDesc.ServiceName}, // a business may take cash alone
		Publishes: []string{
			nameOf(&v1.PaymentSucceeded{}), nameOf(&v1.PaymentFailed{}), nameOf(&v1.PaymentRefunded{}), nameOf(&v1.PaymentChargedBack{}), nameOf(&v1.ChargebackWon{}),
			nameOf(&v1.PaymentSettled{}), nameOf(&v1.PaymentDeferred{}), nameOf(&v1.SavedCardsDue{}), nameOf(&v1.NoticeReceived{}), nameOf(&v1.PaymentCheckDue{}), nameOf(&v1.RefundDue{}), nameOf(&v1.ReceiptDue{}),
		},
		Hooks: true,
		Permissions: []access.Permission{
			permission(readPayments, access.Granted, access.Granted, access.All),
			permission(createPayments, access.Granted, access.Granted, access.All),
			permission(confirmPayments, access.None, access.Granted, access.All),
			permission(refundPayments, access.None, access.None, access.All),
			permission(exportPayments, access.None, access.None, access.All),
			// Ways to pay are the business's, the same for all; a reach only says who may.
			permission(readMethods, access.None, access.All, access.All),
			permission(updateMethods, access.None, access.None, access.All),
			permission(readNotices, access.None, access.None, access.All),
			permission(resolveNotices, access.None, access.None, access.All),
			permission(retryReceipts, access.None, access.None, access.All),
		},
		Screens:    screens,
		Migrations: module.Folder(migrations, "migrations"),
		Locales:    locales,
	}
}

func nameOf(m proto.Message) string { return string(m.ProtoReflect().Descriptor().FullName()) }

// permission gives a right to contacts, to managers, their own and a branch's, and to heads.
func permission(name string, contacts, managers, heads access.Reach) access.Permission {
	p := access.Permission{Name: name, Title: ID + ".permissions." + name[len(ID)+1:], Presets: map[string]access.Reach{}}
	for role, reach := range map[string]access.Reach{"client": contacts, "manager": managers, "branch-manager": managers, "head": heads} {
		if reach != access.None {
			p.Presets[role] = reach
		}
	}
	return p
}
