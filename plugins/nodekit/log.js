import { format } from 'node:util';

/** @typedef {(message: string, attributes?: Record<string, unknown>) => void} Write */
/** @typedef {{debug: Write, info: Write, warn: Write, error: Write}} Log */

/**
 * A log of JSON lines, as the portal reads them from a process's standard error.
 * @param {{write(line: string): unknown}} out
 * @returns {Log}
 */
export function newLog(out) {
  /**
   * @param {string} level
   * @returns {Write}
   */
  const at = (level) => (msg, attributes = {}) => {
    out.write(JSON.stringify({ time: new Date().toISOString(), level, msg, ...attributes }) + '\n');
  };
  return { debug: at('DEBUG'), info: at('INFO'), warn: at('WARN'), error: at('ERROR') };
}

/**
 * Sends what the module writes with console to the log: standard output is the portal's.
 * @param {Log} log
 */
export function takeConsole(log) {
  for (const [name, level] of Object.entries({ log: 'info', info: 'info', debug: 'debug', trace: 'debug', warn: 'warn', error: 'error' })) {
    /** @type {any} */ (console)[name] = (/** @type {any[]} */ ...args) => /** @type {any} */ (log)[level](format(...args));
  }
}
