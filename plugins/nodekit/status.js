import { create, toBinary } from '@bufbuild/protobuf';
import { status as Code, Metadata } from '@grpc/grpc-js';
import { randomBytes } from 'node:crypto';

import { buffer, kernel } from './contracts.js';

export { Code };

/** The metadata in which gRPC sends what an error says beside its text. */
const detailsKey = 'grpc-status-details-bin';
/** A trailer: the answer is the module's own, and not the transport's for want of a connection. */
const servedKey = 'cabinet-served';

/** An error that a caller may be told: a code and a plain sentence. What led to it is its cause, for logs. */
export class StatusError extends Error {
  /**
   * @param {number} code one of Code
   * @param {string} text
   * @param {{details?: Array<[string, object]>, cause?: unknown, constraint?: string}} [more] details are messages by
   *   their full names; constraint is the one of the database that was broken
   */
  constructor(code, text, more = {}) {
    super(text, { cause: more.cause });
    this.name = 'StatusError';
    this.code = code;
    this.details = more.details ?? [];
    this.constraint = more.constraint ?? '';
  }
}

/**
 * An error whose words people read, as module.Refusal makes it.
 * @param {number} code one of Code
 * @param {string} field the path of the one at fault in the request; empty when none is
 * @param {string} key of the module's locale files
 * @param {string} text the same in English, for logs and the API
 */
export function refusal(code, field, key, text) {
  return refusals(code, text, [{ field, key, text }]);
}

/**
 * An error about several fields.
 * @param {number} code one of Code
 * @param {string} text
 * @param {Array<{field: string, key: string, text: string}>} fields
 * @param {{reason: string, domain: string}} [info] a reason for programs, as google.rpc.ErrorInfo
 */
export function refusals(code, text, fields, info) {
  /** @type {Array<[string, object]>} */
  const details = [];
  if (fields.length > 0) {
    details.push(['google.rpc.BadRequest', {
      fieldViolations: fields.map((f) => ({ field: f.field, description: f.text, reason: f.key })),
    }]);
  }
  if (info) details.push(['google.rpc.ErrorInfo', info]);
  return new StatusError(code, text, { details });
}

/**
 * A google.rpc.Status as bytes.
 * @param {number} code
 * @param {string} text
 * @param {Array<[string, object]>} details
 */
export function statusBytes(code, text, details) {
  const packed = details.map(([name, init]) => {
    const desc = kernel.message(name);
    return { typeUrl: 'type.googleapis.com/' + name, value: toBinary(desc, create(desc, init)) };
  });
  const desc = kernel.message('google.rpc.Status');
  return buffer(toBinary(desc, create(desc, { code, message: text, details: packed })));
}

/**
 * Makes anything that was thrown what a caller is told. What is not meant for callers is logged under a reference, and
 * the caller is told the reference alone.
 * @param {unknown} err
 * @param {{method: string, log: import('./log.js').Log, signal?: AbortSignal}} where
 * @returns {{code: number, text: string, bytes?: Buffer}} bytes are the google.rpc.Status, where it says more
 */
export function normal(err, where) {
  if (err instanceof StatusError) {
    const told = { code: err.code, text: err.message };
    return err.details.length > 0 ? { ...told, bytes: statusBytes(err.code, err.message, err.details) } : told;
  }
  const remote = /** @type {any} */ (err);
  if (remote instanceof Error && 'details' in remote && Number.isInteger(remote.code) && remote.metadata instanceof Metadata) {
    // What another module said to a call of this one.
    const [bytes] = remote.metadata.get(detailsKey);
    const told = { code: remote.code, text: String(remote.details) };
    return Buffer.isBuffer(bytes) ? { ...told, bytes } : told;
  }
  if (where.signal?.aborted) {
    const over = where.signal.reason;
    return over instanceof StatusError ? { code: over.code, text: over.message } : { code: Code.CANCELLED, text: 'the call was cancelled' };
  }
  const reference = randomBytes(8).toString('hex').slice(0, 12);
  where.log.error('a provider failed', {
    reference, method: where.method, error: err instanceof Error ? err.message : String(err), stack: err instanceof Error ? err.stack : undefined,
  });
  return { code: Code.INTERNAL, text: 'internal error, reference ' + reference };
}

/** The trailer that every answer of the module carries. */
export function served() {
  const trailer = new Metadata();
  trailer.set(servedKey, '1');
  return trailer;
}

/**
 * The same as gRPC's library wants an error.
 * @param {{code: number, text: string, bytes?: Buffer}} told
 */
export function serviceError(told) {
  const metadata = served();
  if (told.bytes) metadata.set(detailsKey, told.bytes);
  return { code: told.code, details: told.text, metadata };
}
