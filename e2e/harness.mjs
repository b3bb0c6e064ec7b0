// The bench the browser tests stand on: it starts the real `bin/jisr demo` (two governments, two processes), drives
// Debian's Chromium through playwright-core, and takes everything down again whatever happened. Nothing is mocked.
//
//   import { startDemo, startBrowser, asOfficial, problems, axe, shoot } from './harness.mjs';
//
// What is bounded: the demo must be ready within READY_MS, or the test fails with what it printed.
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import axeCore from 'axe-core';

const here = path.dirname(fileURLToPath(import.meta.url));
export const program = path.join(here, '..', 'bin', 'jisr');
const READY_MS = 60_000;
const STOP_MS = 10_000;

/** Ports the demo takes, relative to its first: portals on N, N+1 and N+2, public pages from N+20, links from N+40, from N+80 behind a road. */
const offsets = [0, 1, 2, 20, 21, 22, 40, 41, 42, 80, 81, 82];

const listens = port => new Promise(resolve => {
  const s = createServer();
  s.once('error', () => resolve(false));
  s.listen({ port, host: '127.0.0.1', exclusive: true }, () => s.close(() => resolve(true)));
});

/** freePort finds a first port whose whole family is free. Another program may still be faster: then the demo says so. */
export async function freePort() {
  for (let tries = 0; tries < 100; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await Promise.all(offsets.map(o => listens(port + o)));
    if (free.every(Boolean)) return port;
  }
  throw new Error("couldn't find free ports for the demo");
}

/** firstLine resolves with the first line that is a JSON object, or fails with what was printed instead. */
function firstLine(child, log) {
  return new Promise((resolve, reject) => {
    let out = '';
    const fail = why => reject(new Error(`${why}\nstandard output: ${out.slice(-2000)}\nstandard error: ${log.text.slice(-4000)}`));
    const timer = setTimeout(() => fail(`jisr demo wasn't ready within ${READY_MS / 1000} s`), READY_MS);
    const settle = (f, v) => { clearTimeout(timer); f(v); };
    child.once('error', e => settle(fail, `couldn't start jisr demo: ${e.message}`));
    child.once('exit', (code, signal) => settle(fail, `jisr demo ended early (${signal ?? code})`));
    child.stdout.on('data', chunk => {
      out += chunk;
      const line = out.split('\n').slice(0, -1).find(l => l.startsWith('{'));
      if (!line) return;
      try { settle(resolve, JSON.parse(line)); } catch (e) { settle(fail, `jisr demo --json printed no JSON: ${e.message}`); }
    });
  });
}

/** accountsOf gives a node's accounts, whether the demo prints them with the node or in one list. */
function accountsOf(demo, node) {
  const all = node.accounts ?? (demo.accounts ?? []).filter(a => a.member === node.member);
  return all.map(a => ({ ...a, roles: a.roles ?? (a.role ? [a.role] : []) }));
}

/** road passes connections on from one port of this machine to another, until it is cut. */
export async function road(from, to) {
  const open = new Set();
  let whole = true;
  const server = createServer(near => {
    if (!whole) return near.resetAndDestroy();
    const far = connect(to, '127.0.0.1');
    for (const [a, b] of [[near, far], [far, near]]) {
      open.add(a);
      a.pipe(b);
      a.on('error', () => b.destroy());
      a.on('close', () => { open.delete(a); b.destroy(); });
    }
  });
  await new Promise((resolve, reject) => { server.once('error', reject); server.listen(from, '127.0.0.1', resolve); });
  const cut = () => { whole = false; for (const s of open) s.resetAndDestroy(); };
  return { cut, restore: () => { whole = true; }, close: () => { cut(); server.close(); } };
}

/** found makes a demo in dir, to be changed before it is started. */
async function found(dir, port, args) {
  const made = spawn(program, ['demo', '--json', '--dir', dir, '--port', String(port), '--exit-after', '1ms', ...args], { stdio: 'ignore' });
  const code = await new Promise((resolve, reject) => { made.once('exit', resolve); made.once('error', reject); });
  if (code !== 0) throw new Error(`couldn't make a demo: jisr demo ended with ${code}`);
  const { nodes } = JSON.parse(await readFile(path.join(dir, 'demo.json'), 'utf8'));
  return nodes.map(n => ({ member: n.member, file: path.join(dir, n.member, 'jisr.toml') }));
}

/** behindRoads moves the links of a demo behind roads on the ports that the letters of credence name. */
async function behindRoads(port, nodes) {
  return Promise.all(nodes.map(async ({ file }, i) => {
    const text = await readFile(file, 'utf8');
    const named = `listen = "127.0.0.1:${port + 40 + i}"`;
    if (!text.includes(named)) throw new Error(`${file} doesn't say ${named}`);
    await writeFile(file, text.replace(named, `listen = "127.0.0.1:${port + 80 + i}"`));
    return road(port + 40 + i, port + 80 + i);
  }));
}

/**
 * startDemo starts two governments and resolves when both are ready:
 * { nodes: { iq: {member,url,token,dir,pid,accounts}, sy: … }, forum, dir, log, stop() }.
 * stop ends both and removes their directory; it is safe to call twice. With roads, the links between them can be cut:
 * cut() and restore(). Settings are lines of a member's jisr.toml besides: { iq: '[oidc]…' }.
 */
export async function startDemo({ args = [], env = {}, roads = false, settings = {} } = {}) {
  if (!existsSync(program)) throw new Error("bin/jisr isn't there; run: make build");
  const dir = await mkdtemp(path.join(tmpdir(), 'jisr-e2e-'));
  const port = await freePort();
  const log = { text: '' };
  const nodes = roads || Object.keys(settings).length ? await found(path.join(dir, 'demo'), port, args) : [];
  const between = roads ? await behindRoads(port, nodes) : [];
  for (const { member, file } of nodes) await appendFile(file, settings[member] ?? '');
  const child = spawn(program, ['demo', '--json', '--dir', path.join(dir, 'demo'), '--port', String(port), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env },
  });
  const ended = new Promise(resolve => { child.once('exit', resolve); child.once('error', resolve); });
  child.stderr.on('data', c => { log.text = (log.text + c).slice(-200_000); });
  const lastly = () => child.kill('SIGTERM'); // a test run that is broken off leaves nothing running
  process.once('exit', lastly);
  const stop = async () => {
    process.off('exit', lastly);
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
    for (const r of between) r.close();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const demo = await firstLine(child, log);
    const nodes = Object.fromEntries(demo.nodes.map(n => [n.member, { ...n, accounts: accountsOf(demo, n) }]));
    const cut = () => between.forEach(r => r.cut()), restore = () => between.forEach(r => r.restore());
    return { nodes, forum: demo.forum, dir, log, stop, cut, restore, raw: demo };
  } catch (e) {
    await stop();
    throw e;
  }
}

/** findBrowser names Debian's Chromium, or what CHROMIUM says. */
export function findBrowser() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const found = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
  if (!found) throw new Error("couldn't find chromium; run: bash e2e/system.sh");
  return found;
}

/** startBrowser launches Chromium without its own traffic to the outside. */
export function startBrowser() {
  return chromium.launch({
    executablePath: findBrowser(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--disable-quic', '--no-first-run'],
  });
}

/** The three ways a page is looked at. */
export const looks = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  dark: { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' },
};

/**
 * newPage opens a page in a context of its own, and watches it from the first byte: violations of the content security
 * policy, errors of scripts, requests to anywhere but the node, answers of 500 and more. See problems().
 */
export async function newPage(browser, url, { lang = 'ar', look = 'desktop', ...more } = {}) {
  const context = await browser.newContext({ baseURL: url, locale: lang === 'ar' ? 'ar-IQ' : 'en-GB', timezoneId: 'Asia/Baghdad', ...looks[look], ...more });
  const seen = [];
  await context.exposeBinding('jisrViolation', (_, what) => seen.push(what));
  await context.addInitScript(() => document.addEventListener('securitypolicyviolation', e => window.jisrViolation(
    `policy: ${e.violatedDirective} ${e.blockedURI} at ${e.sourceFile ?? ''}:${e.lineNumber} ${e.sample}`)));
  const page = await context.newPage();
  page.on('console', m => { if (m.type() === 'error') seen.push(`console: ${m.text()}`); });
  page.on('pageerror', e => seen.push(`script: ${e.message}`));
  page.on('request', r => { if (/^https?:/.test(r.url()) && new URL(r.url()).origin !== new URL(url).origin) seen.push(`elsewhere: ${r.url()}`); });
  page.on('response', r => { if (r.status() >= 500) seen.push(`answer ${r.status()}: ${r.url()}`); });
  page.jisrProblems = seen;
  return page;
}

/** problems gives what newPage saw go wrong, without what the caller expects. */
export const problems = (page, expected = []) => page.jisrProblems.filter(p => !expected.some(e => e.test(p)));

/** account picks a node's official by role ("draft", "release", "admin"), or by name. */
export function account(node, roleOrName) {
  const found = node.accounts.find(a => a.official === roleOrName) ?? node.accounts.find(a => a.roles.includes(roleOrName)) ??
    node.accounts.find(a => a.roles.some(r => r.startsWith(roleOrName)));
  if (!found) throw new Error(`${node.member} has no account ${roleOrName}; it has ${JSON.stringify(node.accounts.map(a => [a.official, a.roles]))}`);
  return found;
}

/** signIn fills in the sign-in form as a person would: the one with a password in it, wherever the page has it. */
export async function signIn(page, node, who, lang = 'ar') {
  await page.goto(`${node.url}/${lang}/`);
  const form = page.locator('form:has(input[type=password])');
  await form.locator('input:not([type=hidden]):not([type=password]):not([type=submit])').first().fill(who.official);
  await form.locator('input[type=password]').fill(who.password);
  await Promise.all([
    page.waitForURL(u => new RegExp(`^/${lang}/?`).test(u.pathname) && !/sign-?in/.test(u.pathname)),
    form.locator('button[type=submit], button:not([type]), input[type=submit]').first().click(),
  ]);
  await page.locator('form:has(input[type=password])').waitFor({ state: 'detached' });
  return page;
}

/** asOfficial opens a page of its own, signed in. */
export async function asOfficial(browser, node, roleOrName, options = {}) {
  const page = await newPage(browser, node.url, options);
  return signIn(page, node, account(node, roleOrName), options.lang);
}

/** authenticator puts a passkey holder with a fingerprint reader into a page's browser (Chrome DevTools Protocol, WebAuthn). */
export async function authenticator(where) {
  const cdp = await where.context().newCDPSession(where);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: {
    protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
  } });
  return { cdp, authenticatorId };
}

/** asSigner opens a page of its own at the name for which browsers make passkeys, signed in with the password that the demo
 * prints, and adds a passkey: what binds is signed with it from then on, and the password opens the account no more. */
export async function asSigner(browser, node, roleOrName, options = {}) {
  const page = await newPage(browser, node.url.replace('127.0.0.1', 'localhost'), options);
  await authenticator(page);
  const who = account(node, roleOrName);
  await signIn(page, { ...node, url: node.url.replace('127.0.0.1', 'localhost') }, who, options.lang);
  await page.goto(`/${options.lang ?? 'ar'}/access`);
  const form = page.locator('form[action$="/access/passkeys"]');
  await form.locator('input[type=password]').fill(who.password);
  await form.locator('button').click();
  await page.locator('form[data-passkey=create] button').click();
  await page.waitForURL(u => u.pathname.endsWith('/access'));
  await page.locator('form[action$="/access/passkeys/end"]').first().waitFor({ state: 'attached' });
  return page;
}

/** signs presses the button of the page that asks for a signature, where one comes: before is what leads there. */
export async function signs(page, done) {
  const ask = page.locator('main form[data-passkey=get] button[type=submit]');
  await Promise.any([page.waitForURL(done), ask.waitFor()]);
  if (!done(new URL(page.url()))) await ask.click();
  await page.waitForURL(done);
}

/** axe gives the accessibility violations of the page as it stands (WCAG 2.2 AA): "rule: help: where", none when clean. */
export async function axe(page) {
  await page.evaluate(axeCore.source);
  const found = await page.evaluate(() => window.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'],
  }));
  return found.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | ')}`);
}

/** overflow says by how many pixels a page is wider than its window: 0 when nothing is cut off or scrolls sideways. */
export const overflow = page => page.evaluate(() =>
  Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth));

/** shoot keeps a picture in e2e/shots/, once fonts are there. */
export async function shoot(page, name) {
  const dir = path.join(here, 'shots');
  await mkdir(dir, { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  const file = path.join(dir, `${name}.png`);
  await page.screenshot({ path: file, fullPage: true });
  return file;
}

/** api asks a node's HTTP interface with its token: { status, body }. */
export async function api(node, method, where, body, headers = {}) {
  const res = await fetch(`${node.url}/api/v1${where}`, {
    method, body: body === undefined ? undefined : JSON.stringify(body),
    headers: { Authorization: `Bearer ${node.token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
  });
  const text = await res.text();
  return { status: res.status, body: text && /json/.test(res.headers.get('content-type') ?? '') ? JSON.parse(text) : text };
}
