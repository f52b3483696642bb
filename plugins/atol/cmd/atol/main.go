// ATOL Online as a program of its own. A portal starts it:
//
//	modules:
//	  atol:
//	    path: /srv/atol
package main

import (
	"github.com/opencabinet/cabinet/kernel/serve"
	"github.com/opencabinet/cabinet/plugins/atol"
)

func main() { serve.Plugin(atol.New) }
