// Booking as a program of its own. A portal starts it:
//
//	modules:
//	  booking:
//	    path: /srv/booking
package main

import (
	"github.com/opencabinet/cabinet/kernel/serve"
	"github.com/opencabinet/cabinet/plugins/booking"
)

func main() { serve.Plugin(booking.New) }
