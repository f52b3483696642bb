// LiqPay as a program of its own. A portal starts it:
//
//	modules:
//	  liqpay:
//	    path: /srv/liqpay
package main

import (
	"github.com/opencabinet/cabinet/kernel/serve"
	"github.com/opencabinet/cabinet/plugins/liqpay"
)

func main() { serve.Plugin(liqpay.New) }
