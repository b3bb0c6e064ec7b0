// Takes a picture of every page an official reaches from the navigation, and of the first thing each list leads to: both
// languages, desktop, phone and dark, into e2e/shots/. For people to look at; it judges only that pages answer.
import { asOfficial, newPage, overflow, problems, shoot, startBrowser, startDemo } from './harness.mjs';

/** pathsOf gives the paths a page links to within the same language, without repeats. */
const pathsOf = (page, where, lang) => page.locator(where).evaluateAll((links, lang) => [...new Set(links
  .map(a => new URL(a.href, location.href))
  .filter(u => u.origin === location.origin && u.pathname.startsWith(`/${lang}/`) && !/sign-?out|\/events|\/files?\/|\/letter$|proof|download|\/pdf$/.test(u.pathname))
  .map(u => u.pathname))], lang);

const nameOf = (lang, look, at) => [lang, look, at.split('/').filter(Boolean).slice(1).join('-').slice(0, 60) || 'today'].join('-');

/** visit looks at one page and says what is wrong with it. */
async function visit(page, lang, look, at) {
  const res = await page.goto(at);
  const file = await shoot(page, nameOf(lang, look, at));
  const wide = await overflow(page);
  const remarks = [res.status() >= 400 && `status ${res.status()}`, wide > 0 && `${wide} px too wide`, ...problems(page)].filter(Boolean);
  page.jisrProblems.length = 0;
  console.log([file.split('/').slice(-2).join('/'), ...remarks].join('  '));
  return remarks.length;
}

/** tour goes through the pages of one language and look. */
async function tour(browser, node, lang, look) {
  const outside = await newPage(browser, node.url, { lang, look });
  let bad = await visit(outside, lang, look, `/${lang}/sign-in`);
  await outside.context().close();
  const page = await asOfficial(browser, node, node.accounts[0].official, { lang, look });
  for (const at of [`/${lang}/`, ...(await pathsOf(page, 'nav a[href]', lang)).filter(p => p !== `/${lang}/`)]) {
    bad += await visit(page, lang, look, at);
    const further = (await pathsOf(page, 'main a[href]', lang)).filter(p => p.length > at.length && p.startsWith(at));
    if (at !== `/${lang}/` && further[0]) bad += await visit(page, lang, look, further[0]);
  }
  await page.context().close();
  return bad;
}

const demo = await startDemo();
const browser = await startBrowser();
let bad = 0;
try {
  for (const lang of ['ar', 'en']) for (const look of ['desktop', 'phone', 'dark']) bad += await tour(browser, demo.nodes.iq, lang, look);
} finally {
  await browser.close();
  await demo.stop();
}
if (bad > 0) { console.error(`jisr: ${bad} remarks above`); process.exitCode = 1; }
