package ledger_test

import (
	"os"
	"testing"

	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
