import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * The files below a folder with a suffix, by their paths there. A folder that is not there has none.
 * @param {string} folder
 * @param {string} suffix
 * @returns {Array<{path: string, content: Buffer}>}
 */
export function filesBelow(folder, suffix) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix) && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
    .map((path) => ({ path: relative(folder, path).split(sep).join('/'), content: readFileSync(path) }));
}
