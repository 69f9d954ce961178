// What several journeys do: sign in, read a number, wait for a change.
import assert from 'node:assert/strict';

export async function signIn(page, login) {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(login.email);
  await page.getByLabel('Password').fill(login.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main navigation' }).waitFor();
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
