import { DESKTOP, launch, openPage, PHONE } from './chromium.mjs';
import { startDemo } from './program.mjs';
import { choose, signIn } from './steps.mjs';
const browser = await launch();
const program = await startDemo();
console.log(program.url);
try {
  const page = await openPage(browser, program.url, { viewport: DESKTOP });
  await page.goto('/sign-in'); await signIn(page, program.login);
  await choose(page, 'en');
  await page.goto('/value/rules');
  await page.selectOption('#rule-measured_by', 'profit');
  await page.click('form[action="/value/rules"] button[type=submit]');
  for (let i = 0; i < 40; i++) { await page.waitForTimeout(3000); await page.goto('/value/matrix'); const t = await page.textContent('#content'); if (t.includes('measured by profit')) break; if (i % 5 == 4) { const b = page.locator('form[action="/value/matrix"] button'); if (await b.count()) await b.first().click(); } }
  const exp = await page.goto('/experiment').then(() => page.locator('#content a[href^="/experiment/"]').evaluateAll((all) => all.map((a) => a.getAttribute('href')).filter((h) => /[0-9a-f]{8}-/.test(h))[0]));
  const list = encodeURIComponent('contract_start_on != null');
  await page.goto('/account?filter=' + list);
  const acc = await page.locator('#content a[href^="/account/"]').evaluateAll((all) => all.map((a) => a.getAttribute('href')).filter((h) => /[0-9a-f]{8}-/.test(h))[0]);
  console.log(exp, acc);
  for (const [size, viewport, lang, theme] of [['desk', DESKTOP, 'en', 'light'], ['phone', PHONE, 'zh-CN', 'dark'], ['phone', PHONE, 'en', 'light'], ['desk', DESKTOP, 'zh-CN', 'dark']]) {
    const p = await openPage(browser, program.url, { viewport, phone: size === 'phone' });
    await p.goto('/sign-in'); await signIn(p, program.login); await p.goto('/'); await choose(p, lang); await choose(p, theme);
    for (const path of ['/value/rules', '/value/matrix', '/value/alarms', '/value/life-cycle', '/value/seven-p/profitability', '/analysis/purchasing', '/analysis/sql', exp, acc]) {
      if (!path) continue;
      await p.goto(path); await p.waitForLoadState('load'); await p.waitForTimeout(600);
      const wide = await p.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
      const name = path.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'one').replaceAll(/\W+/g, '-');
      console.log(size, lang, path, wide ? 'WIDE' : '');
      await p.screenshot({ path: `/tmp/shots/${name}-${size}-${lang}-${theme}.png`, fullPage: true });
    }
    // The refusal as a user sees it.
    if (exp && size === 'desk') {
      await p.goto(exp + '/edit'); const field = p.locator('[name=end_on]').first();
      if (await field.count()) { await field.fill('2027-12-31'); await p.locator('#content form button[type=submit]').first().click(); await p.waitForTimeout(800); await p.screenshot({ path: `/tmp/shots/refused-${lang}.png`, fullPage: true }); }
    }
    for (const t of new Set(p.troubles)) console.log('TROUBLE', t);
    await p.context().close();
  }
} finally { await browser.close(); await program.stop(); }
