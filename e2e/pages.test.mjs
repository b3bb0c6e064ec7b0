// Every page of the navigation, in both languages, on a desktop, a phone and in the dark, over the demo's story: nothing
// runs out of the window, nothing breaks the content security policy, and axe finds nothing (WCAG 2.2 AA).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { asOfficial, axe, overflow, problems, startBrowser, startDemo } from './harness.mjs';

let demo, browser;
before(async () => { demo = await startDemo(); browser = await startBrowser(); }, { timeout: 120_000 });
after(async () => { await browser?.close(); await demo?.stop(); });

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
