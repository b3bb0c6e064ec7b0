// The first thing that must be true: the demo comes up, both portals let an official in, in both languages, on a desktop
// and on a phone, with no violation of the content security policy and nothing a reader with a screen reader trips over.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { account, api, asOfficial, axe, newPage, overflow, problems, startBrowser, startDemo } from './harness.mjs';

let demo, browser;
before(async () => { demo = await startDemo(); browser = await startBrowser(); }, { timeout: 120_000 });
after(async () => { await browser?.close(); await demo?.stop(); });

test('the demo names two nodes, a forum and accounts', () => {
  assert.deepEqual(Object.keys(demo.nodes), ['iq', 'sy']);
  assert.equal(demo.forum, 'iq-sy');
  for (const node of Object.values(demo.nodes)) {
    assert.match(node.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.ok(node.token && node.dir && node.pid > 0, `${node.member} lacks token, dir or pid`);
    assert.ok(node.accounts.length >= 2, `${node.member} needs one official who drafts and one who releases`);
  }
});

test('both nodes are ready and know the forum', async () => {
  for (const node of Object.values(demo.nodes)) {
    for (const probe of ['/healthz', '/readyz']) assert.equal((await fetch(node.url + probe)).status, 200, node.member + probe);
    const forums = await api(node, 'GET', '/forums');
    assert.equal(forums.status, 200);
    assert.match(JSON.stringify(forums.body), /"iq-sy"/);
  }
});

test('a wrong password is refused in Arabic and lets nobody in', async () => {
  const node = demo.nodes.iq;
  const page = await newPage(browser, node.url);
  await page.goto('/ar/');
  const form = page.locator('form:has(input[type=password])');
  await form.locator('input:not([type=hidden]):not([type=password])').first().fill(node.accounts[0].official);
  await form.locator('input[type=password]').fill('not the password');
  await form.locator('button').first().click();
  await form.locator('input[type=password]').waitFor();
  assert.match(await page.locator('[role=alert]').first().innerText(), /[\u0621-\u064a]{3}/);
  assert.deepEqual(problems(page, [/status of 40[0-9]|status of 42[0-9]/]), []);
  await page.context().close();
});

for (const [lang, dir] of [['ar', 'rtl'], ['en', 'ltr']]) {
  for (const look of ['desktop', 'phone', 'dark']) {
    test(`an official signs in and sees Today: ${lang}, ${look}`, async () => {
      for (const node of Object.values(demo.nodes)) {
        const page = await asOfficial(browser, node, account(node, node.accounts[0].official).official, { lang, look });
        assert.equal(await page.locator('html').getAttribute('lang'), lang);
        assert.equal(await page.locator('html').getAttribute('dir'), dir);
        assert.ok((await page.locator('main h1').innerText()).trim().length > 3, 'the page says what waits');
        assert.equal(await overflow(page), 0, 'nothing runs out of the window');
        assert.deepEqual(await axe(page), []);
        assert.deepEqual(problems(page), []);
        await page.context().close();
      }
    });
  }
}
