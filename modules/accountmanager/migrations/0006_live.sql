-- +goose Up

-- That somebody was here is written down all the time, and nothing to refresh a list for.
select kernel.live_for('accountmanager.users', 'user user_id', '{last_seen_time, last_client_id}',
    'cabinet.accountmanager.v1.User', 'cabinet.accountmanager.v1.Me', 'cabinet.accountmanager.v1.StaffCard',
    'cabinet.accountmanager.v1.Role', 'cabinet.kernel.v1.Identity');
select kernel.live_for('accountmanager.sessions', 'user user_id', '{last_seen_time, expire_time}',
    'cabinet.accountmanager.v1.Session', 'cabinet.kernel.v1.Identity');
-- Whether an account is locked is part of the user.
select kernel.live_for('accountmanager.tries', 'user user_id', '{wrong, update_time}', 'cabinet.accountmanager.v1.User');
select kernel.live('accountmanager.memberships', 'cabinet.accountmanager.v1.Membership', 'cabinet.kernel.v1.Identity');
select kernel.live('accountmanager.invitations', 'cabinet.accountmanager.v1.Invitation');
-- Whom a suspension shuts out.
select kernel.live_for('accountmanager.client_copies', 'client client_id', '{name, name_time}', 'cabinet.kernel.v1.Identity');

-- +goose Down
select kernel.live_off('accountmanager.client_copies');
select kernel.live_off('accountmanager.invitations');
select kernel.live_off('accountmanager.memberships');
select kernel.live_off('accountmanager.tries');
select kernel.live_off('accountmanager.sessions');
select kernel.live_off('accountmanager.users');
