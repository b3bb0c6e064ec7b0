// The newcomer's story, in Arabic, on two real nodes: a note is drafted, cleared and released by a second official,
// arrives at the other government's open page without reloading, is countersigned, opened and answered.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import path from 'node:path';
import { asOfficial, axe, overflow, problems, startBrowser, startDemo } from './harness.mjs';

const run = promisify(execFile);
const subject = `مناسيب نهر الفرات عند حصيبة ${Date.now()}`;
const text = 'تتشرف الوزارة بأن تحيط الجانب السوري علماً بمناسيب النهر للأسبوع الماضي، وترجو موافاتها بإطلاقات سد الفرات.';

let demo, browser, iq, sy;
before(async () => {
  demo = await startDemo({ args: ['--empty'] });
  browser = await startBrowser();
  iq = { drafter: await asOfficial(browser, demo.nodes.iq, 'drafter'), chief: await asOfficial(browser, demo.nodes.iq, 'releaser') };
  sy = { drafter: await asOfficial(browser, demo.nodes.sy, 'drafter'), chief: await asOfficial(browser, demo.nodes.sy, 'releaser') };
}, { timeout: 120_000 });
after(async () => { await browser?.close(); await demo?.stop(); });

const click = (page, name) => page.getByRole('main').locator('a,button').filter({ hasText: name }).first().click();
const sees = (page, what) => page.getByRole('main').getByText(what).first().waitFor({ timeout: 15_000 });

// write fills in the form as an official would, by its labels.
async function write(page, about, body) {
  await page.getByLabel('الموضوع بالعربية').fill(about);
  await page.getByLabel('النص بالعربية').fill(body);
  await click(page, 'حفظ المسودة');
  await sees(page, about);
}

// cleared takes a draft through the second official's hands: reviewed, then released after a question.
async function cleared(page, about) {
  await page.goto('/ar/');
  await page.getByRole('main').getByRole('link', { name: about }).first().click();
  await click(page, 'الموافقة على الإرسال');
  await click(page, 'إصدار المذكرة');
  await click(page, 'إصدار المذكرة');
  await sees(page, 'العدد');
}

test('a first official drafts, and may neither clear nor release', async () => {
  await iq.drafter.goto('/ar/');
  await click(iq.drafter, 'مذكرة جديدة');
  await write(iq.drafter, subject, text);
  assert.equal(await iq.drafter.getByRole('button', { name: 'الموافقة على الإرسال' }).count(), 0);
  assert.deepEqual(await axe(iq.drafter), []);
});

test('a draft that lacks its subject is given back with everything that was written', async () => {
  const page = iq.drafter;
  await page.goto('/ar/notes/new');
  await page.getByLabel('النص بالعربية').fill(text);
  await page.locator('form[method=post]').first().evaluate(f => { f.noValidate = true; });
  await click(page, 'حفظ المسودة');
  await page.locator('[role=alert]').first().waitFor();
  assert.equal((await page.getByLabel('النص بالعربية').inputValue()).trim(), text);
  assert.deepEqual(await axe(page), []);
});

test('the other side has Today open; the note appears there without reloading', async () => {
  await sy.drafter.goto('/ar/');
  await sy.drafter.evaluate(() => { window.notReloaded = true; });
  await cleared(iq.chief, subject);
  await sees(sy.drafter, subject);
  assert.equal(await sy.drafter.evaluate(() => window.notReloaded), true);
});

test('the writer sees the other government hold it, with its countersignature', async () => {
  await sees(iq.chief, /وصلت إلى منظومة/);
  const note = iq.chief.url();
  await iq.chief.locator('a.step-link').last().click();
  await sees(iq.chief, 'الجمهورية العربية السورية');
  assert.deepEqual(await axe(iq.chief), []);
  await iq.chief.goto(note);
});

test('the addressee opens it; the writer sees that without reloading', async () => {
  await iq.chief.evaluate(() => { window.notReloaded = true; });
  await sy.drafter.getByRole('main').getByRole('link', { name: subject }).first().click();
  assert.equal(await sy.drafter.getByText(text).count(), 0, 'the text shows after it is opened, because opening is an act');
  await click(sy.drafter, 'فتح المذكرة وتأكيد الاطلاع');
  await sees(sy.drafter, text);
  await sees(iq.chief, /اطّلع عليها/);
  assert.equal(await iq.chief.evaluate(() => window.notReloaded), true);
});

test('the addressee answers, through its own second official, and the circle closes', async () => {
  const answer = `جواب ${subject}`;
  await click(sy.drafter, 'إعداد الرد');
  await write(sy.drafter, answer, 'ترفق الوزارة جدول الإطلاقات، مع التقدير.');
  await cleared(sy.chief, answer);
  await sees(iq.chief, answer);
  assert.equal(await iq.chief.evaluate(() => window.notReloaded), true);
});

test('the proof is one file that verifies with nothing but the letters of credence', async () => {
  const page = iq.chief;
  const [download] = await Promise.all([page.waitForEvent('download'), click(page, 'تنزيل الإثبات')]);
  const file = path.join(demo.dir, 'proof');
  await writeFile(file, await readFile(await download.path()));
  const letters = Object.values(demo.nodes).flatMap(n => ['--letter', path.join(n.dir, 'letter.credence')]);
  const { stdout } = await run(path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..', 'bin', 'jisr'), ['verify', '--lang', 'ar', ...letters, file]);
  assert.match(stdout, /[\u0621-\u064a]{3}/);
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] ^= 1;
  await writeFile(file, bytes);
  await assert.rejects(run(path.join(path.dirname(new URL(import.meta.url).pathname), '..', 'bin', 'jisr'), ['verify', ...letters, file]), e => e.code === 1);
});

test('nothing broke the content security policy or ran out of the window', async () => {
  for (const page of [iq.drafter, iq.chief, sy.drafter, sy.chief]) {
    assert.equal(await overflow(page), 0);
    assert.deepEqual(problems(page, [/status of 422/]), []);
  }
});
