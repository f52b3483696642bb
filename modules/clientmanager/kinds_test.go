package clientmanager_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

func TestKindsOfClientDiffer(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	const person, company = v1.ClientKind_CLIENT_KIND_PERSON, v1.ClientKind_CLIENT_KIND_COMPANY
	create := func(c *v1.Client) error {
		_, err := p.clients.CreateClient(head, &v1.CreateClientRequest{RequestId: store.NewID(), Client: c})
		return err
	}
	require.Equal(t, map[string]string{"client.legal_name": "company_only"}, reasons(create(&v1.Client{Name: "Halyna", Kind: person, LegalName: "Halyna LLC"})))
	require.Equal(t, map[string]string{"client.birth_date": "person_only"}, reasons(create(&v1.Client{Name: "Zerno", Kind: company, BirthDate: "1987-03-08"})))
	require.Equal(t, map[string]string{"client.birth_date": "bad_birth_date"}, reasons(create(&v1.Client{Name: "Halyna", Kind: person, BirthDate: "2030-01-01"})))
	halyna := p.add(head, &v1.Client{Name: "Halyna", Kind: person, BirthDate: "1987-03-08"})
	require.Equal(t, "1987-03-08", halyna.GetBirthDate())

	change := func(c *v1.Client, fields ...string) error {
		c.Id = halyna.GetId()
		_, err := p.clients.UpdateClient(head, &v1.UpdateClientRequest{Client: c, UpdateMask: mask(fields...)})
		return err
	}
	require.Equal(t, map[string]string{"client.legal_name": "company_only"}, reasons(change(&v1.Client{LegalName: "X"}, "legal_name")))
	require.Equal(t, map[string]string{"client.birth_date": "person_only"}, reasons(change(&v1.Client{Kind: company}, "kind")))
	require.NoError(t, change(&v1.Client{Kind: company, LegalName: "Halyna LLC"}, "kind", "birth_date", "legal_name"), "all of it together is fine")

	t.Run("what was written before the rules stays", func(t *testing.T) {
		_, err := p.admin().Exec(t.Context(), `update clientmanager.clients set kind = 'person' where id = $1`, halyna.GetId())
		require.NoError(t, err)
		require.NoError(t, change(&v1.Client{Place: "Irpin"}, "place"))
		require.NotEmpty(t, reasons(change(&v1.Client{LegalName: "Y"}, "legal_name")))
	})
}

func TestAnImportKnowsKinds(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	made, err := p.imports.CreateImport(head, &v1.CreateImportRequest{RequestId: store.NewID(), FileName: "people.csv", Content: []byte(
		"Name,Type,Birth date,Legal name\nHalyna,person,08.03.1987,\nZerno,company,,Zerno LLC\nOld LLC,company,08.03.1987,\nPetro,person,,Petro LLC\nIvan,person,31.02.1987,\n"),
	})
	require.NoError(t, err)
	_, err = p.imports.CheckImport(head, &v1.CheckImportRequest{Id: made.GetImport().GetId(), Mapping: []*kernelv1.ImportMapping{
		{Column: 0, Field: "name"}, {Column: 1, Field: "kind"}, {Column: 2, Field: "birth_date"}, {Column: 3, Field: "legal_name"},
	}})
	require.NoError(t, err)
	done, err := p.imports.RunImport(head, &v1.RunImportRequest{Id: made.GetImport().GetId()})
	require.NoError(t, err)
	require.EqualValues(t, 2, done.GetImport().GetReport().GetCreated())
	rows, err := p.imports.ListImportRows(head, &v1.ListImportRowsRequest{ImportId: made.GetImport().GetId()})
	require.NoError(t, err)
	found := map[string]string{}
	for _, row := range rows.GetRows() {
		if row.GetMessageKey() != "" {
			found[row.GetTitle()] = row.GetMessageKey()
		}
	}
	require.Equal(t, map[string]string{
		"Old LLC": "clientmanager.import.person_only", "Petro": "clientmanager.import.company_only", "Ivan": "clientmanager.import.bad_birth_date",
	}, found)
	require.Equal(t, 1, p.rows(`select count(*) from clientmanager.clients where birth_date = '1987-03-08'`))
}
