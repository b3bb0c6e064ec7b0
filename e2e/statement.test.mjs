// A joint statement, in Arabic, on two real nodes: drafted by both, approved by both over one hash, released; the other side
// sees each step without reloading, and a readout of one side never looks like the joint text.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { asOfficial, axe, newPage, overflow, problems, startBrowser, startDemo } from './harness.mjs';

let demo, browser, iq, sy, address;
before(async () => {
  demo = await startDemo({ args: ['--empty'] });
  browser = await startBrowser();
  iq = { drafter: await asOfficial(browser, demo.nodes.iq, 'drafter'), chief: await asOfficial(browser, demo.nodes.iq, 'releaser') };
  sy = { drafter: await asOfficial(browser, demo.nodes.sy, 'drafter'), chief: await asOfficial(browser, demo.nodes.sy, 'releaser') };
}, { timeout: 120_000 });
after(async () => { await browser?.close(); await demo?.stop(); });

const shots = process.env.JISR_SHOTS;
const click = (page, name) => page.getByRole('main').locator('a,button,summary').filter({ hasText: name }).first().click();
const sees = (page, what) => page.getByRole('main').getByText(what).first().waitFor({ timeout: 15_000 });
async function sound(page, name) {
  assert.deepEqual(await axe(page), []);
  assert.equal(await overflow(page), 0);
  if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
}
// approve opens the form and sends it.
async function says(page, action) {
  const form = page.getByRole('main').locator('details').filter({ hasText: action }).first();
  if (!(await form.evaluate(d => d.open))) await form.locator('summary').click();
  await form.locator('button[type=submit]').click();
}

test('one side begins it, the other writes, and the first sees it without reloading', async () => {
  await iq.drafter.goto('/ar/statements');
  await sound(iq.drafter, 'empty');
  await click(iq.drafter, 'بيان مشترك جديد');
  await iq.drafter.getByLabel('العنوان').nth(0).fill('بيان مشترك عن المياه');
  await iq.drafter.getByLabel('العنوان').nth(1).fill('Joint statement on water');
  await sound(iq.drafter, 'new');
  await click(iq.drafter, 'ابدأ الصياغة المشتركة');
  await sees(iq.drafter, 'لا فقرة بعد');
  address = new URL(iq.drafter.url()).pathname;
  await sy.drafter.goto('/ar/statements');
  await click(sy.drafter, 'بيان مشترك عن المياه');
  await click(sy.drafter, 'إضافة فقرة');
  await sy.drafter.locator('textarea').nth(0).fill('اتفق الجانبان على تبادل مناسيب نهري دجلة والفرات أسبوعياً.');
  await sy.drafter.locator('textarea').nth(1).fill('The two sides agreed to exchange levels of the Tigris and the Euphrates weekly.');
  await sound(sy.drafter, 'edit');
  await click(sy.drafter, 'حفظ الفقرة');
  await sees(iq.drafter, 'أسبوعياً');
  await sound(iq.drafter, 'drafting');
});

test('both approve one text, and it is released', async () => {
  await iq.chief.goto(address);
  await says(iq.chief, 'أقر النص كما هو');
  await sees(iq.chief, 'أقر النص');
  await sy.chief.goto(address);
  await says(sy.chief, 'أقر النص كما هو');
  await sees(sy.chief, 'أقر الجميع نصاً واحداً');
  await sound(sy.chief, 'agreed');
  await iq.drafter.goto(address);
  await sees(iq.drafter, 'أقر الجميع نصاً واحداً');
  await says(sy.chief, 'انشر البيان');
  await sees(sy.chief, 'النص معلن');
  await sees(iq.drafter, 'النص معلن');
  await sound(iq.drafter, 'released');
  await iq.drafter.goto(address.replace('/ar/', '/en/'));
  await sound(iq.drafter, 'released-en');
});

test('what one side says alone is marked, and shows how it differs', async () => {
  await sy.chief.goto(address + '/readout');
  await sy.chief.getByLabel('العنوان').nth(0).fill('رواية الجانب السوري');
  await sy.chief.locator('textarea').nth(0).fill('اتفق الجانبان على تبادل مناسيب نهر الفرات شهرياً.');
  await click(sy.chief, 'انشر رواية جانبنا');
  await sees(sy.chief, 'شهرياً'); // the second official reads what is cleared
  await sound(sy.chief, 'readout-draft');
  assert.match(sy.chief.url(), /outgoing/);
  await sy.drafter.goto('/ar/statements');
  await sound(sy.drafter, 'list');
});

// verify opens the statement on the public page and has the reader's own browser verify it.
async function verify(reader) {
  await reader.goto('/public/ar/');
  await reader.getByRole('main').getByRole('link').first().click();
  await reader.getByRole('button', { name: 'تحقق الآن' }).click();
  const states = reader.locator('#check [data-step=text], #check [data-step=proof]');
  await reader.waitForFunction(() => [...document.querySelectorAll('#check [data-step=text], #check [data-step=proof]')].every(l => ['good', 'bad'].includes(l.dataset.state)));
  return states.evaluateAll(all => all.map(l => l.dataset.state));
}

test('anybody verifies it in the browser, and what was tampered with does not hold', async () => {
  const reader = await newPage(browser, new URL(demo.nodes.iq.public).origin);
  assert.deepEqual(await verify(reader), ['good', 'good', 'good']);
  const proofs = reader.locator('#check [data-step=proof]');
  assert.match(await proofs.nth(0).textContent(), /jisr\.sy\.example/); // signed by its log and countersigned by the other side
  assert.match(await proofs.nth(1).textContent(), /jisr\.iq\.example/);
  await sound(reader, 'public');
  const tamper = (what, change) => reader.route(what, async route => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: change(await answer.text()) });
  });
  const entry = (text, was, is) => text.replace(/^entry (.*)$/m, (_, e) => `entry ${Buffer.from(Buffer.from(e, 'base64').toString().replace(was, is)).toString('base64')}`);
  await tamper('**/iq/proof.txt', text => text.replace(/^(\u2014 jisr\.iq\.example\/iq-sy .{20})(.)/gm, (_, a, b) => a + (b === 'A' ? 'B' : 'A')));
  await tamper('**/sy/proof.txt', text => entry(text, /"clock":(\d+)/, '"clock":9$1'));
  await tamper('**/text.json', text => text.replace('أسبوعياً', 'شهرياً'));
  assert.deepEqual(await verify(reader), ['bad', 'bad', 'bad']);
  assert.deepEqual(problems(reader), []);
  await reader.context().close();
});

test('a reader without script comments, and it shows once an official has looked at it', async () => {
  const reader = await newPage(browser, new URL(demo.nodes.iq.public).origin, { javaScriptEnabled: false });
  await reader.goto('/public/ar/');
  await reader.getByRole('main').getByRole('link').first().click();
  assert.equal(await reader.locator('#check').isVisible(), false);
  const words = 'هل تُنشر القراءات للعموم؟';
  await reader.getByLabel('الاسم').fill('قارئة');
  await reader.getByLabel('البريد الإلكتروني').fill('reader@readers.example');
  await reader.getByRole('textbox', { name: 'التعليق' }).fill(words);
  await reader.getByRole('button', { name: 'أرسل التعليق' }).click();
  await reader.getByText('وصل التعليق').first().waitFor();
  await reader.getByRole('main').getByRole('link').first().click();
  assert.equal(await reader.getByText(words).count(), 0);
  await iq.chief.goto('/ar/comments');
  await sees(iq.chief, 'reader@readers.example');
  await iq.chief.getByRole('checkbox').first().check();
  await sound(iq.chief, 'comments');
  await iq.chief.locator('button[formaction$="/comments/approve"]').click();
  await iq.chief.getByRole('button', { name: 'تراجع' }).waitFor();
  const at = reader.url(); // the page is kept for a second
  for (const end = Date.now() + 15_000; Date.now() < end && !(await (await fetch(at)).text()).includes(words); await setTimeout(100));
  const shown = await newPage(browser, new URL(at).origin);
  await shown.goto(at);
  assert.equal(await shown.getByText(words).count(), 1);
  assert.doesNotMatch(await shown.content(), /reader@readers\.example/);
  await sound(shown, 'public-comment');
  await reader.context().close();
  await shown.context().close();
});
