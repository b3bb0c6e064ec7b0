// Minutes are drafted together: a paragraph is written where it stands, and each pause in typing goes to the record, so that
// the other secretary sees it as it is typed. Without script the same form is a page of its own with a button to save.
const pause = 900; // milliseconds without a key; a secretary who types without rest makes an act every two seconds (minutes.go)
const longest = 2000;
const waiting = new WeakMap(); // forms with something unsent: since when, and the timer

// send keeps what was typed; whoever asks while it is under way waits for the same answer.
function send(form) {
  const state = waiting.get(form);
  if (!state) return Promise.resolve();
  if (!state.sent) {
    clearTimeout(state.timer);
    state.sent = keep(form).then(() => {
      waiting.delete(form);
      if (state.again) later(form);
    });
  }
  return state.sent;
}

async function keep(form) {
  const body = new URLSearchParams(new FormData(form));
  body.set('typing', '1');
  const place = form.querySelector('[data-typed]');
  try {
    const answer = await fetch(form.action, { method: 'POST', body, redirect: 'manual' });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (answer.status === 200) {
      for (const name of ['segment', 'from']) form.elements[name].value = page.querySelector(`[name=${name}]`)?.value ?? '';
      for (const field of form.querySelectorAll('select, [name=remove]')) field.closest('.field, .check')?.setAttribute('hidden', '');
    }
    place?.setAttribute('data-typed', answer.status === 200 ? 'kept' : 'not');
  } catch {
    place?.setAttribute('data-typed', 'not');
  }
}

function later(form) {
  const state = waiting.get(form);
  if (state?.sent) { state.again = true; return; }
  const since = state?.since ?? Date.now();
  clearTimeout(state?.timer);
  const wait = Math.max(0, Math.min(pause, since + longest - Date.now()));
  waiting.set(form, { since, timer: setTimeout(() => send(form), wait) });
}

document.addEventListener('input', (e) => {
  const form = e.target.closest?.('form[data-typing]');
  if (form && e.target.name === 'text') later(form);
});
document.addEventListener('focusout', (e) => {
  const form = e.target.closest?.('form[data-typing]');
  if (form && waiting.has(form)) send(form);
});
// A button waits for what is under way: the form goes on from that version, and does not stand beside it.
document.addEventListener('submit', async (e) => {
  const form = e.target.closest?.('form[data-typing]');
  if (!form || !waiting.has(form)) return;
  e.preventDefault();
  while (waiting.has(form)) await send(form);
  form.submit();
});

// The form of a paragraph opens where it will stand.
document.addEventListener('click', async (e) => {
  const link = e.target.closest?.('a[data-write]');
  if (!link || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
  const place = document.getElementById(link.dataset.write);
  if (!place) return;
  e.preventDefault();
  const answer = await fetch(link.href);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const form = page.querySelector('form[data-typing]');
  if (!form) { location.assign(link.href); return; }
  for (const other of document.querySelectorAll('[data-writing] form[data-typing]')) {
    if (waiting.has(other)) await send(other);
    other.remove();
  }
  place.replaceChildren(document.adoptNode(form));
  form.querySelector('textarea')?.focus();
});
