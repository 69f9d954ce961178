// What several journeys do: sign in, read a number, wait for a change.
import assert from 'node:assert/strict';

/** Signs in and chooses the language: users of the demo have one of their own. */
export async function signIn(page, login, lang = 'en') {
  await page.goto('/sign-in');
  await page.locator('input[name=email]').fill(login.email);
  await page.locator('input[name=password]').fill(login.password);
  await page.locator('main form button[type=submit]').click();
  await page.getByRole('main').and(page.locator('#content')).waitFor();
  if ((await page.locator('html').getAttribute('lang')) !== lang) await choose(page, lang);
}

/** Signs out by the menu behind the user's initials. */
export async function signOut(page) {
  await page.locator('.user-button').click();
  await page.locator('.menu-panel form[action="/sign-out"] button').click();
  await page.waitForURL('**/sign-in');
}

/** Chooses a language or a theme in the menu behind the user's initials. */
export async function choose(page, value) {
  await page.locator('.user-button').click();
  await page.locator(`.menu-panel button[value="${value}"]`).click();
  const attribute = ['light', 'dark', 'auto'].includes(value) ? 'data-theme' : 'lang';
  await page.locator(`html[${attribute}="${value}"]`).waitFor({ state: 'attached' });
}

/** `¥1,234.50`, `1,234`, `12.3 万`, `82 %` → the number. */
export function numberIn(text) {
  const match = /-?[\d,]*\.?\d+/.exec(text.replace('−', '-'));
  assert.ok(match, `no number in “${text}”`);
  const unit = /[\d.]\s*(万|亿|k|m)/i.exec(text)?.[1]?.toLowerCase();
  return Number(match[0].replaceAll(',', '')) * ({ 万: 1e4, 亿: 1e8, k: 1e3, m: 1e6 }[unit] ?? 1);
}

/** Asks again until `check` holds, because the page changes by itself; the last answer stands in the error. */
export async function eventually(what, ask, check, limit_ms = 10_000) {
  const began = Date.now();
  for (;;) {
    const answer = await ask();
    if (check(answer)) return { answer, after_ms: Date.now() - began };
    if (Date.now() - began > limit_ms) assert.fail(`${what}: still ${JSON.stringify(answer)} after ${limit_ms} ms`);
    await new Promise((again) => { setTimeout(again, 100); });
  }
}
