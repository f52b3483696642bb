// The core script. Every page works without it; it makes some things quicker or safer:
//
//   theme          the choice in the account menu is kept at once, without a new page
//   submit         a form is sent once; its button says that it is on its way
//   confirm        a button with data-confirm asks first, in a dialogue
//   guard          unsaved changes in a form with data-guard are not left without a warning
//   filters        a filter form goes by itself, and the reader stays where they were
//   choose         one box chooses all rows of a table; the bar says how many are chosen
//   asked          fields that only some choices ask for are shown with those
//   copy, dismiss  buttons that have no meaning without script stay hidden until here
//   countdown      the banner says how long its reader acts as another, and the page is asked for anew at the end
//   keys           Ctrl+K or ⌘K opens the search

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (type, handler, options) => addEventListener(type, handler, options);

// Theme: the stylesheet follows the radio buttons by itself; the cookie tells the server for the next page.
on('change', ({ target }) => {
  const form = target.closest?.('[data-theme-cookie]');
  if (!form) return;
  const { themeCookie, themePath } = form.dataset;
  const secure = location.protocol === 'https:' ? ';secure' : '';
  document.cookie = `${themeCookie}=${target.value};path=${themePath};max-age=31536000;samesite=lax${secure}`;
  if (target.value === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = target.value;
});

// Confirm: ask, then send the form again as confirmed. Runs before the guards below, which must not see the first try.
const ask = $('#ask');
const answered = new WeakSet();

on('submit', (event) => {
  const { target: form, submitter } = event;
  const title = submitter?.dataset.confirm;
  if (!title || !ask?.showModal || answered.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  $('#ask-title').textContent = title;
  $('#ask-text').textContent = submitter.dataset.confirmText ?? '';
  const yes = $('#ask-yes');
  yes.textContent = submitter.dataset.confirmYes || submitter.textContent.trim();
  const danger = submitter.matches('.danger, .bad');
  yes.classList.toggle('danger', danger);
  yes.classList.toggle('primary', !danger);
  ask.returnValue = '';
  ask.onclose = () => {
    if (ask.returnValue !== 'yes') return;
    const field = $('input[name=confirmed]', form) ?? form.appendChild(document.createElement('input'));
    Object.assign(field, { type: 'hidden', name: 'confirmed', value: '1' });
    answered.add(form);
    form.requestSubmit(submitter);
  };
  ask.showModal();
}, true);

// Submit: once. The button keeps its place in the form data, so it is marked, not disabled.
const sent = new Map();
const changed = new Set();

on('submit', (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || form.method === 'dialog') return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  changed.delete(form);
  if (form.method !== 'post' || form.target === '_blank' || 'free' in form.dataset) return;
  sent.set(form, submitter && { submitter, html: [...submitter.childNodes] });
  if (!submitter) return;
  submitter.setAttribute('aria-busy', 'true');
  submitter.classList.add('busy');
  if (submitter.dataset.busy) submitter.replaceChildren(submitter.dataset.busy);
});

// A page that comes back from the browser's memory must not look as if it were still being sent.
on('pageshow', () => {
  for (const was of sent.values()) {
    if (!was) continue;
    was.submitter.removeAttribute('aria-busy');
    was.submitter.classList.remove('busy');
    was.submitter.replaceChildren(...was.html);
  }
  sent.clear();
});

// Guard: the browser asks in its own words.
on('input', ({ target }) => {
  const form = target.form ?? target.closest?.('form');
  if (form && 'guard' in form.dataset) changed.add(form);
});
on('reset', ({ target }) => changed.delete(target));
on('beforeunload', (event) => {
  if (changed.size > 0) event.preventDefault();
});

// Filters: sent a moment after the last key, unless the sheet of a phone is open, which has a button of its own. The
// focus, the cursor and the open chip are carried over to the page that follows.
const key = 'filters';
let soon;

const send = (form) => {
  const field = document.activeElement;
  const kept = {
    path: location.pathname,
    focus: form.contains(field) && (field.id || field.name),
    value: field?.value,
    at: field?.type === 'search' ? field.selectionStart : null,
    open: $$('details[open]', form).map((d) => d.id),
  };
  try {
    sessionStorage.setItem(key, JSON.stringify(kept));
  } catch { /* a browser that keeps nothing loses the focus only */ }
  form.requestSubmit();
};

on('input', ({ target }) => {
  const form = target.form;
  if (!form || !('filters' in form.dataset) || $('.sheet:popover-open', form)) return;
  clearTimeout(soon);
  const search = target.type === 'search';
  const letters = search ? target.value.trim().length : 0;
  if (search && letters > 0 && letters < Number(target.dataset.min)) return;
  // A date is typed digit by digit: each of them is a valid date.
  soon = setTimeout(() => send(form), search ? 400 : target.type === 'date' ? 900 : 350);
});

// Sent by its reader's own Enter, it must not go once more: the second page would break the first off.
on('submit', ({ target }) => {
  if ('filters' in target.dataset) clearTimeout(soon);
});

// Empty fields only make an address longer.
on('formdata', ({ target, formData }) => {
  if (!('filters' in target.dataset)) return;
  for (const [name, value] of [...formData]) if (value === '') formData.delete(name);
});

const back = () => {
  let kept;
  try {
    kept = JSON.parse(sessionStorage.getItem(key));
    sessionStorage.removeItem(key);
  } catch { /* as above */ }
  if (!kept || kept.path !== location.pathname) return;
  for (const id of kept.open) document.getElementById(id)?.setAttribute('open', '');
  const field = kept.focus && (document.getElementById(kept.focus)
    ?? $$('[data-filters] input').find((i) => i.name === kept.focus && i.value === kept.value));
  field?.focus({ preventScroll: true });
  if (kept.at !== null) field?.setSelectionRange?.(kept.at, kept.at);
};
back();

// One chip at a time, and none when the pointer goes elsewhere.
on('click', ({ target }) => {
  for (const chip of $$('details.chip[open]')) {
    if (!chip.contains(target) && !$('.sheet:popover-open')) chip.open = false;
  }
});

// Choose.
const count = (box) => {
  const boxes = $$('tbody .pickcell input', box);
  const chosen = boxes.filter((b) => b.checked).length;
  const all = $('[data-all]', box);
  if (all) {
    all.hidden = false;
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  const number = $('[data-chosen]', box);
  if (number) number.textContent = chosen;
};
on('change', ({ target }) => {
  const box = target.closest?.('.pickcell') && target.closest('[data-choose]');
  if (!box) return;
  if (target.matches('[data-all]')) {
    for (const row of $$('tbody .pickcell input', box)) row.checked = target.checked;
  }
  count(box);
});
on('reset', ({ target }) => {
  // After the browser has put the boxes back. A page may have come with boxes chosen: none means none.
  const box = target.closest('[data-choose]');
  if (box) setTimeout(() => {
    for (const row of $$('tbody .pickcell input', box)) row.checked = false;
    count(box);
  });
});
$$('[data-choose]').forEach(count);

// Copy and dismiss.
$$('[data-copy], [data-dismiss]').forEach((button) => { button.hidden = false; });
on('click', async ({ target }) => {
  const copy = target.closest?.('[data-copy]');
  const dismiss = target.closest?.('[data-dismiss]');
  if (dismiss) dismiss.closest('[data-dismissable]')?.remove();
  if (!copy) return;
  const field = document.getElementById(copy.dataset.copy);
  try {
    await navigator.clipboard.writeText(field.value);
    const label = $('span', copy);
    if (label && copy.dataset.copied) label.textContent = copy.dataset.copied;
  } catch {
    // Not allowed, or no HTTPS: the text is chosen, and the reader's own keys copy it.
    field.focus();
  }
});
on('focusin', ({ target }) => {
  if ('selectAll' in target.dataset) target.select();
});

// Lookup: Enter in its words presses its own button, not the form's.
on('keydown', (event) => {
  const { target, key: pressed } = event;
  const find = pressed === 'Enter' && target.dataset?.enter;
  if (find) {
    event.preventDefault();
    document.getElementById(find)?.click();
  }
  if (pressed.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey) && !event.altKey && $('#find')) {
    event.preventDefault();
    $('#find').togglePopover();
  }
});

// Files: named where they were dropped or chosen.
on('change', ({ target }) => {
  const names = target.type === 'file' && target.files.length && $('[data-files]', target.closest('[data-drop]') ?? target);
  if (names) names.textContent = [...target.files].map((f) => f.name).join(', ');
});
for (const [type, over] of [['dragover', true], ['dragleave', false], ['drop', false]]) {
  on(type, (event) => {
    const drop = event.target.closest?.('[data-drop]');
    if (!drop) return;
    event.preventDefault();
    drop.classList.toggle('over', over);
    if (type !== 'drop') return;
    const input = $('input', drop);
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

// Asked: a field that only some choices ask for is shown, and sent, with those.
const showAsked = (select) => {
  const asks = select.selectedOptions[0]?.dataset.asks?.split(' ') ?? [];
  for (const input of $$(`[data-asked-by="${select.name}"]`, select.form ?? document)) {
    input.disabled = input.closest('.field').hidden = !asks.includes(input.name);
  }
};
on('change', ({ target }) => target.selectedOptions && showAsked(target));
$$('select').forEach(showAsked);

// Countdown. What was typed and not sent is not taken away: sending it says what is the matter.
const left = $('[data-seconds]');
if (left) {
  const end = performance.now() + left.dataset.seconds * 1000;
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    left.textContent = `${left.dataset.left} ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    if (seconds > 0) setTimeout(tick, 1000);
    else if (changed.size === 0) setTimeout(() => location.assign(location.href), 1000);
  };
  tick();
}

// What went wrong is where the reader starts.
$('[data-focus]')?.focus();
