// Data mining: groups and the list behind one, what is bought together, a forecast by region and the purchasing list, what a customer
// may buy next, and an experiment that claims no effect where there is none.
import assert from 'node:assert/strict';
import { eventually, numberIn, signIn } from './steps.mjs';
import { speak } from './words.mjs';

/** The first fit, and the mining that follows it. */
const FIRST_RUN_LIMIT_MS = 180_000;
/** One experiment for each language. */
const NAME = { en: 'Letter to everybody', 'zh-CN': '致全体客户的信' };

export async function mining({ open, step, program, lang = 'en' }) {
  const page = await open();
  const say = speak(lang);
  await signIn(page, program.login, lang);

  await step('customer groups are found and the list behind one holds its customers', async () => {
    await page.getByRole('link', { name: say('mining.groups_title') }).click();
    await page.getByRole('heading', { level: 1, name: say('mining.groups_title') }).waitFor();
    const groups = page.locator('section.panel', { has: page.getByRole('heading', { name: say('mining.profiles') }) });
    // Just after the start the page waits for the first run and then comes again by itself.
    await eventually('groups', () => groups.locator('tbody tr').count(), (rows) => rows >= 2, FIRST_RUN_LIMIT_MS);
    await eventually('drawn charts', () => page.locator('[data-chart] canvas').count(), (drawn) => drawn >= 2);
    const row = groups.locator('tbody tr').first();
    const customers = numberIn(await row.locator(`td[data-label="${say('mining.customers')}"]`).textContent());
    await row.locator('a.row-title').click();
    await page.waitForURL(/\/account\?.*customer_group/);
    assert.equal(numberIn(await page.locator('#count').textContent()), customers, 'the list has another number of customers');
  });

  await step('what is bought together, and who will buy the product', async () => {
    await page.getByRole('link', { name: say('mining.baskets_title') }).click();
    await page.getByRole('heading', { level: 1, name: say('mining.baskets_title') }).waitFor();
    await page.getByRole('heading', { name: say('mining.recommend_title') }).waitFor();
    const product = page.locator('select[name=product]');
    await product.selectOption({ index: 1 });
    await page.getByRole('button', { name: say('mining.show') }).click();
    await page.getByRole('link', { name: say('mining.who_will_buy') }).click();
    await page.getByRole('heading', { level: 1, name: say.like('mining.who_title') }).waitFor();
    const told = page.getByRole('heading', { name: say('mining.likely_title') }).or(page.getByText(say.like('mining.missing.too_few_events')));
    await told.first().waitFor();
    if (await page.getByRole('link', { name: say('mining.as_list') }).count()) {
      await page.getByRole('link', { name: say('mining.as_list') }).click();
      await page.waitForURL(/\/account\?/);
      assert.ok(numberIn(await page.locator('#count').textContent()) > 0, 'nobody on the list');
    }
  });

  await step('the forecast by region sums to the whole, and the purchasing list is a file', async () => {
    await page.getByRole('link', { name: say('mining.forecast_title'), exact: true }).click();
    await page.getByRole('heading', { level: 1, name: say('mining.forecast_title') }).waitFor();
    await eventually('the drawn chart', () => page.locator('[data-chart=forecast] canvas').count(), (drawn) => drawn === 1);
    await page.getByRole('link', { name: say('mining.by.region') }).click();
    const cells = page.locator(`tbody tr:has(a.row-title) td[data-label="${say('mining.next_weeks')}"]`);
    const parts = (await cells.allTextContents()).map(numberIn).reduce((sum, part) => sum + part, 0);
    const whole = numberIn(await page.locator(`tbody tr:has(th) td[data-label="${say('mining.next_weeks')}"]`).textContent());
    assert.ok(Math.abs(parts - whole) <= (await cells.count()) + 1, `the regions sum to ${parts}, the whole is ${whole}`);
    await page.getByRole('link', { name: say('mining.purchasing_title') }).click();
    await page.getByRole('heading', { level: 1, name: say('mining.purchasing_title') }).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: say('mining.export') }).click();
    assert.equal((await download).suggestedFilename(), 'purchasing.csv');
  });

  await step("a customer's page says what he may buy next, and why", async () => {
    await page.goto('/account?filter=orders%20%3E%200&sort=-net_sales');
    await page.locator('tr[data-row] a.row-title').first().click();
    const panel = page.locator('section.panel', { has: page.getByRole('heading', { name: say('mining.panel_title') }) });
    await panel.getByText(say.either(/customers/, /客户/)).first().waitFor();
  });

  await step('the experiment of the demo has ended, and says what came of it', async () => {
    await page.goto('/experiment');
    await page.getByRole('link', { name: /Voucher by letter/ }).click();
    await page.getByText(say.start('mining.verdict.raised')).or(page.getByText(say.start('mining.verdict.not_shown'))).first().waitFor();
    await page.getByText(say.either(/bought in as long a time before/, /此前同样长的时间内/)).waitFor();
    await page.getByRole('heading', { name: say('mining.uplift.title') }).waitFor();
    await page.getByText(say.start('mining.uplift.proven')).or(page.getByText(say.start('mining.uplift.refused'))).first().waitFor();
  });

  await step('an experiment is drawn once and claims no effect that is not there', async () => {
    await page.goto('/experiment/new');
    await page.locator('input[name=name]').fill(NAME[lang]);
    const control = page.locator('input[name=control_share]');
    await control.fill('50');
    await page.locator('input[name=start_on]').fill('2026-01-05');
    await page.locator('input[name=end_on]').fill('2026-02-01');
    await page.getByRole('button', { name: say('common.save') }).click();
    await page.getByRole('heading', { level: 1, name: NAME[lang] }).waitFor();
    const address = page.url();
    await page.getByRole('button', { name: say('mining.draw') }).click();
    await page.waitForLoadState();
    await eventually('the comparison', async () => {
      await page.goto(address);
      return page.getByRole('button', { name: say('mining.compare_again') }).count();
    }, (there) => there === 1, 30_000);
    await page.getByText(say.start('mining.verdict.raised')).or(page.getByText(say.start('mining.verdict.not_shown'))).first().waitFor();
  });
}
