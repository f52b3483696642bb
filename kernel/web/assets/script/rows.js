// Rows of a form. Each button of theirs has the server draw the form again; with script no page is loaded for it.
//
//   add     a copy of the empty row is put below the others, and the cursor into it
//   remove  the row goes, and the cursor to the one that takes its place; the last one is emptied instead
//   enter   goes down to the same field of the next row, which is made where there is none
//
// Numbers in names have gaps then: the server reads their order alone.

const $ = (selector, root) => root.querySelector(selector);
const $$ = (selector, root) => [...root.querySelectorAll(selector)];
const boxOf = (element) => element.closest?.('[data-rows]');
const items = (box) => $$(':scope > .items > .item', box);
const inputs = (row) => $$('input:not([type=hidden]), select, textarea', row);
const put = (row, at = 0) => inputs(row)[at]?.focus();

// Numbers are those that people read, and there are no more rows than the server takes.
const count = (box) => {
  const rows = items(box);
  rows.forEach((row, i) => {
    $('.which b', row).textContent = box.dataset.row.replace('{n}', i + 1);
    const button = $('.drop-row button', row);
    button.title = box.dataset.remove.replace('{n}', i + 1);
    button.setAttribute('aria-label', button.title);
  });
  const full = rows.length >= Number(box.dataset.max);
  $('[data-add]', box).disabled = full;
  $('[data-full]', box).hidden = !full;
};

// The guard of unsaved changes hears of what was typed; a row more or less is told as such.
const told = (box) => $('.items', box).dispatchEvent(new Event('input', { bubbles: true }));

const add = (box) => {
  if (items(box).length >= Number(box.dataset.max)) return undefined;
  const row = $('template', box).content.cloneNode(true).firstElementChild;
  const index = box.dataset.rows++;
  for (const element of [row, ...$$('*', row)]) {
    for (const name of ['id', 'name', 'for', 'value', 'aria-labelledby', 'aria-describedby']) {
      const text = element.getAttribute(name);
      if (text?.includes('~')) element.setAttribute(name, text.replace('~', index));
    }
  }
  $('.items', box).append(row);
  count(box);
  return row;
};

addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-add], .drop-row button');
  const box = button && boxOf(button);
  if (!box) return;
  event.preventDefault();
  if (button.matches('[data-add]')) {
    const row = add(box);
    if (row) put(row);
  } else {
    const row = button.closest('.item');
    const at = items(box).indexOf(row);
    row.remove();
    if (items(box).length === 0) add(box);
    count(box);
    put(items(box)[Math.min(at, items(box).length - 1)]);
  }
  told(box);
});

addEventListener('keydown', (event) => {
  const { target } = event;
  const row = event.key === 'Enter' && target.matches?.('input') && target.closest('.item');
  if (!row || !boxOf(row) || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  event.preventDefault();
  const rows = items(boxOf(row));
  const next = rows[rows.indexOf(row) + 1] ?? add(boxOf(row));
  if (next) put(next, inputs(row).indexOf(target));
});

// What a row came to is not what it comes to now.
addEventListener('input', ({ target }) => {
  const row = target.closest?.('.item');
  if (row && boxOf(row)) for (const shown of $$('.shown', row)) shown.textContent = '—';
});
