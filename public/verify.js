// Verifies a statement in the reader's browser: the text against the hash on the page; each member's approval against its proof
// file (doc/spec/proof.md): the entry's way to the root of the member's log (RFC 6962 section 2.1.1), the log's Ed25519 signature under
// the checkpoint, and the countersignatures of the others (c2sp.org/tlog-cosignature). ML-DSA-44 is left to `jisr verify`.
const text = new TextEncoder();
const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const join = (...parts) => {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  parts.reduce((at, p) => (all.set(p, at), at + p.length), 0);
  return all;
};
const sha = async (...parts) => new Uint8Array(await crypto.subtle.digest('SHA-256', join(...parts)));
const hex = (b) => [...b].map((x) => x.toString(16).padStart(2, '0')).join('');
const same = (a, b) => hex(a) === hex(b);
const most = 32 << 20; // bytes of a proof file

async function get(url) {
  const answer = await fetch(url, { credentials: 'omit' });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const body = new Uint8Array(await answer.arrayBuffer());
  if (body.length > most) throw new Error(`${url}: too long`);
  return body;
}

// Keys by the name and ID that signatures carry (c2sp.org/signed-note): only those that a browser may know.
async function readKeys(lines) {
  const keys = new Map();
  for (const line of lines.split('\n')) {
    const [name, id, key] = [line.split('+')[0], line.split('+')[1], line.split('+').slice(2).join('+')];
    const raw = key ? bytes(key) : new Uint8Array();
    if (raw.length !== 33 || (raw[0] !== 1 && raw[0] !== 4)) continue;
    if (hex((await sha(text.encode(`${name}\n`), raw)).slice(0, 4)) !== id) throw new Error('a key is not what its name says');
    keys.set(`${name} ${id}`, { name, kind: raw[0], raw: raw.slice(1) });
  }
  return keys;
}

// The root of a tree of size, to which a leaf at index leads by a path.
async function rootOf(leaf, index, size, path) {
  if (index >= size) throw new Error('index');
  let [at, last, hash] = [index, size - 1n, leaf];
  for (const p of path) {
    if (last === 0n) throw new Error('path');
    if (at & 1n || at === last) {
      hash = await sha(Uint8Array.of(1), p, hash);
      while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
    } else {
      hash = await sha(Uint8Array.of(1), hash, p);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last !== 0n) throw new Error('path');
  return hash;
}

function readProof(raw) {
  const file = new TextDecoder('utf-8', { fatal: true }).decode(raw);
  const [head, rest] = [file.slice(0, file.indexOf('\n\n')), file.slice(file.indexOf('\n\n') + 2)];
  const lines = head.split('\n');
  const proof = rest.slice(0, rest.indexOf('\n\n')).split('\n');
  const note = rest.slice(rest.indexOf('\n\n') + 2);
  const end = note.indexOf('\n\n') + 1;
  if (lines[0] !== 'jisr proof/v1' || proof[0] !== 'c2sp.org/tlog-proof@v1' || end <= 0) throw new Error('format');
  const held = lines.find((l) => l.startsWith('content held '))?.split(' ');
  const said = note.slice(0, end);
  const [origin, size, root] = said.split('\n');
  return {
    entry: bytes(lines.find((l) => l.startsWith('entry ')).slice(6)), salt: held && bytes(held[2]), content: held && bytes(held[3]),
    index: BigInt(proof[1].slice('index '.length)), path: proof.slice(2).filter(Boolean).map(bytes),
    said, origin, size: BigInt(size), root: bytes(root), signatures: note.slice(end + 1).split('\n').filter(Boolean),
  };
}

async function good(key, said, signature) {
  const k = await crypto.subtle.importKey('raw', key.raw, { name: 'Ed25519' }, false, ['verify']);
  if (key.kind === 1) return crypto.subtle.verify('Ed25519', k, signature, text.encode(said));
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  return crypto.subtle.verify('Ed25519', k, signature.slice(8), text.encode(`cosignature/v1\ntime ${time}\n${said}`));
}

// Who signed the checkpoint, of those whose keys are known. A signature that is not good ends it.
async function signers(proof, keys) {
  let log = false;
  const others = new Set();
  for (const line of proof.signatures) {
    const [, name, value] = line.split(' ');
    const raw = bytes(value);
    const key = keys.get(`${name} ${hex(raw.slice(0, 4))}`);
    if (!key) continue; // ML-DSA-44
    if (!(await good(key, proof.said, raw.slice(4)))) throw new Error(`signature of ${name}`);
    if (key.kind === 1 && name === proof.origin) log = true;
    if (key.kind === 4) others.add(name);
  }
  if (!log) throw new Error('not signed by its log');
  return others;
}

async function checkProof(li, about, hash, keys, signs) {
  const proof = readProof(await get(li.dataset.url));
  const act = JSON.parse(new TextDecoder().decode(proof.entry));
  const leaf = await sha(Uint8Array.of(0), proof.entry);
  if (act.kind !== 'statement.approve' || act.about !== about || act.terms.text !== hash) throw new Error('another act');
  if (!proof.content || act.content.commit !== `sha256:${hex(await sha(proof.salt, proof.content))}`) throw new Error('another content');
  if (`sha256:${hex(await sha(text.encode('jisr statement/v1\n'), proof.content))}` !== hash) throw new Error('another text');
  if (!same(await rootOf(leaf, proof.index, proof.size, proof.path), proof.root)) throw new Error('not in the log');
  return signs ? [li.dataset.signed, await signers(proof, keys)] : [li.dataset.good, new Set()];
}

async function hasEd25519() {
  try {
    await crypto.subtle.importKey('raw', new Uint8Array(32), { name: 'Ed25519' }, false, ['verify']);
    return true;
  } catch {
    return false;
  }
}

function say(li, state, words, names = []) {
  li.hidden = false;
  li.dataset.state = state;
  li.textContent = words;
  for (const name of names) {
    const bdi = document.createElement('bdi');
    bdi.textContent = name;
    li.append(' ', bdi);
  }
}

async function check(box) {
  const hash = box.dataset.hash;
  const first = box.querySelector('[data-step=text]');
  say(first, 'asking', box.dataset.asking);
  if (!globalThis.crypto?.subtle) return say(first, 'none', box.dataset.none);
  try {
    const own = `sha256:${hex(await sha(text.encode('jisr statement/v1\n'), await get(box.dataset.text)))}`;
    say(first, own === hash ? 'good' : 'bad', own === hash ? box.dataset.textGood : box.dataset.textBad);
    const signs = await hasEd25519();
    const keys = await readKeys(new TextDecoder().decode(await get(box.dataset.keys)));
    for (const li of box.querySelectorAll('[data-step=proof]')) {
      try {
        const [words, names] = await checkProof(li, box.dataset.about, hash, keys, signs);
        say(li, 'good', words, names);
      } catch (e) {
        say(li, 'bad', `${li.dataset.bad} (${e.message})`);
      }
    }
    if (!signs) say(box.querySelector('[data-step=none]'), 'none', box.dataset.none);
  } catch {
    say(first, 'bad', box.dataset.failed);
  }
}

const box = document.getElementById('check');
if (box) {
  box.hidden = false;
  box.querySelector('button').addEventListener('click', () => check(box));
}
