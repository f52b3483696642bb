-- +goose Up
select kernel.live('clientmanager.clients', 'cabinet.clientmanager.v1.Client', 'cabinet.clientmanager.v1.GetOverviewResponse',
    'cabinet.clientmanager.v1.GetManagerCardResponse');
select kernel.live('clientmanager.contacts', 'cabinet.clientmanager.v1.Contact');
select kernel.live('clientmanager.addresses', 'cabinet.clientmanager.v1.Address');
select kernel.live('clientmanager.agreements', 'cabinet.clientmanager.v1.Agreement');
select kernel.live('clientmanager.history', 'cabinet.clientmanager.v1.HistoryEntry');

-- +goose Down
select kernel.live_off('clientmanager.history');
select kernel.live_off('clientmanager.agreements');
select kernel.live_off('clientmanager.addresses');
select kernel.live_off('clientmanager.contacts');
select kernel.live_off('clientmanager.clients');
