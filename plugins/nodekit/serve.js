import * as grpc from '@grpc/grpc-js';
import { fstatSync, mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { limits } from './back.js';
import { newLog, takeConsole } from './log.js';
import { Registry } from './registry.js';
import { Server } from './server.js';

/**
 * @typedef {object} Module what a plugin is
 * @property {any} manifest as kernel/module.Manifest in JSON: id, provides, requires, publishes, permissions, screens, tiles
 * @property {import('./contracts.js').Contracts} contracts those that the manifest names
 * @property {string} folder in which migrations/*.sql and locales/*.yaml lie: import.meta.dirname
 * @property {string} [version] of the program, for people
 * @property {{defaults: object, check?: (settings: any) => string[]}} [settings] what portal.yaml may say below
 *   modules.ID.settings, and what is wrong with it, each sentence naming a key
 * @property {(host: import('./host.js').Host) => any} register binds what the manifest promised: {services, events},
 *   services being objects of functions by full names, events what on and onSchedule give
 * @property {(host: import('./host.js').Host) => unknown} [start] called last; calls come in from then on
 * @property {() => unknown} [stop] called when the portal lets the process go
 */

/** The handshake by which the program knows that it was started to serve a module, and not by hand. */
const cookie = { key: 'CABINET_PLUGIN', value: '1f0c8e6a-serve-a-module' };
/** The descriptor of a pipe whose other end the portal holds: it ends when the portal does, however that ends. */
const leashFd = 3;
/** How long what is under way has once the portal is gone, in milliseconds. */
const grace = 2000;
/** How long the module has to stop, in milliseconds: a moment less than the portal waits before it ends the process. */
const stopWithin = 1500;

/**
 * Serves a module to the portal that started this program, and ends the program when the portal lets it go. Started by
 * hand the program says what it is and ends with code 1.
 * @param {Module} module
 */
export async function serve(module) {
  if (process.env[cookie.key] !== cookie.value) {
    process.stderr.write('This program is a plugin: a Cabinet portal starts it. Name it in portal.yaml, at modules.ID.path.\n');
    process.exit(1);
  }
  const log = newLog(process.stderr);
  takeConsole(log);
  for (const name of /** @type {const} */ (['uncaughtException', 'unhandledRejection'])) {
    process.on(name, (/** @type {any} */ err) => {
      log.error('the program ends for a mistake that nobody caught', { error: String(err), stack: err?.stack });
      process.exit(1);
    });
  }
  process.on('SIGINT', () => {}); // meant for the portal, whose terminal it is

  const registry = new Registry(module.manifest.id, module.contracts, log);
  const server = new Server(module, registry, log);
  const carrier = new grpc.Server(limits);
  const folder = mkdtempSync(join(tmpdir(), 'p'));
  let ending = false;
  const end = async (/** @type {number} */ code) => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(code), stopWithin);
    carrier.tryShutdown(() => {});
    await server.close();
    rmSync(folder, { recursive: true, force: true });
    process.exit(code);
  };
  followPortal(log, () => {
    setTimeout(() => process.exit(1), grace);
    void end(1);
  });
  registerLife(carrier, () => void end(0));
  server.register(carrier);
  for (const name of module.manifest.provides ?? []) registry.expect(carrier, name);
  const socket = join(folder, 's');
  await new Promise((resolve, reject) => {
    carrier.bindAsync('unix:' + socket, grpc.ServerCredentials.createInsecure(), // the socket's folder is closed to others
      (err, port) => (err ? reject(err) : resolve(port)));
  });
  process.stdout.write(`1|1|unix|${socket}|grpc\n`);
}

/**
 * Calls end when the portal is gone.
 * @param {import('./log.js').Log} log
 * @param {() => void} end
 */
function followPortal(log, end) {
  try {
    if (!fstatSync(leashFd).isFIFO()) return; // started without one, as by a debugger
  } catch {
    return;
  }
  const leash = new Socket({ fd: leashFd, readable: true, writable: false });
  leash.on('error', () => leash.destroy());
  leash.on('close', () => {
    log.warn('the portal is gone: ending');
    end();
  });
  leash.resume();
}

/**
 * What go-plugin asks of any program: that it is well, that it ends, and what it writes, which goes to the log instead.
 * These messages are too small for descriptors.
 * @param {grpc.Server} carrier
 * @param {() => void} end
 */
function registerLife(carrier, end) {
  const bytes = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };
  const unary = { requestStream: false, responseStream: false, ...bytes };
  const serving = Buffer.from([0x08, 0x01]); // HealthCheckResponse{status: SERVING}
  const asked = [Buffer.alloc(0), Buffer.from('\x0a\x06plugin')]; // HealthCheckRequest{}, HealthCheckRequest{service: "plugin"}
  carrier.addService({ Check: { path: '/grpc.health.v1.Health/Check', ...unary } }, {
    Check: (/** @type {any} */ call, /** @type {any} */ callback) => {
      asked.some((a) => a.equals(call.request)) ? callback(null, serving) : callback({ code: grpc.status.NOT_FOUND, details: 'unknown service' });
    },
  });
  carrier.addService({ Shutdown: { path: '/plugin.GRPCController/Shutdown', ...unary } }, {
    Shutdown: (/** @type {any} */ _, /** @type {any} */ callback) => {
      callback(null, Buffer.alloc(0));
      setImmediate(end);
    },
  });
  carrier.addService({ StreamStdio: { path: '/plugin.GRPCStdio/StreamStdio', requestStream: false, responseStream: true, ...bytes } }, {
    StreamStdio: () => {}, // it stays open and says nothing
  });
}

/** @param {Buffer} b */
function same(b) {
  return b;
}
