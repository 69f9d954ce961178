// axe-core over every page of the navigation, a record, a form and the board; with menus and dialogs open; on desktop and
// phone, light and dark. Every page is seen in both languages, in one on the desktop and in the other on the phone: what they share is seen by
// both, and to see each page in each language at each size would take twice as long.
import assert from 'node:assert/strict';
import { COLOUR_RULES, findings } from './axe.mjs';
import { PHONE } from './chromium.mjs';
import { pagesOf } from './look.mjs';
import { choose, signIn } from './steps.mjs';

/** Scalar, which draws this page, leaves buttons with icons unnamed; its colours are ours to set, its elements are not. */
const FOREIGN = { '/api/docs': /^button-name: / };

const languageOf = (page) => page.locator('html').getAttribute('lang');

async function inLanguage(page, lang) {
  if ((await languageOf(page)) !== lang) await choose(page, lang);
}

async function check(page, where, found, rules) {
  const foreign = FOREIGN[where];
  const lang = await languageOf(page);
  for (const line of await findings(page, rules)) if (!foreign?.test(line)) found.push(`${where} (${lang}): ${line}`);
}

/** As the program says that dark was chosen; that it does say so, and remembers it, is seen by the journey *look*. */
async function wearDark(page, where) {
  const shade = await page.evaluate(() => {
    document.documentElement.dataset.theme = 'dark';
    document.documentElement.dataset.bsTheme = 'dark';
    return getComputedStyle(document.body).backgroundColor;
  });
  assert.ok(Math.max(...shade.match(/\d+/g).slice(0, 3).map(Number)) < 80, `${where}: the page's ground is ${shade}`);
}

/** Each page is opened once for both themes: to open it takes longer than to look at it. */
async function checkAll(page, pages, found) {
  for (const path of pages) {
    await page.goto(path);
    await page.waitForLoadState('load');
    await check(page, path, found);
    await wearDark(page, path);
    await check(page, `${path}, dark`, found, COLOUR_RULES);
  }
}

/** Drawn by its own script, once, in the theme that was chosen. What opens is looked at after it, in dark. */
async function checkForeign(page, found) {
  for (const [theme, rules] of [['light', null], ['dark', COLOUR_RULES]]) {
    await page.goto('/');
    await choose(page, theme);
    for (const path of Object.keys(FOREIGN)) {
      await page.goto(path);
      await page.waitForLoadState('networkidle');
      await check(page, path, found, rules);
    }
  }
}

const none = (found) => assert.deepEqual([...new Set(found)], [], `${found.length} serious findings`);

export async function accessible({ open, step, program }) {
  // In which language what opens is seen, and the pages at even places; those between are seen in the other.
  const sizes = { desktop: { lang: 'en' }, phone: { lang: 'zh-CN', viewport: PHONE, phone: true } };
  const other = { en: 'zh-CN', 'zh-CN': 'en' };
  let pages; // the same on both
  for (const [size, options] of Object.entries(sizes)) {
    const { lang } = options;
    const page = await open(options);

    await step(`signing in on a ${size} is accessible`, async () => {
      const found = [];
      await page.goto('/sign-in');
      await check(page, 'sign-in', found);
      await page.goto('/sign-in/forgotten');
      await check(page, 'forgotten', found);
      await signIn(page, program.login, lang);
      pages ??= [...(await pagesOf(page)), '/profile', '/profile/second-factor', '/security/sign-ins', '/import', '/account?q=nobody-has-this-name', '/account?filter=x%20%3D%3D%201', '/no-such-page'];
      page.troubles.length = 0; // the last page is a 404
      none(found);
    });

    await step(`every page is accessible on a ${size}, light and dark`, async () => {
      await page.goto('/');
      await choose(page, 'light');
      const found = [];
      for (const [place, own] of [lang, other[lang]].entries()) {
        await page.goto('/');
        await inLanguage(page, own);
        await checkAll(page, pages.filter((path, at) => at % 2 === place && !(path in FOREIGN)), found);
      }
      await checkForeign(page, found);
      page.troubles.length = 0;
      none(found);
    });

    await step(`what opens is accessible on a ${size}`, async () => {
      const found = [];
      await page.goto('/account');
      await inLanguage(page, lang);
      await page.locator('[data-filter] > summary').click();
      await page.locator('.filter-row').first().waitFor();
      await check(page, 'filter', found);
      await page.keyboard.press('Escape');
      await page.locator('details[data-columns] > summary').click();
      await page.locator('[data-column-list] li').first().waitFor();
      await check(page, 'columns', found);
      await page.keyboard.press('Escape');
      await page.locator('[data-check]').first().check();
      await page.locator('[data-bulk-field] option').nth(1).waitFor({ state: 'attached' });
      await check(page, 'bulk bar', found);
      await page.locator('[data-bulk-clear]').click();
      await page.keyboard.press('Control+k');
      await page.locator('.palette-item').first().waitFor();
      await check(page, 'palette', found);
      await page.keyboard.press('Escape');
      await page.locator('#palette').waitFor({ state: 'hidden' });
      await page.keyboard.press('?');
      await page.locator('#key-help[open]').waitFor();
      await check(page, 'keys', found);
      await page.keyboard.press('Escape');
      await page.locator('.user-button').click();
      await check(page, 'user menu', found);
      await page.goto('/order/board');
      await page.locator('[data-move]').first().click();
      await check(page, 'move dialog', found);
      await page.goto('/');
      await inLanguage(page, 'en');
      none(found);
    });
  }
}
