package accountmanager

import (
	"context"
	"net/url"

	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// externalService is what members of staff do with their own accounts of providers, whose rows they see themselves.
type externalService struct {
	accountmanagerv1.UnimplementedExternalAccountServiceServer
	*Module
}

var _ accountmanagerv1.ExternalAccountServiceServer = (*externalService)(nil)

// ListExternalAccounts lists the caller's.
func (s *externalService) ListExternalAccounts(ctx context.Context, r *accountmanagerv1.ListExternalAccountsRequest) (*accountmanagerv1.ListExternalAccountsResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	var after string
	if _, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &after); err != nil {
		return nil, err
	}
	size := store.PageSize(r.GetPageSize())
	rows, err := listExternal(ctx, s.host.Store, who.UserID, after, size+1)
	if err != nil {
		return nil, err
	}
	response := &accountmanagerv1.ListExternalAccountsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, size, func(last externalRow) []any { return []any{last.ID} })
	for _, row := range rows {
		response.Accounts = append(response.Accounts, s.proto(row))
	}
	return response, err
}

// UnlinkExternalAccount shuts an account out. A sign-in by it that waits for its second factor waits in vain.
func (s *externalService) UnlinkExternalAccount(ctx context.Context, r *accountmanagerv1.UnlinkExternalAccountRequest) (*accountmanagerv1.UnlinkExternalAccountResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		if _, err := holdMe(ctx, tx, who.UserID); err != nil {
			return err
		}
		changed, err := unlinkExternal(ctx, tx, who.UserID, r.GetId(), s.host.Now())
		if err != nil || changed == 0 {
			return err
		}
		return dropChallenges(ctx, tx, who.UserID)
	})
	return &accountmanagerv1.UnlinkExternalAccountResponse{}, err
}

// AllowExternalAccount forgets one that was unlinked.
func (s *externalService) AllowExternalAccount(ctx context.Context, r *accountmanagerv1.AllowExternalAccountRequest) (*accountmanagerv1.AllowExternalAccountResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return forgetExternal(ctx, tx, who.UserID, r.GetId())
	})
	return &accountmanagerv1.AllowExternalAccountResponse{}, err
}

func (s *externalService) proto(r externalRow) *accountmanagerv1.ExternalAccount {
	account := &accountmanagerv1.ExternalAccount{
		Id: r.ID, Provider: s.providerTitle(r.Issuer), Email: r.Email, State: accountmanagerv1.ExternalAccountState_EXTERNAL_ACCOUNT_STATE_LINKED,
		LinkTime: timestamppb.New(r.Linked), LastSignInTime: timestamppb.New(r.LastSignIn),
	}
	if r.Unlinked {
		account.State = accountmanagerv1.ExternalAccountState_EXTERNAL_ACCOUNT_STATE_UNLINKED
	}
	return account
}

// providerTitle is what a provider is called; one that portal.yaml names no more is called by its host.
func (m *Module) providerTitle(issuer string) string {
	for _, p := range m.settings.OIDC {
		if p.Issuer == issuer {
			return p.Title
		}
	}
	if u, err := url.Parse(issuer); err == nil {
		return u.Host
	}
	return issuer
}
