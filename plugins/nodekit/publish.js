import { create } from '@bufbuild/protobuf';

import { canonical, Kind, meaning } from './contracts.js';
import { newId } from './id.js';

const maxKey = 200;
const maxPayload = 64 << 10;

/** @typedef {{id: string, type: string, key: string, payload: Buffer, due?: Date, off?: boolean}} Pending */

/** What a transaction publishes: kept until it is about to commit. */
export class Outbox {
  #contracts;
  #publishes;
  /** @type {Pending[]} */
  #events = [];

  /**
   * @param {import('./contracts.js').Contracts} contracts
   * @param {string[]} publishes what the manifest promises
   */
  constructor(contracts, publishes) {
    this.#contracts = contracts;
    this.#publishes = publishes;
  }

  /**
   * @param {string} key
   * @param {string} type
   * @param {object} init
   * @param {Date} [due]
   */
  add(key, type, init, due) {
    this.#check(key, type);
    const desc = this.#contracts.message(type);
    checkEvent(desc);
    const payload = canonical(desc, create(desc, init));
    if (payload.length > maxPayload) throw new Error(`publish ${type}: the event has ${payload.length} bytes: at most ${maxPayload} are allowed`);
    this.#events.push({ id: newId(), type, key, payload, due });
  }

  /**
   * @param {string} key
   * @param {string} type
   */
  takeBack(key, type) {
    this.#check(key, type);
    this.#events.push({ id: '', type, key, payload: Buffer.alloc(0), off: true });
  }

  /**
   * @param {string} key
   * @param {string} type
   */
  #check(key, type) {
    if (!this.#publishes.includes(type)) throw new Error(`publish ${type}: add it to publishes in the manifest`);
    if (typeof key !== 'string' || key === '' || Buffer.byteLength(key) > maxKey || key.includes('\0')) {
      throw new Error(`publish ${type}: the key is the id of what the event is about, a text of at most ${maxKey} bytes`);
    }
  }

  /**
   * Writes the events, in one statement, and before them jobs in another.
   * @param {import('./tx.js').Tx} tx
   */
  async flush(tx) {
    // Lanes are locked in the order of their keys, by all transactions alike.
    const events = this.#events.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    this.#events = [];
    const off = events.filter((e) => e.off);
    const now = events.filter((e) => !e.off && !e.due);
    const later = events.filter((e, i) => e.due && !events.slice(i + 1).some((x) => x.off && x.key === e.key && x.type === e.type));
    const columns = (/** @type {Pending[]} */ list) => [list.map((e) => e.id), list.map((e) => e.type), list.map((e) => e.key), list.map((e) => e.payload)];
    if (later.length + off.length > 0) {
      await tx.exec('select kernel.plan($1, $2, $3, $4, $5, $6, $7)',
        [...columns(later), later.map((e) => e.due), off.map((e) => e.type), off.map((e) => e.key)]);
    }
    if (now.length > 0) await tx.exec('select kernel.publish($1, $2, $3, $4)', columns(now));
  }
}

/** @type {Map<number, string>} */
const closed = new Map([
  [Kind.KIND_EMAIL, 'an e-mail address'], [Kind.KIND_PHONE, 'a phone number'], [Kind.KIND_MULTILINE, 'a text'],
]);
/** @type {Set<string>} */
const checked = new Set();

/**
 * Refuses a message that carries what events must not, at any depth.
 * @param {any} event a descriptor
 */
export function checkEvent(event) {
  if (checked.has(event.typeName)) return;
  const seen = new Set();
  const look = (/** @type {any} */ desc) => {
    if (seen.has(desc.typeName)) return;
    seen.add(desc.typeName);
    for (const field of desc.fields) {
      const m = meaning(field);
      const what = m.secret ? 'a secret' : closed.get(m.kind);
      if (what) {
        throw new Error(`event ${event.typeName} carries ${desc.typeName}.${field.name}, ${what}: an event carries ids, amounts and states, and its subscribers ask for the rest`);
      }
      if (field.message) look(field.message);
    }
  };
  look(event);
  checked.add(event.typeName);
}
