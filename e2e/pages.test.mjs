// Every page of the navigation, in both languages, on a desktop, a phone and in the dark, over the demo's story: nothing
// runs out of the window, nothing breaks the content security policy, and axe finds nothing (WCAG 2.2 AA).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { asOfficial, axe, overflow, problems, startBrowser, startDemo } from './harness.mjs';

let demo, browser;
before(async () => { demo = await startDemo(); browser = await startBrowser(); }, { timeout: 120_000 });
after(async () => { await browser?.close(); await demo?.stop(); });

// ofAgreements lists the pages of the demo's agreements, one in each of its states, and the forms of one on the table.
async function ofAgreements(page, lang) {
  await page.goto(`/${lang}/agreements`);
  const all = await page.locator('main h3 a[href*="/agreements/iq-sy/"]').evaluateAll(links => links.map(a => a.getAttribute('href')));
  assert.ok(all.length >= 4, `the demo has ${all.length} agreements`);
  const places = [`/${lang}/agreements`, `/${lang}/agreements/new`, ...all];
  for (const at of all) {
    await page.goto(at);
    const redline = page.locator('main a[href*="against="]').first();
    if (await redline.count() === 0) continue;
    const open = await page.locator('main a[href$="/text/edit"]').count() > 0;
    places.push(`${at}/text`, await redline.getAttribute('href'));
    if (open) places.push(...['text/edit', 'bracket?segment=notice-1', 'mandates/new', 'say/concord', 'say/initial', 'say/seal'].map(p => `${at}/${p}`));
    else places.push(...['say/denounce', 'say/correct', 'say/dormant'].map(p => `${at}/${p}`));
  }
  return places;
}

// ofMeetings lists the pages of bodies, sessions and commitments: every session, a commitment in each state, the forms.
async function ofMeetings(page, lang) {
  const all = async (place, selector) => {
    await page.goto(`/${lang}${place}`);
    return page.locator(`main ${selector}`).evaluateAll(links => [...new Set(links.map(a => a.getAttribute('href')))]);
  };
  const sessions = await all('/meetings', 'h3 a[href*="/meetings/iq-sy/"]');
  assert.ok(sessions.length >= 4, `the demo has ${sessions.length} sessions`);
  const rules = await all('/meetings', 'a[href$="/rules"]');
  const register = await all('/commitments', 'a[href*="/commitments/iq-sy/"]');
  const drafting = [];
  for (const at of sessions) drafting.push(...await all(at.slice(3), 'a[href*="/edit?section="]'));
  return ['/meetings', '/commitments', '/commitments?sector=water&with=sy', '/commitments/new', '/bodies/new', '/relations/iq-sy/sy'].map(p => `/${lang}${p}`)
    .concat(sessions, rules, register.slice(0, 12), drafting.slice(0, 1));
}

for (const lang of ['ar', 'en']) {
  for (const look of ['desktop', 'phone', 'dark']) {
    test(`${lang}, ${look}`, async () => {
      const page = await asOfficial(browser, demo.nodes.iq, 'releaser', { lang, look });
      const linked = async selector => page.locator(`main ${selector}`).first().getAttribute('href');
      const places = ['/', '/notes', '/notes?box=drafts', '/notes/new', '/record', '/forum'].map(p => `/${lang}${p}`);
      await page.goto(`/${lang}/notes`);
      places.push(await linked('a[href*="/notes/iq-sy/"]'));
      await page.goto(`/${lang}/notes?box=drafts`);
      places.push(await linked('a[href*="/drafts/"]'));
      await page.goto(`/${lang}/record`);
      places.push(await linked('a[href*="/record/iq-sy/"]'));
      places.push(...await ofAgreements(page, lang), ...await ofMeetings(page, lang));
      await page.goto(`/${lang}/programmes`);
      for (const programme of await page.locator('main .notes h3 a').evaluateAll(all => all.map(a => a.getAttribute('href')))) {
        await page.goto(programme);
        const records = await linked('a[href*="/records/"]');
        places.push(programme, records);
        if (!/water/.test(records)) continue;
        await page.goto(records);
        const one = await linked('tbody a[href*="/one/"]');
        places.push(`/${lang}/programmes`, `${programme}/annex`, `${records}/upload`, `${records}/new`, one);
      }
      for (const place of places) {
        await page.goto(place);
        assert.equal(await overflow(page), 0, `${place} runs out of the window`);
        assert.deepEqual(await axe(page), [], place);
      }
      assert.deepEqual(problems(page), []);
      await page.context().close();
    });
  }
}
