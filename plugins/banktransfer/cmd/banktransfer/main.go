// Bank transfer as a program of its own. A portal starts it:
//
//	modules:
//	  banktransfer:
//	    path: /srv/banktransfer
package main

import (
	"github.com/opencabinet/cabinet/kernel/serve"
	"github.com/opencabinet/cabinet/plugins/banktransfer"
)

func main() { serve.Plugin(banktransfer.New) }
