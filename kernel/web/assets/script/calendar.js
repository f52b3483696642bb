// A calendar's script: things are dragged to another time, day or row, and the line of now moves on. Everything has its link
// without it: a thing to the form that moves it, and the form does what dragging does.
//
//   drag   a copy shows where the thing would go, in steps of a quarter of an hour; dropped there, the page's form is sent
//   now    every minute
//
// Places are attributes that the stylesheet knows: nothing here writes a style.

const $ = (selector, root = document) => root.querySelector(selector);
const form = $('#calendar-move');
const step = 15;

// Place.
const put = (element, minutes) => {
  const set = (name, n) => {
    if (n) element.setAttribute(name, n);
    else element.removeAttribute(name);
  };
  set('data-h', Math.floor(minutes / 60));
  set('data-m', Math.floor(minutes % 60 / 5) * 5);
};
const minutesOf = ({ dataset }) => Number(dataset.h ?? 0) * 60 + Number(dataset.m ?? 0);

// Drag. Fingers scroll, and have the link.
let drag;

const hoursAt = (box) => [...$('.hours', box.closest('[data-calendar]')).children].map((li) => li.dataset.clock);

// Where a pointer is: a day, a row where there are some, and a time where the day has hours.
const target = ({ clientX, clientY }) => {
  const under = document.elementsFromPoint(clientX, clientY).find((e) => e.closest('[data-calendar] [data-day]'));
  const box = under?.closest('[data-day]');
  if (!box) return undefined;
  const hourly = box.matches('.hourly') ? box : undefined;
  const place = { box, day: box.dataset.day, row: box.closest('[data-row]')?.dataset.row };
  if (!hourly) return place;
  const hours = hoursAt(box);
  const { top, left, width, height } = box.getBoundingClientRect();
  const along = box.closest('.line') ? (clientX - left - drag.x) / width : (clientY - top - drag.y) / height;
  const minutes = Math.round(along * hours.length * 60 / step) * step;
  place.minutes = Math.max(0, Math.min(hours.length * 60 - step, minutes));
  place.time = `${hours[Math.floor(place.minutes / 60)]}:${String(place.minutes % 60).padStart(2, '0')}`;
  return place;
};

const over = (event) => {
  const at = target(event);
  if (!at) return;
  drag.at = at;
  const list = $('.slots', at.box) ?? at.box;
  if (drag.ghost.parentNode !== list) list.append(drag.ghost);
  if (at.time) {
    put(drag.ghost, at.minutes);
    $('time', drag.ghost).textContent = at.time;
  }
};

const end = () => {
  drag?.ghost?.remove();
  drag?.item.classList.remove('dragged');
  drag = undefined;
};

const start = () => {
  drag.ghost = drag.item.cloneNode(true);
  for (const name of ['data-key', 'data-move', 'data-lane', 'data-of']) drag.ghost.removeAttribute(name);
  drag.ghost.classList.add('ghost');
  drag.ghost.setAttribute('aria-hidden', 'true');
  drag.item.classList.add('dragged');
};

if (form) {
  addEventListener('pointerdown', (event) => {
    const item = event.target.closest('.slot[data-move]');
    if (!item || event.button !== 0 || event.pointerType === 'touch' || event.target.closest('.btn')) return;
    const { left, top } = item.getBoundingClientRect();
    drag = { item, fromX: event.clientX, fromY: event.clientY, x: event.clientX - left, y: event.clientY - top };
  });
  addEventListener('dragstart', (event) => {
    if (event.target.closest('.slot[data-move]')) event.preventDefault();
  });
  addEventListener('pointermove', (event) => {
    if (!drag) return;
    if (!drag.ghost && Math.hypot(event.clientX - drag.fromX, event.clientY - drag.fromY) < 5) return;
    if (!drag.ghost) start();
    event.preventDefault();
    over(event);
  });
  addEventListener('pointerup', () => {
    const { item, at, ghost } = drag ?? {};
    if (!ghost) {
      drag = undefined;
      return;
    }
    // A click may follow, and would open what was dragged.
    const stop = (event) => event.preventDefault();
    addEventListener('click', stop, true);
    setTimeout(() => {
      removeEventListener('click', stop, true);
      end();
    });
    if (!at) return;
    const fields = { move: item.dataset.move, to_day: at.day, to_time: at.time ?? item.dataset.time, to_row: at.row ?? '', was: $('time', item).dateTime };
    const same = at.day === item.closest('[data-day]').dataset.day && fields.to_time === item.dataset.time
      && at.row === item.closest('[data-row]')?.dataset.row;
    if (same) return;
    for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
    form.requestSubmit();
  });
  addEventListener('pointercancel', end);
  addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') end();
  });
}

// Now.
const since = performance.now();
const now = $('[data-now]');
if (now) {
  const from = minutesOf(now);
  setInterval(() => put(now, from + Math.floor((performance.now() - since) / 60000)), 60000);
}
