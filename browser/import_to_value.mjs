// A company's first day: an empty program, its own messy order export, and minutes later its customers ranked by value.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { writeOrdersFile } from './orders_file.mjs';
import { startEmpty } from './program.mjs';
import { eventually, numberIn, signIn } from './steps.mjs';
import { bestCustomer } from './value.mjs';

/** No program can know this name: the user has to say what the column means. */
const UNKNOWN_NAME = 'Rate each';

export async function importToValue({ open, step }) {
  const program = await startEmpty();
  try {
    await journey((options) => open({ ...options, url: program.url }), step, program);
  } finally {
    await program.stop();
  }
}

async function journey(open, step, program) {
  const page = await open();
  const path = join(program.folder, 'orders.csv');
  const facts = await writeOrdersFile(path, { names: { UnitPrice: UNKNOWN_NAME } });

  await step('the empty program says what to do first', async () => {
    await signIn(page, program.login);
    await page.getByRole('link', { name: 'Value overview' }).click();
    await page.getByRole('link', { name: 'Import orders' }).click();
    await page.getByRole('heading', { level: 1, name: 'Import data' }).waitFor();
  });

  await step('the uploaded file lacks a column the program knows', async () => {
    await page.locator('input[type=file]').setInputFiles(path);
    await page.getByRole('button', { name: 'Upload and check' }).click();
    await page.getByText('Please choose the column for:').waitFor();
    assert.equal(await meaning(page, 'InvoiceNo'), 'Order number');
    assert.equal(await meaning(page, 'CustomerID'), "Customer's number");
    assert.equal(await meaning(page, UNKNOWN_NAME), '— leave out —');
  });

  await step('the mapping is corrected and the first rows show it', async () => {
    await page.getByRole('combobox', { name: UNKNOWN_NAME }).selectOption({ label: 'Unit price' });
    await page.getByRole('button', { name: 'Show the preview again' }).click();
    await page.getByText('Please choose the column for:').waitFor({ state: 'detached' });
    assert.equal(await meaning(page, UNKNOWN_NAME), 'Unit price');
    const preview = page.locator('section', { has: page.getByRole('heading', { name: 'The first rows as they will be' }) });
    assert.ok((await preview.locator('tbody tr').count()) > 3);
  });

  await step('counting first tells what would be made and writes nothing', async () => {
    await page.getByRole('button', { name: 'Count first' }).click();
    await page.getByRole('heading', { name: 'This would be made' }).waitFor({ timeout: 60_000 });
    await page.getByText(`${facts.bad} with errors`).waitFor();
    const counting = page.url();
    await page.goto('/account');
    await page.getByText('No customers yet').waitFor();
    await page.goto(counting);
  });

  await step('the import runs and shows its progress', async () => {
    await page.getByRole('button', { name: 'Import now' }).click();
    await page.getByRole('heading', { name: 'Result' }).waitFor({ timeout: 120_000 });
  });

  await step('what was made is what the file holds', async () => {
    const made = await page.locator('dl.facts').last().evaluate((list) =>
      Object.fromEntries([...list.children].map((one) => [one.querySelector('dt').textContent.trim(), one.querySelector('dd').textContent.trim()])));
    const expected = {
      Customers: facts.customers, Orders: facts.orders, 'Order lines': facts.order_lines,
      Returns: facts.returns, 'Return lines': facts.return_lines,
    };
    for (const [name, number] of Object.entries(expected)) assert.equal(numberIn(made[name] ?? '–'), number, `${name} in ${JSON.stringify(made)}`);
  });

  await step('the bad rows come back in a file with the reasons', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Error file' }).click()]);
    const text = await (await download.createReadStream()).toArray().then((parts) => Buffer.concat(parts).toString('utf8'));
    const lines = text.trim().split('\n');
    assert.equal(lines.length, facts.bad + 1, text);
    assert.ok(lines.some((line) => line.includes('yesterday')) && lines.some((line) => line.includes('three')), text);
  });

  await bestCustomer(page, open, step, program, facts);

  await step('the same file again changes nothing, and its columns are remembered', async () => {
    await page.goto('/import');
    await page.locator('input[type=file]').setInputFiles(path);
    await page.getByRole('button', { name: 'Upload and check' }).click();
    await page.getByRole('heading', { name: 'Columns' }).waitFor();
    assert.equal(await meaning(page, UNKNOWN_NAME), 'Unit price');
    await page.getByRole('button', { name: 'Import now' }).click();
    await page.getByText('All of it was there already; nothing has changed.').waitFor({ timeout: 120_000 });
  });

  await step('the import is taken back, and what was worked on since stays', async () => {
    await page.goto('/import');
    await page.locator('tr[data-href] a.row-title').last().click();
    await page.waitForLoadState();
    await page.getByText('Take the whole import back').click();
    await page.getByRole('button', { name: 'Take it back now' }).click();
    await page.getByText('The import was taken back').waitFor({ timeout: 120_000 });
    await page.goto('/order');
    const left = await eventually('orders', async () => numberIn(await page.locator('#count').textContent()), (now) => now < facts.orders);
    assert.equal(left.answer, 1, 'only the order entered by hand stays');
  });
}

/** What the file's column is taken for. */
async function meaning(page, column) {
  return (await page.getByRole('combobox', { name: column }).locator('option:checked').textContent()).trim();
}
