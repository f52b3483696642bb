// Stripe as a program of its own. A portal starts it:
//
//	modules:
//	  stripe:
//	    path: /srv/stripe
package main

import (
	"github.com/opencabinet/cabinet/kernel/serve"
	"github.com/opencabinet/cabinet/plugins/stripe"
)

func main() { serve.Plugin(stripe.New) }
