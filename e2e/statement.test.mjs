// A joint statement, in Arabic, on two real nodes: drafted by both, approved by both over one hash, released; the other side
// sees each step without reloading, and a readout of one side never looks like the joint text.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { asOfficial, axe, overflow, startBrowser, startDemo } from './harness.mjs';

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
