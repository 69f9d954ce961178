// Ask anything: a question is put together by clicking, by keyboard and by dragging, followed down to the records, saved, and put on a
// dashboard; in the dark, too, and on a phone.
import assert from 'node:assert/strict';
import { overflow, PHONE } from './chromium.mjs';
import { choose, eventually, numberIn, signIn } from './steps.mjs';
import { speak } from './words.mjs';

/** The first refresh of the warehouse follows the start of the program. */
const FIRST_REFRESH_LIMIT_MS = 120_000;

/** What is saved, a name for each language. */
const QUESTION = { en: 'Channels this year', 'zh-CN': '今年各渠道' };
const BOARD = { en: 'My board', 'zh-CN': '我的仪表板' };
/** The cities of Shandong that may sell most. */
const CITIES = ['青岛', '烟台', '济南'];

/** Where most of the demo's customers are, as a share of the map's width and height. */
const SHANDONG = { x: 0.722, y: 0.466 };

const drawn = (page, least = 1) => eventually('drawn charts', () => page.locator('[data-chart] canvas').count(), (count) => count >= least, 20_000);
/** The answer is there and no other is on its way. */
async function answered(page) {
  await page.locator('#answer:not(.htmx-request) .answer-foot').waitFor();
}
const figure = async (page, name) => numberIn(await page.locator('.answer-grid tr', { hasText: name }).locator('td.num').first().textContent());

/** Does something that asks anew, and waits for what is answered. */
async function asking(page, act) {
  const answer = page.waitForResponse((response) => response.url().includes('/explore/answer?'));
  await act();
  await answer;
  await answered(page);
}

/** Waits until the warehouse is there; a page that says it is not offers to fill it. */
async function filled(page) {
  await eventually('the warehouse', async () => {
    await page.goto('/analysis/explore?m=sales');
    await page.locator('#answer .answer-foot, #answer .explore-empty').first().waitFor();
    return page.locator('#answer .answer-foot').count();
  }, (there) => there === 1, FIRST_REFRESH_LIMIT_MS);
}

async function drag(page, from, to) {
  const middle = ({ x, y, width, height }) => [x + Math.min(30, width / 2), y + height / 2];
  const [[fromX, fromY], [toX, toY]] = [middle(await from.boundingBox()), middle(await to.boundingBox())];
  await page.mouse.move(fromX, fromY);
  await page.mouse.down();
  await page.mouse.move(fromX + 30, fromY + 5, { steps: 4 });
  await page.mouse.move(toX, toY, { steps: 12 });
  await page.waitForTimeout(300); // the library looks every 50 ms where the pointer is
  await page.mouse.move(toX + 4, toY);
  await page.waitForTimeout(200);
  await page.mouse.up();
}

export async function explore({ open, step, program, lang = 'en' }) {
  const page = await open();
  const say = speak(lang);
  const sales = say.either('Sales', '销售额');
  const online = say.either('Online', '网店');
  await signIn(page, program.login, lang);
  await filled(page);

  await step('a question to begin with is answered as chart and table', async () => {
    await page.getByRole('link', { name: say('explore.title'), exact: true }).click();
    await page.getByRole('link', { name: say('explore.try_products') }).click();
    await answered(page);
    await drawn(page);
    assert.equal(await page.locator('.answer-grid tbody tr').count(), 11); // ten and the others
    await page.locator('.answer-foot', { hasText: say.like('explore.counted_sales') }).waitFor();
  });

  await step('measures and dimensions are found and chosen with the keyboard', async () => {
    await page.goto('/analysis/explore');
    await page.getByRole('button', { name: sales, exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/m=sales/);
    await answered(page);
    const search = page.getByRole('searchbox', { name: say('explore.search') });
    const wanted = say.either('province', '省份');
    await search.fill(wanted);
    const province = page.locator('#add-r-account\\.province');
    await province.focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/r=account\.province/);
    await answered(page);
    assert.equal(await search.inputValue(), wanted);
    await search.fill('');
    await page.getByRole('group', { name: say('explore.rows'), exact: true }).getByText(say.either('Customer: Province', '客户：省份')).waitFor();
  });

  await step('a dimension is dragged to the columns, and the back button takes it off', async () => {
    const field = page.locator('[data-field="channel"]');
    await field.scrollIntoViewIfNeeded();
    await drag(page, field, page.locator('[data-shelf="c"]'));
    await page.waitForURL(/c=channel/);
    await page.getByRole('columnheader', { name: online }).waitFor();
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes('c=channel'));
    await answered(page);
    assert.equal(await page.getByRole('columnheader', { name: online }).count(), 0);
  });

  await step('a period, a comparison and a filter are chosen', async () => {
    await asking(page, () => page.getByLabel(say('explore.period'), { exact: true }).selectOption('last_year'));
    assert.match(page.url(), /period=last_year/);
    await asking(page, () => page.getByLabel(say('explore.compare'), { exact: true }).selectOption('last_year'));
    await page.getByRole('columnheader', { name: say('explore.change') }).waitFor();
    await page.locator('.filter-menu summary').click();
    await page.locator('.filter-row select').first().selectOption('channel');
    await page.locator('.filter-row [data-value]').selectOption('online');
    await asking(page, () => page.getByRole('button', { name: say('filter.apply'), exact: true }).click());
    assert.match(page.url(), /filter=channel/);
    await asking(page, () => page.locator('.chip', { hasText: online }).getByRole('button').click());
    assert.doesNotMatch(page.url(), /filter/);
    await page.goto('/analysis/explore?m=sales&filter=beauty%20%3D%3D%201');
    await page.getByRole('alert').getByText(say('explore.field_filter')).waitFor();
    // The browser notes an answer of 422 as an error of its own.
    page.troubles = page.troubles.filter((trouble) => !trouble.includes('422'));
  });

  await step('a measure is dragged to the measures, and a dimension from the rows to the columns', async () => {
    await page.goto('/analysis/explore?m=sales&r=channel');
    await answered(page);
    const orders = page.locator('[data-field="orders"]');
    await orders.scrollIntoViewIfNeeded();
    await asking(page, () => drag(page, orders, page.locator('[data-shelf="m"]')));
    assert.match(page.url(), /m=orders/);
    await asking(page, () => drag(page, page.locator('[data-shelf="r"] [data-chip]'), page.locator('[data-shelf="c"]')));
    assert.match(page.url(), /c=channel/);
    assert.doesNotMatch(page.url(), /r=channel/);
    await page.getByRole('columnheader', { name: online }).waitFor();
  });

  await step('behind a figure are the next steps down and exactly its records', async () => {
    await page.goto('/analysis/explore?m=orders&m=sales&r=account.province&period=last12_months');
    await answered(page);
    const orders = await figure(page, '山东省');
    await page.locator('.answer-grid').getByRole('link', { name: '山东省' }).click();
    const dialog = page.getByRole('dialog');
    const list = dialog.getByRole('link', { name: say.like('explore.list_of', { records: say.either('Orders', '订单') }) });
    assert.equal(numberIn(await list.textContent()), orders);
    const rows = await dialog.getByRole('link', { name: say.like('explore.rows_of_sales') }).getAttribute('href');
    await dialog.getByRole('link', { name: say.either('Channel', '渠道'), exact: true }).click();
    await page.waitForURL(/w=account\.province/);
    await answered(page);
    assert.equal(numberIn(await page.locator('.answer-grid tfoot td.num').first().textContent()), orders);
    await asking(page, () => page.getByRole('button', { name: say('explore.up_from', { name: '山东省' }) }).click());
    assert.doesNotMatch(page.url(), /w=/);
    await page.goto(rows);
    await page.getByRole('heading', { level: 1, name: say('explore.fact_sales'), exact: true }).waitFor();
  });

  await step('regions are a map, and a click leads from a province to its cities', async () => {
    await page.goto('/analysis/explore?m=sales&r=account.province');
    await answered(page);
    await asking(page, () => page.getByRole('radio', { name: say('explore.chart_map'), exact: true }).check({ force: true }));
    assert.match(page.url(), /chart=map/);
    await drawn(page);
    // Customers abroad are in no province: the page says how much that is.
    await page.getByText(say.like('explore.off_map_share')).waitFor();
    assert.ok(await page.getByText(say('explore.off_map_row'), { exact: true }).count() > 0);
    const chart = page.locator('[data-chart="map"]');
    const box = await chart.boundingBox();
    // Shandong, where most of the demo's customers are.
    await page.mouse.click(box.x + box.width * SHANDONG.x, box.y + box.height * SHANDONG.y);
    const dialog = page.getByRole('dialog');
    await dialog.getByText('山东省').first().waitFor();
    await dialog.getByRole('link', { name: say.either('Customer: City', '客户：城市'), exact: true }).click();
    await page.waitForURL(/w=account\.province.*chart=map/);
    await answered(page);
    await drawn(page);
    await page.getByText(new RegExp(CITIES.map((city) => say.like('explore.finding', { measure: sales, member: city }).source).join('|'))).waitFor();
    await page.goto('/analysis/explore?m=sales&r=account.country&chart=map');
    await answered(page);
    await drawn(page);
  });

  await step('a question is saved and opened again', async () => {
    await page.goto('/analysis/explore?m=sales&r=channel&c=day%3Aquarter&period=last12_months&chart=heat');
    await answered(page);
    await drawn(page);
    await page.getByRole('button', { name: say('question.save'), exact: true }).click();
    await page.getByLabel(say('question.name'), { exact: true }).fill(QUESTION[lang]);
    await page.getByRole('dialog').getByRole('button', { name: say('question.save'), exact: true }).click();
    await page.getByRole('heading', { level: 1, name: QUESTION[lang] }).waitFor();
    await page.getByRole('link', { name: say('question.title') }).first().click();
    await page.locator('a.row-title', { hasText: QUESTION[lang] }).click();
    await answered(page);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: say('explore.as_xlsx') }).click();
    assert.equal((await download).suggestedFilename(), 'answer.xlsx');
  });

  await step('a dashboard is made of it, put in order and filtered', async () => {
    await page.goto('/analysis/dashboards');
    await page.getByRole('button', { name: say('dashboard.new') }).click();
    await page.getByLabel(say('question.name'), { exact: true }).fill(BOARD[lang]);
    await page.getByRole('button', { name: say('dashboard.make'), exact: true }).click();
    for (const name of [QUESTION[lang], '产品结构 Product mix']) {
      await page.getByLabel(say('dashboard.add')).selectOption({ label: name });
      await page.getByRole('button', { name: say('dashboard.add') }).click();
      await page.locator('.tile-row', { hasText: name }).waitFor();
    }
    await page.getByRole('button', { name: say('dashboard.up', { name: '产品结构 Product mix' }) }).click();
    const first = () => page.locator('.tile-name').first().textContent();
    await eventually('the order', first, (name) => name.includes('Product mix'));
    const handle = (at) => page.locator('[data-tile] .drag').nth(at);
    await drag(page, handle(1), handle(0));
    await eventually('the order', first, (name) => name.includes(QUESTION[lang]));
    await page.getByRole('link', { name: say('dashboard.done'), exact: true }).click();
    await drawn(page, 2);
    await page.getByLabel(say('explore.period'), { exact: true }).selectOption('last_quarter');
    await page.waitForURL(/period=last_quarter/);
    await drawn(page, 2);
  });

  await step('the dashboard of the demo shows all of its tiles, and an answer is drawn in the dark', async () => {
    await page.goto('/analysis/dashboards');
    await page.getByRole('link', { name: /Business overview/ }).click();
    const tiles = page.locator('.tiles > section');
    const holding = (what) => tiles.filter({ has: page.locator(what) }).count();
    const kinds = ['.answer-figures .figure', '[data-chart] canvas', '.answer-grid tbody td.num'];
    await eventually('key figures, charts and tables', () => Promise.all(kinds.map(holding)), (counts) => counts.join() === '1,6,3', 20_000);
    assert.equal(await tiles.count(), 10);
    const columns = [say.either('Contribution', '贡献毛益'), say.either('Cost to serve', '服务成本'), say.either('Contribution after cost to serve', '服务后贡献（净利润）')];
    const profit = page.getByRole('region', { name: say('analysis.answer') }).filter({ hasText: columns[2] });
    const told = (label) => profit.locator(`tbody td[data-label="${label}"]`).allTextContents();
    await eventually('profit by class', () => told(columns[2]), (classes) => classes.length >= 3);
    const figures = await Promise.all(columns.map(told));
    // Who has never bought has no class, and no contribution either.
    const classes = figures[0].map((_, at) => figures.map((column) => column[at])).filter((row) => !row.includes('–'));
    assert.ok(classes.length >= 3, `only ${classes.length} classes with a profit`);
    for (const [contribution, service, left] of classes) {
      const difference = numberIn(contribution) - numberIn(service) - numberIn(left);
      assert.ok(Math.abs(difference) <= 2, `${contribution} less ${service} is not ${left}`);
    }
    await choose(page, 'dark');
    await page.goto('/analysis/explore?m=net_sales&r=day%3Amonth&period=last12_months&compare=last_year');
    await page.locator('.answer-foot', { hasText: say.like('explore.counted_sales') }).waitFor();
    await drawn(page);
    await page.getByText(say.like('explore.finding', { measure: say.either('Net sales', '净销售额') })).waitFor();
    await choose(page, 'light');
  });

  await step('on a phone the fields fold away and nothing is wider than the screen', async () => {
    const phone = await open({ viewport: PHONE, phone: true });
    await signIn(phone, program.login, lang);
    await phone.goto('/analysis/explore?m=sales&m=orders&r=account.province&c=day%3Aquarter&period=last12_months');
    await answered(phone);
    assert.equal(await overflow(phone), 0);
    await phone.getByText(say('explore.fields'), { exact: true }).click();
    await phone.getByRole('button', { name: say.either('Returns', '退货额'), exact: true }).waitFor();
    assert.equal(await overflow(phone), 0);
  });
}
