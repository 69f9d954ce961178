// The look: both languages, light and dark, a phone. Every page of the navigation is opened in each and must neither
// be wider than the window nor complain in the console.
import assert from 'node:assert/strict';
import { overflow, PHONE } from './chromium.mjs';
import { choose, signIn } from './steps.mjs';

/** Pages below a record's. */
const BELOW = {
  '/account': ['access', 'share', 'edit', 'privacy', 'merge'],
  '/contact': ['privacy', 'merge'],
  '/role': ['rights'],
  '/user': ['hand-over'],
};
/** Pages nothing in the navigation leads to. */
const OTHERS = ['/profile', '/profile/second-factor', '/security', '/security/sign-ins', '/privacy', '/account/duplicates'];

/** The pages a signed-in user reaches by the navigation, and one record of each list. */
export async function pagesOf(page) {
  await page.goto('/');
  const links = await page.locator('#nav a[href^="/"]').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  const pages = [...new Set(['/', ...links, ...OTHERS])];
  for (const path of [...pages]) {
    await page.goto(path);
    const record = page.locator('tr[data-row] a.row-title').first();
    if (await record.count()) {
      const href = await record.getAttribute('href');
      pages.push(href, ...(BELOW[path] ?? []).map((page) => `${href}/${page}`));
    }
    const board = page.locator('.switch-row a[href*="/board"]').first();
    if (await board.count()) pages.push((await board.getAttribute('href')).split('?')[0]);
    const create = page.locator('a[data-create]').first();
    if (await create.count()) pages.push(await create.getAttribute('href'));
  }
  return [...new Set(pages)];
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
    await desk.goto('/account');
    await desk.getByRole('navigation', { name: '主导航' }).waitFor();
    await inOrder(desk, pages);
  });

  await step('dark is chosen and stays', async () => {
    await desk.goto('/account');
    await choose(desk, 'dark');
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
    await signIn(phone, program.login);
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
