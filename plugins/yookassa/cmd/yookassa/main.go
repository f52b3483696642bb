// YooKassa as a program of its own. A portal starts it:
//
//	modules:
//	  yookassa:
//	    path: /srv/yookassa
package main

import (
	"github.com/opencabinet/cabinet/kernel/serve"
	"github.com/opencabinet/cabinet/plugins/yookassa"
)

func main() { serve.Plugin(yookassa.New) }
