const columns = 'f.id, f.client_id, f.subject, f.rating, f.text, f.state, f.answer, f.create_time, f.answer_time, f.close_time';

/** What was said, the last first, as the caller sees it. after is the sort key of the row before. */
export function list(rows, call, { clientId, state, ratingAtMost, after, limit }) {
  const args = [];
  const where = [];
  const add = (condition, ...values) => {
    where.push(condition.replaceAll('?', () => `$${args.push(values.shift())}`));
  };
  if (clientId) add('f.client_id = ?::uuid', clientId);
  if (state) add('f.state = ?', state);
  if (ratingAtMost) add('f.rating <= ?', ratingAtMost);
  if (after) add('(f.create_time, f.id) < (?::timestamptz, ?::uuid)', ...after);
  return rows.query(call, `select ${columns} from feedback.feedback f ${where.length > 0 ? `where ${where.join(' and ')}` : ''}
    order by f.create_time desc, f.id desc limit ${Number(limit)}`, args);
}

/** One row, or undefined. */
export async function find(rows, call, id) {
  return (await rows.query(call, `select ${columns} from feedback.feedback f where f.id = $1`, [id]))[0];
}

/** The same, kept from others' changes until the transaction ends. */
export async function hold(tx, id) {
  return (await tx.query(`select ${columns} from feedback.feedback f where f.id = $1 for no key update`, [id]))[0];
}

/**
 * Keeps a client from being suspended, as far as this module knows, until the transaction ends. It tells whether it is
 * already.
 */
export async function holdClient(tx, id) {
  const { suspended } = await tx.one(`insert into feedback.clients as c (client_id, suspended) values ($1, false)
    on conflict (client_id) do update set suspended = c.suspended returning suspended`, [id]);
  return suspended;
}

export function setSuspended(tx, id, suspended) {
  return tx.exec(`insert into feedback.clients (client_id, suspended) values ($1, $2)
    on conflict (client_id) do update set suspended = excluded.suspended`, [id, suspended]);
}

export function insert(tx, row) {
  return tx.exec(`insert into feedback.feedback (id, client_id, subject, rating, text, state, answer, create_time)
    values ($1, $2, $3, $4, $5, 'new', '', $6)`, [row.id, row.client_id, row.subject, row.rating, row.text, row.create_time]);
}

export function update(tx, row) {
  return tx.exec('update feedback.feedback set state = $2, answer = $3, answer_time = $4, close_time = $5 where id = $1',
    [row.id, row.state, row.answer, row.answer_time, row.close_time]);
}

/** Closes what waits for an answer to a client. */
export function closeWaiting(tx, clientId, now) {
  return tx.exec(`update feedback.feedback set state = 'closed', close_time = $2 where client_id = $1 and state = 'new'`, [clientId, now]);
}

/** How much was said since a time and how well it went, and what waits. */
export function summary(rows, call, since) {
  return rows.one(call, `select count(*)::int as given, coalesce(round(avg(rating), 1)::text, '') as average,
    (select count(*)::int from (select from feedback.feedback where state = 'new' limit 1000) w) as waiting
    from feedback.feedback where create_time > $1`, [since]);
}
