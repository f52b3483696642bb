package trail

import (
	"context"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Listing returns the statement that answers a list's first page.
func Listing(ctx context.Context, cfg Config, r *kernelv1.ListAuditEntriesRequest) (sql string, args []any, err error) {
	s := &service{Config: cfg}
	return s.listing(ctx, r, "", store.PageSize(r.GetPageSize())+1, questionOf(r))
}

// ActivityListing is the same for a contact.
func ActivityListing(ctx context.Context, cfg Config, r *kernelv1.ListActivitiesRequest) (sql string, args []any, err error) {
	s := &service{Config: cfg}
	return s.listing(ctx, r, "", store.PageSize(r.GetPageSize())+1, activityOf(r, "00000000-0000-7000-8000-000000000001"))
}
