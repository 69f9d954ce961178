import { launch, openPage, overflow, PHONE, DESKTOP } from './chromium.mjs';
import { signIn, choose } from './steps.mjs';
const [url, out, lang, theme, kind, ...paths] = process.argv.slice(2);
const browser = await launch();
try {
  const page = await openPage(browser, url, kind === 'phone' ? { viewport: PHONE, phone: true } : { viewport: DESKTOP });
  await signIn(page, { email: 'demo@zhike.example', password: 'look-around-zhike' }, lang);
  if (theme === 'dark') await choose(page, 'dark');
  let n = 0;
  for (const path of paths) {
    const began = Date.now();
    await page.goto(path);
    await page.waitForTimeout(kind === 'phone' ? 2500 : 2500);
    await page.screenshot({ path: `${out}-${n++}.png`, fullPage: true });
    console.log(path, 'overflow', await overflow(page), page.troubles.splice(0).join('\n'));
  }
  if (theme === 'dark') await choose(page, 'light');
} finally { await browser.close(); }
