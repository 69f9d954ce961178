// Data mining: groups, the list behind one and who moved between them, rules of baskets and their orders, who will buy, a forecast by region
// and the purchasing list, what a customer may buy next, and experiments: one on likely buyers, one that claims no more than it shows.
import assert from 'node:assert/strict';
import { eventually, numberIn, signIn } from './steps.mjs';
import { speak } from './words.mjs';

/** The first fit, and the mining that follows it. */
const FIRST_RUN_LIMIT_MS = 180_000;
/** Customers on a page of those behind a number (crates/insight/src/pages/behind.rs). */
const BEHIND_ROWS = 50;
/** One experiment for each language. */
const NAME = { en: 'Letter to everybody', 'zh-CN': '致全体客户的信' };
const LIKELIEST = { en: 'Letter to likely buyers', 'zh-CN': '致可能购买者的信函' };

/** A number with its sign, whichever minus. */
const signed = (text) => Number(text.trim().replace(/[−–]/, '-').replace('+', ''));

/** Which verdict a draw comes to is chance: of twenty without an effect one claims some. What is claimed follows from the interval shown beside it. */
async function verdictOf(page, say) {
  const names = ['raised', 'lowered', 'not_shown'];
  const said = names.map((name) => page.locator('p.note strong').getByText(say.start(`mining.verdict.${name}`)));
  await said.reduce((any, one) => any.or(one)).waitFor();
  const note = await page.locator('.figure', { has: page.locator('strong').getByText(say('mining.difference'), { exact: true }) }).locator('.figure-note').textContent();
  const ends = new RegExp(say.like('mining.interval', { lower: '§', upper: '§' }).source.replaceAll('§', '(.+)')).exec(note);
  const [low, high] = ends.slice(1).map((text) => signed(text.replace('%', '')));
  const may = { raised: low >= 0, lowered: high <= 0, not_shown: low <= 0 && high >= 0 };
  for (const [at, name] of names.entries()) if (await said[at].count()) assert.ok(may[name], `${name}, and the interval is ${note}`);
}

export async function mining({ open, step, program, lang = 'en' }) {
  const page = await open();
  const say = speak(lang);
  let product;
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

  await step('who moved between the groups is listed, as many as the table says', async () => {
    await page.goto('/analysis/groups');
    const movers = page.locator('table[data-defined=moves] td.num a:not(:has(strong))');
    await movers.first().waitFor();
    const moved = numberIn(await movers.first().textContent());
    await movers.first().click();
    await page.waitForURL(/\/analysis\/groups\/customers\?/);
    // “1–50 of 120”: the last of its numbers is how many there are.
    const shown = (await page.locator('#content section.panel > .row > span.hint').textContent()).match(/[\d,]+/g);
    assert.equal(numberIn(shown.at(-1)), moved, 'another number of customers than in the table');
    assert.equal(await page.locator('#content tbody tr').count(), Math.min(moved, BEHIND_ROWS), 'not everybody who moved is listed');
  });

  await step('what is bought together is told by rules, each with its orders', async () => {
    await page.getByRole('link', { name: say('mining.baskets_title') }).click();
    await page.getByRole('heading', { level: 1, name: say('mining.baskets_title') }).waitFor();
    await page.getByRole('heading', { name: say('mining.recommend_title') }).waitFor();
    const rules = page.locator('table[data-defined=rules] tbody tr');
    assert.ok(await rules.count() > 0, 'nothing is bought together on the demo');
    const orders = rules.first().locator('a[href^="/analysis/baskets/orders"]');
    const both = (await orders.textContent()).trim();
    await orders.click();
    await page.waitForURL(/\/analysis\/baskets\/orders/);
    await page.getByText(say.like('mining.basket_orders', { total: both })).waitFor();
    assert.ok(await page.locator('table[data-defined=basket-orders] tbody tr').count() > 0, 'no order holds what the rule is about');
  });

  await step('who will buy a product is told with a probability, and is a list', async () => {
    await page.goto('/analysis/baskets');
    // The most bought: it is among those foreseen without being asked for.
    await page.locator('select[name=product]').selectOption({ index: 1 });
    await page.getByRole('button', { name: say('mining.show') }).click();
    await page.getByRole('link', { name: say('mining.who_will_buy') }).click();
    await page.getByRole('heading', { level: 1, name: say.like('mining.who_title') }).waitFor();
    await page.getByRole('heading', { name: say('mining.likely_title') }).waitFor();
    const likely = page.locator('table[data-defined=likely] tbody tr');
    const buyers = await likely.count();
    assert.ok(buyers > 0, 'nobody is likely to buy the most bought product');
    const chance = numberIn(await likely.first().locator('td.num').textContent());
    assert.ok(chance > 0 && chance <= 100, `a probability of ${chance} %`);
    product = page.url();
    await page.getByRole('link', { name: say('mining.as_list') }).click();
    await page.waitForURL(/\/account\?/);
    assert.equal(numberIn(await page.locator('#count').textContent()), buyers, 'the list has others than the page');
  });

  await step('a campaign is tried on the likeliest of them', async () => {
    await page.goto(product);
    await page.getByRole('link', { name: say('mining.everybody') }).first().click();
    await page.getByRole('link', { name: say('mining.try_on_likeliest') }).click();
    await page.locator('input[name=name]').fill(LIKELIEST[lang]);
    const many = page.locator('input[name=likeliest]');
    assert.ok(Number(await many.inputValue()) > 50, `${await many.inputValue()} of the likeliest are proposed`);
    await many.fill('50');
    const [start, end] = [7, 35].map((days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10));
    await page.locator('input[name=start_on]').fill(start);
    await page.locator('input[name=end_on]').fill(end);
    await page.getByRole('button', { name: say('common.save') }).click();
    await page.getByRole('heading', { level: 1, name: LIKELIEST[lang] }).waitFor();
    const address = page.url();
    const plan = page.getByText(say.like('mining.plan.of_likely', { customers: '50' })).first();
    await eventually('what 50 customers can show', async () => {
      await page.goto(address);
      return plan.count();
    }, (there) => there === 1, 30_000);
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
    await panel.locator('td').getByText(say.either(/customers/, /客户/)).first().waitFor();
  });

  await step('of any of his products he is told why he may buy it or not, and the reasons add up', async () => {
    await page.locator('table[data-defined=likely-products]').getByRole('link', { name: say('mining.why_link') }).last().click();
    await page.getByRole('heading', { level: 1, name: say.like('mining.why_title') }).waitFor();
    const rows = page.locator('table[data-defined=why] tbody tr');
    const adds = (await rows.locator(`td[data-label="${say('mining.why_adds')}"]`).allTextContents()).map(signed);
    const all = adds.pop();
    assert.ok(adds.length > 2, `only ${adds.length} rows`);
    const sum = adds.reduce((sum, part) => sum + part, 0);
    assert.ok(Math.abs(sum - all) <= 0.005 * (adds.length + 1), `the reasons come to ${sum}, the page says ${all}`);
  });

  await step('the experiment of the demo has ended, and says what came of it', async () => {
    await page.goto('/experiment');
    await page.getByRole('link', { name: /Voucher by letter/ }).click();
    await verdictOf(page, say);
    await page.getByText(say.either(/bought in as long a time before/, /此前同样长的时间内/)).waitFor();
    await page.getByRole('heading', { name: say('mining.uplift.title') }).waitFor();
    await page.getByText(say.start('mining.uplift.proven')).or(page.getByText(say.start('mining.uplift.refused'))).first().waitFor();
  });

  await step('an experiment is drawn once and claims only what its interval shows', async () => {
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
    await verdictOf(page, say);
  });
}
