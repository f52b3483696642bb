import { fromBinary } from '@bufbuild/protobuf';

import { kernel } from './contracts.js';
import { Code, StatusError } from './status.js';

const Acting = kernel.message('cabinet.kernel.v1.Acting');

/**
 * @typedef {object} Principal who is acting now
 * @property {'' | 'contact' | 'staff' | 'module' | 'kernel'} kind
 * @property {string} userId a UUID; empty for a module and the kernel
 * @property {string} sessionId
 * @property {string} name as shown to others; a module's id
 * @property {string[]} roles
 * @property {string} actingFor the client that a contact acts for
 * @property {string[]} via the modules that the call came through, outermost first
 * @property {string} actedBy the member of staff who acts as the user; empty when they act themselves
 * @property {boolean} mayWrite
 * @property {string} address
 * @property {string} device
 */

/**
 * @typedef {object} Inner what the kit knows of a call and the module does not
 * @property {string} token names the call at the portal's socket
 * @property {{role: string, setting: string}} rows
 * @property {string} change what the portal signed for the audit log
 * @property {{subscriber: string, eventId: string}} [delivery]
 * @property {boolean} [own] the module acts by itself
 */

/** @type {WeakMap<Call, Inner>} */
const inner = new WeakMap();

/** @param {Call} call @returns {Inner} */
export function innerOf(call) {
  const found = inner.get(call);
  if (!found) throw new Error('this is no call: hand on what the method was given, or host.self()');
  return found;
}

/** A call under way: who acts, what was decided about it, and until when. Hand it on to rows and to calls of other modules. */
export class Call {
  /**
   * @param {object} about
   * @param {Principal} about.principal
   * @param {{reach: 'all' | 'granted' | '', method: string, permission: string, role: string}} about.decision
   * @param {AbortSignal} about.signal
   * @param {Date} [about.deadline]
   * @param {Record<string, string[]>} [about.metadata]
   * @param {Inner} kept
   */
  constructor({ principal, decision, signal, deadline, metadata = {} }, kept) {
    this.principal = principal;
    this.decision = decision;
    /** Ends with the call: its caller went away, or its time is up. */
    this.signal = signal;
    /** Until when the call may take; undefined for no end. */
    this.deadline = deadline;
    /** What the caller sent beside the request. */
    this.metadata = metadata;
    inner.set(this, kept);
  }

  /** Throws when the call is over: nobody waits for what would come. */
  check() {
    if (!this.signal.aborted) return;
    throw this.signal.reason instanceof StatusError ? this.signal.reason : new StatusError(Code.CANCELLED, 'the call was cancelled');
  }
}

/** The reason of a call's end when its time is up. */
export const late = () => new StatusError(Code.DEADLINE_EXCEEDED, 'the call took too long');

/** Reads who acts. The same is read once: a page makes many calls, and a reader opens many pages. */
export class Reader {
  /** @type {Map<string, any>} */
  #known = new Map();

  /**
   * @param {Uint8Array} acting
   * @param {string} token
   * @param {string} change
   * @param {{signal: AbortSignal, deadline?: Date, metadata?: Record<string, string[]>}} about
   */
  call(acting, token, change, about) {
    const key = Buffer.from(acting).toString('latin1');
    let known = this.#known.get(key);
    if (!known) {
      known = read(acting);
      if (this.#known.size >= 256) this.#known.clear();
      this.#known.set(key, known);
    }
    return new Call({ ...about, principal: known.principal, decision: known.decision }, { token, change, rows: known.rows });
  }
}

/** @param {Uint8Array} bytes */
function read(bytes) {
  const m = /** @type {any} */ (fromBinary(Acting, bytes));
  return {
    principal: Object.freeze({
      kind: m.kind, userId: m.userId, sessionId: m.sessionId, name: m.name, roles: m.roles, actingFor: m.actingFor, via: m.via,
      actedBy: m.actedBy, mayWrite: m.mayWrite, address: m.address, device: m.device,
    }),
    decision: Object.freeze({ reach: m.reach, method: m.method, permission: m.permission, role: m.role }),
    rows: { role: m.rowsRole, setting: m.rowsSetting },
  };
}

/**
 * A call in which the module acts by itself: for its own rows, all of them, and for calls it makes in nobody's name.
 * @param {string} id the module's
 * @param {string} token for what the module does by itself
 * @param {{call?: Call, signal?: AbortSignal, deadline?: Date, delivery?: {subscriber: string, eventId: string}}} [of]
 */
export function selfCall(id, token, { call, signal, deadline, delivery } = {}) {
  const outer = call && innerOf(call);
  return new Call({
    principal: Object.freeze({
      kind: 'module', userId: '', sessionId: '', name: id, roles: [], actingFor: '', via: [], actedBy: '', mayWrite: false, address: '', device: '',
    }),
    decision: Object.freeze({ reach: 'all', method: '', permission: '', role: '' }),
    signal: call?.signal ?? signal ?? new AbortController().signal,
    deadline: call?.deadline ?? deadline,
  }, { token, rows: { role: '', setting: '' }, change: outer?.change ?? '', delivery: delivery ?? outer?.delivery, own: true });
}
