// What officials print: a note from its page, the same bytes that a program gets; an agreement's papers from its record.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { api, asOfficial, axe, overflow, problems, shoot, startBrowser, startDemo } from './harness.mjs';

let demo, browser, iq, sy;
before(async () => { demo = await startDemo({ args: ['--empty'] }); browser = await startBrowser(); ({ iq, sy } = demo.nodes); }, { timeout: 120_000 });
after(async () => { await browser?.close(); await demo?.stop(); });

/** bytes fetches what a link of the page leads to, as the browser would. */
const bytes = async (page, href) => {
  const res = await page.request.get(href);
  return { type: res.headers()['content-type'], name: res.headers()['content-disposition'], body: await res.body() };
};

test('a note is printed from its page in both languages', async () => {
  const made = await api(iq, 'POST', '/forums/iq-sy/notes', {
    kind: 'verbale', to: ['sy'], subject: { ar: 'ساعات العمل في معبر ربيعة', en: 'Hours at the Rabia crossing' },
    text: { ar: 'تقترح الوزارة تمديد ساعات العمل.', en: 'The Ministry proposes longer hours.' }, release: true,
  }, { Prefer: 'wait=20' });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  for (const lang of ['ar', 'en']) {
    const page = await asOfficial(browser, iq, iq.accounts[0].official, { lang });
    await page.goto(`/${lang}/notes/iq-sy/${made.body.id}`);
    const file = await bytes(page, await page.locator('a[href$="/pdf"]').getAttribute('href'));
    assert.equal(file.type, 'application/pdf');
    assert.match(file.name, /^attachment; filename="IQ-1-\d{4}\.pdf"/);
    assert.match(file.body.subarray(0, 9).toString('latin1'), /^%PDF-1\.7/);
    const other = await fetch(`${sy.url}/api/v1/forums/iq-sy/notes/${made.body.id}/pdf?language=${lang}`, { headers: { Authorization: `Bearer ${sy.token}` } });
    assert.deepEqual(Buffer.from(await other.arrayBuffer()), file.body, 'both sides print the same bytes');
    await page.context().close();
  }
});

test('a note that nobody here has opened is not printed from its page', async () => {
  const made = await api(iq, 'POST', '/forums/iq-sy/notes', { kind: 'verbale', to: ['sy'], subject: { ar: 'مذكرة لم تُفتح' }, text: { ar: 'نص' }, release: true }, { Prefer: 'wait=20' });
  const page = await asOfficial(browser, sy, sy.accounts[0].official);
  await page.goto(`/ar/notes/iq-sy/${made.body.id}`);
  assert.equal(await page.locator('a[href$="/pdf"]').count(), 0);
  const file = await bytes(page, `/ar/notes/iq-sy/${made.body.id}/pdf`);
  assert.match(file.type, /^text\/html/);
  await page.context().close();
});

test('an agreement has its papers beside its record', async () => {
  const made = await api(iq, 'POST', '/forums/iq-sy/agreements', { kind: 'mou', title: { ar: 'مذكرة تفاهم' }, parties: ['iq', 'sy'], binding: true, release: true }, { Prefer: 'wait=20' });
  const at = `/forums/iq-sy/agreements/${made.body.id}`;
  const say = async (node, step) => { const a = await api(node, 'POST', `${at}/steps`, { ...step, release: true }, { Prefer: 'wait=20' }); assert.equal(a.status, 200, JSON.stringify(a.body)); };
  await say(sy, { kind: 'negotiate', terms: { binding: true } });
  await say(iq, { kind: 'table', body: {
    clauses: { languages: ['ar'], consent: { iq: 'notification', sy: 'notification' }, force: { on: 'last-notification', days: 30 } },
    names: { iq: { ar: 'جمهورية العراق' }, sy: { ar: 'الجمهورية العربية السورية' } },
    segments: [{ id: 'title', kind: 'title', text: { ar: 'مذكرة تفاهم بين ⟦P1⟧ و⟦P2⟧' } }, { id: 'art-1', kind: 'article', number: '1', text: { ar: 'الغرض' } }, { id: 'art-1-p1', kind: 'paragraph', text: { ar: 'يتبادل الطرفان البيانات.' } }],
  } });
  for (const [lang, look] of [['ar', 'desktop'], ['en', 'phone']]) {
    const page = await asOfficial(browser, iq, iq.accounts[0].official, { lang, look });
    await page.goto(`/${lang}/record?forum=iq-sy&thing=agreement/${made.body.id}`);
    await shoot(page, `${lang}-${look}-papers`);
    assert.equal(await overflow(page), 0);
    assert.deepEqual(await axe(page), []);
    const links = await page.locator('a[href*="/papers/"]').evaluateAll(all => all.map(a => a.getAttribute('href')));
    assert.deepEqual(links.map(l => l.split('/').pop()), ['text', 'original', 'akoma-ntoso']);
    for (const link of links) {
      const file = await bytes(page, link);
      assert.match(file.type, link.endsWith('akoma-ntoso') ? /^application\/akn\+xml/ : /^application\/pdf/);
      assert.ok(file.body.length > 1000);
    }
    assert.deepEqual(problems(page), []);
    await page.context().close();
  }
});
