import { parse } from 'yaml';

/**
 * The module's part of portal.yaml over its defaults. Keys that are not among those are refused, as the portal refuses
 * unknown keys of its own.
 * @param {string} id the module's
 * @param {any} defaults
 * @param {Uint8Array} text YAML
 */
export function settle(id, defaults, text) {
  const given = parse(Buffer.from(text).toString('utf8')) ?? {};
  return over(defaults, given, `modules.${id}.settings`);
}

/**
 * @param {any} defaults
 * @param {any} given
 * @param {string} key
 * @returns {any}
 */
function over(defaults, given, key) {
  const kind = kindOf(defaults);
  if (kindOf(given) !== kind) throw new Error(`${key}: write ${words[kind] ?? 'nothing'}, not ${JSON.stringify(given)}`);
  if (kind !== 'object') return given;
  const out = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name)) {
      throw new Error(`${key}.${name}: there is no such setting; there are ${Object.keys(defaults).join(', ') || 'none'}`);
    }
    out[name] = over(defaults[name], value, `${key}.${name}`);
  }
  return out;
}

/** @type {Record<string, string>} */
const words = { object: 'keys and values', array: 'a list', string: 'a text', number: 'a number', boolean: 'true or false' };

/** @param {any} value */
function kindOf(value) {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}
