// What the program is for: which customers are worth most, why, and how an order moves their figures at once.
import assert from 'node:assert/strict';
import { eventually, numberIn, signIn } from './steps.mjs';
import { speak } from './words.mjs';

/** An order must be seen in the figures of pages that are open within this time. */
const LIVE_LIMIT_MS = 5_000;
const FIRST_FIT_LIMIT_MS = 60_000;

export async function value({ open, step, program, lang = 'en' }) {
  const page = await open();
  const say = speak(lang);
  await signIn(page, program.login, lang);
  await bestCustomer(page, open, step, program, null, say);
  await provenModels(page, step, say);
}

/** The model that proved itself, the value matrix with what became of it, and the moves between stages. */
async function provenModels(page, step, say) {
  const drawn = (least) => eventually('drawn charts', () => page.locator('[data-chart] canvas').count(), (found) => found >= least);

  await step('the back-test says which model is in force and why', async () => {
    await page.goto('/value/backtest');
    await page.getByRole('heading', { level: 2, name: say.like('value.backtest.chosen') }).waitFor();
    await page.getByRole('row', { name: say.like('value.backtest.rule.past_frequency') }).waitFor();
    await drawn(2);
    const sources = page.getByRole('region', { name: say('value.source.title') });
    const said = await sources.textContent();
    assert.match(said, say.like('value.source.purchases'));
    assert.match(said, say.like('value.source.churn'));
    assert.match(said, say.lang === 'en' ? /standard error|replaces the model/ : /标准误|替代模型/, 'nothing says why');
  });

  await step('contracts: how long they last, who leaves sooner, and the running ones of a line', async () => {
    await page.goto('/value/contracts');
    await page.getByText(say.like('contract.curve_title')).first().waitFor();
    await drawn(1);
    await page.getByRole('heading', { level: 2, name: say('contract.hazards') }).waitFor();
    const lines = page.locator('section.panel', { has: page.getByRole('heading', { name: say('contract.standings') }) });
    const line = lines.getByRole('row').nth(1);
    const running = numberIn(await line.locator('td').nth(1).textContent());
    await line.getByRole('link').click();
    await page.waitForURL(/\/account\?.*contract_start_on/);
    assert.equal(numberIn(await page.locator('#count').textContent()), running, 'the list is not that of the line');
  });

  await step('the administrator says what counts as a contract', async () => {
    await page.goto('/value/contracts');
    await page.getByText(say('contract.define')).click();
    await page.getByLabel(say('contract.end')).selectOption({ label: say.either('Contract from', '合同开始') });
    await page.getByRole('button', { name: say('common.save') }).click();
    await page.getByText(say.either('is the same field as the beginning', '与开始日期是同一字段')).waitFor();
    page.troubles.length = 0; // the refusal is a 422
    await page.getByLabel(say('contract.end')).selectOption({ label: say.either('Contract ended', '合同终止') });
    await page.getByRole('button', { name: say('common.save') }).click();
    await page.getByText(say('contract.saved')).waitFor();
  });

  await step('the value matrix leads to the customers of a quadrant', async () => {
    await eventually('the past', async () => {
      await page.goto('/value/matrix');
      return page.getByText(say.like('value.matrix.since')).count();
    }, (found) => found === 1, FIRST_FIT_LIMIT_MS);
    await drawn(2);
    const core = page.locator('section.panel', { has: page.getByRole('heading', { level: 3, name: say.either('Core', '核心') }) });
    const count = (await core.getByRole('link').textContent()).trim();
    assert.ok(numberIn(count) > 0, 'nobody in the quadrant');
    await core.getByRole('link').click();
    await page.getByText(say.like('value.behind.shown', { total: count })).waitFor();
  });

  await step('the life cycle shows the moves over a chosen period in groups, and who is behind a number', async () => {
    await page.goto('/value/life-cycle');
    const [since, until] = [say('value.life.period_from'), say('value.life.period_to')].map((label) => page.getByLabel(label, { exact: true }));
    const to = await until.inputValue();
    const from = new Date(Date.parse(to) - 200 * 86_400_000).toISOString().slice(0, 10);
    await since.fill(from);
    await page.getByLabel(say('value.life.by')).selectOption('relation');
    await page.getByRole('button', { name: say('value.life.show') }).click();
    await page.getByRole('heading', { name: say.like('value.life.groups') }).waitFor();
    assert.equal(await since.inputValue(), from);
    await page.getByText(say('value.driver.no_cause')).waitFor();
    const stable = say.either('Stability', '稳定期');
    const cell = page.getByRole('link', { name: new RegExp(`^${stable} → ${stable}: `) });
    const count = (await cell.textContent()).trim();
    await cell.click();
    await page.getByText(say.like('value.behind.shown', { total: count })).waitFor();
    await page.goBack();
  });

  await step('who is active now on the worse side of a driver is a list', async () => {
    const contacted = say('value.driver.contact');
    await page.getByRole('link', { name: new RegExp(`^${contacted}: `) }).last().click();
    await page.getByRole('heading', { level: 1, name: contacted }).waitFor();
    assert.ok(await page.locator('a.row-title').count() > 0, 'nobody in the list');
  });

  await step('the life cycle tells what stopping marketing is worth', async () => {
    await page.goto('/value/life-cycle');
    await page.getByLabel(say('value.life.group')).selectOption('importance:vip');
    await page.getByLabel(say('value.life.cost')).fill('100000000');
    await page.getByRole('button', { name: say('value.life.reckon') }).click();
    await page.getByText(say.like('value.life.rule_stop')).waitFor();
    assert.equal(await page.getByLabel(say('value.life.group')).inputValue(), 'importance:vip');
    await drawn(1);
  });
}

/**
 * From the value overview to the best customer, a new order, and his figures after it.
 * `facts` (of `writeOrdersFile`), if given, says who must be the best and with what.
 */
export async function bestCustomer(page, open, step, program, facts = null, say = speak('en')) {
  let best;
  let customer;

  await step('the overview shows where the money comes from', async () => {
    await page.getByRole('link', { name: say('value.overview') }).click();
    await page.getByRole('heading', { level: 1, name: say('value.overview') }).waitFor();
    const charts = page.locator('[data-chart]');
    // Just after an import the page waits for the first fit and then comes again by itself.
    await eventually('drawn charts', () => page.locator('[data-chart] canvas').count(), (drawn) => drawn >= 5, FIRST_FIT_LIMIT_MS);
    assert.equal(await charts.locator('.chart-state').count(), 0, 'a chart has nothing to show');
    await page.getByText(say.like('value.pareto_title')).first().waitFor();
    const panel = page.locator('section.panel', { has: page.getByRole('heading', { name: say('value.top') }) });
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
    const panel = page.locator('section.panel', { has: page.getByRole('heading', { name: say('value.top') }) });
    await panel.getByRole('link', { name: say('value.all'), exact: true }).last().click();
    await page.waitForURL(/\/account\?.*sort=/);
    const first = page.locator('tr[data-row] a.row-title').first();
    assert.equal((await first.textContent()).trim(), best);
    await first.click();
    await page.getByRole('heading', { level: 1, name: best }).waitFor();
    customer = page.url();
    if (facts) {
      assert.ok(best.includes(facts.best), `${best} is the best, not ${facts.best}`);
      assert.ok(Math.abs((await shown(page, say('value.net_sales'), say)) - facts.best_net_sales) <= 1, `net sales are not ${facts.best_net_sales}`);
    }
  });

  await step('a figure explains itself down to its orders', async () => {
    const sales = figure(page, say('value.net_sales'), say);
    await page.waitForLoadState();
    await sales.locator('summary').click();
    const panel = sales.locator('.explain-panel');
    await panel.getByText(say.like('figure.as_of')).first().waitFor();
    await panel.getByRole('link').click();
    await page.waitForURL(/\/order\?/);
    assert.ok(numberIn(await page.locator('#count').textContent()) > 0, 'no order behind the figure');
    await page.goto(customer);
  });

  await step('an order saved in one window moves the figures in another', async () => {
    const watching = await open();
    await signIn(watching, program.login, say.lang);
    await watching.goto(customer);
    const before = { sales: await shown(watching, say('value.net_sales'), say), orders: await shown(watching, say.either('Orders', '订单数'), say) };

    await page.waitForLoadState();
    await page.locator('[data-tabs]').getByRole('link', { name: say.either(/^Orders/, /^订单/) }).click();
    await page.locator('#related').getByRole('link', { name: say.either('New order', '新建订单') }).click();
    await page.getByRole('heading', { level: 1, name: say.either('New order', '新建订单') }).waitFor();
    await page.waitForLoadState();
    const line = page.locator('tr[data-line]').first();
    await line.locator('.ts-control input').fill('a');
    await page.locator('.ts-dropdown:visible [role=option]').first().click();
    await line.getByRole('textbox', { name: say.either('Quantity', '数量') }).fill('10');
    await line.getByRole('textbox', { name: say.either('Unit price', '单价') }).fill('1000');
    await page.getByRole('button', { name: say('common.save') }).click();
    const moved = await eventually('orders of the customer', () => shown(watching, say.either('Orders', '订单数'), say), (now) => now === before.orders + 1, LIVE_LIMIT_MS);
    const sales = await shown(watching, say('value.net_sales'), say);
    assert.ok(sales > before.sales, `net sales went from ${before.sales} to ${sales}`);
    console.log(`  figures in the other window moved ${moved.after_ms} ms after Save`);
    await page.waitForURL((url) => !url.pathname.endsWith('/new'));
  });
}

/** The figure whose explanation is asked for by this name. */
const figure = (page, label, say) => page.locator('.figure', { has: page.locator(`summary[aria-label="${say('figure.explain', { label })}"]`) });

const shown = async (page, label, say) => numberIn(await figure(page, label, say).locator('.figure-value').textContent());
