// Checkbox as a program of its own. A portal starts it:
//
//	modules:
//	  checkbox:
//	    path: /srv/checkbox
package main

import (
	"github.com/opencabinet/cabinet/kernel/serve"
	"github.com/opencabinet/cabinet/plugins/checkbox"
)

func main() { serve.Plugin(checkbox.New) }
