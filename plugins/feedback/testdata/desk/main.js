#!/usr/bin/env node
// A module that files a paper for each new client, by a number that another module lends.
import { Contracts, on, serve } from '@opencabinet/plugin';

const contracts = Contracts.read(new URL('../../contracts.binpb', import.meta.url));

await serve({
  manifest: { id: 'desk', borrows: ['lender.take_v1(text) returns text'] }, contracts, version: '1', folder: import.meta.dirname,
  register: (host) => ({
    services: {},
    events: [
      on('desk.clients', 'cabinet.clientmanager.v1.ClientCreated', (_, call) => host.rows.apply(call, async (tx) => {
        const { number } = await tx.one('select lender.take_v1($1) as number', ['paper']);
        await tx.exec('insert into desk.paper (number) values ($1)', [number]);
      })),
    ],
  }),
});
