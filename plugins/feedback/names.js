import { Code } from '@opencabinet/plugin';

/** How many clients are asked for at the same time. */
const namesAtOnce = 8;

/**
 * Fills in how clients are called now. Names are another module's, change there, and end there when a client is
 * forgotten: so none is kept here. One that cannot be had is left out, and the rest is shown without it.
 */
export async function name({ clients, host }, call, feedback) {
  const ids = [...new Set(feedback.map((f) => f.clientId))];
  const names = new Map();
  let useless = false; // the others would say the same
  const ask = async () => {
    for (let id = ids.pop(); id !== undefined && !useless; id = ids.pop()) {
      try {
        names.set(id, (await clients.getClient({ id }, call)).client.name);
      } catch (err) {
        if (err.code === Code.NOT_FOUND) continue;
        useless = true;
        if (err.code !== Code.PERMISSION_DENIED && !call.signal.aborted) host.log.debug("clients' names cannot be had now", { error: err.message });
      }
    }
  };
  await Promise.all(Array.from({ length: namesAtOnce }, ask));
  for (const f of feedback) f.clientName = names.get(f.clientId) ?? '';
}
