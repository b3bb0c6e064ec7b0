// A session and what comes of it, in Arabic, in two governments' browsers: convened, its agenda agreed, its minutes drafted
// together while both pages are open, signed by both heads; a commitment reported, returned, reported again, accepted. What
// speaks for a side is drafted by one official and cleared and released by another.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { asOfficial, asSigner, problems, program, shoot, startBrowser, startDemo } from './harness.mjs';
import { arrives, clean, fill, formally, here, opened, released, says, sees } from './say.mjs';

// With PICTURES each step is kept as a picture in both languages, for people to look at.
const look = async (page, name) => {
  if (!process.env.PICTURES) return;
  const at = new URL(page.url());
  await shoot(page, `meeting-ar-${name}`);
  await page.goto(at.pathname.replace(/^\/ar/, '/en') + at.search);
  await shoot(page, `meeting-en-${name}`);
  await page.goto(at.pathname + at.search);
};

let demo, browser, iq, sy, body, room, promise;
before(async () => {
  demo = await startDemo({ args: ['--empty'] });
  browser = await startBrowser();
  const side = async node => ({ secretary: await asOfficial(browser, node, 'drafter'), head: await asSigner(browser, node, 'releaser') });
  iq = await side(demo.nodes.iq);
  sy = await side(demo.nodes.sy);
}, { timeout: 180_000 });
after(async () => { await browser?.close(); await demo?.stop(); });

test('a body is proposed with its rules and calendars, other rules answer, and both stand by them', async () => {
  const page = iq.secretary;
  await page.goto('/ar/bodies/new');
  await clean(page);
  const form = page.locator('form[action$="/bodies/new"]');
  await fill(form, { title_ar: 'اللجنة المشتركة للمياه', title_en: 'Joint Water Committee', code: 'JWC', 'chair.iq': 'وكيل وزارة الموارد المائية', 'secretary.iq': 'أمين السر', 'chair.sy': 'معاون الوزير', 'secretary.sy': 'أمين السر',
    observers: 'جامعة الدول العربية', cadence: 'other', rule: 'FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO', minutes_days: '7', approval: 'silent', silent_days: '30', written: '10', ladder: '7 14 30 60', 'holidays.iq': '2031-03-20\n2031-01-06', 'offset.sy': '+03:00' });
  await form.locator('button').last().click();
  await page.waitForURL(/\/outgoing\//);
  await released(iq.head, page);
  await iq.head.goto('/ar/meetings');
  body = await iq.head.locator('main a[href^="/ar/bodies/iq-sy/"]').first().getAttribute('href');
  body = body.match(/\/ar\/bodies\/iq-sy\/[^/]+/)[0];
  await iq.head.goto(body);
  await clean(iq.head);
  await sees(iq.head, '٢٠ آذار ٢٠٣١');
  await sees(iq.head, 'جامعة الدول العربية');
  await arrives(sy.secretary, `${body}/rules`);
  const other = sy.secretary.locator('form[action$="/rules"]');
  assert.equal(await other.locator('[name=rule]').inputValue(), 'FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO');
  await fill(other, { cadence: 'FREQ=MONTHLY;INTERVAL=3', minutes_days: '10', 'holidays.sy': '2031-04-17' });
  for (const day of ['5', '6']) await other.locator(`[name="weekend.sy"][value="${day}"]`).setChecked(day === '5');
  await other.locator('button').last().click();
  await sy.secretary.waitForURL(/\/outgoing\//);
  await released(sy.head, sy.secretary);
  await arrives(iq.secretary, body);
  await sees(iq.secretary, '١٧ نيسان ٢٠٣١');
  await clean(iq.secretary);
  await formally(iq, `${body}/agree`);
  await iq.secretary.goto(body);
  await sees(iq.secretary, 'اتفق جميع الأعضاء');
  await sees(iq.secretary, 'كل ثلاثة أشهر');
});

test('the host invites, the other side proposes another day, and the host agrees to it', async () => {
  await formally(iq, `${body}/meet`, { 'day.day': '8', 'day.month': '1', 'day.year': '2031', hour: '10:00', place: 'بغداد' });
  room = here(iq.head);
  assert.match(room, /\/ar\/meetings\/iq-sy\//);
  await clean(iq.head);
  await arrives(sy.secretary, room);
  await formally(sy, `${room}/propose`, { 'day.day': '15', 'day.month': '1', 'day.year': '2031', hour: '10:00', place: 'بغداد' });
  await sees(iq.head, '١٥ كانون الثاني ٢٠٣١');
  await clean(iq.head);
});

test('both agree to the date, and to the agenda', async () => {
  await iq.head.goto(room);
  await iq.head.locator('details', { hasText: '١٥ كانون الثاني' }).locator('summary').first().click();
  await iq.head.locator('details[open]', { hasText: '١٥ كانون الثاني' }).locator('form button').last().click();
  await sy.head.goto(room);
  await iq.secretary.goto(room);
  await sees(iq.secretary, 'اتُّفق على الموعد');
  await says(iq.secretary, `${room}/agenda`, { 'item.0': 'المناسيب', 'purpose.0': 'decision', 'item.1': 'المنافذ' });
  await sees(sy.head, 'المنافذ');
  await says(sy.head, `${room}/agree`);
  await sees(iq.secretary, 'اتُّفق على جدول الأعمال');
  await formally(iq, `${room}/convene`);
  await iq.secretary.goto(room);
  await says(iq.secretary, `${room}/hold`);
  await sees(iq.secretary, 'منعقد');
});

test('both secretaries draft at once, and each sees what the other types as it is typed', async () => {
  await sy.secretary.goto(room);
  for (const page of [iq.secretary, sy.secretary]) await page.evaluate(() => { window.notReloaded = true; });
  const writes = async (page, section, kind, text) => {
    await page.locator(`a[data-write="write-${section}"]`).click();
    const form = page.locator(`#write-${section} form`);
    await form.locator('[name=kind]').selectOption(kind);
    await form.locator('textarea').pressSequentially(text, { delay: 5 });
    return form;
  };
  const ours = await writes(iq.secretary, 'a1', 'decision', 'قررت اللجنة تبادل المناسيب');
  await sees(sy.secretary, 'قررت اللجنة تبادل المناسيب'); // nobody has saved anything
  await writes(sy.secretary, 'a2', 'text', 'عرض الجانب السوري حال المنافذ');
  await sees(iq.secretary, 'عرض الجانب السوري حال المنافذ');
  await ours.locator('textarea').pressSequentially(' أسبوعياً.', { delay: 5 });
  await sees(sy.secretary, 'قررت اللجنة تبادل المناسيب أسبوعياً.');
  for (const page of [iq.secretary, sy.secretary]) {
    assert.equal(await page.evaluate(() => window.notReloaded), true);
    assert.equal(await page.locator('.is-bracket').count(), 0, 'nobody changed what the other wrote');
    await clean(page);
    await page.locator('[data-writing] form button').last().click();
    await page.waitForURL(u => u.pathname === room);
  }
});

test('two wordings of one paragraph stand in brackets until somebody settles them', async () => {
  const change = async (page, text) => {
    await page.locator('a[data-write]').filter({ hasText: 'تعديل' }).first().click();
    await page.locator('[data-writing] form textarea').waitFor();
    return () => page.locator('[data-writing] form textarea').fill(text);
  };
  const [ours, theirs] = [await change(iq.secretary, 'قررت اللجنة تبادل المناسيب يومياً.'), await change(sy.secretary, 'قررت اللجنة تبادل المناسيب شهرياً.')];
  await Promise.all([ours(), theirs()]);
  for (const page of [iq.secretary, sy.secretary]) {
    await page.locator('.is-bracket').waitFor({ timeout: 20_000 });
    await sees(page, 'يومياً');
    await sees(page, 'شهرياً');
  }
  await iq.secretary.goto(room);
  await iq.secretary.locator('.is-bracket a[data-write]').first().click();
  const form = iq.secretary.locator('[data-writing] form');
  await form.locator('textarea').fill('قررت اللجنة تبادل المناسيب كل أسبوع.');
  await form.locator('button').last().click();
  for (const page of [iq.secretary, sy.secretary]) await page.locator('.is-bracket').waitFor({ state: 'detached', timeout: 20_000 }); // ours has gone on too
  await sees(sy.secretary, 'كل أسبوع');
});

test('a decision becomes a commitment, and both heads sign what was read back', async () => {
  const page = iq.secretary;
  await page.goto(room);
  await page.locator('a[href*="/commitments/new?"]').first().click();
  const form = page.locator('form[action$="/commitments/new"]');
  await fill(form, { side: 'iq-sy us sy', title_ar: 'جدول المناسيب', text_ar: 'يرسل الجانب جدول المناسيب كل أسبوع.', test_ar: 'وصول الجدول كاملاً لأربعة أسابيع.', sector: 'water', 'due.day': '1', 'due.month': '3', 'due.year': '2031' });
  await clean(page);
  await form.locator('button').last().click();
  await page.waitForURL(u => u.pathname === room);
  promise = await page.locator('a[href*="/commitments/iq-sy/"]').first().getAttribute('href');
  await says(page, '/minutes/clear', { 'next.day': '15', 'next.month': '4', 'next.year': '2031' });
  await sy.secretary.goto(room);
  await sees(sy.secretary, 'أجاز');
  await sy.secretary.locator(`a[href="${promise}"]`).first().waitFor({ timeout: 20_000 });
  await says(sy.secretary, '/minutes/clear');
  for (const head of [iq.head, sy.head]) {
    await head.goto(room);
    await opened(head, '/minutes/sign');
    await clean(head);
    await says(head, '/minutes/sign');
    await head.locator('main form[data-passkey=get] button[type=submit]').click(); // the page that asks for its signature
  }
  await sees(iq.head, 'JWC/2031/1');
  await sees(iq.secretary, 'موقّع');
});

test('the work is reported, returned, reported again and accepted', async () => {
  for (const page of [iq.secretary, sy.secretary]) await page.goto(promise);
  await formally(iq, `${promise}/report`, { evidence: 'أُرسل الجدول لثلاثة أسابيع.' }, [{ name: 'levels.csv', mimeType: 'text/csv', buffer: Buffer.from('station,level\nQaim,4.2\n') }]);
  await sees(sy.secretary, 'أُرسل الجدول لثلاثة أسابيع.');
  await sees(sy.secretary, 'levels.csv');
  await clean(sy.secretary);
  await formally(sy, `${promise}/return`, { reason: 'يُستكمل الأسبوع الرابع' });
  await iq.secretary.goto(promise);
  await sees(iq.secretary, 'يُستكمل الأسبوع الرابع');
  await formally(iq, `${promise}/report`, { evidence: 'أُرسل الأسبوع الرابع.' });
  await sy.secretary.goto(promise);
  await sees(sy.secretary, 'أُرسل الأسبوع الرابع.');
  await formally(sy, `${promise}/accept`);
  await iq.secretary.goto(promise);
  await sees(iq.secretary, 'قُبل الإنجاز');
  await iq.head.goto('/ar/relations/iq-sy/sy');
  await clean(iq.head);
});

test('between sessions a decision is circulated and approved in writing, and another is objected to', async () => {
  const circulate = async (side, title) => {
    await side.secretary.goto(body);
    await formally(side, '/circulate', { title, text: 'تُفتح محطة قياس في سد الفرات قبل موسم الفيضان.' });
  };
  await circulate(iq, 'محطة قياس جديدة');
  await sees(iq.head, 'JWC/');
  await sees(iq.head, 'معمَّم');
  await sy.secretary.goto('/ar/');
  await sees(sy.secretary, 'إقرار قرار معمَّم');
  await sy.secretary.goto(body);
  await clean(sy.secretary);
  await look(sy.secretary, 'circulated');
  await formally(sy, '/approve');
  await iq.secretary.goto(body);
  await sees(iq.secretary, 'معتمد');
  await iq.secretary.locator('main a[href*="/commitments/new?"]').first().waitFor();
  await circulate(sy, 'نقل المقر');
  await iq.secretary.goto(body);
  await formally(iq, '/object', { reason: 'يُبحث في الدورة المقبلة' });
  await sy.secretary.goto(body);
  await sees(sy.secretary, 'معترض عليه');
  await clean(sy.secretary);
  await look(sy.secretary, 'decided');
});

test('a session is postponed, dated anew, its delegations named, and called off while one travels', async () => {
  await sy.secretary.goto(body);
  await formally(sy, '/meet', { 'day.day': '8', 'day.month': '4', 'day.year': '2031', hour: '10:00', place: 'دمشق' });
  const second = here(sy.head);
  await arrives(iq.head, second);
  await says(iq.head, `${second}/agree`);
  await iq.secretary.goto(second);
  await sees(iq.secretary, 'اتُّفق على الموعد');
  const agenda = await opened(iq.secretary, `${second}/agenda`);
  assert.match(await agenda.locator('[name="item.0"]').inputValue(), /ما ينشأ عن محضر الدورة/, 'what arises from the minutes before is carried forward');
  await fill(agenda, { 'item.1': 'السدود' });
  await agenda.locator('button').last().click();
  await sy.head.goto(second);
  await says(sy.head, `${second}/agree`);
  await sees(iq.secretary, 'اتُّفق على جدول الأعمال');
  await formally(iq, `${second}/postpone`, { reason: 'عطلة رسمية' });
  await sees(iq.head, 'مؤجل');
  await arrives(sy.secretary, second);
  await sees(sy.secretary, 'مؤجل');
  await formally(sy, `${second}/propose`, { 'day.day': '22', 'day.month': '4', 'day.year': '2031', hour: '11:00', place: 'دمشق' });
  await iq.head.goto(second);
  await sees(iq.head, '٢٢ نيسان ٢٠٣١');
  await look(iq.head, 'postponed');
  await says(iq.head, `${second}/agree`);
  await sees(iq.head, 'اتُّفق على جدول الأعمال');
  await sy.secretary.goto(second);
  await formally(sy, `${second}/convene`);
  await iq.secretary.goto(second);
  await sees(iq.secretary, 'وُجّهت الدعوة');
  await says(iq.secretary, '/delegation', { head: 'وكيل وزارة الموارد المائية', members: 'مدير السدود — وزارة الزراعة في إقليم كردستان', alternates: 'معاون مدير السدود' });
  await sees(iq.secretary, /معاون مدير السدود.*مناوب/);
  await says(iq.secretary, `${second}/paper`, { title: 'حال السدود', text: 'جدول المخزون' }, [{ name: 'dams.csv', mimeType: 'text/csv', buffer: Buffer.from('dam,level\nMosul,321\n') }]);
  await sees(iq.secretary, 'IQ/1');
  await clean(iq.secretary);
  await look(iq.secretary, 'convened');
  await sy.secretary.goto(second);
  await formally(sy, `${second}/cancel`, { reason: 'تعذّر السفر' });
  await iq.secretary.goto(second);
  await sees(iq.secretary, 'لم ينعقد');
  await iq.secretary.goto(body);
  await formally(iq, '/meet', { 'day.day': '6', 'day.month': '5', 'day.year': '2031', hour: '10:00', place: 'بغداد' });
  const third = here(iq.head);
  await arrives(sy.head, third);
  await says(sy.head, `${third}/agree`);
  await sy.secretary.goto(third);
  await sees(sy.secretary, 'اتُّفق على الموعد');
  const forward = await opened(sy.secretary, `${third}/agenda`);
  assert.equal(await forward.locator('[name="item.1"]').inputValue(), 'السدود', 'the agenda of a session that was not held is carried forward');
  await formally(sy, `${third}/cancel`, { reason: 'يُدمج في الدورة المقبلة' });
  await iq.secretary.goto(third);
  await sees(iq.secretary, 'ملغى');
});

test('the session is closed, taken out as one file that verifies, compiled with the others, and its commitments counted', async () => {
  await iq.secretary.goto(room);
  await says(iq.secretary, `${room}/close`);
  await sees(iq.secretary, 'مغلق');
  await clean(iq.secretary);
  await look(iq.secretary, 'closed');
  const take = async (page, at) => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.locator(`main a[href*="${at}"]`).first().click()]);
    return file.path();
  };
  await iq.head.goto(room);
  const session = await take(iq.head, `${room}/file`);
  const letters = Object.values(demo.nodes).flatMap(n => ['--letter', path.join(n.dir, 'letter.credence')]);
  const said = execFileSync(program, ['verify', '--json', ...letters, session], { encoding: 'utf8' });
  assert.equal(JSON.parse(said).verified, true);
  const signed = JSON.parse(said).checks.filter(c => c.check === 'signature'); // both heads signed with their passkeys
  assert.deepEqual([signed.filter(c => c.void), [...new Set(signed.map(c => c.member))].sort()], [[], ['iq', 'sy']]);
  await iq.head.goto(`${body}/minutes`);
  await sees(iq.head, 'كل أسبوع');
  await clean(iq.head);
  await look(iq.head, 'series');
  await iq.head.goto('/ar/commitments');
  const sheet = await readFile(await take(iq.head, '/commitments/sheet'));
  assert.equal(sheet.subarray(0, 2).toString(), 'PK');
  await look(iq.head, 'register');
  for (const view of ['with=sy', 'sector=water', `body=${body.split('/').pop()}`]) {
    await iq.head.goto(`/ar/commitments?${view}`);
    await sees(iq.head, 'جدول المناسيب');
  }
  await iq.head.goto('/ar/relations/iq-sy/sy');
  await look(iq.head, 'relation');
});

test('nothing broke the content security policy', async () => {
  for (const page of [iq.secretary, iq.head, sy.secretary, sy.head]) assert.deepEqual(problems(page, [/status of 4(22|03)/]), []);
});
