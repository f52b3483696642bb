import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';

import { clock } from '../clock.js';
import { connection } from '../dsn.js';
import { newLog } from '../log.js';
import { Pages } from '../pages.js';
import { settle } from '../settings.js';
import { retryable, told } from '../sql.js';
import { Code } from '../status.js';
import { contracts } from './help.js';

test('an address of the database, in both forms', () => {
  const common = { user: 'x', password: "it's 1", database: 'portal', ssl: false };
  assert.deepEqual(connection('postgres://x:it%27s%201@db.example.com:6543/portal?sslmode=disable'), { host: 'db.example.com', port: 6543, ...common });
  assert.deepEqual(connection('postgresql://x:it%27s%201@/portal?host=/run/pg&port=5433'), { host: '/run/pg', port: 5433, ...common });
  assert.deepEqual(connection(String.raw`host=/run/pg user='x' password='it\'s 1' dbname='portal'`), { host: '/run/pg', port: 5432, ...common });
  assert.deepEqual(connection('host=h user=x sslmode=require').ssl, { rejectUnauthorized: false });
  assert.deepEqual(connection('host=h user=x sslmode=verify-full').ssl, {});
  assert.throws(() => connection('nonsense'), /cannot be read/);
});

test('settings are those over the defaults, and mistakes are named', () => {
  const defaults = { days: 30, deep: { on: true, words: [] } };
  const of = (text) => settle('x', defaults, Buffer.from(text));
  assert.deepEqual(of(''), defaults);
  assert.deepEqual(of('days: 3\ndeep: {words: [a]}'), { days: 3, deep: { on: true, words: ['a'] } });
  assert.throws(() => of('dyas: 3'), /modules.x.settings.dyas: there is no such setting; there are days, deep/);
  assert.throws(() => of('deep: {on: 3}'), /modules.x.settings.deep.on: write true or false, not 3/);
  assert.throws(() => of('- 1'), /modules.x.settings: write keys and values/);
  assert.deepEqual(defaults, { days: 30, deep: { on: true, words: [] } });
});

test('what the database says is told as kernel/store does', () => {
  const said = (code, constraint) => Object.assign(new pg.DatabaseError('select secret', 1, 'error'), { code, constraint });
  assert.equal(told(said('23505', 'one')).code, Code.ALREADY_EXISTS);
  assert.equal(told(said('23505', 'one')).constraint, 'one');
  assert.equal(told(said('23514')).code, Code.INVALID_ARGUMENT);
  assert.equal(told(said('42501')).code, Code.PERMISSION_DENIED);
  assert.equal(told(said('57P01')).code, Code.UNAVAILABLE);
  assert.equal(told(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })).code, Code.UNAVAILABLE);
  assert.ok(retryable(told(said('40P01'))) && retryable(said('40001')) && !retryable(said('23505')));
  const defect = said('42601');
  assert.equal(told(defect), defect, 'a mistake in SQL is no matter of the caller');
});

test('a page token is of one list, its filters and its key', () => {
  const pages = new Pages(contracts, Buffer.alloc(32, 1));
  const list = (init) => contracts.create('cabinet.feedback.v1.ListFeedbackRequest', init);
  const { page, nextPageToken } = pages.next(list({ pageSize: 2, state: 1 }), [1, 2, 3], (last) => ['2026-03-02T06:00:00.000Z', last]);
  assert.deepEqual(page, [1, 2]);
  const after = (init, at = pages) => at.after(list({ pageToken: nextPageToken, state: 1, ...init }), 2);
  assert.deepEqual(after({ pageSize: 50 }), ['2026-03-02T06:00:00.000Z', 2]);
  assert.equal(after({ pageToken: '' }), undefined);
  assert.throws(() => after({ state: 2 }), /other filters/);
  assert.throws(() => after({ pageToken: 'AAAA' + nextPageToken.slice(4) }), /not one that this list gave/);
  assert.throws(() => after({ pageToken: nextPageToken + '!' }), /not one that this list gave/);
  assert.throws(() => after({}, new Pages(contracts, Buffer.alloc(32, 2))), /not one that this list gave/);
  assert.equal(pages.next(list({ pageSize: 3 }), [1, 2, 3], () => []).nextPageToken, '');
});

test('a log is lines of JSON', () => {
  let out = '';
  newLog({ write: (line) => (out += line) }).warn('a\nb', { n: 1 });
  const { time, ...line } = JSON.parse(out);
  assert.ok(!Number.isNaN(Date.parse(time)));
  assert.deepEqual(line, { level: 'WARN', msg: 'a\nb', n: 1 });
  assert.equal(out.indexOf('\n'), out.length - 1);
});

test('the clock is a file for tests, and stays when that goes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clock'));
  const path = join(folder, 'clock');
  writeFileSync(path, '2026-03-02T06:00:00.123456789Z');
  const now = clock({ CABINET_CLOCK: path });
  assert.equal(now().toISOString(), '2026-03-02T06:00:00.123Z');
  writeFileSync(path, '2026-03-02T07:00:00Z');
  assert.equal(now().toISOString(), '2026-03-02T07:00:00.000Z');
  rmSync(folder, { recursive: true });
  assert.equal(now().toISOString(), '2026-03-02T07:00:00.000Z');
  assert.ok(Math.abs(clock({})().getTime() - Date.now()) < 1000);
});
