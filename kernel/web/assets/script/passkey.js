// Passkeys. What the browser is asked stands in a form, and its answer goes with that form:
//
//   get     a key that is there; where the page may stay open, the browser also offers it in the field for the name
//   create  a new one
//
// Forms stay hidden where the browser has no passkeys: then there is another way on the page, or a word about it.

const forms = [...document.querySelectorAll('[data-passkey]')];
const can = isSecureContext && 'PublicKeyCredential' in window;

// Byte strings are base64url in the page.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const options = (form) => {
  const o = JSON.parse(form.dataset.options);
  o.challenge = bytes(o.challenge);
  if (o.user) o.user.id = bytes(o.user.id);
  for (const key of [...(o.allowCredentials ?? []), ...(o.excludeCredentials ?? [])]) key.id = bytes(key.id);
  return o;
};

const answer = ({ id, rawId, type, response }) => {
  const out = {};
  for (const part of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (response[part]) out[part] = text(response[part]);
  }
  if (response.getTransports) out.transports = response.getTransports();
  return JSON.stringify({ id, rawId: text(rawId), type, clientExtensionResults: {}, response: out });
};

// A browser answers one question at a time: the button's goes before what is offered by itself.
let present;
const ask = (form, mediation) => {
  present?.abort();
  present = new AbortController();
  return navigator.credentials[form.dataset.passkey]({ publicKey: options(form), mediation, signal: present.signal });
};

const send = (form, credential) => {
  form.elements.credential.value = answer(credential);
  const along = form.dataset.with && document.querySelector(`input[name="${form.dataset.with}"]:checked`);
  if (along) {
    const { name, value } = along;
    form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
  }
  form.requestSubmit();
};

const say = (form, words) => {
  const line = form.querySelector('[role=alert]');
  line.textContent = words;
  line.hidden = !words;
};

// What was asked is good for so long. A page that stays open is asked again before that.
const since = performance.timeOrigin;
const asked = new Map(forms.map((form) => [form, since]));
const lasts = (form) => JSON.parse(form.dataset.options).timeout * 0.9;

const renew = async (form) => {
  const response = await fetch(form.dataset.again, { credentials: 'same-origin' });
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const other = page.querySelector(`[data-passkey="${form.dataset.passkey}"]`);
  if (!other) throw new Error('the page asks for no passkey any more');
  form.dataset.options = other.dataset.options;
  for (const name of ['ceremony', 'csrf']) form.elements[name].value = other.elements[name].value;
  asked.set(form, Date.now());
};

const fresh = (form) => form.dataset.again && Date.now() - asked.get(form) > lasts(form) && renew(form);

// Offer: without a button, for as long as the page is open.
const offer = async (form) => {
  if (!form.dataset.again || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  try {
    await fresh(form);
    const waiting = ask(form, 'conditional');
    const mine = present;
    const old = setTimeout(() => mine.abort('old'), asked.get(form) + lasts(form) - Date.now());
    waiting.finally(() => clearTimeout(old)).then((credential) => send(form, credential), () => {
      if (mine.signal.reason === 'old') offer(form);
    });
  } catch { /* the button says what is wrong */ }
};

let busy = false;
addEventListener('submit', async (event) => {
  const form = event.target;
  if (!forms.includes(form) || form.elements.credential.value) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // nothing is on its way yet
  if (busy || !form.reportValidity()) return;
  busy = true;
  say(form, '');
  try {
    await fresh(form);
    send(form, await ask(form));
  } catch (error) {
    say(form, error.name === 'InvalidStateError' && form.dataset.exists || form.dataset.cancelled);
    offer(form);
  }
  busy = false;
}, true);

// A page that comes back from the browser's memory asks anew: its answer was used.
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  for (const form of forms) {
    form.elements.credential.value = '';
    asked.set(form, 0);
    offer(form);
  }
});

if (can) {
  for (const word of document.querySelectorAll('[data-no-passkey]')) word.hidden = true;
  for (const form of forms) {
    form.hidden = false;
    offer(form);
  }
}
