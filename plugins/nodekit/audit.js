import { isFieldSet, ScalarType } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';

import { Kind, meaning } from './contracts.js';
import { isId } from './id.js';

/** How much of a value is kept, in bytes. */
const longest = 2000;

/** @typedef {{field: string, before?: string, after?: string, staff?: boolean}} Change */
/** @typedef {{resource?: string, resource_id?: string, client_id?: string, outcome?: string, reason?: string, changes?: Change[]}} Subject */

/**
 * What a transaction adds to its entry in the audit log. A transaction that changed a row leaves one by itself, when it
 * runs for a call of a method with side effects or for a handler of events.
 */
export class Audited {
  #contracts;
  #wrote = false;
  #quiet = false;
  /** @type {Subject[]} */
  #subjects = [];
  /** The handler of events that the transaction runs for. */
  handler = '';

  /** @param {import('./contracts.js').Contracts} contracts */
  constructor(contracts) {
    this.#contracts = contracts;
  }

  /**
   * Says what the transaction is about, where the request does not: a thing that was made, or one of many.
   * @param {any} thing a message
   */
  about(thing) {
    this.#about(this.#subjectOf(thing));
  }

  /**
   * Says whom the transaction concerns, where neither the request nor a thing does.
   * @param {string} clientId
   */
  concerns(clientId) {
    this.#first().client_id = clientId;
  }

  /**
   * Says what of a thing the transaction changes: the fields in which the two messages differ.
   * @param {any} before
   * @param {any} after
   */
  changed(before, after) {
    const changes = difference(this.#contracts.message(before.$typeName), before, after);
    if (changes.length === 0) return;
    const subject = this.#about(this.#subjectOf(before));
    subject.changes = [...(subject.changes ?? []), ...changes];
  }

  /**
   * Says that what is written down is a refusal, and why, in one word.
   * @param {string} reason
   */
  refused(reason) {
    Object.assign(this.#first(), { outcome: 'refused', reason });
  }

  /** Says that the transaction is not what its call is for. It leaves no entry. */
  quiet() {
    this.#quiet = true;
  }

  /**
   * Notes whether a statement changed rows.
   * @param {string} command
   * @param {number} count
   */
  tagged(command, count) {
    this.#wrote ||= count > 0 && ['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(command);
  }

  /**
   * Reads off a create's answer what was made.
   * @param {any} answer
   */
  answered(answer) {
    if (this.#subjects.length > 0) return; // the module has said it
    const desc = this.#contracts.message(answer.$typeName);
    const inner = desc.fields.filter((f) => f.fieldKind === 'message' && isFieldSet(answer, f)).map((f) => answer[f.localName]);
    const made = [answer, ...inner].map((m) => this.#subjectOf(m)).find((s) => s.resource_id);
    if (made) this.#subjects = [made];
  }

  /**
   * The arguments of kernel.audit; undefined when there is nothing to write.
   * @param {string} change what the portal signed about the call
   */
  entry(change) {
    if (this.#quiet || (!this.#wrote && this.#subjects.length === 0)) return undefined;
    if (!change && !this.handler) return undefined; // something that the module does by itself: no deed of anybody's
    this.#first();
    return [change, this.handler, JSON.stringify(this.#subjects)];
  }

  #first() {
    if (this.#subjects.length === 0) this.#subjects.push({});
    return this.#subjects[0];
  }

  /** @param {Subject} thing */
  #about(thing) {
    const known = this.#subjects.find((s) => s.resource_id && s.resource_id === thing.resource_id);
    if (known) return known;
    if (this.#subjects.length > 0 && !this.#subjects[0].resource_id) {
      const first = this.#subjects[0];
      Object.assign(first, { resource: thing.resource, resource_id: thing.resource_id, client_id: first.client_id || thing.client_id });
      return first;
    }
    this.#subjects.push(thing);
    return thing;
  }

  /**
   * @param {any} message
   * @returns {Subject}
   */
  #subjectOf(message) {
    const desc = this.#contracts.message(message.$typeName);
    /** @type {Subject} */
    const subject = { resource: desc.typeName };
    for (const field of desc.fields) {
      const value = field.fieldKind === 'scalar' && !field.oneof ? message[field.localName] : undefined;
      if (!isId(value)) continue;
      const m = meaning(field);
      if (m.kind === Kind.KIND_ID) subject.resource_id = value;
      if (m.clientId) subject.client_id = value;
    }
    return subject;
  }
}

/**
 * The fields in which two states of a thing differ, with what they held.
 * @param {any} desc
 * @param {any} before
 * @param {any} after
 * @returns {Change[]}
 */
export function difference(desc, before, after) {
  return desc.fields.filter(isTold).flatMap((/** @type {any} */ field) => {
    const [b, a] = [text(field, before), text(field, after)];
    return b === a ? [] : [{ field: field.name, before: short(b), after: short(a), ...(meaning(field).staffOnly ? { staff: true } : {}) }];
  });
}

/** @param {any} field */
function isTold(field) {
  const m = meaning(field);
  if (m.secret || m.hidden || m.clientId || field.fieldKind === 'map' || field.scalar === ScalarType.BYTES) return false;
  return m.kind !== Kind.KIND_ID && m.kind !== Kind.KIND_REVISION && !['update_time', 'last_seen_time', 'create_time'].includes(field.name);
}

/**
 * A field's value as text: equal texts are equal values.
 * @param {any} field
 * @param {any} message
 */
function text(field, message) {
  const value = field.oneof ? (message[field.oneof.localName].case === field.localName ? message[field.oneof.localName].value : undefined) : message[field.localName];
  if (value === undefined) return '';
  return field.fieldKind === 'list' ? value.map((/** @type {any} */ v) => one(field, v)).join(', ') : one(field, value);
}

/**
 * @param {any} field
 * @param {any} value
 * @returns {string}
 */
function one(field, value) {
  if (field.enum) return value === 0 ? '' : field.enum.value[value]?.name ?? String(value);
  if (!field.message) {
    const zero = typeof value !== 'boolean' && typeof value !== 'string' && Number(value) === 0;
    return zero ? '' : String(value);
  }
  switch (field.message.typeName) {
    case 'google.protobuf.Timestamp':
      return timestampDate(value).toISOString().replace(/\.\d+Z$/, 'Z');
    case 'cabinet.kernel.v1.Money':
      return `${value.amount} ${value.currencyCode}`;
  }
  return field.message.fields
    .filter((/** @type {any} */ f) => isTold(f) && isFieldSet(value, f))
    .map((/** @type {any} */ f) => [f.name, text(f, value)])
    .filter((/** @type {string[]} */ [, said]) => said !== '')
    .map((/** @type {string[]} */ [name, said]) => `${name}: ${said}`).join('; ');
}

/**
 * Cuts a long text between letters.
 * @param {string} said
 */
function short(said) {
  const bytes = Buffer.from(said);
  if (bytes.length <= longest) return said;
  let cut = longest;
  while ((bytes[cut] & 0xc0) === 0x80) cut--;
  return bytes.subarray(0, cut).toString() + '…';
}
