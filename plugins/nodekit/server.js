import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';

import { Back } from './back.js';
import { selfCall } from './call.js';
import { clock } from './clock.js';
import { buffer, kernel } from './contracts.js';
import { serveDirect } from './direct.js';
import { filesBelow } from './files.js';
import { Host } from './host.js';
import { Pages } from './pages.js';
import { aboutCall } from './registry.js';
import { Rows } from './rows.js';
import { settle } from './settings.js';
import { Code, normal, served, serviceError, StatusError } from './status.js';

/** The version of what is spoken between portal and module. */
const protocol = 1;
/** How long the portal may take to sign, in milliseconds. */
const signWithin = 10_000;

const catchUps = { skip: 'CATCH_UP_SKIP', once: 'CATCH_UP_ONCE', each: 'CATCH_UP_EACH' };

/** Answers what the kernel asks of a module's process: cabinet.kernel.v1.PluginService. */
export class Server {
  #module;
  #registry;
  #log;
  /** @type {Host | undefined} */
  #host;
  #opened = false;
  #settings;
  /** @type {Map<string, any>} by subscriber and type */
  #heard = new Map();
  /** @type {Array<() => unknown>} */
  #closers = [];

  /**
   * @param {import('./serve.js').Module} module
   * @param {import('./registry.js').Registry} registry
   * @param {import('./log.js').Log} log
   */
  constructor(module, registry, log) {
    this.#module = module;
    this.#registry = registry;
    this.#log = log;
    this.#settings = module.settings?.defaults;
  }

  /** @param {import('@grpc/grpc-js').Server} server */
  register(server) {
    const service = kernel.service('cabinet.kernel.v1.PluginService');
    /** @type {Record<string, (request: any, about: any) => Promise<object>>} */
    const methods = {
      describe: async () => this.#describe(), open: (r) => this.#open(r), setPolicy: async (r) => this.#setPolicy(r), deliver: (r, about) => this.#deliver(r, about),
    };
    /** @type {any} */
    const definition = {};
    /** @type {any} */
    const handlers = {};
    for (const m of service.methods) {
      definition[m.name] = {
        path: `/${service.typeName}/${m.name}`, requestStream: false, responseStream: false,
        requestSerialize: (/** @type {any} */ v) => buffer(toBinary(m.input, v)), requestDeserialize: (/** @type {Buffer} */ b) => fromBinary(m.input, b),
        responseSerialize: (/** @type {any} */ v) => buffer(toBinary(m.output, v)), responseDeserialize: (/** @type {Buffer} */ b) => fromBinary(m.output, b),
      };
      handlers[m.name] = async (/** @type {any} */ given, /** @type {any} */ callback) => {
        const about = aboutCall(given);
        try {
          callback(null, create(m.output, await methods[m.localName](given.request, about)), served());
        } catch (err) {
          // To the portal alone, for its log: a plain sentence is told as it is.
          callback(serviceError(err instanceof Error && !('code' in err) ? { code: Code.FAILED_PRECONDITION, text: err.message }
            : normal(err, { method: m.name, log: this.#log, signal: about.signal })));
        }
      };
    }
    server.addService(definition, handlers);
  }

  /** Says what the module is. */
  #describe() {
    const { manifest, contracts, folder, version = '' } = this.#module;
    const names = [manifest.provides, manifest.requires, manifest.optional, manifest.publishes].flatMap((list) => list ?? []);
    return {
      protocol, manifest: Buffer.from(JSON.stringify(manifest)), files: contracts.filesOf(names), version,
      migrations: filesBelow(`${folder}/migrations`, '.sql'),
      locales: filesBelow(`${folder}/locales`, '.yaml').map((f) => ({ ...f, path: 'locales/' + f.path })),
      configurable: this.#module.settings !== undefined, pages: false,
    };
  }

  /**
   * Lends the module what it needs, binds its services and starts it. It is done once in a process's life.
   * @param {any} r
   */
  async #open(r) {
    if (this.#opened) throw new StatusError(Code.FAILED_PRECONDITION, 'the module was opened before: start a new process');
    this.#opened = true;
    const { manifest, settings } = this.#module;
    if (settings) {
      this.#settings = settle(manifest.id, settings.defaults, r.settings);
      const wrong = settings.check?.(this.#settings) ?? [];
      if (wrong.length > 0) throw new StatusError(Code.INVALID_ARGUMENT, wrong.join('; '));
    }
    const host = (this.#host = this.#lend(r));
    const bound = (await this.#module.register(host)) ?? {};
    for (const [name, implementation] of Object.entries(bound.services ?? {})) this.#registry.bind(name, implementation);
    this.#check();
    for (const sub of bound.events ?? []) this.#hear(sub);
    await this.#module.start?.(host);
    if (r.callsSocket) this.#closers.push(await serveDirect(r.callsSocket, this.#registry));
    return { subscriptions: [...this.#heard.values()].map(subscription), calls: r.callsSocket !== '' };
  }

  /**
   * Makes the module's host of what the portal sent.
   * @param {any} r
   */
  #lend(r) {
    const { manifest, contracts } = this.#module;
    const back = new Back(r.hostSocket);
    this.#closers.push(() => back.close());
    let rows;
    if (r.database) {
      const signing = kernel.service('cabinet.kernel.v1.HostService').methods.find((m) => m.localName === 'signRows');
      const sign = async () => {
        const deadline = new Date(Date.now() + signWithin);
        const answer = await back.invoke(signing, {}, selfCall(manifest.id, r.token, { deadline }));
        return { setting: answer.setting, until: timestampDate(answer.expireTime) };
      };
      const lent = new Rows({ module: manifest.id, dsn: r.database, role: r.role, sign, contracts, publishes: manifest.publishes ?? [], log: this.#log });
      this.#closers.push(() => lent.close());
      rows = lent;
    }
    return new Host({
      id: manifest.id, settings: this.#settings, policy: JSON.parse(buffer(r.policy).toString()), zone: r.timeZone, url: r.url, now: clock(process.env),
      log: this.#log, rows, pages: new Pages(contracts, r.pageKey), contracts, back, token: r.token, key: r.key,
    });
  }

  /** Compares what the module bound with what it promised. */
  #check() {
    const { provides = [] } = this.#module.manifest;
    const bound = this.#registry.names();
    const wrong = [
      ...provides.filter((s) => !bound.includes(s)).map((s) => `it promises ${s} in its manifest and does not register it`),
      ...bound.filter((s) => !provides.includes(s)).map((s) => `it registers ${s}, which its manifest does not promise: add it to provides`),
    ];
    if (wrong.length > 0) throw new StatusError(Code.FAILED_PRECONDITION, wrong.join('\n'));
  }

  /** @param {any} sub */
  #hear(sub) {
    const { id } = this.#module.manifest;
    if (!sub.subscriber.startsWith(id + '.')) {
      throw new StatusError(Code.FAILED_PRECONDITION, `it hears events as ${sub.subscriber}: a subscriber's name begins with its own module's, ${id}.`);
    }
    sub.desc = sub.plan ? kernel.message(sub.type) : this.#module.contracts.message(sub.type);
    this.#heard.set(`${sub.subscriber} ${sub.type}`, sub);
  }

  /** @param {any} r */
  #setPolicy(r) {
    if (!this.#host) throw new StatusError(Code.FAILED_PRECONDITION, 'the module is not open');
    this.#host.policy = JSON.parse(buffer(r.policy).toString());
    return {};
  }

  /**
   * Hands an event to its handler, which acts as the module.
   * @param {any} r
   * @param {{signal: AbortSignal, deadline?: Date}} about
   */
  async #deliver(r, about) {
    const sub = this.#heard.get(`${r.subscriber} ${r.type}`);
    if (!sub || !this.#host) {
      throw new StatusError(Code.UNIMPLEMENTED, `module ${this.#module.manifest.id} has no handler ${r.subscriber} for ${r.type}`);
    }
    const delivery = { subscriber: r.subscriber, eventId: r.eventId };
    const call = this.#host.deliver(delivery, about);
    await sub.handle({
      id: r.eventId, source: r.source, type: r.type, key: r.key, time: timestampDate(r.time), due: r.dueTime && timestampDate(r.dueTime),
      payload: fromBinary(sub.desc, r.payload),
    }, call);
    return {};
  }

  /** Ends what the module began, when the portal lets the process go. */
  async close() {
    const closers = [...(this.#opened ? [() => this.#module.stop?.()] : []), ...this.#closers.splice(0).reverse()];
    for (const close of closers) {
      try {
        await close();
      } catch (err) {
        this.#log.warn('something did not close', { error: String(err) });
      }
    }
  }
}

/** @param {any} sub */
function subscription({ subscriber, type, plan, timeoutMs }) {
  return {
    subscriber, types: [type],
    timeout: timeoutMs ? { seconds: BigInt(Math.floor(timeoutMs / 1000)), nanos: (timeoutMs % 1000) * 1e6 } : undefined,
    plan: plan && {
      title: plan.title, cron: plan.cron, most: plan.most ?? 0,
      catchUp: kernel.enum('cabinet.kernel.v1.CatchUp')[catchUps[/** @type {keyof typeof catchUps} */ (plan.catchUp ?? 'once')]],
    },
  };
}
