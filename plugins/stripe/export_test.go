package stripe

// Amounts as Stripe counts them, and back.
var (
	Units  = units
	Amount = amount
)
