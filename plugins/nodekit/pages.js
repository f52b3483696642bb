import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import { canonical } from './contracts.js';
import { Code, StatusError } from './status.js';

const macBytes = 16;

const badToken = () => new StatusError(Code.INVALID_ARGUMENT, 'page_token is not one that this list gave: begin at the first page');
const badFilter = () => new StatusError(Code.INVALID_ARGUMENT, 'page_token belongs to other filters or another order: begin at the first page');

/** Page tokens, in the form of kernel/store: the sort key of a page's last row, signed, for one list with its filters. */
export class Pages {
  #contracts;
  #key;

  /**
   * @param {import('./contracts.js').Contracts} contracts
   * @param {Uint8Array} key
   */
  constructor(contracts, key) {
    this.#contracts = contracts;
    this.#key = key;
  }

  /**
   * How many rows a list returns.
   * @param {any} request
   * @returns {number}
   */
  size(request) {
    return request.pageSize > 0 ? request.pageSize : 50;
  }

  /**
   * Cuts rows, which were read one beyond the page, to the page, and makes the token of the next one; empty for none.
   * @template T
   * @param {any} request
   * @param {T[]} rows
   * @param {(last: T) => unknown[]} key what the list is sorted by, written as JSON
   * @returns {{page: T[], nextPageToken: string}}
   */
  next(request, rows, key) {
    const size = this.size(request);
    if (rows.length <= size) return { page: rows, nextPageToken: '' };
    const page = rows.slice(0, size);
    return { page, nextPageToken: this.#encode(request, key(page[size - 1])) };
  }

  /**
   * The sort key that the request's page_token holds; undefined for the first page.
   * @param {any} request
   * @param {number} length how many values there are
   * @returns {any[] | undefined}
   */
  after(request, length) {
    if (request.pageToken === '') return undefined;
    if (!/^[A-Za-z0-9_-]+$/.test(request.pageToken)) throw badToken();
    const bytes = Buffer.from(request.pageToken, 'base64url');
    if (bytes.length < 2 * macBytes) throw badToken();
    const body = bytes.subarray(macBytes);
    if (!timingSafeEqual(bytes.subarray(0, macBytes), this.#mac(request, body))) throw badToken();
    if (!this.#filter(request).equals(body.subarray(0, macBytes))) throw badFilter();
    const values = JSON.parse(body.subarray(macBytes).toString());
    if (!Array.isArray(values) || values.length !== length) throw badToken(); // of a version of the program with another order
    return values;
  }

  /**
   * @param {any} request
   * @param {unknown[]} key
   */
  #encode(request, key) {
    const body = Buffer.concat([this.#filter(request), Buffer.from(JSON.stringify(key))]);
    return Buffer.concat([this.#mac(request, body), body]).toString('base64url');
  }

  /**
   * @param {any} request
   * @param {Buffer} body
   */
  #mac(request, body) {
    return createHmac('sha256', this.#key).update(request.$typeName).update('\0').update(body).digest().subarray(0, macBytes);
  }

  /** @param {any} request */
  #filter(request) {
    const bytes = canonical(this.#contracts.message(request.$typeName), { ...request, pageToken: '', pageSize: 0 });
    return createHash('sha256').update(bytes).digest().subarray(0, macBytes);
  }
}
