/**
 * What a plugin written for Node calls. It does what kernel/serve does for Go: see README.md, which makes a plugin from
 * nothing.
 *
 *   serve.js      serve: the process, from its first line of output to its end
 *   server.js     what the kernel asks: describe, open, set policy, deliver
 *   registry.js   the module's services, and calls to them; direct.js those that come without gRPC
 *   call.js       who acts, and until when
 *   host.js       what the portal lends the module
 *   back.js       calls from the module to the portal
 *   rows.js       the module's rows, as the call under way may see them; tx.js a transaction; dsn.js, sql.js what both need
 *   publish.js    events, said in a transaction; audit.js what the audit log is told
 *   pages.js      page tokens of lists
 *   status.js     errors that callers are told
 *   contracts.js  descriptors; settings.js, files.js, log.js, clock.js, id.js small parts
 */
export { serve } from './serve.js';
export { on, onSchedule } from './host.js';
export { Contracts, timestamp } from './contracts.js';
export { Code, StatusError, refusal, refusals } from './status.js';
export { newId } from './id.js';

/**
 * @typedef {import('./serve.js').Module} Module
 * @typedef {import('./host.js').Host} Host
 * @typedef {import('./call.js').Call} Call
 * @typedef {import('./tx.js').Tx} Tx
 * @typedef {import('./rows.js').Rows} Rows
 */
