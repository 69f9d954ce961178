// What the figures ask for: from the customer who loses money to the reason, from an alarm to its task, through the seven P and from each to the
// records behind one of its numbers, and from a number of before and after to its customers.
import assert from 'node:assert/strict';
import { eventually, numberIn, signIn } from './steps.mjs';
import { speak } from './words.mjs';

const PARTS = ['profiling', 'persistency', 'profitability', 'performance', 'prospecting', 'product', 'promotion'];
/** Journeys before this one enter orders: a list is of now, a number of the last computation. */
const ENTERED = 5;
/** The mining, and the comparison after it. */
const COMPARISON_LIMIT_MS = 180_000;

export async function findings({ open, step, program, lang = 'en' }) {
  const page = await open();
  const say = speak(lang);
  await signIn(page, program.login, lang);
  const drawn = (least) => eventually('drawn charts', () => page.locator('[data-chart] canvas').count(), (count) => count >= least);

  await step('the whale curve shows who earns, and a loss maker says what it comes from', async () => {
    await page.getByRole('navigation', { name: say.either('Main navigation', '主导航') }).getByRole('link', { name: say.either('Profitability', '客户盈利'), exact: true }).click();
    await page.getByRole('heading', { level: 1, name: say('profit.title') }).waitFor();
    await drawn(3);
    const losing = page.locator('section.panel', { has: page.getByRole('heading', { name: say('profit.losing') }) });
    const name = (await losing.locator('a.row-title').first().textContent()).trim();
    await losing.locator('a.row-title').first().click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await page.locator('#profit-panel').getByText(say.start('profit.loses_by')).waitFor();
  });

  await step('an alarm leads to the task of the one who was told', async () => {
    await page.goto('/value/alarms');
    const row = page.locator('section.panel', { has: page.getByRole('heading', { name: say('alarm.open'), exact: true }) }).locator('tbody tr').first();
    await row.waitFor();
    await row.locator('a[href^="/activity/"]').first().click();
    await page.waitForURL(/\/activity\//);
  });

  await step('a rule of alarms is moved, and nonsense is refused beside its field', async () => {
    await page.goto('/value/alarms/settings');
    await page.locator('#alarm-late_chance').fill('50');
    await page.getByRole('button', { name: say('common.save') }).click();
    await page.locator('#alarm-late_chance-error').waitFor();
    page.troubles.length = 0; // the 422 is in the console
    await page.locator('#alarm-late_chance').fill('97');
    await page.getByRole('button', { name: say('common.save') }).click();
    await page.waitForURL(/\/value\/alarms$/);
  });

  await step('the seven P answer, and a filter holds from one to the next', async () => {
    await page.goto('/value/seven-p');
    for (const part of PARTS) {
      await page.getByRole('link', { name: say(`seven.${part}`), exact: true }).last().click();
      await page.getByRole('heading', { level: 1, name: new RegExp(say(`seven.${part}`)) }).waitFor();
      await drawn(1);
    }
    await page.getByLabel(say('seven.relation')).selectOption('dealer');
    await page.getByRole('button', { name: say('seven.apply') }).click();
    await page.waitForURL(/relation=dealer/);
    await page.getByRole('link', { name: say('seven.performance'), exact: true }).click();
    await page.waitForURL(/performance.*relation=dealer/);
    assert.equal(await page.getByLabel(say('seven.relation')).inputValue(), 'dealer');
  });

  await step('a number of each of the seven P opens as many records as it says', async () => {
    const opens = async (what, said) => {
      await page.waitForURL(/\/(account|order|return)\?/);
      const listed = numberIn(await page.locator('#count').textContent());
      assert.ok(said > 0, `${what}: nothing is said of anybody`);
      assert.ok(Math.abs(listed - said) <= ENTERED, `${what}: ${said} are said, ${listed} are listed`);
    };
    // By the link in the explanation of a finding.
    for (const [part, key, name] of [
      ['profiling', 'profiling_finding', 'vip'],
      ['profitability', 'profit_finding', 'losers'],
      ['performance', 'performance_finding', 'orders'],
      ['prospecting', 'prospecting_finding', 'buyers'],
    ]) {
      await page.goto(`/value/seven-p/${part}`);
      const finding = page.locator('.finding', { hasText: say.like(`seven.${key}`) }).first();
      const number = new RegExp(say.like(`seven.${key}`, { [name]: '#' }).source.replace('#', '([\\d,]+)'));
      const said = numberIn(number.exec(await finding.textContent())[1]);
      await finding.locator('summary').click();
      await finding.locator('.explain-panel a[href]').first().click();
      await opens(part, said);
    }
    // By a bar: of the stages it is as long as customers are many, of returns its number stands beside the amount.
    for (const [part, list, count] of [
      ['persistency', '/account?', (bar) => bar.value],
      ['product', '/return?', (bar) => numberIn(bar.text)],
    ]) {
      await page.goto(`/value/seven-p/${part}`);
      const charts = await page.locator('.chart-box script[type="application/json"]').allTextContents();
      const bars = charts.flatMap((chart) => JSON.parse(chart).bars ?? []).filter((bar) => bar.href?.startsWith(list));
      assert.ok(bars.length > 0, `${part}: no bar leads to its records`);
      await page.goto(bars[0].href);
      await opens(part, count(bars[0]));
    }
    // By a row.
    await page.goto('/value/seven-p/promotion');
    const channels = page.locator('section.panel', { has: page.getByRole('heading', { name: say('seven.channels_list'), exact: true }) });
    const row = channels.locator('tbody tr').first();
    const said = numberIn(await row.locator(`td[data-label="${say('seven.column.orders')}"]`).textContent());
    await row.locator('a.row-title').click();
    await opens('promotion', said);
  });

  await step('before and after: a number of the base period opens its customers', async () => {
    await page.goto('/value/benefit');
    const year = new Date().getFullYear() - 1;
    await page.locator('input[name=from]').fill(`${year}-01-01`);
    await page.locator('input[name=to]').fill(`${year}-03-31`);
    await page.locator('form[action="/value/benefit"] button').click();
    await eventually('before and after', async () => {
      await page.goto('/value/benefit');
      return page.locator('table[data-rows-explained]').count();
    }, (there) => there === 1, COMPARISON_LIMIT_MS);
    const row = page.locator('table[data-rows-explained] tbody tr', { has: page.locator('.row-title').getByText(say('benefit.first_buyers'), { exact: true }) });
    const before = row.locator(`td[data-label="${say('benefit.before')}"] a`);
    const said = numberIn(await before.textContent());
    assert.ok(said > 0, 'nobody bought for the first time in the base period');
    await before.click();
    await page.waitForURL(/\/account\?/);
    assert.equal(numberIn(await page.locator('#count').textContent()), said, 'the list has another number of first buyers');
  });

  await step('satisfaction names what is weakest, and cycles what is due', async () => {
    await page.goto('/value/satisfaction');
    await page.getByText(say.start('satisfaction.weakest')).first().waitFor();
    await drawn(2);
    await page.goto('/value/cycles');
    await page.getByRole('heading', { name: say('cycle.due_now') }).waitFor();
  });
}
