// What an analyst does beyond the explorer: reads in the catalog what a column means, asks with SQL, has an answer mailed every week.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { eventually, numberIn, signIn } from './steps.mjs';
import { speak } from './words.mjs';

/** The first refresh of the demo's warehouse, if nobody waited for it before. */
const FILLED_LIMIT_MS = 120_000;
const STATEMENT = 'SELECT channel, sum(net) AS sales, count(DISTINCT "order") AS orders FROM sales GROUP BY channel ORDER BY sales DESC';
const REPORT = { en: 'Channels every Friday', 'zh-CN': '每周五各渠道' };

export async function asking({ open, step, program, lang = 'en' }) {
  const page = await open();
  const say = speak(lang);
  await signIn(page, program.login, lang);
  const statement = page.getByLabel(say('analysis.statement'));
  const ask = async (sql) => {
    await statement.fill(sql);
    await page.getByRole('button', { name: say('analysis.run'), exact: true }).click();
  };

  await step('the catalog says what a measure is, and where a column is read from', async () => {
    await eventually('a filled warehouse', async () => {
      await page.goto('/analysis/catalog');
      return page.getByText(say.start('analysis.as_of')).count();
    }, (count) => count > 0, FILLED_LIMIT_MS);
    const measure = page.getByRole('row').filter({ has: page.locator('code', { hasText: /^net_sales$/ }) });
    await measure.filter({ hasText: say.either('Sales less returns', '销售额减退货') }).waitFor();
    const table = page.locator('details').filter({ has: page.locator('summary code', { hasText: /^sales$/ }) });
    await table.locator('summary').click();
    await table.getByRole('row').filter({ has: page.locator('code', { hasText: /^net$/ }) }).getByText('order.net_base').waitFor();
  });

  await step('a SELECT is answered, the largest channel first', async () => {
    await page.locator('.page-actions').getByRole('link', { name: say('analysis.sql'), exact: true }).click();
    await ask(STATEMENT);
    const answer = page.getByRole('region', { name: say('analysis.answer') });
    await answer.waitFor();
    assert.deepEqual(await answer.locator('thead th').allTextContents(), ['channel', 'sales', 'orders']);
    const sales = (await answer.locator('tbody td:nth-child(2)').allTextContents()).map(numberIn);
    assert.ok(sales.length > 1 && sales.every((one, at) => at === 0 || one <= sales[at - 1]), sales.join(' '));
  });

  await step('what is no column, and what would change something, is refused beside the statement, which stays', async () => {
    for (const wrong of ['SELECT beauty FROM sales', 'DELETE FROM sales']) {
      await ask(wrong);
      await page.locator('#sql-error').waitFor();
      assert.equal(await statement.inputValue(), wrong);
      page.troubles.length = 0; // the refusal is in the console
    }
    assert.ok(!(await page.locator('#sql-error').textContent()).includes('beauty'));
  });

  await step('the answer is taken away as a file', async () => {
    await ask(STATEMENT);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: say('explore.as_csv') }).click();
    const file = await download;
    assert.match(file.suggestedFilename(), /\.csv$/);
    assert.match(await readFile(await file.path(), 'utf8'), /^\uFEFF?channel,sales,orders\r?\n/);
  });

  await step('a saved question is mailed every Friday', async () => {
    await page.goto('/analysis/explore?m=sales&r=channel&period=last12_months');
    await page.getByRole('button', { name: say('question.save'), exact: true }).click();
    await page.getByLabel(say('question.name'), { exact: true }).fill(REPORT[lang]);
    await page.getByRole('dialog').getByRole('button', { name: say('question.save'), exact: true }).click();
    await page.getByRole('heading', { level: 1, name: REPORT[lang] }).waitFor();
    await page.goto('/analysis/questions');
    await page.getByRole('link', { name: say('schedule.mail', { name: REPORT[lang] }) }).click();
    await page.getByLabel(say('schedule.rhythm')).selectOption('weekly');
    await page.getByLabel(say('schedule.weekday')).selectOption('5');
    await page.locator('input[name=recipient]').first().check();
    await page.getByRole('button', { name: say('common.save'), exact: true }).click();
    await page.getByRole('heading', { level: 1, name: say('schedule.title') }).waitFor();
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: REPORT[lang], exact: true }) }).first();
    await row.getByText(say('schedule.when_weekly', { day: say('schedule.weekday_5'), hour: '08:00' }), { exact: true }).waitFor();
    // The demo has no mail server, and says so.
    await page.getByText(say.start('schedule.no_server')).waitFor();
  });
}
