import { create, fromBinary } from '@bufbuild/protobuf';
import { createHash } from 'node:crypto';

import { Audited } from './audit.js';
import { innerOf } from './call.js';
import { canonical } from './contracts.js';
import { Outbox } from './publish.js';
import { notFound, told } from './sql.js';
import { Code, StatusError } from './status.js';

/** A transaction of the module, under the role and principal of the call that began it. */
export class Tx {
  #client;
  #call;
  #contracts;
  #outbox;
  /** @type {unknown} */
  #failed;

  /**
   * @param {import('pg').PoolClient} client
   * @param {import('./call.js').Call} call
   * @param {{contracts: import('./contracts.js').Contracts, publishes: string[]}} lent
   */
  constructor(client, call, { contracts, publishes }) {
    this.#client = client;
    this.#call = call;
    this.#contracts = contracts;
    this.#outbox = new Outbox(contracts, publishes);
    /** What the transaction adds to its entry in the audit log. */
    this.audited = new Audited(contracts);
  }

  /**
   * Rows of a statement.
   * @param {string} sql
   * @param {unknown[]} [args]
   * @returns {Promise<any[]>}
   */
  async query(sql, args = []) {
    return (await this.#run(sql, args)).rows;
  }

  /**
   * The row of a statement; NOT_FOUND for none.
   * @param {string} sql
   * @param {unknown[]} [args]
   */
  async one(sql, args = []) {
    const [row] = await this.query(sql, args);
    if (row === undefined) throw notFound();
    return row;
  }

  /**
   * How many rows a statement gave or changed.
   * @param {string} sql
   * @param {unknown[]} [args]
   * @returns {Promise<number>}
   */
  async exec(sql, args = []) {
    return (await this.#run(sql, args)).rowCount ?? 0;
  }

  /**
   * @param {string} sql
   * @param {unknown[]} args
   */
  async #run(sql, args) {
    this.#call.check();
    try {
      const result = await this.#client.query(sql, args);
      this.audited.tagged(result.command, result.rowCount ?? 0);
      return result;
    } catch (err) {
      throw told(err);
    }
  }

  /**
   * Says in the transaction that something happened. Events of one key arrive in order.
   * @param {string} key the id of what the event is about
   * @param {string} name the full name of the event's message
   * @param {object} init
   */
  publish(key, name, init) {
    this.#outbox.add(key, name, init);
  }

  /**
   * Says in the transaction that something is due at a time.
   * @param {Date} at
   * @param {string} key
   * @param {string} name
   * @param {object} init
   */
  publishAt(at, key, name, init) {
    this.#outbox.add(key, name, init, at);
  }

  /**
   * Takes back the module's jobs of a type with a key that are not published yet.
   * @param {string} key
   * @param {string} name
   */
  cancel(key, name) {
    this.#outbox.takeBack(key, name);
  }

  /**
   * Runs a function for the request's request_id, and gives its answer again to whoever asks with the same id and the same
   * content, for a week. The same id with other content is refused. The answer is kept in the transaction itself.
   * @template {object} T
   * @param {any} request the method's
   * @param {() => Promise<T>} run returns the method's response
   * @returns {Promise<T>}
   */
  async once(request, run) {
    const { output, input } = this.#method();
    if (!request.requestId) return run();
    const digest = createHash('sha256').update(canonical(input, request)).digest();
    const id = [this.#call.decision.method, request.requestId];
    try {
      const claim = await this.one('select state, answer from kernel.once_claim($1, $2, $3)', [...id, digest]);
      if (claim.state === 'other') {
        throw new StatusError(Code.ALREADY_EXISTS, 'this request_id was used before with other content: make a new id for a new request');
      }
      if (claim.state === 'done') return /** @type {any} */ (fromBinary(output, claim.answer));
      const answer = create(output, await run());
      this.audited.answered(answer);
      await this.exec('select kernel.once_keep($1, $2, $3)', [...id, canonical(output, answer)]);
      return /** @type {any} */ (answer);
    } catch (err) {
      this.#failed ??= err; // it does not commit, even when the error is swallowed
      throw err;
    }
  }

  #method() {
    const [, service, name] = this.#call.decision.method.split('/');
    const found = service && this.#contracts.service(service).methods.find((m) => m.name === name);
    if (!found) throw new Error('once: no method is being called');
    return found;
  }

  /** Writes what was said in the transaction, as the last thing before it commits. */
  async finish() {
    if (this.#failed) throw this.#failed;
    await this.#outbox.flush(this);
    const entry = this.audited.entry(innerOf(this.#call).change);
    if (entry) await this.exec('select kernel.audit($1, $2, $3)', entry);
  }
}
