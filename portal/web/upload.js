// The form of a note with files: says which files were chosen and how far they have got. Without script the browser
// sends the same form and shows what it can.
document.addEventListener('change', (e) => {
  const form = e.target.closest?.('form[data-upload]');
  if (!form || e.target.type !== 'file') return;
  const list = form.querySelector('[data-upload-names]');
  list.replaceChildren(...[...e.target.files].map((file) => {
    const row = document.createElement('li');
    const name = document.createElement('bdi');
    name.textContent = file.name;
    row.className = 'file';
    row.append(name);
    return row;
  }));
});

document.addEventListener('submit', (e) => {
  const form = e.target.closest?.('form[data-upload]');
  const files = form?.querySelector('input[type=file]')?.files;
  if (!files?.length) return;
  e.preventDefault();
  const place = form.querySelector('[data-upload-progress]');
  const bar = place.querySelector('progress');
  const buttons = form.querySelectorAll('button');
  const busy = (on) => { place.hidden = !on; buttons.forEach((b) => { b.disabled = on; }); };
  const send = new XMLHttpRequest();
  send.open('POST', form.action);
  send.upload.addEventListener('progress', (p) => { if (p.lengthComputable) bar.value = (100 * p.loaded) / p.total; });
  send.addEventListener('load', () => arrived(send, busy));
  // What cannot be sent this way is sent the plain way, whose failure the browser explains.
  send.addEventListener('error', () => { busy(false); form.submit(); });
  send.send(new FormData(form));
  busy(true);
});

// A form that was taken leads to its page; one that was not comes back with what is wrong, and replaces what is here.
function arrived(send, busy) {
  if (send.status === 200) {
    location.assign(send.responseURL);
    return;
  }
  busy(false);
  const page = new DOMParser().parseFromString(send.responseText, 'text/html');
  const main = page.getElementById('main');
  if (!main) {
    location.reload();
    return;
  }
  document.getElementById('main').replaceWith(document.adoptNode(main));
  document.getElementById('problems')?.focus();
}
