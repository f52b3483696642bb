import { create, fromBinary, toBinary } from '@bufbuild/protobuf';

import { late, Reader } from './call.js';
import { buffer } from './contracts.js';
import { Code, normal, served, serviceError, StatusError } from './status.js';

/**
 * The module's services. They are bound when the portal opens the module; the server, which runs before that, knows them
 * from the manifest and hands their calls here.
 */
export class Registry {
  #id;
  #contracts;
  #log;
  #reader = new Reader();
  /** @type {Map<string, any>} */
  #services = new Map();

  /**
   * @param {string} id the module's
   * @param {import('./contracts.js').Contracts} contracts
   * @param {import('./log.js').Log} log
   */
  constructor(id, contracts, log) {
    this.#id = id;
    this.#contracts = contracts;
    this.#log = log;
  }

  /**
   * Binds a service to what implements it: a function for each method, by its name, the first letter small.
   * @param {string} name
   * @param {any} implementation
   */
  bind(name, implementation) {
    const lacking = this.#contracts.service(name).methods.filter((m) => typeof implementation?.[m.localName] !== 'function').map((m) => m.localName);
    if (lacking.length > 0) throw new Error(`${name}: write ${lacking.join(', ')}`);
    this.#services.set(name, implementation);
  }

  /** The services that are bound. */
  names() {
    return [...this.#services.keys()];
  }

  /**
   * Has a server carry the calls of a service here.
   * @param {import('@grpc/grpc-js').Server} server
   * @param {string} name
   */
  expect(server, name) {
    /** @type {any} */
    const definition = {};
    /** @type {any} */
    const handlers = {};
    for (const method of this.#contracts.service(name).methods) {
      const path = `/${name}/${method.name}`;
      definition[method.name] = {
        path, requestStream: /^(client|bidi)/.test(method.methodKind), responseStream: /^(server|bidi)/.test(method.methodKind),
        requestSerialize: (/** @type {any} */ m) => buffer(toBinary(method.input, m)), requestDeserialize: (/** @type {Buffer} */ b) => fromBinary(method.input, b),
        responseSerialize: (/** @type {any} */ m) => buffer(toBinary(method.output, m)), responseDeserialize: (/** @type {Buffer} */ b) => fromBinary(method.output, b),
      };
      handlers[method.name] = method.methodKind === 'unary'
        ? (/** @type {any} */ given, /** @type {any} */ callback) => this.#unary(method, path, given, callback)
        : (/** @type {any} */ given, /** @type {any} */ callback) => this.#stream(method, path, given, callback);
    }
    server.addService(definition, handlers);
  }

  /**
   * Answers a request that came as bytes: see direct.js.
   * @param {string} path "/package.Service/Method"
   * @param {{acting: Uint8Array, token: string, change: string, message: Uint8Array}} sent
   * @param {{signal: AbortSignal, deadline?: Date, metadata: Record<string, string[]>}} about
   * @returns {Promise<{message: Buffer} | {code: number, text: string, bytes?: Buffer}>}
   */
  async direct(path, sent, about) {
    try {
      const [, service, name] = path.split('/');
      const method = this.#services.has(service) ? this.#contracts.service(service).methods.find((m) => m.name === name) : undefined;
      const implementation = this.#bound(service);
      if (method?.methodKind !== 'unary') throw new StatusError(Code.UNIMPLEMENTED, `${service} has no method ${name} with one message each way`);
      const call = this.#reader.call(sent.acting, sent.token, sent.change, about);
      const answer = await implementation[method.localName](fromBinary(method.input, sent.message), call);
      return { message: buffer(toBinary(method.output, create(method.output, answer))) };
    } catch (err) {
      return normal(err, { method: path, log: this.#log, signal: about.signal });
    }
  }

  /** @param {string} service */
  #bound(service) {
    const found = this.#services.get(service);
    if (!found) throw new StatusError(Code.UNIMPLEMENTED, `module ${this.#id} does not serve ${service}`);
    return found;
  }

  /**
   * @param {any} method
   * @param {string} path
   * @param {any} given
   * @param {any} callback
   */
  async #unary(method, path, given, callback) {
    const about = aboutCall(given);
    try {
      const call = this.#enter(given, about);
      const answer = await this.#bound(method.parent.typeName)[method.localName](given.request, call);
      callback(null, create(method.output, answer), served());
    } catch (err) {
      callback(serviceError(normal(err, { method: path, log: this.#log, signal: about.signal })));
    }
  }

  /**
   * A stream of requests is an async iterable, one of responses what the method yields.
   * @param {any} method
   * @param {string} path
   * @param {any} stream
   * @param {any} callback where there is one response
   */
  async #stream(method, path, stream, callback) {
    const about = aboutCall(stream);
    try {
      const call = this.#enter(stream, about);
      const requests = method.methodKind === 'server_streaming' ? stream.request : messages(stream);
      const answer = this.#bound(method.parent.typeName)[method.localName](requests, call);
      if (method.methodKind === 'client_streaming') {
        callback(null, create(method.output, await answer), served());
        return;
      }
      for await (const message of answer) {
        call.check();
        if (!stream.write(create(method.output, message))) await drained(stream, call.signal);
      }
      stream.end(served());
    } catch (err) {
      const failed = serviceError(normal(err, { method: path, log: this.#log, signal: about.signal }));
      callback ? callback(failed) : stream.emit('error', failed);
    }
  }

  /**
   * @param {any} given
   * @param {{signal: AbortSignal, deadline?: Date}} about
   */
  #enter(given, about) {
    const acting = given.metadata.get('cabinet-acting-bin');
    const tokens = given.metadata.get('cabinet-token');
    if (acting.length !== 1 || tokens.length !== 1) throw new StatusError(Code.PERMISSION_DENIED, 'the call does not say who acts');
    return this.#reader.call(acting[0], tokens[0], given.metadata.get('cabinet-change').join(''), { ...about, metadata: plain(given.metadata) });
  }
}

/**
 * When a call that came over gRPC ends.
 * @param {any} given
 */
export function aboutCall(given) {
  const end = new AbortController();
  const until = given.getDeadline();
  const deadline = until instanceof Date ? until : Number.isFinite(until) ? new Date(until) : undefined;
  given.on('cancelled', () => end.abort(deadline && deadline.getTime() <= Date.now() ? late() : new StatusError(Code.CANCELLED, 'the call was cancelled')));
  return { signal: end.signal, deadline };
}

/**
 * What a caller sends. The end of it is not that of the call: the answer is still to be written.
 * @param {any} stream
 * @returns {AsyncIterable<any>}
 */
function messages(stream) {
  return stream.iterator({ destroyOnReturn: false });
}

/**
 * Waits until a stream takes more, or its call is over.
 * @param {any} stream
 * @param {AbortSignal} signal
 */
function drained(stream, signal) {
  return /** @type {Promise<void>} */ (new Promise((resolve) => {
    const go = () => {
      stream.off('drain', go);
      signal.removeEventListener('abort', go);
      resolve();
    };
    stream.on('drain', go);
    signal.addEventListener('abort', go);
  }));
}

/**
 * What the caller sent beside the request, without what transport and kernel added.
 * @param {import('@grpc/grpc-js').Metadata} metadata
 */
function plain(metadata) {
  /** @type {Record<string, string[]>} */
  const out = {};
  for (const key of Object.keys(metadata.getMap())) {
    if (!/^(:|grpc-|cabinet-)|^(content-type|user-agent|te)$/.test(key)) out[key] = metadata.get(key).map(String);
  }
  return out;
}
