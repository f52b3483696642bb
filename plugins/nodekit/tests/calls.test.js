import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';

import { limits } from '../back.js';
import { buffer } from '../contracts.js';
import { serveDirect } from '../direct.js';
import { Registry } from '../registry.js';
import { Code, refusal } from '../status.js';
import { contracts, echo } from './echo.js';
import { acting, keptLog, kernel } from './help.js';

// The module's side of calls, over gRPC and as frames: the same service, and what it sees and says.

const folder = mkdtempSync(join(tmpdir(), 'kit'));
const log = keptLog();
const registry = new Registry('x', contracts, log);
const server = new grpc.Server(limits);
/** @type {grpc.Client} */
let client;
let endDirect;
let seen;

const who = toBinary(kernel.message('cabinet.kernel.v1.Acting'), acting({ kind: 'staff', name: 'Olha', reach: 'granted', method: '/a.B/C', roles: ['manager'] }));

before(async () => {
  registry.expect(server, echo);
  registry.bind(echo, {
    async say({ n, bulk }, call) {
      seen = call;
      if (n === 1) throw refusal(Code.NOT_FOUND, 'n', 'x.no', 'there is none');
      if (n === 2) throw new TypeError('a defect');
      if (n === 3) await once(call.signal, 'abort').then(() => call.check());
      return { n: n + 1, bulk };
    },
    async *count({ n }, call) {
      for (let i = 0; i < n; i++) yield { n: i, bulk: Buffer.alloc(64 << 10) };
      if (n === 4) call.check();
      if (n === 2) throw new TypeError('a defect');
    },
    async sum(requests) {
      let n = 0;
      for await (const r of requests) n += r.n;
      return { n };
    },
    async *chat(requests) {
      for await (const r of requests) yield { n: r.n * 2 };
    },
  });
  await new Promise((resolve, reject) => server.bindAsync('unix:' + join(folder, 's'), grpc.ServerCredentials.createInsecure(), (err) => (err ? reject(err) : resolve())));
  client = new grpc.Client('unix:' + join(folder, 's'), grpc.credentials.createInsecure(), limits);
  endDirect = await serveDirect(join(folder, 'd'), registry);
});
beforeEach(() => log.lines.splice(0));
after(() => {
  endDirect();
  client.close();
  server.forceShutdown();
  rmSync(folder, { recursive: true });
});

const Note = contracts.message('nodekit.test.v1.Note');
const path = (name) => `/${echo}/${name}`;
const wrap = (m) => buffer(toBinary(Note, create(Note, m)));
const unwrap = (b) => fromBinary(Note, b);

function metadata() {
  const m = new grpc.Metadata();
  m.set('cabinet-acting-bin', buffer(who));
  m.set('cabinet-token', 'a token');
  m.set('locale', 'uk');
  return m;
}

/** Calls over gRPC. */
function overGrpc(request, { deadlineMs, sent = metadata(), cancel } = {}) {
  return new Promise((resolve) => {
    const call = client.makeUnaryRequest(path('Say'), wrap, unwrap, request, sent, deadlineMs ? { deadline: Date.now() + deadlineMs } : {},
      (err, answer) => resolve(err ? { code: err.code, text: err.details, metadata: err.metadata } : { answer }));
    cancel?.(() => call.cancel());
  });
}

/** Calls as frames, on a connection of its own. */
async function asFrames(request, { deadlineMs = 5000, cancel, method = path('Say'), pieces = false } = {}) {
  const CallRequest = kernel.message('cabinet.kernel.v1.CallRequest');
  const body = toBinary(CallRequest, create(CallRequest, {
    method, timeoutNanos: BigInt(deadlineMs) * 1000000n, acting: who, token: 'a token', metadata: [{ key: 'locale', values: [Buffer.from('uk')] }], message: wrap(request),
  }));
  const conn = connect(join(folder, 'd'));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  const frame = Buffer.concat([head, body]);
  conn.setNoDelay(true);
  if (pieces) for (const byte of frame) await new Promise((done) => conn.write(Buffer.from([byte]), done));
  else conn.write(frame);
  cancel?.(() => conn.destroy());
  let got = Buffer.alloc(0);
  for await (const chunk of conn) {
    got = Buffer.concat([got, chunk]);
    if (got.length >= 4 && got.length === got.readUInt32BE(0) + 4) break;
  }
  conn.destroy();
  if (got.length === 0) return { closed: true };
  const reply = fromBinary(kernel.message('cabinet.kernel.v1.CallReply'), got.subarray(4));
  if (reply.status.length === 0) return { answer: unwrap(reply.message) };
  const status = fromBinary(kernel.message('google.rpc.Status'), reply.status);
  return { code: status.code, text: status.message, status };
}

for (const [way, make] of Object.entries({ 'over gRPC': overGrpc, 'as frames': asFrames })) {
  test(`${way} a method is answered, and knows who acts`, async () => {
    const { answer } = await make({ n: 41, bulk: Buffer.from('x') }, { deadlineMs: 5000 });
    assert.equal(answer.n, 42);
    assert.deepEqual([seen.principal.kind, seen.principal.name, seen.decision.reach, seen.decision.method], ['staff', 'Olha', 'granted', '/a.B/C']);
    assert.deepEqual(seen.metadata, { locale: ['uk'] });
    const left = seen.deadline.getTime() - Date.now();
    assert.ok(left > 0 && left <= 5000);
  });

  test(`${way} a refusal is told, and a defect is not`, async () => {
    const refused = await make({ n: 1 });
    assert.deepEqual([refused.code, refused.text], [Code.NOT_FOUND, 'there is none']);
    if (refused.status) assert.equal(refused.status.details.length, 1);
    else assert.equal(refused.metadata.get('cabinet-served')[0], '1');
    const failed = await make({ n: 2 });
    assert.equal(failed.code, Code.INTERNAL);
    assert.equal(failed.text, 'internal error, reference ' + log.lines[0].reference);
    assert.equal(log.lines[0].error, 'a defect');
  });

  test(`${way} a method learns that its time is up, and that its caller went away`, async () => {
    const late = await make({ n: 3 }, { deadlineMs: 100 });
    assert.equal(late.code, Code.DEADLINE_EXCEEDED);
    seen = undefined;
    const gone = make({ n: 3 }, { cancel: async (cancel) => {
      while (!seen) await new Promise(setImmediate);
      cancel();
    } });
    await gone.catch(() => {});
    if (!seen.signal.aborted) await once(seen.signal, 'abort');
    assert.equal(seen.signal.reason.code, Code.CANCELLED);
  });

  test(`${way} a message of 16 MiB goes through`, async () => {
    const { answer } = await make({ n: 7, bulk: Buffer.alloc((16 << 20) - 64) }, { deadlineMs: 30_000 });
    assert.equal(answer.bulk.length, (16 << 20) - 64);
  });
}

test('who does not say who acts is refused', async () => {
  assert.equal((await overGrpc({ n: 5 }, { sent: new grpc.Metadata() })).code, Code.PERMISSION_DENIED);
});

test('a frame may come in pieces; what is no frame ends the connection', async () => {
  assert.equal((await asFrames({ n: 5 }, { pieces: true })).answer.n, 6);
  assert.equal((await asFrames({ n: 5 }, { method: path('Nothing') })).code, Code.UNIMPLEMENTED);
  assert.equal((await asFrames({ n: 5 }, { method: path('Count') })).code, Code.UNIMPLEMENTED);
  for (const bytes of [[0xff, 0xff, 0xff, 0xff], [0, 0, 0, 2, 0xff, 0xff]]) {
    const conn = connect(join(folder, 'd'));
    conn.write(Buffer.from(bytes));
    await once(conn, 'close');
  }
});

test('streams go both ways, and end with what went wrong', async () => {
  const read = async (stream) => {
    const got = [];
    for await (const m of stream) got.push(m.n);
    return got;
  };
  const counting = (n) => client.makeServerStreamRequest(path('Count'), wrap, unwrap, { n }, metadata());
  assert.deepEqual(await read(counting(40)), [...Array(40).keys()]);
  await assert.rejects(read(counting(2)), { code: Code.INTERNAL });
  const sum = await new Promise((resolve, reject) => {
    const stream = client.makeClientStreamRequest(path('Sum'), wrap, unwrap, metadata(), (err, answer) => (err ? reject(err) : resolve(answer.n)));
    for (const n of [1, 2, 3]) stream.write({ n });
    stream.end();
  });
  assert.equal(sum, 6);
  const chat = client.makeBidiStreamRequest(path('Chat'), wrap, unwrap, metadata());
  for (const n of [1, 2]) chat.write({ n });
  chat.end();
  assert.deepEqual(await read(chat), [2, 4]);
});

test('a service that is not whole is not bound', () => {
  assert.throws(() => new Registry('x', contracts, log).bind(echo, { say() {} }), /nodekit.test.v1.Echo: write count, sum, chat/);
});
