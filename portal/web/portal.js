// What script adds to pages that are complete without it: they stay up to date by themselves, and a keyboard gets
// around them. Nothing here decides anything; every address and word comes from the page.
import 'htmx.org';
import 'htmx.org/dist/ext/hx-sse.js';
import './passkey.js';
import './upload.js';
import './typing.js';

// A page that brings itself up to date leaves open what its reader has opened.
window.htmx.config.morphIgnore = [...(window.htmx.config.morphIgnore ?? []), 'open'];

const live = () => document.getElementById('live');

// A page that asked for itself and was told to sign in again, loads: the server leads to the right page.
document.addEventListener('htmx:after:request', (e) => {
  if (e.detail?.ctx?.response?.status === 401) location.reload();
});

// The word beside the dot says whether the page is up to date by itself.
const say = (on) => live()?.setAttribute('data-live', on ? 'on' : 'off');
document.addEventListener('htmx:sse:after:connection', () => say(true));
document.addEventListener('htmx:sse:error', () => say(false));
document.addEventListener('htmx:sse:close', () => say(false));

// A copy button writes what it names to the clipboard and says so for as long as it has the focus.
document.addEventListener('click', async (e) => {
  const button = e.target.closest?.('[data-copy]');
  if (!button) return;
  const text = document.getElementById(button.dataset.copy)?.textContent?.trim();
  if (!text || !navigator.clipboard) return;
  await navigator.clipboard.writeText(text);
  button.dataset.copied = '';
  button.addEventListener('blur', () => delete button.dataset.copied, { once: true });
});

document.addEventListener('click', (e) => {
  const opener = e.target.closest?.('[data-dialog]');
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
});

// Printing is a button only where script runs.
document.addEventListener('click', (e) => {
  if (e.target.closest?.('[data-print]')) window.print();
});

// Keyboard: "/" to the search, "?" for the list, "n" for a new note, "g" and a letter to a page. The list in the
// page (data-keys, data-href) is the table. Never while somebody writes, and never with a modifier.
const writing = (el) => el?.isContentEditable || /^(input|textarea|select)$/i.test(el?.tagName ?? '');
let before = '';
let wait = 0;

document.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || writing(e.target) || document.querySelector('dialog[open]')) return;
  const key = latin(e);
  const keys = before ? `${before} ${key}` : key;
  clearTimeout(wait);
  before = '';
  const row = document.querySelector(`[data-keys="${CSS.escape(keys)}"]`);
  if (row) {
    e.preventDefault();
    go(row);
  } else if (key === 'g') {
    before = key;
    wait = setTimeout(() => { before = ''; }, 1500);
  }
});

// From the search field, and from line to line of a list, with the arrows. Elsewhere they scroll, as everywhere.
document.addEventListener('keydown', (e) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (!step || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
  const lines = [...document.querySelectorAll('.notes h3 a')];
  const at = lines.indexOf(e.target);
  const searching = e.target.matches?.('input[type=search]');
  if (lines.length === 0 || (at < 0 && !(searching && step > 0))) return;
  e.preventDefault();
  (lines[at + step] ?? (at + step < 0 ? document.getElementById('search') : e.target)).focus();
});

// On an Arabic layout the key that carries N gives another letter: the place of the key counts there.
function latin(e) {
  if (e.key === '؟') return '?';
  if (/^[\x20-\x7e]$/.test(e.key)) return e.key.toLowerCase();
  if (e.code.startsWith('Key')) return e.code.slice(3).toLowerCase();
  return { Slash: e.shiftKey ? '?' : '/' }[e.code] ?? '';
}

function go(row) {
  const { href, focus, dialog } = row.dataset;
  if (href) location.assign(href);
  if (focus) document.querySelector(focus)?.focus();
  if (dialog) document.getElementById(dialog)?.showModal();
}
