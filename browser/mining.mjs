// Data mining: groups and the list behind one, what is bought together, a forecast by region and the purchasing list, what a customer
// may buy next, and an experiment that claims no effect where there is none.
import assert from 'node:assert/strict';
import { eventually, numberIn, signIn } from './steps.mjs';

/** The first fit, and the mining that follows it. */
const FIRST_RUN_LIMIT_MS = 180_000;

export async function mining({ open, step, program }) {
  const page = await open();
  await signIn(page, program.login);

  await step('customer groups are found and the list behind one holds its customers', async () => {
    await page.getByRole('link', { name: 'Customer groups' }).click();
    await page.getByRole('heading', { level: 1, name: 'Customer groups' }).waitFor();
    const groups = page.locator('section.panel', { has: page.getByRole('heading', { name: 'What each group is like' }) });
    // Just after the start the page waits for the first run and then comes again by itself.
    await eventually('groups', () => groups.locator('tbody tr').count(), (rows) => rows >= 2, FIRST_RUN_LIMIT_MS);
    await eventually('drawn charts', () => page.locator('[data-chart] canvas').count(), (drawn) => drawn >= 2);
    const row = groups.locator('tbody tr').first();
    const customers = numberIn(await row.locator('td[data-label="Customers"]').textContent());
    await row.locator('a.row-title').click();
    await page.waitForURL(/\/account\?.*customer_group/);
    assert.equal(numberIn(await page.locator('#count').textContent()), customers, 'the list has another number of customers');
  });

  await step('what is bought together, and who will buy the product', async () => {
    await page.getByRole('link', { name: 'Bought together' }).click();
    await page.getByRole('heading', { level: 1, name: 'Bought together' }).waitFor();
    await page.getByRole('heading', { name: 'How well recommendations hit' }).waitFor();
    const product = page.locator('select[name=product]');
    await product.selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('link', { name: 'Who will buy it' }).click();
    await page.getByRole('heading', { level: 1, name: /Who will buy/ }).waitFor();
    const told = page.getByRole('heading', { name: 'The most likely customers' }).or(page.getByText('Too few customers'));
    await told.first().waitFor();
    if (await page.getByRole('link', { name: 'As a list to act on' }).count()) {
      await page.getByRole('link', { name: 'As a list to act on' }).click();
      await page.waitForURL(/\/account\?/);
      assert.ok(numberIn(await page.locator('#count').textContent()) > 0, 'nobody on the list');
    }
  });

  await step('the forecast by region sums to the whole, and the purchasing list is a file', async () => {
    await page.getByRole('link', { name: 'Forecast', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Forecast' }).waitFor();
    await eventually('the drawn chart', () => page.locator('[data-chart=forecast] canvas').count(), (drawn) => drawn === 1);
    await page.getByRole('link', { name: 'By region' }).click();
    const cells = page.locator('tbody tr:has(a.row-title) td[data-label="Next 13 weeks"]');
    const parts = (await cells.allTextContents()).map(numberIn).reduce((sum, part) => sum + part, 0);
    const whole = numberIn(await page.locator('tbody tr:has(th) td[data-label="Next 13 weeks"]').textContent());
    assert.ok(Math.abs(parts - whole) <= (await cells.count()) + 1, `the regions sum to ${parts}, the whole is ${whole}`);
    await page.getByRole('link', { name: 'Purchasing list' }).click();
    await page.getByRole('heading', { level: 1, name: 'Purchasing list' }).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export (CSV)' }).click();
    assert.equal((await download).suggestedFilename(), 'purchasing.csv');
  });

  await step("a customer's page says what he may buy next, and why", async () => {
    await page.goto('/account?filter=orders%20%3E%200&sort=-net_sales');
    await page.locator('tr[data-row] a.row-title').first().click();
    const panel = page.locator('section.panel', { has: page.getByRole('heading', { name: 'May buy next' }) });
    await panel.getByText(/customers/).first().waitFor();
  });

  await step('the experiment of the demo has ended, and says what came of it', async () => {
    await page.goto('/experiment');
    await page.getByRole('link', { name: /Voucher by letter/ }).click();
    await page.getByText(/The campaign raised it|No effect shown/).first().waitFor();
    await page.getByText(/bought in as long a time before/).waitFor();
    await page.getByRole('heading', { name: 'Who responds' }).waitFor();
    await page.getByText(/Customers respond differently|No reliable difference/).first().waitFor();
  });

  await step('an experiment is drawn once and claims no effect that is not there', async () => {
    await page.goto('/experiment/new');
    await page.getByLabel('Name').fill('Letter to everybody');
    const control = page.locator('input[name=control_share]');
    await control.fill('50');
    await page.locator('input[name=start_on]').fill('2026-01-05');
    await page.locator('input[name=end_on]').fill('2026-02-01');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: 'Letter to everybody' }).waitFor();
    const address = page.url();
    await page.getByRole('button', { name: 'Draw the groups' }).click();
    await page.waitForLoadState();
    await eventually('the comparison', async () => {
      await page.goto(address);
      return page.getByRole('button', { name: 'Compare again' }).count();
    }, (there) => there === 1, 30_000);
    await page.getByText(/No effect shown|The campaign/).first().waitFor();
  });
}
