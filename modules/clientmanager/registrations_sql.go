package clientmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// registrationRow is a request to become a client as stored, in the order of registrationColumns.
type registrationRow struct {
	ID, Kind, Name, LegalName, TaxID, BirthDate, CountryCode, Email, Phone, Place, Note, ContactName, ContactPosition string
	Language, State                                                                                                   string
	Actors                                                                                                            []string
	FiledBy, DeciderID, DecidedBy                                                                                     string
	Decided                                                                                                           *time.Time
	Reason, ClientID, Role, Access, Warning                                                                           string
	Created                                                                                                           time.Time
	Confirmed                                                                                                         *time.Time
	Revision                                                                                                          int64
	// Linked says that the applicant has a link: they filed it themselves.
	Linked bool
}

const registrationColumns = `id::text, kind, name, legal_name, tax_id, birth_date, country_code, email, phone, place, note, contact_name, contact_position,
	language, state, actors::text[], filed_by, coalesce(decider_id::text, ''), decided_by, decide_time, reason, coalesce(client_id::text, ''), role,
	access, warning, create_time, confirm_time, revision, token_hash is not null`

var registrationStates = store.Enum[v1.RegistrationState]{Prefix: "REGISTRATION_STATE_", Values: v1.RegistrationState_value}

// Shorter names for how far a request came.
const (
	unconfirmed = v1.RegistrationState_REGISTRATION_STATE_UNCONFIRMED
	waiting     = v1.RegistrationState_REGISTRATION_STATE_WAITING
	approved    = v1.RegistrationState_REGISTRATION_STATE_APPROVED
	declined    = v1.RegistrationState_REGISTRATION_STATE_DECLINED
	withdrawn   = v1.RegistrationState_REGISTRATION_STATE_WITHDRAWN
)

func (r registrationRow) state() v1.RegistrationState { return registrationStates.Of(r.State) }

func (r registrationRow) registration() *v1.Registration {
	out := &v1.Registration{
		Id: r.ID, Kind: clientKinds.Of(r.Kind), Name: r.Name, LegalName: r.LegalName, TaxId: r.TaxID, BirthDate: r.BirthDate,
		CountryCode: r.CountryCode, Email: r.Email, Phone: r.Phone, Place: r.Place, Note: r.Note, ContactName: r.ContactName,
		ContactPosition: r.ContactPosition, State: r.state(), FiledBy: r.FiledBy, DecidedBy: r.DecidedBy, Reason: r.Reason,
		ClientId: r.ClientID, Access: r.Access, Warning: r.Warning, CreateTime: timestamppb.New(r.Created), Revision: r.Revision,
	}
	if r.Decided != nil {
		out.DecideTime = timestamppb.New(*r.Decided)
	}
	if r.Confirmed != nil {
		out.ConfirmTime = timestamppb.New(*r.Confirmed)
	}
	return out
}

// newRegistration is what the first writing adds to what was said.
type newRegistration struct {
	*v1.Registration
	hash     []byte
	language string
	actors   []string
	agreed   *time.Time
}

func insertRegistration(ctx context.Context, tx *store.Tx, n newRegistration) error {
	r := n.Registration
	var confirmed *time.Time
	if r.GetConfirmTime() != nil {
		at := r.GetConfirmTime().AsTime()
		confirmed = &at
	}
	_, err := tx.Exec(ctx, `
		insert into clientmanager.registrations (id, kind, name, legal_name, tax_id, birth_date, country_code, email, phone, place, note,
			contact_name, contact_position, language, state, token_hash, agree_time, actors, filed_by, decided_by, reason, role, access, warning,
			create_time, confirm_time, revision, tax_id_fold, name_fold)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18::text[]::uuid[], $19, '', '', '', '', $24, $20, $21, 1, $22, $23)`,
		r.GetId(), clientKinds.Text(r.GetKind()), r.GetName(), r.GetLegalName(), r.GetTaxId(), r.GetBirthDate(), r.GetCountryCode(), r.GetEmail(),
		r.GetPhone(), r.GetPlace(), r.GetNote(), r.GetContactName(), r.GetContactPosition(), n.language, registrationStates.Text(r.GetState()),
		n.hash, n.agreed, append([]string{}, n.actors...), r.GetFiledBy(), r.GetCreateTime().AsTime(), confirmed, fold(r.GetTaxId()), fold(r.GetName()), r.GetWarning())
	return err
}

// saveRegistration writes over what staff corrected. The actors are added to those that there are.
func saveRegistration(ctx context.Context, tx *store.Tx, r *v1.Registration, actors []string) error {
	_, err := tx.Exec(ctx, `
		update clientmanager.registrations set name = $2, legal_name = $3, tax_id = $4, birth_date = $5, country_code = $6, email = $7, phone = $8,
			place = $9, note = $10, contact_name = $11, contact_position = $12, revision = $13, tax_id_fold = $14, name_fold = $15,
			actors = array(select distinct unnest(actors || $16::text[]::uuid[]))
		where id = $1`,
		r.GetId(), r.GetName(), r.GetLegalName(), r.GetTaxId(), r.GetBirthDate(), r.GetCountryCode(), r.GetEmail(), r.GetPhone(), r.GetPlace(),
		r.GetNote(), r.GetContactName(), r.GetContactPosition(), r.GetRevision(), fold(r.GetTaxId()), fold(r.GetName()), append([]string{}, actors...))
	return err
}

// findRegistration reads one that staff may see.
func findRegistration(ctx context.Context, q store.Querier, id string) (registrationRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[registrationRow],
		`select `+registrationColumns+` from clientmanager.registrations where id = $1 and state <> 'unconfirmed'`, id)
	return row, store.NotFoundAs(err, errNoRegistration)
}

// holdRegistration reads one and keeps others from deciding on it until the transaction ends.
func holdRegistration(ctx context.Context, tx *store.Tx, id string) (registrationRow, error) {
	row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[registrationRow],
		`select `+registrationColumns+` from clientmanager.registrations where id = $1 and state <> 'unconfirmed' for no key update`, id)
	return row, store.NotFoundAs(err, errNoRegistration)
}

// byLink finds the request that a link belongs to: one that was confirmed, or still can be.
func byLink(ctx context.Context, q store.Querier, hash []byte, since time.Time, lock string) (registrationRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[registrationRow], `
		select `+registrationColumns+` from clientmanager.registrations
		where token_hash = $1 and state <> 'withdrawn' and (state <> 'unconfirmed' or create_time > $2)`+lock, hash, since)
	return row, store.NotFoundAs(err, errNoLink)
}

// countStarted counts requests since a time: all of them, and those of an e-mail. Those who start one wait for each other.
func countStarted(ctx context.Context, tx *store.Tx, email string, since time.Time) (everybody, own int, err error) {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('clientmanager.registrations', 0))`); err != nil {
		return 0, 0, err
	}
	type counts struct{ All, Own int }
	found, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[counts], `
		select (select count(*)::int from clientmanager.registrations where state = 'unconfirmed' and create_time > $2),
			(select count(*)::int from clientmanager.registrations where email = $1 and create_time > $2)`, email, since)
	return found.All, found.Own, err
}

// supersede withdraws what the same applicant has waiting beside this one.
func supersede(ctx context.Context, tx *store.Tx, id string) error {
	_, err := tx.Exec(ctx, `
		update clientmanager.registrations o set state = 'withdrawn', revision = o.revision + 1
		from clientmanager.registrations n
		where n.id = $1 and o.id <> n.id and o.state = 'waiting' and (o.email, o.kind, o.tax_id_fold, o.name_fold) = (n.email, n.kind, n.tax_id_fold, n.name_fold)`, id)
	return err
}

func confirmRegistration(ctx context.Context, tx *store.Tx, id, warning string, now time.Time) error {
	_, err := tx.Exec(ctx, `
		update clientmanager.registrations set state = 'waiting', confirm_time = $2, warning = $3, revision = revision + 1 where id = $1`, id, now, warning)
	return err
}

func withdrawRegistration(ctx context.Context, tx *store.Tx, id string) error {
	_, err := tx.Exec(ctx, `update clientmanager.registrations set state = 'withdrawn', revision = revision + 1 where id = $1`, id)
	return err
}

// verdict is what was decided on a request, and by whom.
type verdict struct {
	state                  v1.RegistrationState
	deciderID, decidedBy   string
	reason, clientID, role string
	at                     time.Time
}

func decideRegistration(ctx context.Context, tx *store.Tx, id string, v verdict) error {
	_, err := tx.Exec(ctx, `
		update clientmanager.registrations set state = $2, decider_id = nullif($3, '')::uuid, decided_by = $4, decide_time = $5, reason = $6,
			client_id = nullif($7, '')::uuid, role = $8, revision = revision + 1
		where id = $1`, id, registrationStates.Text(v.state), v.deciderID, v.decidedBy, v.at, v.reason, v.clientID, v.role)
	return err
}

// lookalikes are ids of clients that share something with a request, and what: the module's own eyes are needed. What is
// not given is not compared.
func lookalikes(ctx context.Context, q store.Querier, r *v1.Registration) ([]lookalike, error) {
	return store.Query(ctx, q, pgx.RowToStructByPos[lookalike], `
		select id::text, array_agg(distinct same order by same) from (
			select id, 'tax_id' as same from clientmanager.clients where tax_id_fold = $1 and tax_id_fold <> ''
			union all select id, 'email' from clientmanager.clients where email = $2 and email <> ''
			union all select id, 'phone' from clientmanager.clients where phone = $3 and phone <> ''
			union all select client_id, 'email' from clientmanager.contacts where email = $2 and email <> ''
			union all select client_id, 'phone' from clientmanager.contacts where phone = $3 and phone <> ''
		) found group by id order by count(distinct same) desc, id limit $4`,
		fold(r.GetTaxId()), r.GetEmail(), r.GetPhone(), mostLookalikes)
}

type lookalike struct {
	ID   string
	Same []string
}

// mostLookalikes are shown of a request.
const mostLookalikes = 50
