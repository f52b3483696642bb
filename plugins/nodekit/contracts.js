import {
  create, createFileRegistry, fromBinary, getOption, hasOption, isFieldSet, toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { readFileSync } from 'node:fs';

/** The instant of a Date, for a field of google.protobuf.Timestamp. */
export const timestamp = timestampFromDate;

/**
 * The contracts that a program speaks, read from a FileDescriptorSet as `buf build --as-file-descriptor-set` writes it.
 * Nothing is generated: messages are plain objects, made and read by their descriptors.
 */
export class Contracts {
  #registry;
  #files;

  /** @param {Uint8Array} bytes of a FileDescriptorSet, imports included */
  constructor(bytes) {
    const set = fromBinary(FileDescriptorSetSchema, bytes);
    // Options of contracts are extensions, which stay with the descriptors as they came: what is sent on is whole.
    this.#files = new Map(set.file.map((f) => [f.name, f]));
    this.#registry = createFileRegistry(set);
  }

  /** @param {string | URL} path */
  static read(path) {
    return new Contracts(readFileSync(path));
  }

  /** @param {string} name a full name */
  message(name) {
    return this.#found(this.#registry.getMessage(name), name);
  }

  /** @param {string} name a full name */
  service(name) {
    return this.#found(this.#registry.getService(name), name);
  }

  /**
   * The values of an enum by name.
   * @param {string} name a full name
   * @returns {Record<string, number>}
   */
  enum(name) {
    const found = this.#found(this.#registry.getEnum(name), name);
    return Object.fromEntries(found.values.map((v) => [v.name, v.number]));
  }

  /**
   * A message, of what is known of it.
   * @param {string} name a full name
   * @param {object} [init]
   */
  create(name, init) {
    return create(this.message(name), init);
  }

  /**
   * @template T
   * @param {T | undefined} found
   * @param {string} name
   * @returns {T}
   */
  #found(found, name) {
    if (!found) throw new Error(`the contracts that were read do not have ${name}: add its .proto to what buf builds`);
    return found;
  }

  /**
   * The descriptors of what a manifest names, imports before those that import them.
   * @param {string[]} names full names of services and messages
   */
  filesOf(names) {
    const seen = new Set();
    /** @type {any[]} */
    const file = [];
    /** @param {string} path */
    const add = (path) => {
      if (seen.has(path)) return;
      seen.add(path);
      const f = this.#found(this.#files.get(path), path);
      f.dependency.forEach(add);
      file.push(f);
    };
    for (const name of names) {
      add(this.#found(this.#registry.get(name), name).file.proto.name);
    }
    return create(FileDescriptorSetSchema, { file });
  }
}

/** What the kernel itself speaks. */
export const kernel = Contracts.read(new URL('./contracts.binpb', import.meta.url));

/** The values of Kind, by name: what a field means to a reader. */
export const Kind = kernel.enum('cabinet.kernel.v1.Kind');

const fieldOption = (() => {
  const found = kernel.filesOf(['cabinet.kernel.v1.FieldMeaning']);
  const extension = createFileRegistry(found).getExtension('cabinet.kernel.v1.field');
  if (!extension) throw new Error('contracts.binpb lacks cabinet.kernel.v1.field: run make generate');
  return extension;
})();

/** @typedef {{kind: number, refersTo: string, secret: boolean, hidden: boolean, staffOnly: boolean, clientId: boolean}} Meaning */

/** @type {Meaning} */
const nothing = { kind: 0, refersTo: '', secret: false, hidden: false, staffOnly: false, clientId: false };

/**
 * What a contract says of a field.
 * @param {any} field a descriptor
 * @returns {Meaning}
 */
export function meaning(field) {
  return hasOption(field, fieldOption) ? /** @type {any} */ (getOption(field, fieldOption)) : nothing;
}

/**
 * The bytes of a message, as gRPC's library and the database's driver want them.
 * @param {Uint8Array} bytes
 */
export function buffer(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The bytes of a message, the same for the same content: entries of maps in the order of their keys.
 * @param {any} desc
 * @param {any} message
 */
export function canonical(desc, message) {
  return buffer(toBinary(desc, sorted(desc, message)));
}

/**
 * @param {any} desc
 * @param {any} message
 */
function sorted(desc, message) {
  const copy = { ...message };
  for (const field of desc.fields) {
    if (!isFieldSet(message, field)) continue;
    const holder = field.oneof ? (copy[field.oneof.localName] = { ...message[field.oneof.localName] }) : copy;
    const at = field.oneof ? 'value' : field.localName;
    const value = holder[at];
    if (field.fieldKind === 'map') {
      const each = (/** @type {any} */ v) => (field.mapKind === 'message' ? sorted(field.message, v) : v);
      holder[at] = Object.fromEntries(Object.keys(value).sort().map((key) => [key, each(value[key])]));
    } else if (field.fieldKind === 'list' && field.listKind === 'message') {
      holder[at] = value.map((/** @type {any} */ v) => sorted(field.message, v));
    } else if (field.fieldKind === 'message') {
      holder[at] = sorted(field.message, value);
    }
  }
  return copy;
}
