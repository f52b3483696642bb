import * as sql from './feedback_sql.js';

/** Nobody acts for a suspended client, and so nobody would read an answer: what waits is closed. */
export const clientSuspended = (host) => (event, call) => host.rows.apply(call, async (tx) => {
  const { clientId } = event.payload;
  tx.audited.concerns(clientId);
  await sql.setSuspended(tx, clientId, true);
  await sql.closeWaiting(tx, clientId, host.now());
});

/** A client that is served again may speak again. What was closed stays so. */
export const clientResumed = (host) => (event, call) => host.rows.apply(call, async (tx) => {
  const { clientId } = event.payload;
  tx.audited.concerns(clientId);
  await sql.setSuspended(tx, clientId, false);
});
