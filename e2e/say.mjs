// How an official says something on a page: fills in the form of an action, or has it drafted by one and released by another.

import assert from 'node:assert/strict';
import { axe, overflow, signs } from './harness.mjs';

const main = page => page.getByRole('main');
export const sees = (page, what) => main(page).getByText(what).first().waitFor({ timeout: 20_000 });
export const here = page => new URL(page.url()).pathname;

/** clean asserts that a page is within reach of everybody and within its window. */
export const clean = async page => {
  assert.deepEqual(await axe(page), [], here(page));
  assert.equal(await overflow(page), 0, here(page));
};

/** opened opens the form of an action, where it stands. */
export async function opened(page, action) {
  const form = page.locator(`form[action$="${action}"]`).first();
  await form.waitFor({ state: 'attached', timeout: 20_000 });
  if (!await form.isVisible()) await page.locator('details', { has: form }).locator('summary').first().click();
  await form.waitFor();
  return form;
}

export const fill = async (form, values) => {
  for (const [name, value] of Object.entries(values)) {
    const field = form.locator(`[name="${name}"]`);
    if (await field.evaluate(f => f.tagName) === 'SELECT') await field.selectOption(value);
    else await field.fill(value);
  }
};

/** says fills in an action and sends it; it leads back to the page it was said on. */
export async function says(page, action, values = {}, files = []) {
  const form = await opened(page, action);
  await fill(form, values);
  if (files.length > 0) await form.locator('input[type=file]').setInputFiles(files);
  await form.locator('button').last().click();
}

/** formally has the secretary draft it, and the head clear and release it. */
export async function formally(side, action, values, files) {
  await says(side.secretary, action, values, files);
  await side.secretary.waitForURL(/\/outgoing\//);
  await released(side.head, side.secretary);
}

/** released has the head clear and release the draft whose page the secretary has open. */
export async function released(head, secretary) {
  await head.goto('/ar/');
  await head.locator(`a[href="${here(secretary)}"]`).first().click();
  await head.locator('form[action$="/clear"] button').click();
  await head.locator('form[action$="/release"] button').click();
  await signs(head, u => !u.pathname.includes('/outgoing/'));
}

/** arrives opens a page once what it is about has come from the other side; that it was not there before is no problem. */
export async function arrives(page, at) {
  const before = page.jisrProblems.length;
  for (let tries = 0; tries < 40; tries++) {
    const res = await page.goto(at);
    if (res.status() === 200) {
      page.jisrProblems.push(...page.jisrProblems.splice(before).filter(p => !/status of 404/.test(p)));
      return;
    }
    await new Promise(resolve => setTimeout(resolve, 250));
  }
  throw new Error(`${at} hasn't arrived`);
}
