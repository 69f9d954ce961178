// What the program is for: which customers are worth most, why, and how an order moves their figures at once.
import assert from 'node:assert/strict';
import { eventually, numberIn, signIn } from './steps.mjs';

/** An order must be seen in the figures of pages that are open within this time. */
const LIVE_LIMIT_MS = 5_000;
const FIRST_FIT_LIMIT_MS = 60_000;

export async function value({ open, step, program }) {
  const page = await open();
  await signIn(page, program.login);
  await bestCustomer(page, open, step, program);
  await provenModels(page, step);
}

/** The model that proved itself, the value matrix with what became of it, and the moves between stages. */
async function provenModels(page, step) {
  const drawn = (least) => eventually('drawn charts', () => page.locator('[data-chart] canvas').count(), (found) => found >= least);

  await step('the back-test says which model is in force and why', async () => {
    await page.goto('/value/backtest');
    await page.getByRole('heading', { level: 2, name: /^Best model: / }).waitFor();
    await page.getByRole('row', { name: /Goes on as before/ }).waitFor();
    await drawn(2);
    const sources = page.getByRole('region', { name: 'What the forecasts come from' });
    const said = await sources.textContent();
    assert.match(said, /How often, and value: /);
    assert.match(said, /Whether at all \(churn\): /);
    assert.match(said, /standard error|replaces the model/, 'nothing says why');
  });

  await step('contracts: how long they last, who leaves sooner, and the running ones of a line', async () => {
    await page.goto('/value/contracts');
    await page.getByText(/of contracts are still there after \d+ months/).first().waitFor();
    await drawn(1);
    await page.getByRole('heading', { level: 2, name: 'Who leaves sooner' }).waitFor();
    const lines = page.locator('section.panel', { has: page.getByRole('heading', { name: 'What to expect of those who are there' }) });
    const line = lines.getByRole('row').nth(1);
    const running = numberIn(await line.locator('td').nth(1).textContent());
    await line.getByRole('link').click();
    await page.waitForURL(/\/account\?.*contract_start_on/);
    assert.equal(numberIn(await page.locator('#count').textContent()), running, 'the list is not that of the line');
  });

  await step('the administrator says what counts as a contract', async () => {
    await page.goto('/value/contracts');
    await page.getByText('What counts as a contract').click();
    await page.getByLabel('Last day in the field').selectOption({ label: 'Contract from' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('is the same field as the beginning').waitFor();
    page.troubles.length = 0; // the refusal is a 422
    await page.getByLabel('Last day in the field').selectOption({ label: 'Contract ended' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved; contracts are being looked at again.').waitFor();
  });

  await step('the value matrix leads to the customers of a quadrant', async () => {
    await eventually('the past', async () => {
      await page.goto('/value/matrix');
      return page.getByText('What became of the quadrants').count();
    }, (found) => found === 1, FIRST_FIT_LIMIT_MS);
    await drawn(2);
    const core = page.locator('section.panel', { has: page.getByRole('heading', { level: 3, name: 'Core' }) });
    await core.getByRole('link').click();
    await page.waitForURL(/\/account\?.*value_quadrant/);
    assert.ok(numberIn(await page.locator('#count').textContent()) > 0, 'nobody in the quadrant');
  });

  await step('the life cycle shows the moves over a chosen period in groups, and who is behind a number', async () => {
    await page.goto('/value/life-cycle');
    const to = await page.getByLabel('To', { exact: true }).inputValue();
    const from = new Date(Date.parse(to) - 200 * 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel('From', { exact: true }).fill(from);
    await page.getByLabel('In groups by').selectOption({ label: 'Relation' });
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('heading', { name: 'Break-up by Relation' }).waitFor();
    assert.equal(await page.getByLabel('From', { exact: true }).inputValue(), from);
    await page.getByText('It goes with the break-up; it is not proven to cause it.').waitFor();
    const cell = page.getByRole('link', { name: /^Stability → Stability: / });
    const count = numberIn(await cell.textContent());
    await cell.click();
    await page.getByText(new RegExp(`of ${count.toLocaleString('en')}$`)).waitFor();
    await page.goBack();
  });

  await step('who is active now on the worse side of a driver is a list', async () => {
    await page.getByRole('link', { name: /^Contacted: active now/ }).click();
    await page.getByRole('heading', { level: 1, name: /Contacted/ }).waitFor();
    assert.ok(await page.locator('a.row-title').count() > 0, 'nobody in the list');
  });

  await step('the life cycle tells what stopping marketing is worth', async () => {
    await page.goto('/value/life-cycle');
    await page.getByLabel('Whose worth').selectOption({ label: 'Importance: VIP' });
    await page.getByLabel('Marketing cost').fill('100000000');
    await page.getByRole('button', { name: 'Compute' }).click();
    await page.getByText('Best rule: stop marketing').waitFor();
    assert.equal(await page.getByLabel('Whose worth').inputValue(), 'importance:vip');
    await drawn(1);
  });
}

/**
 * From the value overview to the best customer, a new order, and his figures after it.
 * `facts` (of `writeOrdersFile`), if given, says who must be the best and with what.
 */
export async function bestCustomer(page, open, step, program, facts = null) {
  let best;
  let customer;

  await step('the overview shows where the money comes from', async () => {
    await page.getByRole('link', { name: 'Value overview' }).click();
    await page.getByRole('heading', { level: 1, name: 'Value overview' }).waitFor();
    const charts = page.locator('[data-chart]');
    // Just after an import the page waits for the first fit and then comes again by itself.
    await eventually('drawn charts', () => page.locator('[data-chart] canvas').count(), (drawn) => drawn >= 5, FIRST_FIT_LIMIT_MS);
    assert.equal(await charts.locator('.chart-state').count(), 0, 'a chart has nothing to show');
    await page.getByText(/The best 20% of customers bring \d+% of sales/).first().waitFor();
    const panel = page.locator('section.panel', { has: page.getByRole('heading', { name: 'Best customers' }) });
    best = (await panel.locator('a.row-title').first().textContent()).trim();
  });

  await step('a cell of the RFM grid opens the customers in it', async () => {
    const grid = page.locator('[data-chart=rfm]');
    const box = await grid.boundingBox();
    await grid.click({ position: { x: box.width * 0.85, y: box.height * 0.2 } });
    await page.waitForURL(/\/account\?/);
    assert.ok(numberIn(await page.locator('#count').textContent()) > 0, 'nobody in the cell');
    await page.goBack();
  });

  await step('the list behind the best customers begins with the best', async () => {
    const panel = page.locator('section.panel', { has: page.getByRole('heading', { name: 'Best customers' }) });
    await panel.getByRole('link', { name: 'All' }).click();
    await page.waitForURL(/\/account\?.*sort=/);
    const first = page.locator('tr[data-row] a.row-title').first();
    assert.equal((await first.textContent()).trim(), best);
    await first.click();
    await page.getByRole('heading', { level: 1, name: best }).waitFor();
    customer = page.url();
    if (facts) {
      assert.ok(best.includes(facts.best), `${best} is the best, not ${facts.best}`);
      assert.ok(Math.abs((await shown(page, 'Net sales')) - facts.best_net_sales) <= 1, `net sales are not ${facts.best_net_sales}`);
    }
  });

  await step('a figure explains itself down to its orders', async () => {
    const sales = figure(page, 'Net sales');
    await page.waitForLoadState();
    await sales.locator('summary').click();
    const panel = sales.locator('.explain-panel');
    await panel.getByText(/as of/i).first().waitFor();
    await panel.getByRole('link').click();
    await page.waitForURL(/\/order\?/);
    assert.ok(numberIn(await page.locator('#count').textContent()) > 0, 'no order behind the figure');
    await page.goto(customer);
  });

  await step('an order saved in one window moves the figures in another', async () => {
    const watching = await open();
    await signIn(watching, program.login);
    await watching.goto(customer);
    const before = { sales: await shown(watching, 'Net sales'), orders: await shown(watching, 'Orders') };

    await page.waitForLoadState();
    await page.locator('[data-tabs]').getByRole('link', { name: /^Orders/ }).click();
    await page.locator('#related').getByRole('link', { name: 'New order' }).click();
    await page.getByRole('heading', { level: 1, name: 'New order' }).waitFor();
    await page.waitForLoadState();
    const line = page.locator('tr[data-line]').first();
    await line.locator('.ts-control input').fill('a');
    await page.locator('.ts-dropdown:visible [role=option]').first().click();
    await line.getByRole('textbox', { name: 'Quantity' }).fill('10');
    await line.getByRole('textbox', { name: 'Unit price' }).fill('1000');
    await page.getByRole('button', { name: 'Save' }).click();
    const moved = await eventually('orders of the customer', () => shown(watching, 'Orders'), (now) => now === before.orders + 1, LIVE_LIMIT_MS);
    const sales = await shown(watching, 'Net sales');
    assert.ok(sales > before.sales, `net sales went from ${before.sales} to ${sales}`);
    console.log(`  figures in the other window moved ${moved.after_ms} ms after Save`);
    await page.waitForURL((url) => !url.pathname.endsWith('/new'));
  });
}

/** The figure whose explanation is asked for by this name. */
const figure = (page, label) => page.locator('.figure', { has: page.locator(`summary[aria-label="How is ${label} worked out?"]`) });

const shown = async (page, label) => numberIn(await figure(page, label).locator('.figure-value').textContent());
