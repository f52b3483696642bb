import { hkdfSync } from 'node:crypto';

import { innerOf, selfCall } from './call.js';
import { kernel } from './contracts.js';

const listing = kernel.service('cabinet.kernel.v1.HostService').methods.find((m) => m.localName === 'listProviders');

/**
 * A purpose for which the module hears events. Its handler acts as the module: see Rows.apply.
 * @param {string} subscriber begins with the module's id: "feedback.clients"
 * @param {string} type the full name of the event's message
 * @param {(event: {id: string, source: string, type: string, key: string, time: Date, due?: Date, payload: any}, call: import('./call.js').Call) => Promise<void>} handle
 * @param {{timeoutMs?: number}} [more] how long it may take; as long as is usual without
 */
export function on(subscriber, type, handle, { timeoutMs } = {}) {
  return { subscriber, type, handle, timeoutMs };
}

/**
 * A purpose for which the module is woken by the clock.
 * @param {string} subscriber
 * @param {{title: string, cron: string, catchUp?: 'skip' | 'once' | 'each', most?: number}} plan title is a key of the
 *   module's texts; cron is in the portal's time zone
 * @param {Parameters<typeof on>[2]} handle
 * @param {{timeoutMs?: number}} [more]
 */
export function onSchedule(subscriber, plan, handle, { timeoutMs } = {}) {
  return { subscriber, type: 'cabinet.kernel.v1.ScheduleDue', handle, plan, timeoutMs };
}

/** What the portal lends the module; it may be kept. */
export class Host {
  #token;
  #key;
  #back;
  #contracts;

  /**
   * @param {object} lent
   * @param {string} lent.id
   * @param {any} lent.settings
   * @param {any} lent.policy
   * @param {string} lent.zone
   * @param {string} lent.url
   * @param {() => Date} lent.now
   * @param {import('./log.js').Log} lent.log
   * @param {import('./rows.js').Rows | undefined} lent.rows
   * @param {import('./pages.js').Pages} lent.pages
   * @param {import('./contracts.js').Contracts} lent.contracts
   * @param {import('./back.js').Back} lent.back
   * @param {string} lent.token
   * @param {Uint8Array} lent.key
   */
  constructor(lent) {
    /** The module's id. */
    this.id = lent.id;
    /** Its part of portal.yaml, over its defaults. */
    this.settings = lent.settings;
    /** The portal's roles and what each may do: {roles, permissions, given}. Another one once they were changed. */
    this.policy = lent.policy;
    /** The portal's time zone, as Intl names it: days are days there. */
    this.zone = lent.zone;
    /** Where browsers reach the portal, without a slash at its end. */
    this.url = lent.url;
    /** The clock: ask it, and not Date. */
    this.now = lent.now;
    this.log = lent.log;
    /** The module's rows, as a call may see them. A module without migrations has none. */
    this.rows = /** @type {import('./rows.js').Rows} */ (lent.rows);
    /** Page tokens of lists. */
    this.pages = lent.pages;
    this.#token = lent.token;
    this.#key = lent.key;
    this.#back = lent.back;
    this.#contracts = lent.contracts;
  }

  /**
   * A client of a service that the manifest requires: its methods by their names, the first letter small, each called with
   * a request and the call in whose name it is made.
   * @param {string} service a full name
   * @param {string} [provider] the module that is meant, by its id, where many provide the service: see providers
   */
  client(service, provider) {
    return this.#back.client(this.#contracts.service(service), provider);
  }

  /**
   * The modules that provide a service now, by their ids in alphabetical order.
   * @param {string} service a full name
   * @param {import('./call.js').Call} [call] the one under way, which it ends with
   * @returns {Promise<string[]>}
   */
  async providers(service, call) {
    const { moduleIds } = await this.#back.invoke(listing, { service }, this.self(call));
    return moduleIds;
  }

  /**
   * A call in which the module acts by itself: for its own rows, all of them, and for calls it makes in nobody's name. The
   * caller's rights are gone, so check them before.
   * @param {import('./call.js').Call} [call] the one under way, which it ends with
   */
  self(call) {
    if (call) innerOf(call);
    return selfCall(this.id, this.#token, { call });
  }

  /**
   * The call of a handler of events, which acts as the module. The kit calls it.
   * @param {{subscriber: string, eventId: string}} delivery
   * @param {{signal: AbortSignal, deadline?: Date}} about
   */
  deliver(delivery, about) {
    return selfCall(this.id, this.#token, { ...about, delivery });
  }

  /**
   * A secret of the module's own, derived from the portal's master key.
   * @param {string} purpose tells several apart
   * @param {number} bytes
   */
  key(purpose, bytes) {
    return Buffer.from(hkdfSync('sha256', this.#key, Buffer.alloc(0), 'cabinet module: ' + purpose, bytes));
  }
}
