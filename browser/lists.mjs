// Working with a list: search, filter kept in the address, saved view, editing in place, deleting many and undoing it,
// the command palette, keys.
import assert from 'node:assert/strict';
import { eventually, numberIn, signIn } from './steps.mjs';

export async function workWithLists({ open, step, program }) {
  const page = await open();
  const row = () => page.getByRole('row').filter({ has: page.getByRole('checkbox') });
  const bodyRows = () => page.locator('tr[data-row]');
  const count = async () => numberIn(await page.locator('#count').textContent());
  let all;

  await step('a wrong password is refused with words', async () => {
    await page.goto('/sign-in');
    await page.locator('button[lang=en]').click();
    await page.getByLabel('E-mail').fill(program.login.email);
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    page.troubles.length = 0; // the browser reports the refused sign-in itself
  });

  await step('sign in and open the accounts', async () => {
    await signIn(page, program.login);
    await page.goto('/account');
    await page.getByRole('heading', { level: 1, name: 'Customers' }).waitFor();
    all = await count();
    assert.ok(all > 10, `only ${all} accounts in the demo`);
  });

  await step('quick search narrows the list and stays in the address', async () => {
    const title = (await bodyRows().first().locator('.row-title').textContent()).trim();
    await page.getByRole('searchbox', { name: 'Search Customers' }).fill(title);
    await page.waitForURL(/[?&]q=/);
    await eventually('count', count, (now) => now < all);
    await page.getByRole('link', { name: title, exact: true }).first().waitFor();
    await page.goto('/account');
  });

  await step('a filter built by hand is in the address and survives a reload', async () => {
    await page.locator('summary', { hasText: 'Filter' }).click();
    await page.getByRole('button', { name: 'Edit as expression' }).click();
    await page.getByLabel('Expression (CEL)').fill('kind == "company"');
    await page.getByRole('button', { name: 'Apply' }).first().click();
    await page.waitForURL(/[?&]filter=/);
    const companies = await eventually('count', count, (now) => now < all && now > 0);
    await page.reload();
    assert.equal(await count(), companies.answer);
  });

  await step('a wrong filter says what is wrong', async () => {
    await page.goto(`/account?filter=${encodeURIComponent('no_such_field == 1')}`);
    await eventually('the error', () => page.getByRole('alert').allTextContents(), (texts) => texts.some((text) => text.includes('no_such_field')));
    page.troubles.length = 0; // a refused filter may answer 422
    await page.goto(`/account?filter=${encodeURIComponent('kind == "company"')}`);
  });

  await step('the view is saved, opened and deleted', async () => {
    await page.getByRole('button', { name: 'Save view' }).click();
    await page.getByRole('dialog').getByLabel('Name').first().fill('Only companies');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).first().click();
    await page.goto('/account');
    await page.getByRole('link', { name: 'Only companies' }).click();
    await eventually('count', count, (now) => now < all);
    await page.waitForLoadState();
    await page.getByRole('button', { name: 'Save view' }).click();
    await page.getByRole('button', { name: 'Delete view Only companies' }).click();
    await eventually('views', () => page.getByRole('link', { name: 'Only companies' }).count(), (number) => number === 0);
  });

  await step('a value is edited in place', async () => {
    await page.goto('/account?columns=name,phone,city');
    await page.getByRole('columnheader', { name: 'Phone' }).waitFor();
    const phone = () => page.locator('tr[data-row] td:nth-child(3)').first();
    await phone().dblclick();
    const input = page.locator('form[data-cell-form] input[name=phone]');
    await input.fill('138 0000 1234');
    await input.press('Enter');
    await eventually('the cell', () => phone().textContent(), (text) => text.replaceAll(/\D/g, '').endsWith('13800001234'));
    await page.reload();
    const kept = await phone().textContent();
    assert.ok(kept.replaceAll(/\D/g, '').endsWith('13800001234'), kept);
  });

  await step('a wrong value is refused beside the cell', async () => {
    await page.locator('tr[data-row] td:nth-child(3)').first().dblclick();
    const input = page.locator('form[data-cell-form] input[name=phone]');
    await input.fill('call me');
    await input.press('Enter');
    await page.locator('form[data-cell-form] [role=alert]').waitFor();
    page.troubles.length = 0; // the browser reports the 422 itself
    await page.keyboard.press('Escape');
  });

  await step('two are deleted together and come back by undo', async () => {
    await page.goto('/account');
    const before = await count();
    await row().nth(1).getByRole('checkbox').check();
    await row().nth(2).getByRole('checkbox').check();
    await page.getByText('2 selected').waitFor();
    await page.getByRole('form', { name: 'Actions on the selected rows' }).getByRole('button', { name: 'Delete' }).click();
    await eventually('count', count, (now) => now === before - 2);
    await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
    await eventually('count', count, (now) => now === before);
  });

  await step('more rows come while scrolling', async () => {
    const first = await bodyRows().count();
    assert.ok(first < all, `all ${all} accounts came at once`);
    await page.locator('tr.more-row').scrollIntoViewIfNeeded();
    await eventually('rows', () => bodyRows().count(), (now) => now > first);
  });

  await step('the palette finds a record by keyboard alone', async () => {
    const title = (await bodyRows().first().locator('.row-title').textContent()).trim();
    await page.keyboard.press('Control+k');
    const box = page.getByRole('combobox', { name: 'Search' });
    await box.fill(title);
    await page.getByRole('option', { selected: true }).filter({ hasText: title }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
  });

  await step('? lists the keys, Escape closes', async () => {
    await page.waitForLoadState();
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await help.waitFor();
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'hidden' });
  });
}
