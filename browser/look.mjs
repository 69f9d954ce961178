// The look: both languages, light and dark, a phone. Every page of the navigation is opened in each and must neither
// be wider than the window nor complain in the console.
import assert from 'node:assert/strict';
import { overflow, PHONE } from './chromium.mjs';
import { eventually, signIn } from './steps.mjs';

/** The pages a signed-in user reaches by the navigation, and one record of each list. */
export async function pagesOf(page) {
  await page.goto('/');
  const links = await page.locator('#nav a[href^="/"]').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  const pages = [...new Set(['/', ...links])];
  for (const path of [...pages]) {
    await page.goto(path);
    const record = page.locator('tr[data-row] a.row-title').first();
    if (await record.count()) pages.push(await record.getAttribute('href'), `${path.split('?')[0]}/new`);
  }
  return [...new Set(pages)];
}

/** Chooses the language or theme in the menu behind the user's initials. */
export async function choose(page, value) {
  const button = page.locator(`button[value="${value}"]`);
  if (!(await button.first().isVisible())) await page.locator('.user-button').click();
  await button.first().click();
  await page.waitForLoadState();
}

export async function look({ open, step, program }) {
  const desk = await open();
  let pages;

  await step('every page of the navigation opens', async () => {
    await signIn(desk, program.login);
    pages = await pagesOf(desk);
    assert.ok(pages.length >= 8, `only ${pages.length} pages: ${pages}`);
    await inOrder(desk, pages);
  });

  await step('Chinese is chosen and stays', async () => {
    await desk.goto('/account');
    await choose(desk, 'zh-CN');
    await eventually('language', () => desk.locator('html').getAttribute('lang'), (lang) => lang === 'zh-CN');
    await desk.goto('/account');
    await desk.getByRole('navigation', { name: '主导航' }).waitFor();
    await inOrder(desk, pages);
  });

  await step('dark is chosen and stays', async () => {
    await desk.goto('/account');
    await choose(desk, 'dark');
    await eventually('theme', () => desk.locator('html').getAttribute('data-theme'), (theme) => theme === 'dark');
    await desk.goto('/account');
    const shade = await desk.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number));
    assert.ok(Math.max(...shade) < 80, `the page's ground is rgb(${shade})`);
    await inOrder(desk, pages);
    await choose(desk, 'light');
    await choose(desk, 'en');
  });

  await step('on a phone no page is wider than the screen', async () => {
    const phone = await open({ viewport: PHONE, phone: true });
    await phone.goto('/sign-in');
    assert.equal(await overflow(phone), 0);
    await phone.getByLabel('E-mail').fill(program.login.email);
    await phone.getByLabel('Password').fill(program.login.password);
    await phone.getByRole('button', { name: 'Sign in' }).click();
    await phone.getByRole('button', { name: 'Open navigation' }).waitFor();
    await inOrder(phone, pages);
    await phone.goto('/account');
    await phone.getByRole('button', { name: 'Open navigation' }).click();
    await phone.getByRole('navigation', { name: 'Main navigation' }).getByRole('link', { name: 'Orders', exact: true }).click();
    await phone.getByRole('heading', { level: 1, name: 'Orders' }).waitFor();
  });
}

async function inOrder(page, pages) {
  const wide = [];
  for (const path of pages) {
    const answer = await page.goto(path);
    assert.equal(answer.status(), 200, path);
    await page.waitForLoadState('load');
    const px = await overflow(page);
    if (px > 0) wide.push(`${path} by ${px} px`);
  }
  assert.deepEqual(wide, [], 'pages wider than the window');
}
