// Pictures of every page for the eye: node screenshots.mjs FOLDER
// Desktop and phone, both languages, light and dark. The folder is not part of the repository.
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DESKTOP, launch, openPage, PHONE } from './chromium.mjs';
import { pagesOf } from './look.mjs';
import { startDemo } from './program.mjs';
import { choose, signIn } from './steps.mjs';

/** Pages that nothing in the navigation leads to and that differ by their address: every part of the seven P, forecasts by what they are cut by, the life cycle in groups and with a cost, maps, lists behind numbers, the best customer, a dashboard, a product. */
async function others(page) {
  const pages = ['profiling', 'persistency', 'profitability', 'performance', 'prospecting', 'product', 'promotion'].map((part) => `/value/seven-p/${part}`);
  pages.push(...['region', 'category', 'product'].map((by) => `/analysis/forecast?by=${by}`), '/analysis/purchasing', '/value/benefit', '/value/life-cycle?by=relation', '/value/life-cycle?cost=20');
  pages.push('/analysis/explore?m=sales&r=account.province&chart=map', `/analysis/explore?m=sales&r=account.city&chart=map&filter=${encodeURIComponent("account.province == '山东省'")}`);
  pages.push('/analysis/explore?m=sales&r=product.category&chart=treemap', '/analysis/explore?m=sales&r=channel&c=day%3Aquarter&chart=heat', '/analysis/explore?m=sales&r=account.province');
  for (const [path, behind] of [['/value/matrix', 'a[href^="/value/matrix/customers"]'], ['/value/life-cycle', 'a[href^="/value/life-cycle/customers"]'], ['/account?sort=-net_sales', 'a.row-title[href^="/account/"]']]) {
    await page.goto(path);
    const link = page.locator(`#content ${behind}`).first();
    if (await link.count()) pages.push(await link.getAttribute('href'));
  }
  await page.goto('/analysis/baskets');
  const product = await page.locator('select[name=product] option').nth(1).getAttribute('value').catch(() => null);
  if (product) pages.push(`/analysis/product/${product}`);
  for (const list of ['/analysis/dashboards', '/dashboard']) {
    const answer = await page.goto(list);
    const links = answer.ok() ? await page.locator('#content a[href^="/dashboard/"], #content a[href^="/analysis/dashboard"]').evaluateAll((all) => all.map((link) => link.getAttribute('href'))) : [];
    pages.push(...links.filter((href) => /[0-9a-f]{8}-/.test(href) && !/edit|new/.test(href)));
  }
  return [...new Set(pages)];
}

if (!process.argv[2]) throw new Error('usage: node screenshots.mjs FOLDER');
const folder = resolve(process.argv[2]);
await mkdir(folder, { recursive: true });
const browser = await launch();
// A program that runs already, with its own data, can be pictured as well.
const program = process.env.ZHIKE_URL
  ? { url: process.env.ZHIKE_URL, login: { email: process.env.ZHIKE_EMAIL, password: process.env.ZHIKE_PASSWORD }, stop: async () => {} }
  : await startDemo();
try {
  for (const [size, viewport] of Object.entries({ desk: DESKTOP, phone: PHONE })) {
    const page = await openPage(browser, program.url, { viewport, phone: size === 'phone' });
    await page.goto('/sign-in');
    await page.screenshot({ path: join(folder, `sign-in-${size}.png`) });
    await signIn(page, program.login);
    const pages = [...(await pagesOf(page)), ...(await others(page))];
    for (const lang of ['zh-CN', 'en']) {
      for (const theme of ['light', 'dark']) {
        await page.goto('/');
        await choose(page, lang);
        await choose(page, theme);
        for (const path of pages) {
          await page.goto(path);
          await page.waitForLoadState('load');
          await page.waitForTimeout(400); // charts draw after the page has come
          const name = path.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'one').replaceAll(/\W+/g, '-').replaceAll(/^-|-$/g, '') || 'home';
          await page.screenshot({ path: join(folder, `${name}-${size}-${lang}-${theme}.png`), fullPage: size === 'desk' });
        }
      }
    }
    for (const trouble of new Set(page.troubles)) console.log(trouble);
    await page.context().close();
  }
} finally {
  await browser.close();
  await program.stop();
}
