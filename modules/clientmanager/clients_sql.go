package clientmanager

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/custom"
	"github.com/opencabinet/cabinet/kernel/store"
)

// clientRow is a client as stored, in the order of clientColumns.
type clientRow struct {
	ID, Kind, Name, LegalName, Code, TaxID, Email, Phone, Website, Place, Address, CountryCode, Status string
	Tags                                                                                               []string
	ManagerID                                                                                          *string
	ManagerName, Note                                                                                  string
	Created, Updated                                                                                   time.Time
	Revision                                                                                           int64
	NameKey, PlaceKey                                                                                  []byte
	Extra                                                                                              []byte
	BranchID                                                                                           *string
	Segments                                                                                           []string
	BirthDate                                                                                          string
	GroupID                                                                                            *string
}

const clientColumns = `id::text, kind, name, legal_name, code, tax_id, email, phone, website, place, address, country_code, status,
	tags, manager_id::text, manager_name, note, create_time, update_time, revision, name_key, place_key, extra, branch_id::text, segments::text[],
	birth_date, group_id::text`

func (r clientRow) client() *v1.Client {
	c := &v1.Client{
		Id: r.ID, Kind: clientKinds.Of(r.Kind), Name: r.Name, LegalName: r.LegalName, Code: r.Code, TaxId: r.TaxID,
		Email: r.Email, Phone: r.Phone, Website: r.Website, Place: r.Place, Address: r.Address, CountryCode: r.CountryCode,
		Status: clientStatuses.Of(r.Status), Tags: r.Tags, ManagerName: r.ManagerName, Note: r.Note,
		CreateTime: timestamppb.New(r.Created), UpdateTime: timestamppb.New(r.Updated), Revision: r.Revision,
		SegmentIds: r.Segments,
	}
	c.BirthDate = r.BirthDate
	if r.ManagerID != nil {
		c.ManagerId = *r.ManagerID
	}
	if r.BranchID != nil {
		c.BranchId = *r.BranchID
	}
	if r.GroupID != nil {
		c.GroupId = *r.GroupID
	}
	if values, err := custom.Read(r.Extra); err == nil { // it is an object, as the table's constraint says
		c.Extra = fieldValues(values)
	}
	return c
}

var (
	clientKinds    = store.Enum[v1.ClientKind]{Prefix: "CLIENT_KIND_", Values: v1.ClientKind_value}
	clientStatuses = store.Enum[v1.ClientStatus]{Prefix: "CLIENT_STATUS_", Values: v1.ClientStatus_value}
)

// written is a client on its way into the table, as JSON that Postgres takes apart: one statement writes one or many.
type written struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind"`
	Name        string    `json:"name"`
	LegalName   string    `json:"legal_name"`
	Code        string    `json:"code"`
	TaxID       string    `json:"tax_id"`
	Email       string    `json:"email"`
	Phone       string    `json:"phone"`
	Website     string    `json:"website"`
	Place       string    `json:"place"`
	Address     string    `json:"address"`
	CountryCode string    `json:"country_code"`
	Status      string    `json:"status"`
	Tags        []string  `json:"tags"`
	ManagerID   *string   `json:"manager_id"`
	ManagerName string    `json:"manager_name"`
	Note        string    `json:"note"`
	CreateTime  time.Time `json:"create_time"`
	UpdateTime  time.Time `json:"update_time"`
	Revision    int64     `json:"revision"`
	NameKey     string    `json:"name_key"`
	PlaceKey    string    `json:"place_key"`
	PlaceFold   string    `json:"place_fold"`
	CodeFold    string    `json:"code_fold"`
	TaxIDFold   string    `json:"tax_id_fold"`
	Search      string    `json:"search"`
	Grams       []string  `json:"grams"`

	MatchKeys []int64 `json:"match_keys"`
	MatchDue  bool    `json:"match_due"`

	Extra      json.RawMessage `json:"extra"`
	ExtraTerms []string        `json:"extra_terms"`
	BranchID   *string         `json:"branch_id"`
	BirthDate  string          `json:"birth_date"`
	GroupID    *string         `json:"group_id"`
}

func (m *Module) write(c *v1.Client) written {
	search := searchText(c)
	w := written{
		ID: c.GetId(), Kind: clientKinds.Text(c.GetKind()), Name: c.GetName(), LegalName: c.GetLegalName(), Code: c.GetCode(), TaxID: c.GetTaxId(),
		Email: c.GetEmail(), Phone: c.GetPhone(), Website: c.GetWebsite(), Place: c.GetPlace(), Address: c.GetAddress(),
		CountryCode: c.GetCountryCode(), Status: clientStatuses.Text(c.GetStatus()), Tags: append([]string{}, c.GetTags()...),
		ManagerName: c.GetManagerName(), Note: c.GetNote(),
		CreateTime: c.GetCreateTime().AsTime(), UpdateTime: c.GetUpdateTime().AsTime(), Revision: c.GetRevision(),
		NameKey: `\x` + hex.EncodeToString(sortKey(c.GetName())), PlaceKey: `\x` + hex.EncodeToString(sortKey(c.GetPlace())),
		PlaceFold: fold(c.GetPlace()), CodeFold: fold(c.GetCode()), TaxIDFold: fold(c.GetTaxId()),
		Search: search, Grams: append([]string{}, grams(search)...), MatchKeys: matchKeys(c), MatchDue: true,
		Extra: m.settings.Fields.JSON(custom.Of(c.GetExtra())), ExtraTerms: m.settings.Fields.Terms(custom.Of(c.GetExtra()), fold),
	}
	w.BirthDate = c.GetBirthDate()
	if c.GetManagerId() != "" {
		w.ManagerID = &c.ManagerId
	}
	if c.GetBranchId() != "" {
		w.BranchID = &c.BranchId
	}
	if c.GetGroupId() != "" {
		w.GroupID = &c.GroupId
	}
	return w
}

const (
	writtenColumns = `id, kind, name, legal_name, code, tax_id, email, phone, website, place, address, country_code, status, tags,
		manager_id, manager_name, note, create_time, update_time, revision, name_key, place_key, place_fold, code_fold, tax_id_fold, search, grams, extra, extra_terms, match_keys, match_due, branch_id,
		birth_date, group_id`
	writtenRecord = `jsonb_to_recordset($1) as w(id uuid, kind text, name text, legal_name text, code text, tax_id text, email text,
		phone text, website text, place text, address text, country_code text, status text, tags text[], manager_id uuid, manager_name text,
		note text, create_time timestamptz, update_time timestamptz, revision bigint, name_key bytea, place_key bytea, place_fold text,
		code_fold text, tax_id_fold text, search text, grams text[], extra jsonb, extra_terms text[],
		match_keys bigint[], match_due boolean, branch_id uuid, birth_date text, group_id uuid)`
)

// writeTogether is how many clients go into one statement.
const writeTogether = 1000

// insertClients writes new clients. They are known to the portal, and granted to who writes them, before.
func (m *Module) insertClients(ctx context.Context, tx *store.Tx, clients []*v1.Client) error {
	return inChunks(clients, func(chunk []*v1.Client) error {
		return m.writeClients(ctx, tx, `
			insert into clientmanager.clients (`+writtenColumns+`) select `+writtenColumns+` from `+writtenRecord, chunk)
	})
}

// overwriteClients writes present clients over, but for fields of the integrator's that are declared no more. Their rows are locked before.
func (m *Module) overwriteClients(ctx context.Context, tx *store.Tx, clients []*v1.Client) error {
	return inChunks(clients, func(chunk []*v1.Client) error {
		return m.writeClients(ctx, tx, `
			update clientmanager.clients c set kind = w.kind, name = w.name, legal_name = w.legal_name, code = w.code, tax_id = w.tax_id,
				email = w.email, phone = w.phone, website = w.website, place = w.place, address = w.address, country_code = w.country_code,
				status = w.status, tags = w.tags, manager_id = w.manager_id, manager_name = w.manager_name, note = w.note,
				update_time = w.update_time, revision = w.revision, name_key = w.name_key, place_key = w.place_key,
				place_fold = w.place_fold, code_fold = w.code_fold, tax_id_fold = w.tax_id_fold, search = w.search, grams = w.grams,
				extra = c.extra - $2::text[] || w.extra, extra_terms = w.extra_terms,
				match_keys = w.match_keys, match_due = w.match_due, branch_id = w.branch_id, birth_date = w.birth_date, group_id = w.group_id
			from `+writtenRecord+` where c.id = w.id`, chunk, m.settings.Fields.IDs())
	})
}

func (m *Module) writeClients(ctx context.Context, tx *store.Tx, sql string, clients []*v1.Client, args ...any) error {
	rows := make([]written, len(clients))
	for i, c := range clients {
		rows[i] = m.write(c)
	}
	if err := execJSON(ctx, tx, sql, rows, args...); err != nil {
		return err
	}
	return m.regroupClients(ctx, tx, clients)
}

// execJSON runs a statement whose first argument is rows as JSON.
func execJSON(ctx context.Context, tx *store.Tx, sql string, rows any, args ...any) error {
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sql, append([]any{string(text)}, args...)...)
	return err
}

func inChunks[T any](all []T, do func([]T) error) error {
	for chunk := range slices.Chunk(all, writeTogether) {
		if err := do(chunk); err != nil {
			return err
		}
	}
	return nil
}

// findClient reads a client that the caller sees.
func findClient(ctx context.Context, q store.Querier, id string) (*v1.Client, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[clientRow], `select `+clientColumns+` from clientmanager.clients where id = $1`, id)
	return row.client(), store.NotFoundAs(err, errNoClient)
}

// holdClient reads a client and keeps others from changing it until the transaction ends.
func holdClient(ctx context.Context, tx *store.Tx, id string) (*v1.Client, error) {
	row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[clientRow],
		`select `+clientColumns+` from clientmanager.clients where id = $1 for no key update`, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, whereTo(ctx, tx, id)
	}
	return row.client(), err
}

// findClients reads many; those that the caller does not see are left out. Held, their rows are locked in the order of
// ids, so that two that lock the same do not wait for each other.
func findClients(ctx context.Context, q store.Querier, ids []string, hold bool) (map[string]*v1.Client, error) {
	lock := ""
	if hold {
		lock = " for no key update"
	}
	rows, err := store.Query(ctx, q, pgx.RowToStructByPos[clientRow],
		`select `+clientColumns+` from clientmanager.clients where id = any($1::uuid[]) order by id`+lock, ids)
	found := make(map[string]*v1.Client, len(rows))
	for _, row := range rows {
		found[row.ID] = row.client()
	}
	return found, err
}
