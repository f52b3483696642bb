import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';

import { innerOf } from './call.js';
import { buffer } from './contracts.js';
import { Code, StatusError } from './status.js';
import { inTx } from './rows.js';

/** The largest message in either direction, in bytes, and what stands around it. */
export const maxFrame = (16 << 20) + (1 << 10);

/** Both sides' limits. */
export const limits = { 'grpc.max_receive_message_length': maxFrame, 'grpc.max_send_message_length': maxFrame };

/** The way to the portal, which carries the module's calls on. */
export class Back {
  #client;

  /** @param {string} socket the portal's */
  constructor(socket) {
    // Calls are made again by those who know which may be.
    this.#client = new grpc.Client('unix:' + socket, grpc.credentials.createInsecure(), { ...limits, 'grpc.enable_retries': 0 });
  }

  close() {
    this.#client.close();
  }

  /**
   * Makes one call with one message each way.
   * @param {any} method its descriptor
   * @param {object} request
   * @param {import('./call.js').Call} call in whose name: the caller of the call under way, or the module itself
   * @param {string} [provider] the module that is meant, where many provide the service
   * @returns {Promise<any>}
   */
  invoke(method, request, call, provider) {
    if (inTx()) {
      throw new StatusError(Code.FAILED_PRECONDITION, 'never call another module while holding a transaction: call before it begins or after it ends');
    }
    call.check();
    const { token } = innerOf(call);
    if (!token) throw new StatusError(Code.UNAUTHENTICATED, 'nobody acts in this call: use that of a method, or host.self()');
    const metadata = new grpc.Metadata();
    metadata.set('cabinet-token', token);
    if (provider) metadata.set('cabinet-provider', provider);
    return new Promise((resolve, reject) => {
      const sent = this.#client.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (/** @type {any} */ m) => buffer(toBinary(method.input, m)),
        (bytes) => fromBinary(method.output, bytes),
        create(method.input, request), metadata, call.deadline ? { deadline: call.deadline } : {},
        (err, answer) => {
          call.signal.removeEventListener('abort', cancel);
          err ? reject(err) : resolve(answer);
        });
      const cancel = () => sent.cancel();
      call.signal.addEventListener('abort', cancel, { once: true });
    });
  }

  /**
   * A client of a service: its methods by their names, the first letter small.
   * @param {any} service its descriptor
   * @param {string} [provider] the module that is meant, where many provide the service
   * @returns {Record<string, (request: object, call: import('./call.js').Call) => Promise<any>>}
   */
  client(service, provider) {
    const unary = service.methods.filter((/** @type {any} */ m) => m.methodKind === 'unary');
    return Object.fromEntries(unary.map((/** @type {any} */ m) => [
      m.localName, async (/** @type {object} */ request, /** @type {any} */ call) => this.invoke(m, request, call, provider),
    ]));
  }
}
