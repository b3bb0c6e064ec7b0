// An agreement on two real nodes, in Arabic, as its officials see it: proposed, negotiated in brackets, agreed, initialled,
// signed under full powers while the link is cut and restored, completed on both sides, in force on the day of its clause.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { asOfficial, asSigner, axe, overflow, problems, signs, startBrowser, startDemo } from './harness.mjs';

const title = 'اتفاق بشأن منفذ القائم والبوكمال';
const wording = 'يعمل المنفذ في الجانبين على مدار الساعة.';
const WAIT = 30_000;
const run = promisify(execFile);

let demo, browser, iq, sy, where;
before(async () => {
  demo = await startDemo({ args: ['--empty'], roads: true });
  browser = await startBrowser();
  const side = async node => ({
    node,
    drafter: await asOfficial(browser, node, 'first.secretary'),
    chief: await asSigner(browser, node, 'head.department'),
    signer: await asSigner(browser, node, 'plenipotentiary'),
  });
  [iq, sy] = [await side(demo.nodes.iq), await side(demo.nodes.sy)];
}, { timeout: 180_000 });
after(async () => { await browser?.close(); await demo?.stop(); });

// The two sides' clocks stand at +03:00. From ten in the evening a window for signing is proposed until noon of tomorrow, which
// is then the day of signature, and so of entry into force.
const onTheRiver = days => new Date(Date.now() + 3 * 3600e3 + days * 864e5).toISOString().slice(0, 10);
const late = () => new Date(Date.now() + 3 * 3600e3).getUTCHours() >= 22;
let window;

// step is a part of the story: where one fails, those after it have nothing to stand on.
let broken = false;
const step = (name, f) => test(name, async t => {
  if (broken) return t.skip('an earlier part of the story failed');
  broken = true;
  await f();
  broken = false;
});

const main = page => page.getByRole('main');
const sees = (page, what) => main(page).getByText(what).first().waitFor({ timeout: WAIT });
const click = (page, name) => main(page).locator('a,button,summary').filter({ hasText: name }).first().click();

// stands waits until the page of the agreement, which keeps itself up to date, says where it stands.
async function stands(side, state) {
  if (!side.drafter.url().endsWith(where)) await side.drafter.goto(where);
  await main(side.drafter).locator('.turn-state .status').filter({ hasText: state }).waitFor({ timeout: WAIT })
    .catch(async () => assert.fail(`not ${state}: ${await main(side.drafter).locator('.turn').innerText()}`));
}

// drafted waits for the page of what was drafted, or says what the form said was wrong.
async function drafted(page) {
  const there = page.waitForURL(u => /\/outgoing\//.test(u.pathname), { timeout: WAIT }).then(() => '');
  const wrong = page.locator('main [role=alert]').first().waitFor({ timeout: WAIT }).then(() => page.locator('main [role=alert]').first().innerText());
  assert.equal(await Promise.any([there, wrong]), '');
}

// goes takes what was drafted through the second official's hands and lets whose work it is release it.
async function goes(side, by) {
  const at = new URL(side.drafter.url()).pathname;
  assert.match(at, /\/outgoing\//, await main(side.drafter).innerText());
  await side.chief.goto(at);
  await click(side.chief, 'الموافقة على الإرسال');
  await sees(side.chief, 'ووفق على إرسالها');
  await by.goto(at);
  await click(by, 'إصدار');
  await signs(by, u => /\/agreements\//.test(u.pathname));
}

// takes prepares a step that the page offers, fills in its form, and has it released.
async function takes(side, verb, fill = async () => {}, by = side.chief) {
  if (!side.drafter.url().endsWith(where)) await side.drafter.goto(where);
  const link = main(side.drafter).locator(`.turn a[href*="/say/${verb}"]`).first();
  await link.waitFor({ state: 'attached', timeout: WAIT });
  if (!await link.isVisible()) await click(side.drafter, 'خطوات أخرى يمكن إعدادها');
  await link.click();
  await side.drafter.waitForURL(u => u.pathname.endsWith(`/say/${verb}`));
  await fill(main(side.drafter));
  assert.deepEqual(await axe(side.drafter), [], verb);
  await click(side.drafter, 'حفظ للموافقة');
  await drafted(side.drafter);
  await goes(side, by);
}

const eachSide = async f => { await f(iq, sy); await f(sy, iq); };
const underPowers = form => form.locator('label.choice', { hasText: 'تفويض كامل' }).first().click();

step('one side proposes, the other accepts to negotiate', async () => {
  await iq.drafter.goto('/ar/agreements');
  await click(iq.drafter, 'اقتراح اتفاقية');
  await iq.drafter.getByLabel('العنوان بالعربية').fill(title);
  await click(iq.drafter, 'حفظ الاقتراح للموافقة');
  await drafted(iq.drafter);
  await goes(iq, iq.chief);
  where = new URL(iq.chief.url()).pathname;
  await sy.drafter.goto('/ar/agreements');
  await sees(sy.drafter, title);
  await stands(sy, 'مقترحة');
  await takes(sy, 'negotiate');
  await eachSide(side => stands(side, 'قيد التفاوض'));
});

step('a text is tabled, with final clauses by which the last notification brings it into force', async () => {
  const page = iq.drafter;
  await page.goto(`${where}/text/edit`);
  await click(page, 'قراءة نص من ملف');
  assert.deepEqual(await axe(page), []);
  const file = [title, 'إن الطرفين، رغبة منهما في تيسير العبور، قد اتفقا على ما يأتي:', 'المادة 1: ساعات العمل', 'يعمل المنفذ في الجانبين من الساعة 8 إلى الساعة 20.'].join('\n');
  await page.locator('input[type=file]').setInputFiles({ name: 'draft.txt', mimeType: 'text/plain', buffer: Buffer.from(file) });
  await click(page, 'قراءة وعرض');
  await sees(page, 'لم يُحفظ شيء بعد');
  assert.deepEqual(await page.locator('textarea[name^=text_]').evaluateAll(all => all.map(t => t.value).filter(Boolean)), file.replace('المادة 1: ', '').split('\n'));
  await page.locator('select[name=c_force]').selectOption('last-notification');
  await click(page, 'كتابة الأحكام الختامية');
  await page.waitForFunction(() => [...document.querySelectorAll('textarea[name^=text_]')].some(t => t.value.includes('إشعار')));
  await click(page, 'حفظ النص للموافقة');
  await drafted(page);
  await goes(iq, iq.chief);
  await sy.drafter.goto(`${where}/text`);
  await sees(sy.drafter, 'من الساعة 8 إلى الساعة 20');
});

step('the other side proposes a wording in brackets; it is accepted and taken into the next text', async () => {
  const page = sy.drafter;
  await main(page).locator('.law-row', { hasText: 'من الساعة 8' }).locator('.law-propose').click();
  await page.locator('textarea[name=text_ar]').fill(wording);
  await click(page, 'حفظ للموافقة');
  await drafted(page);
  await goes(sy, sy.chief);
  await iq.drafter.goto(`${where}/text`);
  await main(iq.drafter).locator('.bracket', { hasText: wording }).waitFor({ timeout: WAIT });
  assert.deepEqual(await axe(iq.drafter), []);
  await iq.drafter.goto(where);
  await takes(iq, 'bracket-accept');
  await iq.drafter.goto(`${where}/text/edit`);
  const paragraph = await iq.drafter.locator('textarea[name^=text_]').evaluateAll(all => all.findIndex(t => t.value.includes('من الساعة 8')));
  await iq.drafter.locator('textarea[name^=text_]').nth(paragraph).fill(wording);
  await click(iq.drafter, 'حفظ النص للموافقة');
  await drafted(iq.drafter);
  await goes(iq, iq.chief);
  await sy.drafter.goto(where);
  await sees(sy.drafter, 'النص ٢');
  await click(sy.drafter, 'ما تغيّر');
  await main(sy.drafter).locator('ins').first().waitFor();
  await main(sy.drafter).locator('del').first().waitFor();
});

step('full powers are issued, shown to the other side, and found in due form', async () => {
  await eachSide(async (side, other) => {
    await side.drafter.goto(`${where}/mandates/new`);
    await side.drafter.locator('select[name=holder]').selectOption('plenipotentiary');
    await side.drafter.locator('input[name=issuer_ar]').fill('وزير الخارجية');
    for (const act of ['initial', 'sign']) await side.drafter.locator(`input[name=acts][value=${act}]`).check();
    await click(side.drafter, 'حفظ للموافقة');
    await drafted(side.drafter);
    await goes(side, side.chief);
    await other.drafter.goto(where);
    const verify = main(other.drafter).locator('form[action$="/verify"] button');
    await verify.waitFor({ timeout: WAIT });
    await verify.click();
    await drafted(other.drafter);
    await goes(other, other.chief);
    await side.drafter.goto(where);
    await main(side.drafter).locator('.powers .status-ok', { hasText: 'تحقق' }).first().waitFor({ timeout: WAIT });
  });
});

step('both initial the text under full powers', async () => {
  await eachSide(side => takes(side, 'initial', underPowers, side.signer));
  await eachSide(side => stands(side, 'موقّعة بالأحرف الأولى'));
});

step('the link is cut during the signature: neither side is bound, until it is restored', async () => {
  window = onTheRiver(late() ? 1 : 0);
  await takes(iq, 'seal', undefined, iq.signer);
  await sy.drafter.goto(where);
  await takes(sy, 'seal', undefined, sy.signer);
  await iq.drafter.goto(where);
  await main(iq.drafter).locator('.turn a[href$="/say/commit"]').first().waitFor({ timeout: WAIT });
  demo.cut();
  await eachSide(async side => {
    await takes(side, 'commit', underPowers, side.signer);
    await side.drafter.goto(where);
    await stands(side, 'موقّعة بالأحرف الأولى'); // signed by this side alone: nobody is bound
    assert.equal(await main(side.drafter).locator('.turn a[href*="/say/proces-verbal"]').count(), 0);
    assert.equal(await main(side.drafter).getByText('وُقّعت الاتفاقية').count(), 0);
  });
  demo.restore();
  await eachSide(async side => {
    await main(side.drafter).locator('.turn a[href*="/say/proces-verbal"]').first().waitFor({ timeout: WAIT });
  });
  await eachSide(side => takes(side, 'proces-verbal', undefined, side.signer));
  await eachSide(side => stands(side, 'موقّعة مع شرط التصديق'));
  for (const side of [iq, sy]) await sees(side.drafter, 'وُقّعت الاتفاقية');
});

step('each side reads that the officials of the other signed, and the file shows it offline', async () => {
  for (const [side, other] of [[iq, 'sy'], [sy, 'iq']]) {
    const file = path.join(demo.dir, `chain-${other}`);
    await writeFile(file, await side.drafter.evaluate(async at => (await fetch(`${at}/proof`)).text(), where));
    const letters = Object.values(demo.nodes).flatMap(n => ['--letter', path.join(n.dir, 'letter.credence')]);
    const { stdout } = await run(path.join(import.meta.dirname, '..', 'bin', 'jisr'), ['verify', '--json', ...letters, file]);
    const verdict = JSON.parse(stdout);
    assert.equal(verdict.verified, true);
    assert.deepEqual(verdict.checks.filter(c => c.check === 'unsigned'), []);
    const signed = verdict.checks.filter(c => c.check === 'signature' && !c.void);
    for (const m of ['iq', 'sy']) assert.ok(signed.filter(c => c.member === m).length >= 4, JSON.stringify(signed)); // powers, initials, signature, procès-verbal
    const theirs = signed.filter(c => c.member === other).at(-1);
    await side.drafter.goto(`/ar/record/${demo.forum}/${other}/${theirs.index}`);
    await sees(side.drafter, 'موقَّع من صاحب المنصب');
    assert.deepEqual(await axe(side.drafter), []);
    await side.drafter.goto(where);
  }
});

step('domestic steps stay at home; a milestone is told', async () => {
  await click(iq.drafter, 'بدء المسار من القالب');
  await click(iq.drafter, 'تحديث إجراء');
  await main(iq.drafter).locator('select[name=step]').selectOption('parliament-law');
  await main(iq.drafter).locator('select[name=state]').selectOption('done');
  await main(iq.drafter).locator('input[name=evidence]').fill('قانون التصديق');
  await main(iq.drafter).getByRole('button', { name: 'حفظ', exact: true }).click();
  await sees(iq.drafter, 'قانون التصديق');
  await iq.drafter.goto(where);
  await takes(iq, 'milestone', async form => {
    await form.locator('input[name=title_ar]').fill('أقرّ مجلس النواب قانون التصديق');
    await form.locator('select[name=state]').selectOption('done');
  });
  await sy.drafter.goto(where);
  await sees(sy.drafter, 'أقرّ مجلس النواب قانون التصديق');
});

step('both notify; it is in force on the day of its clause, on both sides', async () => {
  await eachSide(async (side, other) => {
    await takes(side, 'notify', form => form.locator('label.choice', { hasText: 'وزير الخارجية' }).first().click());
    await takes(other, 'receive');
  });
  await eachSide(async side => {
    await side.drafter.goto(where);
    await stands(side, window <= onTheRiver(0) ? 'نافذة' : 'بانتظار دخول حيز النفاذ');
    await sees(side.drafter, /(دخلت|تدخل) حيز النفاذ في/);
  });
  const said = await Promise.all([iq, sy].map(s => main(s.drafter).getByText(/(دخلت|تدخل) حيز النفاذ في/).first().innerText()));
  assert.equal(said[0], said[1]);
});

step('nothing broke the content security policy, ran out of the window or is hard to reach', async () => {
  for (const page of [iq.drafter, sy.drafter, iq.signer, sy.chief]) {
    assert.equal(await overflow(page), 0);
    assert.deepEqual(await axe(page), []);
    assert.deepEqual(problems(page, [/status of 403/]), []);
  }
});
