package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Function is one that a module lends to the transactions of others, as manifests write it:
// "numbergenerator.take_v1(text, uuid, date, text, uuid) returns text".
type Function struct {
	Module string // whose schema it is in
	Name   string
	Takes  []string
	Gives  string
}

var (
	lentFunction = regexp.MustCompile(`^([a-z][a-z0-9]{0,39})\.([a-z][a-z0-9_]*_v[1-9][0-9]*)\(([^()]*)\) returns ([^()]*)$`)
	lentType     = regexp.MustCompile(`^[a-z][a-z0-9_ ]*(\[\])?$`)
)

// ParseFunction reads a signature. There is one way to write each, so that lender and borrower write the same.
func ParseFunction(signature string) (Function, error) {
	part := lentFunction.FindStringSubmatch(signature)
	if part == nil {
		return Function{}, fmt.Errorf("%q is no signature of a lent function: write module.name_v1(type, type) returns type, its version at the end of its name", signature)
	}
	f := Function{Module: part[1], Name: part[2], Gives: part[4]}
	if part[3] != "" {
		f.Takes = strings.Split(part[3], ", ")
	}
	for _, t := range append(slices.Clone(f.Takes), f.Gives) {
		if !lentType.MatchString(t) {
			return Function{}, fmt.Errorf("%q names no type of Postgres in the signature %q", t, signature)
		}
	}
	return f, nil
}

// String is the signature.
func (f Function) String() string {
	return f.Module + "." + f.Name + "(" + strings.Join(f.Takes, ", ") + ") returns " + f.Gives
}

// Loan is a function and the modules whose transactions may call it.
type Loan struct {
	Function  Function
	Borrowers []string
}

// LoanError says why a function cannot be lent.
type LoanError struct {
	Function Function
	Problem  string
}

func (e *LoanError) Error() string {
	return fmt.Sprintf("module %s lends %s, which %s", e.Function.Module, e.Function, e.Problem)
}

// Lend lets modules call, in transactions of their own, the functions that they borrow of others, and takes back what they
// borrow no more. A borrower's runtime roles, and the login of its own process, may name the lender's schema, and execute
// these functions; nothing else of the schema. Any number of processes may do so at once; a loan that is there is left alone.
func (db *DB) Lend(ctx context.Context, loans []Loan) error { return db.lend(ctx, loans, true) }

// LendMore is [DB.Lend] that takes nothing back: while a module of before still runs beside the one that takes its place.
func (db *DB) LendMore(ctx context.Context, loans []Loan) error { return db.lend(ctx, loans, false) }

// right is one of a role in the schema of a module it is not of.
type right struct{ what, role string }

func (db *DB) lend(ctx context.Context, loans []Loan, takeBack bool) error {
	err := db.locked(ctx, func(conn *pgx.Conn) error {
		modules, err := db.everyModule(ctx)
		if err != nil {
			return err
		}
		want := map[right]string{} // right → module whose it is to give
		for _, l := range loans {
			called, err := db.lendable(ctx, l.Function)
			if err != nil {
				return err
			}
			for _, b := range l.Borrowers {
				r := modules[b]
				for _, role := range []string{r.own, r.many, r.all} {
					want[right{"execute on function " + called, role}] = l.Function.Module
					want[right{"usage on schema " + quote(l.Function.Module), role}] = l.Function.Module
				}
				// SQL is parsed as the login, before the role is taken.
				want[right{"usage on schema " + quote(l.Function.Module), r.login}] = l.Function.Module
			}
		}
		have, err := db.lentNow(ctx, modules)
		if err != nil {
			return err
		}
		return db.settle(ctx, modules, want, have, takeBack)
	})
	return wrapLoan(err)
}

func wrapLoan(err error) error {
	var loan *LoanError
	if err == nil || errors.As(err, &loan) {
		return err
	}
	return wrap("lend functions", err)
}

// everyModule are the roles of all modules that the portal ever had. A login that was never made is empty.
func (db *DB) everyModule(ctx context.Context) (map[string]roles, error) {
	rows, err := db.kernel.Query(ctx, "select id from kernel.module")
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	logins := make([]string, len(ids))
	for i, id := range ids {
		logins[i] = db.names.module(id).login
	}
	if rows, err = db.kernel.Query(ctx, "select rolname::text from pg_catalog.pg_roles where rolname = any($1::text[])", logins); err != nil {
		return nil, err
	}
	if logins, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return nil, err
	}
	modules := map[string]roles{}
	for _, id := range ids {
		r := db.names.module(id)
		if !slices.Contains(logins, r.login) {
			r.login = ""
		}
		modules[id] = r
	}
	return modules, nil
}

// lendable looks whether a function is there and safe to lend, and returns how grants name it.
func (db *DB) lendable(ctx context.Context, f Function) (string, error) {
	var called string
	var definer, pinned, plain, gives bool
	err := db.kernel.QueryRow(ctx, `
		select format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), p.prosecdef,
		       exists (select from unnest(p.proconfig) s where s like 'search\_path=%'),
		       p.prokind = 'f' and not p.proretset and p.proowner = n.nspowner, coalesce(p.prorettype = to_regtype($3)::oid, false)
		from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
		where n.nspname = $1 and p.proname = $2
		  and array(select unnest(p.proargtypes)) = array(select to_regtype(t)::oid from unnest($4::text[]) with ordinality u(t, i) order by i)`,
		f.Module, f.Name, f.Gives, slices.Concat([]string{}, f.Takes)).Scan(&called, &definer, &pinned, &plain, &gives)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", &LoanError{f, "is not there: make it in a migration, or correct the manifest"}
	case err != nil:
		return "", err
	case !gives:
		return "", &LoanError{f, "returns another type: correct the manifest, or give the function another version"}
	case !plain:
		return "", &LoanError{f, "is no plain function of the module's own that returns one value: lend one that is"}
	case !definer || !pinned:
		return "", &LoanError{f, "would run with the borrower's rights: make it security definer set search_path = pg_catalog, pg_temp"}
	}
	return called, nil
}

// lentNow are the rights that roles of modules have in schemas of others.
func (db *DB) lentNow(ctx context.Context, modules map[string]roles) (map[right]string, error) {
	whose := map[string]string{}
	var ids, names []string
	for id, r := range modules {
		ids = append(ids, id)
		for _, role := range []string{r.own, r.many, r.all, r.login} {
			if role != "" {
				whose[role] = id
				names = append(names, role)
			}
		}
	}
	rows, err := db.kernel.Query(ctx, `
		select n.nspname::text, 'usage on schema "' || n.nspname || '"', r.rolname::text
		from pg_catalog.pg_namespace n, aclexplode(n.nspacl) a join pg_catalog.pg_roles r on r.oid = a.grantee
		where n.nspname = any($1::text[]) and r.rolname = any($2::text[]) and a.privilege_type = 'USAGE'
		union all
		select n.nspname::text, 'execute on function ' || format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), r.rolname::text
		from pg_catalog.pg_namespace n join pg_catalog.pg_proc p on p.pronamespace = n.oid, aclexplode(p.proacl) a join pg_catalog.pg_roles r on r.oid = a.grantee
		where n.nspname = any($1::text[]) and r.rolname = any($2::text[]) and a.privilege_type = 'EXECUTE' and p.prokind = 'f'`, ids, names)
	if err != nil {
		return nil, err
	}
	have := map[right]string{}
	var lender, what, role string
	_, err = pgx.ForEachRow(rows, []any{&lender, &what, &role}, func() error {
		if whose[role] != lender {
			have[right{what, role}] = lender
		}
		return nil
	})
	return have, err
}

// settle gives what is wanted and is not had, and takes back the other way round, as the owner of each schema.
func (db *DB) settle(ctx context.Context, modules map[string]roles, want, have map[right]string, takeBack bool) error {
	statements := map[string][]string{}
	for r, lender := range want {
		if _, had := have[r]; !had && r.role != "" {
			statements[lender] = append(statements[lender], "grant "+r.what+" to "+quote(r.role))
		}
	}
	for r, lender := range have {
		if _, wanted := want[r]; !wanted && takeBack {
			statements[lender] = append(statements[lender], "revoke "+r.what+" from "+quote(r.role))
		}
	}
	if len(statements) == 0 {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, db.admin)
	if err != nil {
		return wrap("connect to database "+db.admin.Database, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	a := &adminConn{Conn: conn, db: db}
	var all []string
	for lender, list := range statements {
		all = append(append(all, "set local role "+quote(modules[lender].owner)), list...)
	}
	return a.do(ctx, "begin; %s; commit", strings.Join(all, "; "))
}

// lendLogin lets a login that is made after [DB.Lend] name the schemas that its module borrows from.
func (db *DB) lendLogin(ctx context.Context, r roles) error {
	modules, err := db.everyModule(ctx)
	if err != nil {
		return wrap("lend functions", err)
	}
	have, err := db.lentNow(ctx, modules)
	if err != nil {
		return wrap("lend functions", err)
	}
	want := map[right]string{}
	for h, lender := range have {
		if h.role == r.own && h.what == "usage on schema "+quote(lender) {
			want[right{h.what, r.login}] = lender
		}
	}
	return db.settle(ctx, modules, want, have, false)
}
