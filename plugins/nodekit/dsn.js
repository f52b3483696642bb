import { readFileSync } from 'node:fs';

/**
 * How to connect, from what the portal sends: an address ("postgres://…") or keywords ("host=/run/x user='y'").
 * @param {string} dsn
 * @returns {Record<string, unknown>} what the driver's pool takes
 */
export function connection(dsn) {
  const say = /^postgres(ql)?:\/\//.test(dsn) ? ofAddress(dsn) : ofKeywords(dsn);
  const port = Number(say.port || 5432);
  if (!say.user || !Number.isInteger(port)) throw new Error('the address of the database that was lent cannot be read');
  return {
    host: (say.host || 'localhost').split(',')[0], port, user: say.user, password: say.password ?? '', database: say.dbname, ssl: tls(say),
  };
}

/** @param {Record<string, string>} say */
function tls(say) {
  switch (say.sslmode ?? 'prefer') {
    case 'disable':
    case 'allow':
    case 'prefer':
      return false;
    case 'require':
      return { rejectUnauthorized: false };
    default: // verify-ca, verify-full
      return {
        ...(say.sslrootcert ? { ca: readFileSync(say.sslrootcert, 'utf8') } : {}),
        ...(say.sslmode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
      };
  }
}

/** @param {string} dsn */
function ofAddress(dsn) {
  const [, , user, password, host, path, query] = dsn.match(/^postgres(ql)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/) ?? [];
  const [, name, port] = (host ?? '').match(/^(\[[^\]]*\]|[^:]*)(?::(\d+))?/) ?? [];
  /** @type {Record<string, string>} */
  const out = {};
  for (const [key, value] of Object.entries({ user, password, host: name?.replace(/^\[|\]$/g, ''), port, dbname: path })) {
    if (value) out[key] = decodeURIComponent(value);
  }
  for (const [key, value] of new URLSearchParams(query ?? '')) out[key] = value;
  return out;
}

/** @param {string} dsn */
function ofKeywords(dsn) {
  /** @type {Record<string, string>} */
  const out = {};
  for (const [, key, quoted, plain] of dsn.matchAll(/(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s\\]|\\.)*))/g)) {
    out[key] = (quoted ?? plain).replace(/\\(.)/g, '$1');
  }
  return out;
}
