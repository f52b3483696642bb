import { readFileSync } from 'node:fs';

/**
 * The process's clock: the machine's, or for tests what a file says, as RFC 3339 writes it. A test moves the clock by
 * replacing the file, so it is read at each use.
 * @param {NodeJS.ProcessEnv} env
 * @returns {() => Date}
 */
export function clock(env) {
  const path = env.CABINET_CLOCK;
  if (!path) return () => new Date();
  const read = () => {
    const at = new Date(readFileSync(path, 'utf8').trim());
    if (Number.isNaN(at.getTime())) throw new Error(`CABINET_CLOCK: ${path} holds no time`);
    return at;
  };
  let last = read();
  return () => {
    try {
      last = read();
    } catch {
      // A test that has ended takes the file with it: what is still under way keeps the last time.
    }
    return new Date(last);
  };
}
