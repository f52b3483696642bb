package accountmanager

import (
	"context"
	"slices"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"google.golang.org/grpc/codes"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// factorService is what people do with their own second factor. Seeds and codes are rows that no user sees, so it acts as
// the module, for the caller alone.
type factorService struct {
	kernelv1.UnimplementedFactorServiceServer
	*Module
}

var _ kernelv1.FactorServiceServer = (*factorService)(nil)

// GetFactors says what the caller has.
func (s *factorService) GetFactors(ctx context.Context, _ *kernelv1.GetFactorsRequest) (*kernelv1.GetFactorsResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	self := s.host.Self(ctx)
	has, err := factorsOf(self, s.host.Store, who.UserID, s.party.name())
	if err != nil {
		return nil, err
	}
	return &kernelv1.GetFactorsResponse{
		Totp: has.Totp, RecoveryCodesLeft: has.CodesLeft, Passkeys: has.Passkeys, Required: s.wantsFactor(has.Staff, has.Roles),
	}, nil
}

// wantsFactor says whether somebody's roles ask for a second factor.
func (m *Module) wantsFactor(staff bool, roles []string) bool {
	return staff && slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(m.settings.SecondFactorRoles, role) })
}

// StartTotp makes a seed, which counts once a code has shown that the application has it.
func (s *factorService) StartTotp(ctx context.Context, _ *kernelv1.StartTotpRequest) (*kernelv1.StartTotpResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	response := &kernelv1.StartTotpResponse{}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		mine, err := firstOf(holdMe(ctx, tx, who.UserID))
		if err != nil || mine.ID == "" {
			return orElse(err, errNoUser)
		}
		key, err := totp.Generate(totp.GenerateOpts{Issuer: s.settings.Issuer, AccountName: mine.Email, SecretSize: 20})
		if err != nil {
			return err
		}
		sealed, err := s.host.Secrets.Seal(seedPurpose, []byte(key.Secret()), []byte(who.UserID))
		if err != nil {
			return err
		}
		fresh, err := putSeed(ctx, tx, who.UserID, sealed, s.host.Now())
		if err != nil || !fresh {
			return orElse(err, refuse(codes.FailedPrecondition, "", "has_factor", "there is a second factor already: remove it first"))
		}
		response.Seed, response.Uri = key.Secret(), key.URL()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// seedPurpose is what seeds are sealed for, bound to their user.
const seedPurpose = "totp-seed"

// ConfirmTotp makes the seed count, and gives the recovery codes. Guesses are not counted: it is the caller's own seed, which
// they have just been shown.
func (s *factorService) ConfirmTotp(ctx context.Context, r *kernelv1.ConfirmTotpRequest) (*kernelv1.ConfirmTotpResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	response := &kernelv1.ConfirmTotpResponse{}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		response.RecoveryCodes = nil // this may run again after a deadlock
		if _, err := holdMe(ctx, tx, who.UserID); err != nil {
			return err
		}
		row, err := firstOf(holdSeed(ctx, tx, who.UserID))
		switch {
		case err != nil:
			return err
		case row.Seed == nil || row.Confirmed:
			return refuse(codes.FailedPrecondition, "code", "no_seed", "begin with a new seed")
		}
		step, err := s.matchingStep(who.UserID, row, r.GetCode())
		if err != nil || step == 0 {
			return orElse(err, refuse(codes.InvalidArgument, "code", "wrong_code", "the code does not match: look at the clock of the device, and type the one it shows now"))
		}
		if err := confirmSeed(ctx, tx, who.UserID, step, s.host.Now()); err != nil {
			return err
		}
		response.RecoveryCodes, err = newRecoveryCodes(ctx, tx, who.UserID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// RemoveTotp takes the second factor away. Who must have one is asked to set another up.
func (s *factorService) RemoveTotp(ctx context.Context, _ *kernelv1.RemoveTotpRequest) (*kernelv1.RemoveTotpResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error { return dropFactors(ctx, tx, who.UserID) })
	return &kernelv1.RemoveTotpResponse{}, err
}

// MakeRecoveryCodes replaces the recovery codes.
func (s *factorService) MakeRecoveryCodes(ctx context.Context, _ *kernelv1.MakeRecoveryCodesRequest) (*kernelv1.MakeRecoveryCodesResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	response := &kernelv1.MakeRecoveryCodesResponse{}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		if _, err := holdMe(ctx, tx, who.UserID); err != nil {
			return err
		}
		row, err := firstOf(holdSeed(ctx, tx, who.UserID))
		if err != nil || !row.Confirmed {
			return orElse(err, refuse(codes.FailedPrecondition, "", "no_factor", "there is no second factor: set one up first"))
		}
		response.RecoveryCodes, err = newRecoveryCodes(ctx, tx, who.UserID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// ResetSecondFactor takes somebody's second factor and passkeys away, ends their sessions, and forgets their wrong codes.
func (s *userService) ResetSecondFactor(ctx context.Context, r *accountmanagerv1.ResetSecondFactorRequest) (*accountmanagerv1.ResetSecondFactorResponse, error) {
	who := access.From(ctx)
	if who.UserID == r.GetUserId() {
		return nil, refuse(codes.FailedPrecondition, "", "own_factor", "remove your own second factor in your settings")
	}
	_, err := s.endFor(ctx, who, r.GetUserId(), func(ctx context.Context, tx *store.Tx) (int32, error) {
		if err := dropFactors(ctx, tx, r.GetUserId()); err != nil {
			return 0, err
		}
		// They opened everything by themselves, and may be on what was lost.
		if err := dropPasskeys(ctx, tx, r.GetUserId()); err != nil {
			return 0, err
		}
		return endOthers(ctx, tx, r.GetUserId(), "")
	})
	return &accountmanagerv1.ResetSecondFactorResponse{}, err
}

// codeOpts are those that every application knows.
var codeOpts = totp.ValidateOpts{Period: codePeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

const codePeriod = 30
