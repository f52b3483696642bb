package clientmanager_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit/trail"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

// Every screen and tile fits the contracts that it shows, also those that lead to accountmanager's.
func TestScreensFitTheirContracts(t *testing.T) {
	router := newPortal(t).router
	r := router.For("accountmanager", nil)
	kernelv1.RegisterIdentityServiceServer(r, kernelv1.UnimplementedIdentityServiceServer{})
	accountmanagerv1.RegisterMeServiceServer(r, accountmanagerv1.UnimplementedMeServiceServer{})
	kernelv1.RegisterPasskeyServiceServer(r, kernelv1.UnimplementedPasskeyServiceServer{})
	accountmanagerv1.RegisterPhoneServiceServer(r, accountmanagerv1.UnimplementedPhoneServiceServer{})
	accountmanagerv1.RegisterExternalAccountServiceServer(r, accountmanagerv1.UnimplementedExternalAccountServiceServer{})
	accountmanagerv1.RegisterImpersonationServiceServer(r, accountmanagerv1.UnimplementedImpersonationServiceServer{})
	accountmanagerv1.RegisterPhotoServiceServer(r, accountmanagerv1.UnimplementedPhotoServiceServer{})
	accountmanagerv1.RegisterInvitationServiceServer(r, accountmanagerv1.UnimplementedInvitationServiceServer{})
	accountmanagerv1.RegisterMembershipServiceServer(r, accountmanagerv1.UnimplementedMembershipServiceServer{})
	kernelv1.RegisterAuditServiceServer(router, kernelv1.UnimplementedAuditServiceServer{})
	require.NoError(t, router.Err())
	_, err := screen.Compile(router, []module.Manifest{{ID: "kernel", Screens: trail.Screens}, clientmanager.New(nil, nil).Manifest(), accountmanager.New(nil).Manifest()})
	require.NoError(t, err)
}

var keyInCode = regexp.MustCompile(`"clientmanager\.([a-z_]+\.[a-z_]+)"|"((?:refusal|import)\.[a-z_0-9]+)"|wrong\([^,]+, "([a-z_0-9]+)"\)|unfit\("([a-z_]+)"|what: "([a-z_]+)"|, "((?:contact|updated|profile|created|imported)[a-z_]*)"\)`)

// Every text that the module names, and every field and value that its screens show, is there in every language.
func TestTextsAreComplete(t *testing.T) {
	t.Parallel()
	manifest := clientmanager.New(nil, nil).Manifest()
	texts, err := locale.NewBundle(locale.Source{Prefix: manifest.ID, FS: manifest.Locales})
	require.NoError(t, err)
	var keys []string
	for _, p := range manifest.Permissions {
		keys = append(keys, p.Title)
	}
	for _, s := range manifest.Screens {
		if s.Empty != "" {
			keys = append(keys, s.Empty+"_hint")
		}
	}
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		source, err := os.ReadFile(file.Name())
		require.NoError(t, err)
		for _, found := range keyInCode.FindAllStringSubmatch(string(source), -1) {
			for i, prefix := range []string{"", "", "import.", "import.file_", "history.", "history."} {
				key := found[i+1]
				if key == "" || strings.Contains(key, "permissions") || strings.HasPrefix(found[0], `"clientmanager.clients.`) && file.Name() == "manifest.go" {
					continue
				}
				if screens := clientmanager.ID + "." + key; !isName(manifest, screens) {
					keys = append(keys, clientmanager.ID+"."+prefix+key)
				}
			}
		}
	}
	for _, e := range []protoreflect.EnumDescriptor{
		v1.ClientKind(0).Descriptor(), v1.ClientStatus(0).Descriptor(), v1.ClientOrder(0).Descriptor(),
		v1.AddressKind(0).Descriptor(), v1.AgreementKind(0).Descriptor(), v1.AgreementStatus(0).Descriptor(), v1.AgreementTerm(0).Descriptor(),
		v1.BranchState(0).Descriptor(), v1.ManagerPlace(0).Descriptor(), v1.ClientSource(0).Descriptor(), v1.KindCondition(0).Descriptor(),
		v1.RuleTarget(0).Descriptor(), v1.RuleState(0).Descriptor(), v1.RuleVerdict(0).Descriptor(), v1.HandoverState(0).Descriptor(),
	} {
		for i := 1; i < e.Values().Len(); i++ {
			keys = append(keys, "clientmanager.enums."+string(e.Values().Get(i).Name()))
		}
	}
	for _, field := range clientmanager.ImportFields {
		keys = append(keys, "clientmanager.fields."+field)
	}
	require.Contains(t, keys, "clientmanager.refusal.meanwhile")
	require.Contains(t, keys, "clientmanager.refusal.nothing_named")
	require.Contains(t, keys, "clientmanager.import.file_empty")
	require.Contains(t, keys, "clientmanager.import.not_yours")
	require.Contains(t, keys, "clientmanager.history.contact_added")
	require.Contains(t, keys, "clientmanager.client.suspend_intro")
	slices.Sort(keys)
	require.NoError(t, texts.Check(slices.Compact(keys)))
}

// isName tells a screen's or a permission's name from the key of a text.
func isName(m module.Manifest, name string) bool {
	for _, s := range m.Screens {
		if m.ID+"."+s.ID == name {
			return true
		}
	}
	for _, p := range m.Permissions {
		if strings.HasPrefix(p.Name, name) {
			return true
		}
	}
	return false
}

// A file whose columns are named as the portal itself names the fields, in any language, needs no choosing.
func TestOwnWordsAreKnown(t *testing.T) {
	t.Parallel()
	bundle, err := locale.NewBundle(locale.Source{Prefix: clientmanager.ID, FS: clientmanager.New(nil, nil).Manifest().Locales})
	require.NoError(t, err)
	for _, lang := range locale.Languages() {
		for _, field := range clientmanager.ImportFields {
			label := bundle.For(lang, time.UTC).T("clientmanager.fields." + field)
			require.Equal(t, field, clientmanager.Suggest(label), "%s, %q", lang, label)
		}
	}
}
