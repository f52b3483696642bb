import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

import { innerOf } from './call.js';
import { connection } from './dsn.js';
import { lost, notFound, retryable, told, types } from './sql.js';
import { Code, StatusError } from './status.js';
import { Tx } from './tx.js';

const held = new AsyncLocalStorage();

/** Tells whether a transaction is held here. */
export const inTx = () => held.getStore() === true;

/** How often a transaction is run before a deadlock or a failure to serialise is the caller's. */
const tries = 5;
/** How long it waits, at most, before the second run, in milliseconds, and twice as long before each other. */
const pauseFirst = 40;
/** How long before its end a signature is asked for again, in milliseconds, so that a statement under way does not outlive it. */
const margin = 20_000;

/**
 * The module's rows. Every statement runs in a transaction that takes the database role which the portal chose for the
 * call, and says who acts: what the caller may not see is not there.
 */
export class Rows {
  #pool;
  #lent;
  /** @type {{setting: string, until: number}} */
  #own = { setting: '', until: 0 };

  /**
   * @param {object} lent
   * @param {string} lent.module
   * @param {string} lent.dsn
   * @param {string} lent.role for what the module does by itself
   * @param {() => Promise<{setting: string, until: Date}>} lent.sign asks the portal for the setting that says so
   * @param {import('./contracts.js').Contracts} lent.contracts
   * @param {string[]} lent.publishes
   * @param {import('./log.js').Log} lent.log
   */
  constructor(lent) {
    this.#lent = lent;
    this.#pool = new pg.Pool({
      ...connection(lent.dsn), max: 4, connectionTimeoutMillis: 10_000, idleTimeoutMillis: 60_000, types: /** @type {any} */ (types),
      application_name: 'cabinet ' + lent.module,
    });
    // A connection that breaks while nothing goes over it is replaced; one in use says so to who uses it.
    const broke = (/** @type {Error} */ err) => lent.log.debug('a connection to the database broke', { error: err.message });
    this.#pool.on('error', broke);
    this.#pool.on('connect', (client) => client.on('error', broke));
  }

  close() {
    return this.#pool.end();
  }

  /**
   * Rows of one statement.
   * @param {import('./call.js').Call} call
   * @param {string} sql names its schema, as all SQL does; arguments are $1, $2
   * @param {unknown[]} [args]
   * @returns {Promise<any[]>}
   */
  query(call, sql, args = []) {
    return this.#alone(async () => {
      try {
        return await this.#try(call, async (client) => (await client.query(sql, args)).rows);
      } catch (err) {
        throw told(err);
      }
    });
  }

  /**
   * The row of one statement; NOT_FOUND for none.
   * @param {import('./call.js').Call} call
   * @param {string} sql
   * @param {unknown[]} [args]
   */
  async one(call, sql, args = []) {
    const [row] = await this.query(call, sql, args);
    if (row === undefined) throw notFound();
    return row;
  }

  /**
   * Runs a function in a transaction: what it returns for is committed, what it throws rolls back. When Postgres gives up
   * on the transaction for the sake of another, it is run again, up to five times in all: so it keeps to the transaction.
   * @template T
   * @param {import('./call.js').Call} call
   * @param {(tx: Tx) => Promise<T>} run
   * @returns {Promise<T>}
   */
  tx(call, run) {
    return this.#alone(async () => {
      for (let n = 1; ; n++) {
        try {
          return await this.#try(call, async (client) => {
            const tx = new Tx(client, call, this.#lent);
            const out = await run(tx);
            await tx.finish();
            return out;
          });
        } catch (err) {
          if (n === tries || call.signal.aborted || !retryable(err)) throw told(err);
        }
        const most = pauseFirst * 2 ** (n - 1);
        await pause(most / 2 + Math.random() * (most / 2));
      }
    });
  }

  /**
   * The effect of an event, applied once: an event that was applied before does nothing. Call it in a handler of events.
   * @param {import('./call.js').Call} call the handler's
   * @param {(tx: Tx) => Promise<void>} run
   */
  async apply(call, run) {
    const { delivery } = innerOf(call);
    if (!delivery) throw new Error('apply: no event is being delivered: call it in a handler, with the call it was given');
    await this.tx(call, async (tx) => {
      // One row when it is the first time, none otherwise.
      if (await tx.exec('select where kernel.apply($1, $2)', [delivery.subscriber, delivery.eventId]) === 0) return;
      tx.audited.handler = delivery.subscriber;
      await run(tx);
    });
  }

  /**
   * @template T
   * @param {() => Promise<T>} run
   * @returns {Promise<T>}
   */
  async #alone(run) {
    if (inTx()) throw new StatusError(Code.FAILED_PRECONDITION, 'a transaction is held already: use it instead of beginning another');
    return run();
  }

  /**
   * @template T
   * @param {import('./call.js').Call} call
   * @param {(client: pg.PoolClient) => Promise<T>} run
   */
  async #try(call, run) {
    call.check();
    const { role, setting } = await this.#scope(call);
    const client = await this.#pool.connect();
    /** @type {Error | undefined} */
    let broken;
    let committing = false;
    try {
      await client.query(`begin; select set_config('role', ${pg.escapeLiteral(role)}, true), set_config('cabinet.principal', ${pg.escapeLiteral(setting)}, true)${patience(call)}`);
      const out = await held.run(true, () => run(client));
      call.check(); // nobody waits for it any more
      committing = true;
      const { command } = await client.query('commit');
      if (command !== 'COMMIT') throw new Error('a statement of the transaction failed, and its error was swallowed: nothing was kept');
      return out;
    } catch (err) {
      if (lost(err)) broken = /** @type {Error} */ (err);
      if (committing && broken) {
        throw new StatusError(Code.UNAVAILABLE, 'the database went away while this was being saved: look whether it was saved before trying again', { cause: err });
      }
      if (!broken && !committing) {
        await client.query('rollback').catch((/** @type {Error} */ failed) => { broken = failed; });
      }
      throw err;
    } finally {
      client.release(broken);
    }
  }

  /** @param {import('./call.js').Call} call */
  async #scope(call) {
    const { rows, own } = innerOf(call);
    if (own) return { role: this.#lent.role, setting: await this.#ownSetting() };
    if (call.decision.reach === '' || !rows.role) {
      throw new StatusError(Code.PERMISSION_DENIED, 'no principal: nobody who may see rows is acting in this call');
    }
    return rows;
  }

  async #ownSetting() {
    if (Date.now() >= this.#own.until - margin) {
      const { setting, until } = await this.#lent.sign();
      this.#own = { setting, until: until.getTime() };
    }
    return this.#own.setting;
  }
}

/**
 * Has the database stop when the call's time is up.
 * @param {import('./call.js').Call} call
 */
function patience(call) {
  if (!call.deadline) return '';
  const left = Math.max(1, Math.min(call.deadline.getTime() - Date.now(), 2 ** 31 - 1));
  return `, set_config('statement_timeout', '${Math.ceil(left)}', true)`;
}
