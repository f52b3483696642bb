package secret_test

import (
	"fmt"
	"os"

	"github.com/opencabinet/cabinet/kernel/secret"
)

func ExampleKeeper_Seal() {
	dir, err := os.MkdirTemp("", "data")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	keeper, err := secret.Open(secret.Config{Dir: dir, Env: os.LookupEnv})
	if err != nil {
		panic(err)
	}
	sealed, err := keeper.Seal("totp-seed", []byte("JBSWY3DP"), []byte("user 1"))
	if err != nil {
		panic(err)
	}
	seed, err := keeper.Open("totp-seed", sealed, []byte("user 1"))
	fmt.Println(string(seed), err)
	_, err = keeper.Open("totp-seed", sealed, []byte("user 2"))
	fmt.Println(err)
	// Output:
	// JBSWY3DP <nil>
	// the sealed value cannot be opened: it was altered, or sealed for another purpose or owner
}

func ExampleText() {
	password := secret.NewText("hunter2")
	fmt.Printf("%v %q %d\n", password, password, password)
	fmt.Println(len(password.Reveal()))
	// Output:
	// [secret] [secret] [secret]
	// 7
}
