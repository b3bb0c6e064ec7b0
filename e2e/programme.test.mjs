// A programme at work in a browser: a table with a bad cell is looked at and marked, mended and sent, stands on the other
// side's open page without reloading, is corrected by its sender and confirmed by the other; in Arabic, on two nodes.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asOfficial, axe, overflow, problems, startBrowser, startDemo } from './harness.mjs';

let demo, browser, dir;
before(async () => { demo = await startDemo(); browser = await startBrowser(); dir = await mkdtemp(path.join(tmpdir(), 'jisr-table-')); }, { timeout: 120_000 });
after(async () => { await browser?.close(); await demo?.stop(); if (dir) await rm(dir, { recursive: true, force: true }); });

/** openWater leads to the table of readings of the water programme. */
async function openWater(page, lang = 'ar') {
  await page.goto(`/${lang}/programmes`);
  await page.locator('main a', { hasText: lang === 'ar' ? 'المياه المشتركة' : 'Shared water' }).first().click();
  await page.locator('main a[href$="/records/water_observation"]').first().click();
  await page.waitForURL(/water_observation/);
}

/** table is a CSV as a water authority writes it: labels of the annex, its own order, Arabic digits. */
const table = value => 'وقت القياس,المحطة,النهر,الخاصية المقاسة,نوع القيمة,القيمة,الوحدة,جودة القياس,طريقة القياس\n' +
  `${new Date(Date.now() - 3600e3).toISOString().slice(0, 16)}:00Z,حصيبة,الفرات,التصريف,لحظي,${value},متر مكعب في الثانية,جيدة,مسطرة\n`;

async function choose(page, name, text) {
  const file = path.join(dir, name);
  await writeFile(file, text);
  await page.locator('input[type=file]').setInputFiles(file);
  await page.locator('main form button[type=submit]').click();
  await page.waitForURL(/\/upload\/.+/);
}

test('from a table to a confirmed figure', { timeout: 120_000 }, async () => {
  const ours = await asOfficial(browser, demo.nodes.iq, 'releaser');
  const theirs = await asOfficial(browser, demo.nodes.sy, 'releaser');
  await openWater(theirs);
  await theirs.locator('#live[data-live=on]').waitFor();
  await openWater(ours);

  await ours.locator('main a[href$="/upload"]').click();
  await choose(ours, 'readings.csv', table('عالٍ'));
  const bad = ours.locator('.cell-bad');
  assert.equal(await bad.count(), 1, 'one cell is marked');
  assert.match(await bad.textContent(), /عالٍ[\s\S]*القيمة/, 'the cell says what is wrong, by the label of its field');
  assert.equal(await overflow(ours), 0);
  assert.deepEqual(await axe(ours), []);

  await ours.locator('main a[href$="/upload"]').last().click();
  await choose(ours, 'readings.csv', table('٢٧٧٫٧'));
  assert.equal(await ours.locator('.cell-bad').count(), 0);
  assert.deepEqual(await axe(ours), []);
  await ours.locator('main form button.btn-primary').click();
  await ours.waitForURL(u => u.pathname.endsWith('/records/water_observation'));
  await ours.locator('td', { hasText: '٢٧٧٫٧' }).waitFor();

  await theirs.locator('td', { hasText: '٢٧٧٫٧' }).waitFor(); // the page was open all the time

  await ours.locator('tr', { hasText: '٢٧٧٫٧' }).locator('th a').click();
  await ours.locator('main a[href$="/correct"]').click();
  const value = ours.locator('[id="f-v.value"]');
  assert.equal(await value.inputValue(), '277.7');
  await value.fill('٢٧٨٫٤');
  await ours.locator('[id="f-reason"]').fill('خطأ في القراءة');
  assert.deepEqual(await axe(ours), []);
  await ours.locator('main form button.btn-primary').click();
  await ours.waitForURL(/\/one\/[^/]+$/);
  assert.deepEqual(await axe(ours), []);

  await theirs.locator('tr', { hasText: '٢٧٨٫٤' }).waitFor();
  await theirs.locator('tr', { hasText: '٢٧٨٫٤' }).locator('th a').click();
  await theirs.locator('form[action$="/confirm"] button').click();
  await theirs.locator('.status', { hasText: 'مؤكَّد من الجانبين' }).first().waitFor();
  await ours.locator('.status', { hasText: 'مؤكَّد من الجانبين' }).first().waitFor(); // and here, without reloading
  assert.equal(await ours.locator('main a[href$="/correct"]').count(), 1, 'a confirmed figure can still be corrected, and asks for its confirmation anew');
  assert.deepEqual(problems(ours), []);
  assert.deepEqual(problems(theirs), []);
  await ours.context().close();
  await theirs.context().close();
});

test('a record is written in a form, without script', { timeout: 60_000 }, async () => {
  const page = await asOfficial(browser, demo.nodes.iq, 'releaser', { lang: 'en', javaScriptEnabled: false });
  await openWater(page, 'en');
  await page.locator('main a[href$="/new"]').click();
  const pick = { station: 'HSB', river: 'euphrates', property: 'discharge', aggregation: 'instant', unit: 'MQS', quality: 'good', method: 'adcp' };
  for (const [field, code] of Object.entries(pick)) await page.locator(`[id="f-v.${field}"]`).selectOption(code);
  await page.locator('[id="f-v.value"]').fill('a lot');
  const now = new Date(Date.now() - 7200e3);
  await page.locator('[id="f-v.time"]').fill(String(now.getUTCDate()));
  await page.locator('[name="v.time.month"]').selectOption(String(now.getUTCMonth() + 1));
  await page.locator('[name="v.time.year"]').fill(String(now.getUTCFullYear()));
  await page.locator('[id="f-v.time.clock"]').fill('05:30');
  await page.locator('main form button.btn-primary').click();
  await page.locator('[id="f-v.value-error"]').waitFor();
  assert.equal(await page.locator('[id="f-v.station"]').inputValue(), 'HSB', 'what was written is still there');
  await page.locator('[id="f-v.value"]').fill('266.6');
  await page.locator('main form button.btn-primary').click();
  await page.waitForURL(/water_observation\?/);
  await page.locator('td', { hasText: '266.6' }).first().waitFor();
  assert.deepEqual(problems(page, [/422/]), []);
  await page.context().close();
});
