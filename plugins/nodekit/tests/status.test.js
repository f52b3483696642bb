import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { Metadata } from '@grpc/grpc-js';

import { Code, normal, refusal, refusals, serviceError, StatusError } from '../status.js';
import { keptLog, kernel } from './help.js';

const where = (more) => ({ method: '/a.B/C', log: keptLog(), ...more });

test('a refusal names its field and its key, as module.Refusal does', () => {
  const sent = serviceError(normal(refusal(Code.NOT_FOUND, 'client_id', 'x.refusal.no', 'there is none'), where()));
  assert.equal(sent.code, Code.NOT_FOUND);
  assert.equal(sent.details, 'there is none');
  assert.deepEqual(sent.metadata.get('cabinet-served'), ['1']);
  const status = fromBinary(kernel.message('google.rpc.Status'), sent.metadata.get('grpc-status-details-bin')[0]);
  assert.equal(status.code, Code.NOT_FOUND);
  assert.equal(status.details[0].typeUrl, 'type.googleapis.com/google.rpc.BadRequest');
  const [violation] = fromBinary(kernel.message('google.rpc.BadRequest'), status.details[0].value).fieldViolations;
  assert.deepEqual([violation.field, violation.reason, violation.description], ['client_id', 'x.refusal.no', 'there is none']);
});

test('a reason for programs is an ErrorInfo', () => {
  const told = normal(refusals(Code.ABORTED, 'too late', [], { reason: 'LATE', domain: 'x' }), where());
  const status = fromBinary(kernel.message('google.rpc.Status'), told.bytes);
  const info = fromBinary(kernel.message('google.rpc.ErrorInfo'), status.details[0].value);
  assert.deepEqual([info.reason, info.domain], ['LATE', 'x']);
});

test('what is not meant for callers is logged, and the caller is told a reference alone', () => {
  const at = where();
  const told = normal(new TypeError('secret of the program'), at);
  assert.equal(told.code, Code.INTERNAL);
  const [line] = at.log.lines;
  assert.equal(told.text, 'internal error, reference ' + line.reference);
  assert.equal(line.error, 'secret of the program');
});

test('what another module said is passed on whole', () => {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from([1, 2, 3]));
  const said = Object.assign(new Error('5 NOT_FOUND: no such client'), { code: 5, details: 'no such client', metadata });
  assert.deepEqual(normal(said, where()), { code: 5, text: 'no such client', bytes: Buffer.from([1, 2, 3]) });
});

test('an error after the end of a call is that end', () => {
  const end = new AbortController();
  end.abort(new StatusError(Code.DEADLINE_EXCEEDED, 'the call took too long'));
  assert.equal(normal(new Error('aborted'), where({ signal: end.signal })).code, Code.DEADLINE_EXCEEDED);
});
