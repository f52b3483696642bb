import pg from 'pg';

import { Code, StatusError } from './status.js';

/** There is no such row, or it is not among those that the caller may see. */
export const notFound = () => new StatusError(Code.NOT_FOUND, 'not found');

const unavailable = 'the database does not answer right now: try again in a moment';

/** @type {Record<string, [number, string]>} */
const byState = {
  23505: [Code.ALREADY_EXISTS, 'there is one like this already'],
  '23P01': [Code.ALREADY_EXISTS, 'there is one like this already'],
  23503: [Code.FAILED_PRECONDITION, 'something that this needs is not there, or something else still needs this'],
  '22P02': [Code.INVALID_ARGUMENT, 'a value has the wrong form or size'],
  22001: [Code.INVALID_ARGUMENT, 'a value has the wrong form or size'],
  22003: [Code.INVALID_ARGUMENT, 'a value has the wrong form or size'],
  22007: [Code.INVALID_ARGUMENT, 'a value has the wrong form or size'],
  22008: [Code.INVALID_ARGUMENT, 'a value has the wrong form or size'],
  22021: [Code.INVALID_ARGUMENT, 'a value has the wrong form or size'],
  40001: [Code.ABORTED, 'somebody else changed the same thing at the same moment: try again'],
  '40P01': [Code.ABORTED, 'somebody else changed the same thing at the same moment: try again'],
  '55P03': [Code.ABORTED, 'somebody else holds this at the moment: try again'],
  CB001: [Code.PERMISSION_DENIED, 'no principal: the database does not accept who is said to act'],
  CB002: [Code.PERMISSION_DENIED, 'no principal: the call took longer than its signature holds'],
  CB003: [Code.FAILED_PRECONDITION, 'this client was merged into another, and nothing is done with it any more: open the other one'],
  CB004: [Code.UNAVAILABLE, 'something about this client is still on its way: try again in a moment'],
  42501: [Code.PERMISSION_DENIED, 'this is outside of what the caller may reach'],
  57014: [Code.DEADLINE_EXCEEDED, 'the database took too long'],
  25006: [Code.UNAVAILABLE, unavailable],
};

/** @type {Array<[string, number, string]>} */
const byClass = [
  ['23', Code.INVALID_ARGUMENT, 'a value is missing or not allowed'],
  ['08', Code.UNAVAILABLE, unavailable],
  ['57P', Code.UNAVAILABLE, unavailable],
  ['53', Code.UNAVAILABLE, unavailable],
];

/**
 * Turns what Postgres and its driver say into what a caller may be told, as kernel/store does. What is not known stays as
 * it is, to be treated as a defect: logged, and not shown.
 * @param {unknown} err
 * @returns {unknown}
 */
export function told(err) {
  if (err instanceof StatusError) return err;
  if (err instanceof pg.DatabaseError) {
    const state = err.code ?? '';
    const known = byState[state] ?? byClass.find(([start]) => state.startsWith(start))?.slice(1);
    return known ? new StatusError(/** @type {number} */ (known[0]), String(known[1]), { cause: err, constraint: err.constraint }) : err;
  }
  return lost(err) ? new StatusError(Code.UNAVAILABLE, unavailable, { cause: err }) : err;
}

/**
 * Tells whether an error says that there is no connection.
 * @param {unknown} err
 */
export function lost(err) {
  if (!(err instanceof Error) || err instanceof StatusError) return false;
  if (err instanceof pg.DatabaseError) return /^(08|57P)/.test(err.code ?? '');
  const code = /** @type {any} */ (err).code;
  return /^(ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOST|ENET)/.test(String(code ?? '')) || /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(err.message);
}

/**
 * Tells whether a transaction that failed may succeed when it is run again.
 * @param {unknown} err
 */
export function retryable(err) {
  const from = err instanceof StatusError ? err.cause : err;
  return from instanceof pg.DatabaseError && (from.code === '40001' || from.code === '40P01');
}

/** What is read otherwise than the driver does: days are texts, large numbers exact. */
export const types = {
  /** @param {number} oid @param {'text' | 'binary'} [format] */
  getTypeParser(oid, format) {
    if (format !== 'binary') {
      if (oid === 1082) return (/** @type {string} */ day) => day;
      if (oid === 20) return BigInt;
    }
    return /** @type {any} */ (pg.types).getTypeParser(oid, format);
  },
};
