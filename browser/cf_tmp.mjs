import { mkdir } from 'node:fs/promises';
import { DESKTOP, launch, openPage, PHONE } from './chromium.mjs';
import { choose, signIn } from './steps.mjs';
const folder='/tmp/shots'; await mkdir(folder,{recursive:true});
const browser=await launch(); const url='http://127.0.0.1:8377';
try {
  const page=await openPage(browser,url,{viewport:DESKTOP});
  await signIn(page,{email:process.env.MAIL,password:'look-around-zhike'});
  await page.goto('/custom_field'); await page.screenshot({path:`${folder}/cf-list-empty.png`,fullPage:true});
  await page.goto('/custom_field/new'); await page.screenshot({path:`${folder}/cf-new.png`,fullPage:true});
  await page.locator('select[name=entity]').selectOption('account').catch(async e=>console.log(String(e).slice(0,300)));
  await page.locator('[name=english_label]').fill('Shoe size');
  await page.locator('[name=chinese_label]').fill('鞋码');
  await page.locator('select[name=kind]').selectOption('choice').catch(e=>console.log(String(e).slice(0,300)));
  await page.locator('main form button[type=submit]').first().click(); await page.waitForTimeout(800);
  await page.screenshot({path:`${folder}/cf-refused.png`,fullPage:true});
  await page.locator('[name=choices]').fill('s | Small | 小\nl | Large | 大');
  await page.locator('main form button[type=submit]').first().click(); await page.waitForTimeout(800);
  await page.screenshot({path:`${folder}/cf-made.png`,fullPage:true});
  console.log(page.url());
  await page.waitForTimeout(1500);
  await page.goto('/account/new'); await page.screenshot({path:`${folder}/cf-account.png`,fullPage:true});
  await page.goto('/account?columns=name,x_shoe_size'); await page.screenshot({path:`${folder}/cf-accounts.png`});
  for (const t of new Set(page.troubles)) console.log(t);
} finally { await browser.close(); }
