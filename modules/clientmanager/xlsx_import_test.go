package clientmanager_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

// A workbook goes the same way as a text: columns, check, run.
func TestImportOfAWorkbook(t *testing.T) {
	p := newPortal(t, withFields)
	olha := p.manager("Olha")
	book := excelize.NewFile()
	for i, row := range [][]any{{"Name", "Phone", "Tier", "Area"}, {"Зерно", "+380 44 555 01 42", "Gold", 12.5}, {"Lan", "nothing", "Gold", 1}} {
		require.NoError(t, book.SetSheetRow("Sheet1", []string{"A1", "A2", "A3"}[i], &row))
	}
	var content bytes.Buffer
	require.NoError(t, book.Write(&content))
	require.NoError(t, book.Close())
	done := p.run(olha, p.check(olha, p.upload(olha, content.String())))
	require.Equal(t, []int32{1, 1}, []int32{done.GetReport().GetCreated(), done.GetReport().GetFailed()})
	got, err := p.clients.ListClients(olha, &v1.ListClientsRequest{Extra: extra("area", "12.5")})
	require.NoError(t, err)
	require.Equal(t, "+380445550142", got.GetClients()[0].GetPhone())
}
