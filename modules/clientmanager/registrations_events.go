package clientmanager

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// registrationSteps are ids of requests to accountmanager, the same in every delivery: a step that was done before a process
// was killed is answered, not done again.
var registrationSteps = uuid.MustParse("5b1f6f6e-6c0e-4a4e-9d2d-0f4b3f1c7a10")

func stepID(registrationID, step string) string {
	return uuid.NewSHA1(registrationSteps, []byte(registrationID+"/"+step)).String()
}

// registrationChanged does what follows elsewhere from how far a request came: the letter with the link, the applicant's
// access, the letter that says no.
func (m *Module) registrationChanged(ctx context.Context, _ event.Event, e *v1.RegistrationChanged) error {
	if !store.IsID(e.GetRegistrationId()) {
		return m.noted(ctx)
	}
	row, err := store.QueryOne(ctx, m.host.Store, pgx.RowToStructByPos[registrationRow],
		`select `+registrationColumns+` from clientmanager.registrations where id = $1`, e.GetRegistrationId())
	switch {
	case isNotFound(err):
		return m.noted(ctx) // swept
	case err != nil:
		return err
	}
	letter := &accountmanagerv1.WriteLetterRequest{
		RequestId: stepID(row.ID, e.GetState().String()), Name: person(row.registration()), Email: row.Email, Language: row.Language,
	}
	switch e.GetState() {
	case unconfirmed:
		if row.state() != unconfirmed {
			return m.noted(ctx) // withdrawn, which needs the link: it came
		}
		letter.Kind, letter.Path = accountmanagerv1.LetterKind_LETTER_KIND_REGISTRATION, registrationPath+m.registrationToken(row.ID)
		letter.ExpireTime = timestamppb.New(row.Created.Add(confirmWithin))
		if _, err = m.admissions.WriteLetter(ctx, letter); err != nil {
			return err
		}
	case declined:
		letter.Kind, letter.Text = accountmanagerv1.LetterKind_LETTER_KIND_REGISTRATION_DECLINED, row.Reason
		if _, err = m.admissions.WriteLetter(ctx, letter); err != nil && status.Code(err) != codes.FailedPrecondition {
			return err // where no letters are sent, staff filed it, and tell the applicant themselves
		}
	case approved:
		return m.admitApplicant(ctx, row)
	}
	return m.noted(ctx)
}

// noted records that the event at hand was handled, whose effect is elsewhere.
func (m *Module) noted(ctx context.Context) error {
	return event.Apply(ctx, m.host.Store, func(_ context.Context, tx *store.Tx) error {
		audit.Quiet(tx)
		return nil
	})
}

// admitApplicant has accountmanager let the applicant in, and notes what became of it for staff to see.
func (m *Module) admitApplicant(ctx context.Context, row registrationRow) error {
	response, err := m.admissions.AdmitPerson(ctx, &accountmanagerv1.AdmitPersonRequest{
		RequestId: stepID(row.ID, "admit"), ClientId: row.ClientID, Name: person(row.registration()), Email: row.Email, Role: row.Role,
		Language: row.Language, Confirmed: row.Linked && len(row.Actors) == 0,
	})
	outcome := ""
	switch {
	case status.Code(err) == codes.FailedPrecondition, status.Code(err) == codes.InvalidArgument:
		outcome = "access_refused" // they are staff, say: staff see it and decide
	case err != nil:
		return err
	default:
		outcome = map[accountmanagerv1.Admission]string{
			accountmanagerv1.Admission_ADMISSION_ADDED:   "access_added",
			accountmanagerv1.Admission_ADMISSION_INVITED: "access_invited",
			accountmanagerv1.Admission_ADMISSION_HAD:     "access_had",
		}[response.GetAdmission()]
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update clientmanager.registrations set access = $2 where id = $1`, row.ID, ID+".registration."+outcome)
		return err
	})
}

// sweepRegistrations forgets requests that nobody confirmed: what somebody wrote into them need not be their own.
func (m *Module) sweepRegistrations(ctx context.Context, _ event.Event, _ *kernelv1.ScheduleDue) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Quiet(tx)
		_, err := tx.Exec(ctx, `
			delete from clientmanager.registrations where (state = 'unconfirmed' or state = 'withdrawn' and confirm_time is null) and create_time <= $1`,
			m.host.Now().Add(-unconfirmedKept))
		return err
	})
}
