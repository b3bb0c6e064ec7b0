// What can happen to an agreement once it binds, and what keeps it from binding, on two real nodes: Iraq's officials read
// Arabic, Syria's English. Each step is prepared by one official, cleared by a second, and signed by the one whose work it is.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { asOfficial, asSigner, axe, overflow, problems, signs, startBrowser, startDemo } from './harness.mjs';

const WAIT = 30_000;
const words = { // of a state, as its tag has it
  adref: ['موقّعة بشرط الاستشارة', 'Signed ad referendum'], signed: ['موقّعة مع شرط التصديق', 'Signed subject to ratification'], force: ['نافذة', 'In force'], suspended: ['موقوف العمل بها', 'Suspended'], dormant: ['متوقفة عملياً', 'Dormant'], ending: ['إشعار بالإنهاء قيد السريان', 'Notice of termination running'], ended: ['منتهية', 'Terminated'], agreed: ['نص متفق عليه بشرط الاستشارة', 'Text agreed ad referendum'], abandoned: ['متروكة', 'Abandoned'],
};

let demo, browser, iq, sy, where, ended;
before(async () => {
  demo = await startDemo();
  browser = await startBrowser();
  const side = async (node, lang, i) => ({
    lang, i,
    drafter: await asOfficial(browser, node, 'first.secretary', { lang }),
    chief: await asSigner(browser, node, 'head.department', { lang }),
    signer: await asSigner(browser, node, 'plenipotentiary', { lang }),
  });
  [iq, sy] = [await side(demo.nodes.iq, 'ar', 0), await side(demo.nodes.sy, 'en', 1)];
  await iq.drafter.goto('/ar/agreements?in=force');
  where = new URL(await iq.drafter.getByRole('main').locator(`a[href*="/agreements/${demo.forum}/"]`).first().evaluate(a => a.href)).pathname.replace(/^\/ar/, '');
}, { timeout: 180_000 });
after(async () => { await browser?.close(); await demo?.stop(); });

const main = page => page.getByRole('main');
const opens = side => side.drafter.goto(`/${side.lang}${where}`);
const eachSide = async f => { await f(iq, sy); await f(sy, iq); };

// stands waits until both sides' pages say where it stands, each in its language.
const stands = state => Promise.all([iq, sy].map(async side => {
  await opens(side);
  await main(side.drafter).locator('.turn-state .status').filter({ hasText: words[state][side.i] }).waitFor({ timeout: WAIT })
    .catch(async () => assert.fail(`${side.lang}, not ${state}: ${await main(side.drafter).locator('.turn').innerText()}`));
}));

const day = async (form, name, [d, m, y]) => {
  await form.locator(`[name="${name}.day"]`).fill(d);
  await form.locator(`[name="${name}.month"]`).selectOption(m);
  await form.locator(`[name="${name}.year"]`).fill(y);
};
const choose = (form, value) => form.locator(`label.choice:has(input[value="${value}"])`).click();
const minister = form => choose(form, 'foreign-minister');

// released takes what was drafted through the second official's hands, and lets whose work it is release and sign it.
async function released(side, by) {
  await side.drafter.waitForURL(/\/outgoing\//, { timeout: WAIT }).catch(async () => assert.fail(await main(side.drafter).innerText()));
  const at = new URL(side.drafter.url()).pathname;
  await side.chief.goto(at);
  await side.chief.locator('form[action$="/clear"] button').click();
  await by.goto(at);
  await by.locator('form[action$="/release"] button').click();
  await signs(by, u => /\/agreements\//.test(u.pathname));
}

// takes prepares a step that the page offers, fills in its form, and has it released.
async function takes(side, verb, fill = minister, by = side.chief) {
  await opens(side);
  const link = main(side.drafter).locator(`.turn a[href$="/say/${verb}"], .turn a[href*="/say/${verb}?"]`).first();
  await link.waitFor({ state: 'attached', timeout: WAIT });
  if (!await link.isVisible()) await main(side.drafter).locator('.turn summary').click();
  await link.click();
  await side.drafter.waitForURL(u => u.pathname.endsWith(`/say/${verb}`));
  await fill(main(side.drafter));
  assert.deepEqual(await axe(side.drafter), [], verb);
  assert.equal(await overflow(side.drafter), 0, verb);
  await main(side.drafter).locator('form.fields button[type=submit]').click();
  await released(side, by);
}

test('extension: both agree a later end', { timeout: 120_000 }, async () => {
  await eachSide(side => takes(side, 'extend', async form => {
    await minister(form);
    await day(form, 'on', ['20', '12', '2040']);
  }));
  for (const side of [iq, sy]) {
    await opens(side);
    await main(side.drafter).locator('.beat-joint', { hasText: side.i ? 'Extended' : 'تمديد' }).first().waitFor({ timeout: WAIT });
  }
});

test('suspension with ground and notice is received, objected to and revoked; an agreed one suspends and ends', { timeout: 240_000 }, async () => {
  await takes(sy, 'suspend', async form => {
    await minister(form);
    await form.locator('select[name=ground]').selectOption('breach');
    await form.locator('textarea[name=reason]').fill('The data did not arrive for six months.');
  });
  await takes(iq, 'receive', async () => {}, iq.chief);
  await takes(iq, 'object', async form => { await minister(form); await form.locator('textarea[name=reason]').fill('وصلت البيانات في مواعيدها.'); });
  await takes(sy, 'revoke');
  await takes(iq, 'receive', async () => {}, iq.chief);
  await stands('force');
  await eachSide(side => takes(side, 'suspend-agreed'));
  await stands('suspended');
  await eachSide(side => takes(side, 'resume'));
  await stands('force');
});

test('a denunciation runs from its receipt, and is revoked before it takes effect', { timeout: 120_000 }, async () => {
  await takes(iq, 'denounce', async form => { await minister(form); await form.locator('select[name=ground]').selectOption('clause'); });
  await takes(sy, 'receive', async () => {}, sy.chief);
  await stands('ending');
  await takes(iq, 'revoke');
  await takes(sy, 'receive', async () => {}, sy.chief);
  await stands('force');
});

test('dormant when both say so: what both listed goes on, until contact is taken up', { timeout: 120_000 }, async () => {
  const listed = { iq: 2, sy: 1 };
  await eachSide(side => takes(side, 'dormant', async form => {
    for (let i = 0; i < (side === iq ? listed.iq : listed.sy); i++) await form.locator('input[name=continuity]').nth(i).check();
  }, side.chief));
  await stands('dormant');
  for (const side of [iq, sy]) assert.equal(await main(side.drafter).locator('.continues li').count(), 1, 'what both listed');
  await eachSide(side => takes(side, 'wake', async () => {}, side.chief));
  await stands('force');
});

test('an error in the text is corrected from the beginning when both agree; neither language is edited', { timeout: 120_000 }, async () => {
  await takes(sy, 'concord', async form => {
    await choose(form, 'disputed');
    await form.locator('input[name=segments]').nth(1).check();
  }, sy.chief);
  await iq.drafter.goto(`/ar${where}/text`);
  await takes(sy, 'correct', async form => {
    await minister(form);
    await form.locator('select[name=segment]').selectOption({ index: 3 });
    await form.locator('select[name=lang]').selectOption('en');
    await form.locator('textarea[name=was]').fill('voluntary return');
    await form.locator('textarea[name=reads]').fill('the voluntary return of refugees');
  });
  await takes(iq, 'correct-accept');
  for (const side of [iq, sy]) {
    await side.drafter.goto(`/${side.lang}${where}`);
    await main(side.drafter).locator('.beat-joint', { hasText: side.i ? 'An error in the text corrected' : 'صُحّح خطأ في النص' }).first().waitFor({ timeout: WAIT });
    assert.deepEqual(await axe(side.drafter), []);
  }
});

test('the second certificate of registration is filed; an amendment is begun from the agreement', { timeout: 120_000 }, async () => {
  await takes(sy, 'register', async form => {
    await form.locator('input[name=number]').fill('I-60000');
  }, sy.chief);
  await opens(iq);
  await main(iq.drafter).locator('a[href*="/agreements/new?of="]').first().click();
  await iq.drafter.locator('input[name=title_ar]').fill('تعديل المادة الثالثة');
  await choose(iq.drafter, 'amends');
  await main(iq.drafter).locator('form button[type=submit]').last().click();
  await released(iq, iq.chief);
  await opens(sy);
  await main(sy.drafter).getByText('تعديل المادة الثالثة').first().waitFor({ timeout: WAIT });
});

test('sides that differ on whether it binds do not sign; one signs ad referendum, and confirms; it is applied provisionally', { timeout: 300_000 }, async () => {
  ended = where;
  await iq.drafter.goto('/ar/agreements?in=text');
  const open = main(iq.drafter).locator(`a[href*="/agreements/${demo.forum}/"]`, { hasText: 'الجمركية' }).first();
  where = new URL(await open.evaluate(a => a.href)).pathname.replace(/^\/ar/, '');
  await takes(sy, 'declare', form => choose(form, 'no'));
  await eachSide(side => takes(side, 'initial', minister, side.signer));
  for (const side of [iq, sy]) {
    await opens(side);
    await main(side.drafter).getByText(side.i ? 'The parties differ on whether the text is binding' : 'تختلف الأطراف في كون النص ملزماً').first().waitFor({ timeout: WAIT });
  }
  await eachSide(side => takes(side, 'seal', async () => {}, side.signer));
  await opens(iq);
  await main(iq.drafter).locator('.turn a[href*="/say/unseal"]').first().waitFor({ state: 'attached', timeout: WAIT });
  assert.equal(await main(iq.drafter).locator('.turn a[href*="/say/commit"]').count(), 0, 'a signature is offered while they differ');
  await takes(sy, 'unseal', async () => {}, sy.signer);
  await takes(sy, 'declare', form => choose(form, 'yes'));
  await eachSide(side => takes(side, 'seal', async form => {
    if (side === iq) await form.locator('[name="closes.hour"]').fill('23:58'); // another window
  }, side.signer));
  await eachSide(side => takes(side, 'commit', async form => { await minister(form); await choose(form, side === iq ? 'ad-referendum' : 'full'); }, side.signer));
  await eachSide(side => takes(side, 'proces-verbal', async () => {}, side.signer));
  await stands('adref');
  await takes(iq, 'confirm', minister, iq.signer);
  await stands('signed');
  await eachSide(side => takes(side, 'provisional'));
  for (const side of [iq, sy]) {
    await opens(side);
    await main(side.drafter).locator('.turn-state .status', { hasText: side.i ? 'Provisionally applied' : 'مطبّقة مؤقتاً' }).waitFor({ timeout: WAIT });
    assert.deepEqual(await axe(side.drafter), []);
    assert.equal(await overflow(side.drafter), 0);
  }
});

test('what binds provisionally is given up by one side before its force; what is in force ends by consent', { timeout: 120_000 }, async () => {
  await takes(sy, 'abandon');
  await stands('abandoned');
  where = ended;
  await takes(iq, 'terminate');
  await opens(sy);
  await main(sy.drafter).locator('.turn .owed', { hasText: 'an answer to the termination proposed' }).waitFor({ timeout: WAIT });
  await takes(sy, 'terminate', async form => { await minister(form); await main(sy.drafter).getByText('has stated').waitFor(); });
  await stands('ended');
  assert.equal(await main(iq.drafter).locator('.turn .owed li').count(), 0, 'nothing is awaited once it ended');
});

test('nothing broke the content security policy', () => {
  for (const side of [iq, sy]) for (const page of [side.drafter, side.chief, side.signer]) assert.deepEqual(problems(page, [/status of 40[13]/]), []);
});
