import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

import { canonical, Contracts, Kind, meaning } from '../contracts.js';
import { newId, isId } from '../id.js';
import { contracts, kernel, service } from './help.js';

test('what is sent on has imports first, and every option of the contract', () => {
  const set = contracts.filesOf([service]);
  const names = set.file.map((f) => f.name);
  for (const f of set.file) {
    for (const d of f.dependency) assert.ok(names.indexOf(d) < names.indexOf(f.name), `${d} before ${f.name}`);
  }
  const again = new Contracts(toBinary(FileDescriptorSetSchema, set));
  const id = again.message('cabinet.feedback.v1.Feedback').fields.find((f) => f.name === 'id');
  assert.equal(meaning(id).kind, Kind.KIND_ID);
  const text = again.message('cabinet.feedback.v1.Feedback').fields.find((f) => f.name === 'client_name');
  assert.equal(meaning(text).kind, 0);
});

test('a name that no contract has is told with what to do', () => {
  assert.throws(() => contracts.service('cabinet.nothing.v1.Service'), /do not have cabinet.nothing.v1.Service: add its .proto/);
});

test('the same content has the same bytes, whatever the order of maps', () => {
  const desc = kernel.message('google.rpc.ErrorInfo');
  const info = (metadata) => kernel.create('google.rpc.ErrorInfo', { reason: 'x', metadata });
  assert.deepEqual(canonical(desc, info({ a: '1', b: '2' })), canonical(desc, info({ b: '2', a: '1' })));
  assert.notDeepEqual(canonical(desc, info({ a: '1', b: '2' })), canonical(desc, info({ a: '2', b: '1' })));
});

test('ids are UUIDs of version 7, later ones greater', () => {
  const id = newId();
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(isId(id));
  assert.ok(!isId(id + '0') && !isId(7) && !isId(''));
  assert.ok(newId().slice(0, 13) >= id.slice(0, 13));
});
