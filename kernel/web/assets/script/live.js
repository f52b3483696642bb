// Live updates: what a reader looks at refreshes itself when somebody changed it.
//
//   stream   one visible tab of the browser listens (Web Locks) and tells the others (BroadcastChannel); hidden ones don't
//   refresh  a page that is concerned asks again for its own address and takes over what differs
//   morph    elements stay who they are: focus, scroll, selection, open menus and typed text with them
//   form     is left alone; its writer is told when what it was filled with has changed
//
// The server tells topics alone. Parts that can change name theirs: data-live="topic,topic client".

const $ = (selector, root = document) => root.querySelector(selector);
const parts = () => [...document.querySelectorAll('[data-live]')];
const { stream, at } = document.body.dataset;
const name = `cabinet-live:${stream}`;
const me = crypto.getRandomValues(new Uint32Array(2)).join();
const channel = new BroadcastChannel(name);

// Stream.
const heard = []; // by who listens, for tabs that came meanwhile
let seen = at; // the version up to which this tab knows
let source; // while this tab listens
let waiting; // while it wants to
let release;
let retry;
let patience = 2000;

const share = (message) => {
  heard.push({ when: Date.now(), message });
  if (heard.length > 50) heard.shift();
  channel.postMessage(message);
  take(message);
};

const open = () => {
  clearTimeout(retry);
  source = new EventSource(`${stream}?since=${encodeURIComponent(seen)}`);
  source.onopen = () => { patience = 2000; };
  source.onmessage = (event) => share({ ...JSON.parse(event.data), id: event.lastEventId });
  // The session is over, or this browser has too many streams: the page finds out which.
  source.addEventListener('over', () => {
    share({ again: true });
    rest();
  });
  source.onerror = () => {
    if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    source = undefined;
    share({ again: true }); // refused: the page finds out why, such as that its session is over
    retry = setTimeout(open, patience * (0.5 + Math.random()));
    patience = Math.min(patience * 2, 60000);
  };
};

const listen = () => {
  if (waiting || source) return;
  if (!navigator.locks) { // without HTTPS each visible tab listens for itself
    open();
    return;
  }
  waiting = new AbortController();
  navigator.locks.request(name, { signal: waiting.signal }, () => new Promise((done) => {
    release = done;
    open();
  })).catch(() => { /* hidden before it was this tab's turn */ });
};

const rest = () => {
  clearTimeout(retry);
  waiting?.abort();
  source?.close();
  release?.();
  waiting = source = release = undefined;
};

channel.onmessage = ({ data }) => {
  if (data.to && data.to !== me) return;
  if (!data.hello) {
    take(data);
  } else if (source) {
    // What was told while the page that asks was on its way.
    for (const { when, message } of heard) {
      if (when >= data.since) channel.postMessage({ ...message, to: data.hello });
    }
  }
};

// Refresh.
const concerns = (mine, told) => {
  const [topic, client] = mine.split(' ');
  const [other, of] = told.split(' ');
  return topic === other && (!client || !of || client === of);
};

let timer;
let busy = false;
let more = false;
let last = 0;
let sent = 0;

const take = (message) => {
  if (message.id) seen = message.id;
  if (document.hidden) return; // asked again when it is shown
  const concerned = message.again || parts().some(({ dataset }) => dataset.live.split(',')
    .some((mine) => message.of.some((told) => concerns(mine, told))));
  if (concerned) soon((message.in ?? 0) * Math.random());
};

const soon = (delay) => {
  more = busy;
  if (busy || timer) return;
  timer = setTimeout(refresh, Math.max(delay, last + 1000 - Date.now()));
};

const refresh = async () => {
  timer = undefined;
  if (document.hidden) return; // meanwhile
  // A question waits for its answer, or another page is on its way.
  if ($('dialog[open]') || Date.now() - sent < 3000) {
    soon(1000);
    return;
  }
  busy = true;
  let wait = 0;
  try {
    const response = await fetch(location.href, { headers: { 'Cabinet-Live': '1' }, cache: 'no-store', redirect: 'manual' });
    if (response.ok) apply(new DOMParser().parseFromString(await response.text(), 'text/html'));
    else if (response.status >= 500) wait = 5000;
    // Not theirs any more, or gone, or to be signed in for: the page that says so replaces it. A redirect has no status.
    else if ([0, 401, 403, 404].includes(response.status) && $('#page[data-live]:not([data-live-form])')) location.reload();
  } catch { /* no network: the stream says when it is back */ }
  busy = false;
  last = Date.now();
  if (more || wait) soon(wait);
};

const apply = (fresh) => {
  // Whoever is acted as, or acts as themselves again, has pages of their own.
  if ($('.banner')?.dataset.mark !== fresh.querySelector('.banner')?.dataset.mark) {
    if (!$('#page[data-live-form]')) location.reload();
    return;
  }
  seen = fresh.body.dataset.at ?? seen;
  let said = '';
  for (const part of parts()) {
    const other = fresh.getElementById(part.id);
    if (!other) continue;
    if ('liveForm' in part.dataset) said ||= warn(part, other);
    else if (keeping(() => morph(part, other))) said ||= $('#live').dataset.said;
  }
  if (!said) return;
  document.title = fresh.title;
  $('#live').textContent = '';
  setTimeout(() => { $('#live').textContent = said; }, 100);
};

// Form: what it was filled with, whatever was typed since.
const filled = (root) => JSON.stringify([...root.querySelectorAll('form[data-guard] [name]')]
  .filter((field) => !['csrf', 'request_id'].includes(field.name))
  .map((field) => [field.name, field.options ? [...field.options].filter((o) => o.defaultSelected).map((o) => o.value)
    : field.defaultChecked ?? '', field.defaultValue ?? '']));

const warn = (part, other) => {
  const form = $('form[data-guard]', part);
  if (!form || !$('form[data-guard]', other) || filled(part) === filled(other) || $('.changed .notice', part)) return '';
  $('.changed', part)?.remove(); // it was dismissed
  const box = $('#live-changed').content.firstElementChild.cloneNode(true);
  $('[data-dismiss]', box).hidden = false;
  form.after(box);
  return $('.t', box).textContent;
};

// Morph.
const kept = (node) => node.dataset && 'keep' in node.dataset;
const keyOf = (node) => node.id || node.dataset?.key;

// What script or reader have set is theirs.
const theirs = (element, attribute) => attribute === 'open'
  || (attribute === 'hidden' && element.matches('[data-all], [data-copy], [data-dismiss]'));

const keeping = (change) => {
  const active = document.activeElement;
  const where = active?.selectionStart;
  const changed = change();
  if (active && active !== document.activeElement && active !== document.body) {
    (active.isConnected ? active : $('#main')).focus({ preventScroll: true });
    if (active.isConnected && where != null) active.setSelectionRange(where, active.selectionEnd);
  }
  return changed;
};

const morph = (old, fresh) => {
  if (old.isEqualNode(fresh)) return false;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue === fresh.nodeValue) return false;
    old.nodeValue = fresh.nodeValue;
    return true;
  }
  let changed = false;
  for (const { name: attribute, value } of [...fresh.attributes]) {
    if (old.getAttribute(attribute) === value || theirs(old, attribute)) continue;
    old.setAttribute(attribute, value);
    changed = true;
  }
  for (const { name: attribute } of [...old.attributes]) {
    if (fresh.hasAttribute(attribute) || theirs(old, attribute)) continue;
    old.removeAttribute(attribute);
    changed = true;
  }
  changed = children(old, fresh) || changed;
  if (changed && old.matches('tr[data-key]')) glow(old);
  return changed;
};

const children = (old, fresh) => {
  let changed = false;
  const stay = new Set([...fresh.childNodes].map(keyOf).filter(Boolean));
  const keyed = new Map();
  for (const node of [...old.childNodes]) {
    const key = keyOf(node);
    if (!key) continue;
    if (stay.has(key)) keyed.set(key, node);
    else {
      node.remove();
      changed = true;
    }
  }
  let next = old.firstChild;
  const past = (node) => { next = node.nextSibling; };
  const used = new Set();
  for (const want of [...fresh.childNodes]) {
    if (kept(want)) continue;
    while (next && kept(next)) past(next);
    const key = keyOf(want);
    const have = key ? keyed.get(key) : alike(next, want);
    if (!have || have.nodeName !== want.nodeName) {
      const node = document.importNode(want, true);
      old.insertBefore(node, next);
      used.add(node);
      if (node.matches?.('tr[data-key]')) glow(node);
      changed = true;
      continue;
    }
    used.add(have);
    if (have === next) past(have);
    else {
      if (old.moveBefore) old.moveBefore(have, next);
      else old.insertBefore(have, next);
      changed = true;
    }
    changed = morph(have, want) || changed;
  }
  for (const node of [...old.childNodes]) {
    if (used.has(node) || kept(node)) continue;
    node.remove();
    changed = true;
  }
  return changed;
};

// The next child that can become what is wanted: of the same class if there is one.
const alike = (from, want) => {
  let first;
  for (let node = from; node; node = node.nextSibling) {
    if (node.nodeName !== want.nodeName || keyOf(node) || kept(node)) continue;
    if (node.className === want.className) return node;
    first ??= node === from ? node : undefined;
  }
  return first;
};

const glow = (row) => {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  row.animate({ backgroundColor: [getComputedStyle(document.body).getPropertyValue('--accent-bg'), 'transparent'] }, 1600);
};

addEventListener('submit', (event) => {
  if (!event.defaultPrevented && event.target.method !== 'dialog') sent = Date.now();
});

const shown = () => {
  listen();
  soon(0);
};

if (parts().length) {
  document.addEventListener('visibilitychange', () => (document.hidden ? rest() : shown()));
  addEventListener('pagehide', rest);
  addEventListener('pageshow', ({ persisted }) => { if (persisted) shown(); });
  channel.postMessage({ hello: me, since: performance.timeOrigin });
  if (!document.hidden) listen();
}
