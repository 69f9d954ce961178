// Ask anything: a question is put together by clicking, by keyboard and by dragging, followed down to the records, saved, and put on a
// dashboard; in both languages, and on a phone.
import assert from 'node:assert/strict';
import { overflow, PHONE } from './chromium.mjs';
import { choose, eventually, numberIn, signIn } from './steps.mjs';

/** The first refresh of the warehouse follows the start of the program. */
const FIRST_REFRESH_LIMIT_MS = 120_000;

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
  const [start, end] = [await from.boundingBox(), await to.boundingBox()];
  await page.mouse.move(start.x + 30, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(start.x + 60, start.y + start.height / 2 + 5, { steps: 4 });
  await page.mouse.move(end.x + 60, end.y + end.height / 2, { steps: 12 });
  await page.waitForTimeout(300); // the library looks every 50 ms where the pointer is
  await page.mouse.move(end.x + 64, end.y + end.height / 2);
  await page.waitForTimeout(200);
  await page.mouse.up();
}

export async function explore({ open, step, program }) {
  const page = await open();
  await signIn(page, program.login);
  await filled(page);

  await step('a question to begin with is answered as chart and table', async () => {
    await page.getByRole('link', { name: 'Explore', exact: true }).click();
    await page.getByRole('link', { name: /ten best-selling products/ }).click();
    await answered(page);
    await drawn(page);
    assert.equal(await page.locator('.answer-grid tbody tr').count(), 11); // ten and the others
    await page.locator('.answer-foot', { hasText: 'order lines counted' }).waitFor();
  });

  await step('measures and dimensions are found and chosen with the keyboard', async () => {
    await page.goto('/analysis/explore');
    await page.getByRole('button', { name: 'Sales', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/m=sales/);
    await answered(page);
    await page.getByRole('searchbox', { name: 'Search fields' }).fill('province');
    const province = page.locator('#add-r-account\\.province');
    await province.focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/r=account\.province/);
    await answered(page);
    assert.equal(await page.getByRole('searchbox', { name: 'Search fields' }).inputValue(), 'province');
    await page.getByRole('searchbox', { name: 'Search fields' }).fill('');
    await page.getByRole('group', { name: 'Rows' }).getByText('Customer: Province').waitFor();
  });

  await step('a dimension is dragged to the columns, and the back button takes it off', async () => {
    const field = page.locator('[data-field="channel"]');
    await field.scrollIntoViewIfNeeded();
    await drag(page, field, page.locator('[data-shelf="c"]'));
    await page.waitForURL(/c=channel/);
    await page.getByRole('columnheader', { name: 'Online' }).waitFor();
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes('c=channel'));
    await answered(page);
    assert.equal(await page.getByRole('columnheader', { name: 'Online' }).count(), 0);
  });

  await step('a period, a comparison and a filter are chosen', async () => {
    await asking(page, () => page.getByLabel('Period', { exact: true }).selectOption('last_year'));
    assert.match(page.url(), /period=last_year/);
    await asking(page, () => page.getByLabel('Compare', { exact: true }).selectOption('last_year'));
    await page.getByRole('columnheader', { name: 'Change' }).waitFor();
    await page.locator('.filter-menu summary').click();
    await page.locator('.filter-row select').first().selectOption('channel');
    await page.locator('.filter-row [data-value]').selectOption('online');
    await asking(page, () => page.getByRole('button', { name: 'Apply', exact: true }).click());
    assert.match(page.url(), /filter=channel/);
    await asking(page, () => page.locator('.chip', { hasText: 'Online' }).getByRole('button').click());
    assert.doesNotMatch(page.url(), /filter/);
    await page.goto('/analysis/explore?m=sales&filter=beauty%20%3D%3D%201');
    await page.getByRole('alert').getByText('Filter:').waitFor();
    // The browser notes an answer of 422 as an error of its own.
    page.troubles = page.troubles.filter((trouble) => !trouble.includes('422'));
  });

  await step('behind a figure are the next steps down and exactly its records', async () => {
    await page.goto('/analysis/explore?m=orders&m=sales&r=account.province&period=this_year');
    await answered(page);
    const orders = await figure(page, '山东省');
    await page.locator('.answer-grid').getByRole('link', { name: '山东省' }).click();
    const dialog = page.getByRole('dialog');
    const list = dialog.getByRole('link', { name: /Orders in their list/ });
    assert.equal(numberIn(await list.textContent()), orders);
    const rows = await dialog.getByRole('link', { name: /one by one/ }).getAttribute('href');
    await dialog.getByRole('link', { name: 'Channel', exact: true }).click();
    await page.waitForURL(/w=account\.province/);
    await answered(page);
    assert.equal(numberIn(await page.locator('.answer-grid tfoot td.num').first().textContent()), orders);
    await asking(page, () => page.getByRole('button', { name: 'Drill up from 山东省' }).click());
    assert.doesNotMatch(page.url(), /w=/);
    await page.goto(rows);
    await page.getByRole('heading', { level: 1, name: 'Sales' }).waitFor();
  });

  await step('regions are a map, and a click leads from a province to its cities', async () => {
    await page.goto('/analysis/explore?m=sales&r=account.province');
    await answered(page);
    await asking(page, () => page.getByRole('radio', { name: 'Map', exact: true }).check({ force: true }));
    assert.match(page.url(), /chart=map/);
    await drawn(page);
    // Customers abroad are in no province: the page says how much that is.
    await page.getByText(/Not on the map: .* of the total/).waitFor();
    assert.ok(await page.getByText('not on the map', { exact: true }).count() > 0);
    const chart = page.locator('[data-chart="map"]');
    const box = await chart.boundingBox();
    // Shandong, where most of the demo's customers are.
    await page.mouse.click(box.x + box.width * SHANDONG.x, box.y + box.height * SHANDONG.y);
    const dialog = page.getByRole('dialog');
    await dialog.getByText('山东省').first().waitFor();
    await dialog.getByRole('link', { name: 'Customer: City', exact: true }).click();
    await page.waitForURL(/w=account\.province.*chart=map/);
    await answered(page);
    await drawn(page);
    await page.getByText(/Sales: highest for 青岛|Sales: highest for 烟台|Sales: highest for 济南/).waitFor();
    await page.goto('/analysis/explore?m=sales&r=account.country&chart=map');
    await answered(page);
    await drawn(page);
  });

  await step('a question is saved and opened again', async () => {
    await page.goto('/analysis/explore?m=sales&r=channel&c=day%3Aquarter&period=this_year&chart=heat');
    await answered(page);
    await drawn(page);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByLabel('Name', { exact: true }).fill('Channels this year');
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Channels this year' }).waitFor();
    await page.getByRole('link', { name: 'Saved questions' }).first().click();
    await page.locator('a.row-title', { hasText: 'Channels this year' }).click();
    await answered(page);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Excel' }).click();
    assert.equal((await download).suggestedFilename(), 'answer.xlsx');
  });

  await step('a dashboard is made of it, put in order and filtered', async () => {
    await page.goto('/analysis/dashboards');
    await page.getByRole('button', { name: 'New dashboard' }).click();
    await page.getByLabel('Name', { exact: true }).fill('My board');
    await page.getByRole('button', { name: 'Create' }).click();
    for (const name of ['Channels this year', '产品结构 Product mix']) {
      await page.getByLabel('Add tile').selectOption({ label: name });
      await page.getByRole('button', { name: 'Add tile' }).click();
      await page.locator('.tile-row', { hasText: name }).waitFor();
    }
    await page.getByRole('button', { name: 'Move 产品结构 Product mix up' }).click();
    await eventually('the order', () => page.locator('.tile-name').first().textContent(), (name) => name.includes('Product mix'));
    await page.getByRole('link', { name: 'Done' }).click();
    await drawn(page, 2);
    await page.getByLabel('Period', { exact: true }).selectOption('last_quarter');
    await page.waitForURL(/period=last_quarter/);
    await drawn(page, 2);
  });

  await step('the dashboard of the demo shows all of its tiles, in Chinese and in the dark, too', async () => {
    await page.goto('/analysis/dashboards');
    await page.getByRole('link', { name: /Business overview/ }).click();
    await drawn(page, 4);
    const profit = page.getByRole('region', { name: 'Answer' }).filter({ hasText: 'Contribution after cost to serve' });
    const told = (label) => profit.locator(`tbody td[data-label="${label}"]`).allTextContents();
    await eventually('profit by class', () => told('Contribution after cost to serve'), (classes) => classes.length >= 3);
    const figures = await Promise.all(['Contribution', 'Cost to serve', 'Contribution after cost to serve'].map(told));
    // Who has never bought has no class, and no contribution either.
    const classes = figures[0].map((_, at) => figures.map((column) => column[at])).filter((row) => !row.includes('–'));
    assert.ok(classes.length >= 3, `only ${classes.length} classes with a profit`);
    for (const [contribution, service, left] of classes) {
      const difference = numberIn(contribution) - numberIn(service) - numberIn(left);
      assert.ok(Math.abs(difference) <= 2, `${contribution} less ${service} is not ${left}`);
    }
    await choose(page, 'zh-CN');
    await page.getByRole('link', { name: '自助分析' }).waitFor();
    await choose(page, 'dark');
    await page.goto('/analysis/explore?m=net_sales&r=day%3Amonth&period=last12_months&compare=last_year');
    await page.locator('.answer-foot', { hasText: /计入 .* 条订单行/ }).waitFor();
    await drawn(page);
    await page.getByText(/净销售额：.*最高/).waitFor();
    await choose(page, 'light');
    await choose(page, 'en');
  });

  await step('on a phone the fields fold away and nothing is wider than the screen', async () => {
    const phone = await open({ viewport: PHONE, phone: true });
    await signIn(phone, program.login);
    await phone.goto('/analysis/explore?m=sales&m=orders&r=account.province&c=day%3Aquarter&period=this_year');
    await answered(phone);
    assert.equal(await overflow(phone), 0);
    await phone.getByText('Fields', { exact: true }).click();
    await phone.getByRole('button', { name: 'Returns', exact: true }).waitFor();
    assert.equal(await overflow(phone), 0);
  });
}
