import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { createServer } from 'node:net';

import { maxFrame } from './back.js';
import { late } from './call.js';
import { kernel } from './contracts.js';
import { Code, statusBytes, StatusError } from './status.js';

const CallRequest = kernel.message('cabinet.kernel.v1.CallRequest');
const CallReply = kernel.message('cabinet.kernel.v1.CallReply');

/** The largest frame: its message, and what stands beside it. */
const maxDirect = maxFrame + (64 << 10);

/**
 * Serves calls that come as frames, without gRPC: see CallRequest in contracts/kernel/v1/plugin.proto. A connection
 * carries one call at a time; when the portal closes it the call is cancelled.
 * @param {string} socket
 * @param {import('./registry.js').Registry} registry
 * @returns {Promise<() => void>} ends every connection; the portal has let calls under way finish before
 */
export async function serveDirect(socket, registry) {
  /** @type {Set<import('node:net').Socket>} */
  const open = new Set();
  const server = createServer((conn) => {
    open.add(conn);
    conn.on('close', () => open.delete(conn));
    conn.on('error', () => conn.destroy()); // the portal went away
    serve(conn, registry);
  });
  await /** @type {Promise<void>} */ (new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, () => resolve());
  }));
  return () => {
    server.close();
    for (const conn of open) conn.destroy();
  };
}

/**
 * @param {import('node:net').Socket} conn
 * @param {import('./registry.js').Registry} registry
 */
function serve(conn, registry) {
  /** @type {Buffer[]} */
  let chunks = [];
  let length = 0;
  /** @type {AbortController | undefined} */
  let busy;
  conn.on('close', () => busy?.abort(new StatusError(Code.CANCELLED, 'the call was cancelled')));
  conn.on('data', (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length < 4) return;
    if (chunks[0].length < 4) chunks = [Buffer.concat(chunks)];
    const wanted = chunks[0].readUInt32BE(0) + 4;
    // One call at a time: what comes beside it, or is larger than any frame, is no portal's.
    if (busy || wanted > maxDirect + 4 || length > wanted) {
      conn.destroy();
      return;
    }
    if (length < wanted) return;
    const frame = Buffer.concat(chunks, length).subarray(4);
    chunks = [];
    length = 0;
    let request;
    try {
      request = fromBinary(CallRequest, frame);
    } catch {
      conn.destroy(); // what it sends cannot be read: it hears of that by the end
      return;
    }
    busy = new AbortController();
    answer(registry, /** @type {any} */ (request), busy).then((reply) => {
      busy = undefined;
      if (!conn.destroyed) conn.write(reply);
    });
  });
}

/**
 * @param {import('./registry.js').Registry} registry
 * @param {any} request
 * @param {AbortController} end
 */
async function answer(registry, request, end) {
  const ms = Math.max(0, Math.min(Number(request.timeoutNanos) / 1e6, 2 ** 31 - 1));
  const timer = setTimeout(() => end.abort(late()), ms);
  const decode = (/** @type {Uint8Array} */ v) => Buffer.from(v).toString('latin1');
  const metadata = Object.fromEntries(request.metadata.map((/** @type {any} */ m) => [m.key, m.values.map(decode)]));
  const out = await registry.direct(request.method, request, { signal: end.signal, deadline: new Date(Date.now() + ms), metadata });
  clearTimeout(timer);
  if ('message' in out) {
    const frame = framed({ message: out.message });
    return frame.length - 4 <= maxDirect ? frame : framed({
      status: statusBytes(Code.RESOURCE_EXHAUSTED, `a frame of ${frame.length - 4} bytes is larger than the limit of ${maxDirect} bytes`, []),
    });
  }
  return framed({ status: out.bytes ?? statusBytes(out.code, out.text, []) });
}

/** @param {object} reply */
function framed(reply) {
  const body = toBinary(CallReply, create(CallReply, reply));
  const frame = Buffer.allocUnsafe(4 + body.length);
  frame.writeUInt32BE(body.length, 0);
  frame.set(body, 4);
  return frame;
}
