// A commitment through all its life, in two governments' browsers on the demonstration's record: where it comes from and back again,
// a counter-proposal, every state and act that a page offers, the ladder, the register as a workbook.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { asOfficial, problems, startBrowser, startDemo } from './harness.mjs';
import { arrives, clean, fill, formally, here, says, sees } from './say.mjs';

let demo, browser, iq, sy;
before(async () => {
  demo = await startDemo();
  browser = await startBrowser();
  const side = async node => ({ secretary: await asOfficial(browser, node, 'drafter'), head: await asOfficial(browser, node, 'releaser') });
  iq = await side(demo.nodes.iq);
  sy = await side(demo.nodes.sy);
}, { timeout: 180_000 });
after(async () => { await browser?.close(); await demo?.stop(); });

const owed = (title, more = {}) => ({ title_ar: title, text_ar: `${title}: يُقدَّم كاملاً.`, test_ar: 'وصوله كاملاً.', 'due.day': '1', 'due.month': '3', 'due.year': '2031', ...more });

/** proposes fills in the form that is open, and gives the address of the commitment. */
async function proposes(page, values) {
  const form = page.locator('form[action$="/commitments/new"]');
  if (values.indicator || values.ladder) await page.locator('form details summary').first().click();
  await fill(form, { side: 'iq-sy us sy', ...values });
  await form.locator('button').last().click();
  await page.waitForURL(u => !u.pathname.endsWith('/commitments/new'));
  return here(page);
}

/** owing gives the address of the page's first link to the form of a commitment that comes from it. */
const owing = (page, from) => page.locator(`main a[href*="/commitments/new?"][href*="source=${encodeURIComponent(from)}"]`).first();

/** found gives the first thing of a list whose page, or the part of it, offers to write a commitment from it. */
async function found(page, list, thing, noun, part = '') {
  await page.goto(list);
  const all = await page.locator(`main a[href^="${thing}"]`).evaluateAll(links => [...new Set(links.map(a => new URL(a.href).pathname))]);
  for (const at of all) {
    await page.goto(at + part);
    if (await owing(page, noun).count()) return at;
  }
  throw new Error(`nothing on ${list} offers a commitment: ${all}`);
}

test('a statement is on the table', async () => {
  const page = iq.secretary;
  await page.goto('/ar/statements/new');
  const form = page.locator('form[action$="/statements/new"]');
  await fill(form, { title_ar: 'بيان مشترك في شأن المياه', title_en: 'Joint statement on water' });
  await form.locator('button').last().click();
  await page.waitForURL(u => !u.pathname.endsWith('/new'));
});

const origins = [['a note', 'notes', 'note/'], ['a statement', 'statements', 'statement/'], ['a programme', 'programmes', 'programme/'], ['an agreement', 'agreements', 'agreement/']];
for (const [what, list, noun] of origins) test(`a commitment comes from ${what} in one step, with links both ways`, async () => {
  const page = iq.secretary;
  const from = await found(page, `/ar/${list}`, `/ar/${list}/iq-sy/`, noun);
  await owing(page, noun).click();
  await clean(page);
  await bothWays(page, from, await proposes(page, owed(`تعهّد يرد من مصدره ${list.length}`)));
});

/** bothWays follows the link of a commitment to what it comes from, and the link back; and sees it at the other side. */
async function bothWays(page, from, at) {
  assert.match(at, /\/ar\/commitments\/iq-sy\//);
  await page.locator(`main dl.facts a[href^="${from}"]`).first().click();
  await page.waitForURL(u => u.pathname.startsWith(from));
  if (here(page) !== from) await page.goto(from);
  await page.locator(`main a[href="${at}"]`).first().waitFor();
  await arrives(sy.secretary, at);
}

test('a commitment comes from an article, and names it', async () => {
  const page = iq.secretary;
  const agreement = await found(page, '/ar/agreements', '/ar/agreements/iq-sy/', 'agreement/', '/text');
  const article = page.locator('main a.law-propose[href*="section="]').nth(2);
  const segment = new URL(await article.getAttribute('href'), page.url()).searchParams.get('section');
  await article.click();
  await sees(page, 'المادة');
  const at = await proposes(page, owed('تعهّد يرد في مادة'));
  const link = page.locator(`main dl.facts a[href$="/text#seg-${segment}"]`);
  assert.match(await link.textContent(), /المادة/);
  await bothWays(page, agreement, at);
});

test('a missed report becomes a commitment', async () => {
  const page = iq.secretary;
  await page.goto('/ar/programmes');
  const all = await page.locator('main a[href^="/ar/programmes/iq-sy/"]').evaluateAll(links => [...new Set(links.map(a => new URL(a.href).pathname))]);
  for (const at of all) {
    await page.goto(at);
    const missed = page.locator('#owed ~ ul a[href*="/commitments/new?"], section[aria-labelledby=owed] a[href*="/commitments/new?"]').first();
    if (!await missed.count()) continue;
    await missed.click();
    const form = page.locator('form[action$="/commitments/new"]');
    assert.notEqual(await form.locator('[name=title_ar]').inputValue(), '');
    await fill(form, { test_ar: 'وصول التقرير كاملاً.', 'due.day': '1', 'due.month': '3', 'due.year': '2031' });
    await form.locator('button').last().click();
    await page.waitForURL(u => !u.pathname.endsWith('/commitments/new'));
    return bothWays(page, at, here(page));
  }
  throw new Error('no programme misses a report');
});

let promise;
test('the other side proposes other terms, and both see what changes', async () => {
  const page = iq.secretary;
  await page.goto('/ar/commitments/new');
  promise = await proposes(page, owed('تأهيل محطات القياس', { sector: 'water', type: 'deliverable', ladder: '5 10 20 40', funding: 'requested', budget: 'ب-12', indicator: 'المحطات العاملة', baseline: '2', target: '10', unit: 'محطة',
    review: '10', 'milestone.0': 'المسح الميداني', 'milestone.0.day': '1', 'milestone.0.month': '2', 'milestone.0.year': '2031' }));
  await clean(page);
  await arrives(sy.secretary, promise);
  await sy.secretary.locator(`a[href="${promise}/propose"]`).click();
  await clean(sy.secretary);
  const form = sy.secretary.locator('form[action$="/propose"]');
  assert.equal(await form.locator('[name=target]').inputValue(), '10');
  assert.equal(await form.locator('[name="milestone.0"]').inputValue(), 'المسح الميداني');
  await fill(form, { target: '12', 'due.day': '1', 'due.month': '5' });
  await form.locator('button').last().click();
  await sy.secretary.waitForURL(u => u.pathname === promise);
  await clean(sy.secretary);
  for (const p of [sy.secretary, page]) await sees(p, '١٢');
  await formally(iq, `${promise}/agree`);
  await page.goto(promise);
  await sees(page, 'متفق عليه');
  await page.locator('main dl.facts').getByText('١ أيار ٢٠٣١').first().waitFor();
});

/** goes has one side do something and waits until the other's page shows it. */
async function goes(doing, other, what) {
  await other.goto(promise);
  await doing();
  await sees(other, what);
}

test('the debtor names the office, reports progress and what holds it up, and asks for a later day', async () => {
  await iq.secretary.goto(promise);
  const desk = await iq.secretary.locator(`form[action$="${promise}/assign"] [name=desk] option`).nth(1).getAttribute('value');
  await goes(() => says(iq.secretary, `${promise}/assign`, { desk }), sy.secretary, 'حُددت الجهة المنفذة');
  await goes(() => says(iq.secretary, `${promise}/progress`, { text: 'اكتمل المسح', value: '4', milestone: 'm1' }), sy.secretary, 'قيد التنفيذ');
  await sees(sy.secretary, 'اكتمل المسح');
  await goes(() => says(iq.secretary, `${promise}/block`, { reason: 'تأخر وصول الأجهزة' }), sy.secretary, 'متوقف لسبب');
  await sees(sy.secretary, 'تأخر وصول الأجهزة');
  await goes(async () => { await iq.secretary.goto(promise); await formally(iq, `${promise}/extend`, { 'to.day': '1', 'to.month': '7', 'to.year': '2031', reason: 'وصول الأجهزة في أيار' }); }, sy.secretary, 'وصول الأجهزة في أيار');
  await goes(() => formally(sy, `${promise}/grant`), iq.secretary, 'مُنح التمديد');
  await iq.secretary.locator('main').getByText('١ أيار ٢٠٣١').first().waitFor(); // both days are kept
  await iq.secretary.locator('main').getByText('١ تموز ٢٠٣١').first().waitFor();
  await clean(iq.secretary);
});

test('it is raised, consulted about and settled by both', async () => {
  await sy.secretary.goto(promise);
  await goes(() => formally(sy, `${promise}/raise`, { reason: 'لم يُستكمل بعد' }), iq.secretary, 'أمينا السر');
  await sy.secretary.goto(promise);
  await goes(() => formally(sy, `${promise}/dispute`, { reason: 'عدد المحطات المقصود' }), iq.secretary, 'قيد التشاور');
  await clean(iq.secretary);
  for (const _ of [1, 2]) for (const side of [iq, sy]) {
    await side.secretary.goto(promise);
    await formally(side, `${promise}/settle`);
  }
  await iq.secretary.goto(promise);
  await iq.secretary.locator('main').getByText('متوقف لسبب').first().waitFor({ timeout: 20_000 });
});

test('a report is taken back, made again, and accepted with remarks', async () => {
  await iq.secretary.goto(promise);
  await goes(() => formally(iq, `${promise}/report`, { evidence: 'اكتملت المحطات.', value: '12' }), sy.secretary, 'اكتملت المحطات.');
  await iq.secretary.goto(promise);
  await goes(() => says(iq.secretary, `${promise}/recall`), sy.secretary, 'سُحب إبلاغ الإنجاز');
  await iq.secretary.goto(promise);
  await goes(() => formally(iq, `${promise}/report`, { evidence: 'اكتملت المحطات جميعها.', value: '12' }), sy.secretary, 'اكتملت المحطات جميعها.');
  await sees(sy.secretary, '١٢');
  await goes(() => formally(sy, `${promise}/accept`, { remarks: 'تُسلَّم أدلة التشغيل لاحقاً' }), iq.secretary, 'تُسلَّم أدلة التشغيل لاحقاً');
  await sees(iq.secretary, 'قُبل مع ملاحظات');
});

test('both release one, and put another in the place of one', async () => {
  const made = [];
  for (const title of ['تعهّد يُعفى منه', 'تعهّد يحل غيره محله']) {
    await iq.secretary.goto('/ar/commitments/new');
    promise = await proposes(iq.secretary, owed(title));
    made.push(promise);
    await arrives(sy.secretary, promise);
    await formally(sy, `${promise}/agree`);
    await iq.secretary.goto(promise);
    await sees(iq.secretary, 'متفق عليه');
  }
  const [released, superseded] = made;
  promise = released;
  await iq.secretary.goto(promise);
  await goes(() => formally(iq, `${promise}/release`, { reason: 'أُدرج في برنامج' }), sy.secretary, 'يقترح');
  await sees(sy.secretary, 'أُدرج في برنامج');
  await goes(() => formally(sy, `${promise}/release`), iq.secretary, 'أُعفي منه');
  promise = superseded;
  for (const side of [iq, sy]) {
    await side.secretary.goto(promise);
    const form = side.secretary.locator(`form[action$="${promise}/supersede"]`);
    const successor = await form.locator('select[name=successor] option').first().getAttribute('value');
    await formally(side, `${promise}/supersede`, side === iq ? { successor } : {});
  }
  await iq.secretary.goto(promise);
  await sees(iq.secretary, 'حلّ غيره محله');
  await clean(iq.secretary);
});

test('one is withdrawn before it is agreed', async () => {
  await iq.secretary.goto('/ar/commitments/new');
  promise = await proposes(iq.secretary, owed('تعهّد يُسحب'));
  await says(iq.secretary, `${promise}/withdraw`);
  await sees(iq.secretary, 'سُحب الاقتراح');
});

test('the register is taken out as a workbook', async () => {
  await iq.secretary.goto('/ar/commitments?sector=water');
  const [download] = await Promise.all([iq.secretary.waitForEvent('download'), iq.secretary.locator('main a[href*="/commitments/sheet"]').click()]);
  assert.match(download.suggestedFilename(), /^commitments-.*\.xlsx$/);
  const bytes = await readFile(await download.path());
  assert.equal(bytes.subarray(0, 2).toString(), 'PK');
});

test('nothing broke the content security policy', async () => {
  for (const page of [iq.secretary, iq.head, sy.secretary, sy.head]) assert.deepEqual(problems(page, [/status of 4(22|04)/]), []);
});
