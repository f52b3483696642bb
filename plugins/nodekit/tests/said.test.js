import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';

import { Audited, difference } from '../audit.js';
import { newId } from '../id.js';
import { checkEvent, Outbox } from '../publish.js';
import { contracts } from './help.js';

const name = 'cabinet.feedback.v1.Feedback';
const thing = (init) => contracts.create(name, init);

test('a change is the fields that differ, without ids and times of change', () => {
  const at = timestampFromDate(new Date('2026-03-02T06:00:00.500Z'));
  const before = thing({ id: newId(), clientId: newId(), state: 1, rating: 3 });
  const after = { ...before, id: newId(), state: 2, answer: 'Thanks', rating: 0, answerTime: at, createTime: at };
  assert.deepEqual(difference(contracts.message(name), before, after), [
    { field: 'rating', before: '3', after: '' },
    { field: 'state', before: 'FEEDBACK_STATE_NEW', after: 'FEEDBACK_STATE_ANSWERED' },
    { field: 'answer', before: '', after: 'Thanks' },
    { field: 'answer_time', before: '', after: '2026-03-02T06:00:00Z' },
  ]);
});

test('a long text is cut between letters', () => {
  const [change] = difference(contracts.message(name), thing({}), thing({ text: 'ї'.repeat(2000) }));
  assert.equal(change.after, 'ї'.repeat(1000) + '…');
});

test('an entry is written where rows changed for a call, and where something was said', () => {
  const audited = () => new Audited(contracts);
  const quiet = audited();
  quiet.tagged('SELECT', 3);
  quiet.tagged('UPDATE', 0);
  assert.equal(quiet.entry('c1.signed'), undefined);
  quiet.tagged('UPDATE', 1);
  assert.deepEqual(quiet.entry('c1.signed'), ['c1.signed', '', '[{}]']);
  assert.equal(quiet.entry(''), undefined, 'what a module does by itself is nobody’s deed');
  quiet.handler = 'x.y';
  assert.deepEqual(quiet.entry(''), ['', 'x.y', '[{}]']);
  quiet.quiet();
  assert.equal(quiet.entry(''), undefined);

  const made = audited();
  const [id, clientId] = [newId(), newId()];
  made.answered(contracts.create('cabinet.feedback.v1.CreateFeedbackResponse', { feedback: { id, clientId } }));
  assert.deepEqual(JSON.parse(made.entry('c1.x')[2]), [{ resource: name, resource_id: id, client_id: clientId }]);

  const several = audited();
  several.concerns(clientId);
  several.changed(thing({ id, state: 1 }), thing({ id, state: 3 }));
  several.changed(thing({ id, rating: 1 }), thing({ id, rating: 1 }));
  several.about(thing({ id: clientId }));
  assert.deepEqual(JSON.parse(several.entry('c1.x')[2]).map((s) => [s.resource_id, s.client_id, s.changes?.length]), [[id, clientId, 1], [clientId, undefined, undefined]]);
});

test('events are written in the order of their keys, and jobs that were taken back are not', async () => {
  const type = 'cabinet.feedback.v1.FeedbackGiven';
  const outbox = new Outbox(contracts, [type]);
  const due = new Date('2026-03-02T06:00:00Z');
  outbox.add('b', type, { rating: 1 });
  outbox.add('a', type, { rating: 2 });
  outbox.add('b', type, { rating: 3 });
  outbox.add('c', type, {}, due);
  outbox.takeBack('c', type);
  outbox.add('d', type, {}, due);
  const ran = [];
  const tx = { exec: async (sql, args) => ran.push([sql.match(/kernel\.\w+/)[0], args]) };
  await outbox.flush(tx);
  assert.deepEqual(ran.map(([f, args]) => [f, args[2]]), [['kernel.plan', ['d']], ['kernel.publish', ['a', 'b', 'b']]]);
  assert.deepEqual(ran[0][1][6], ['c']);
  assert.deepEqual(ran[1][1][3].map((b) => b.at(-1)), [2, 1, 3]);
  await outbox.flush(tx);
  assert.equal(ran.length, 2, 'nothing is written twice');
});

test('what may not be published is refused at once', () => {
  const type = 'cabinet.feedback.v1.FeedbackGiven';
  assert.throws(() => new Outbox(contracts, []).add('a', type, {}), /add it to publishes/);
  for (const key of ['', 'x'.repeat(201), 'a\0b', undefined]) assert.throws(() => new Outbox(contracts, [type]).add(key, type, {}), /the key is the id/);
  assert.throws(() => checkEvent(contracts.message(name)), /carries cabinet.feedback.v1.Feedback.text, a text/);
});
