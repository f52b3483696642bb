package stripe

import (
	"errors"
	"net/http"
	"time"

	stripe "github.com/stripe/stripe-go/v84"

	"github.com/opencabinet/cabinet/kernel/secret"
)

// Settings are what portal.yaml may say, below modules.stripe.settings.
type Settings struct {
	// SecretKey is the account's, "sk_…" or, with rights to sessions, refunds, intents, charges, disputes, customers and payment methods alone, "rk_…". Write
	// it as ${env:NAME} or ${file:/path}. Required.
	SecretKey secret.Text `yaml:"secret_key" json:"secret_key"`
	// WebhookSecret is that of the endpoint, "whsec_…", in the same way. Required. The endpoint's address is the portal's,
	// /m/paysystem/hooks/stripe, and its events are checkout.session.*, payment_intent.succeeded, charge.refunded, refund.* and charge.dispute.*.
	WebhookSecret secret.Text `yaml:"webhook_secret" json:"webhook_secret"`
	// URL is where the API is. Default: Stripe's own.
	URL string `yaml:"url" json:"url"`
}

func defaults() Settings { return Settings{URL: stripe.APIURL} }

// Validate names every setting at fault.
func (s *Settings) Validate() error {
	var errs []error
	if s.SecretKey.IsZero() {
		errs = append(errs, errors.New("secret_key: give the account's key, as ${env:NAME} or ${file:/path}"))
	}
	if s.WebhookSecret.IsZero() {
		errs = append(errs, errors.New("webhook_secret: give the signing secret of the endpoint, as ${env:NAME} or ${file:/path}"))
	}
	return errors.Join(errs...)
}

const (
	// within is how long one request may take.
	within = 20 * time.Second
	// tries is how often stripe-go sends a request that failed on the way, under the same idempotency key.
	tries = 2
)

func (s *Settings) client() *stripe.Client {
	url, most := s.URL, int64(tries)
	return stripe.NewClient(s.SecretKey.Reveal(), stripe.WithBackends(stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		URL: &url, MaxNetworkRetries: &most, HTTPClient: &http.Client{Timeout: within}, LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
		EnableTelemetry: stripe.Bool(false),
	})))
}
