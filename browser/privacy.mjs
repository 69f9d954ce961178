// A person asks for his data and then for its erasure; the audit tells of both, and can be filtered and taken along.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { overflow } from './chromium.mjs';
import { eventually, signIn } from './steps.mjs';

const lastPart = (address) => new URL(address).pathname.split('/').pop();

export async function privacy({ open, step, program }) {
  const page = await open();
  let person;

  await step('a person is entered', async () => {
    await signIn(page, program.login);
    await page.goto('/account/new');
    await page.locator('input[name=name]').fill('Quetzal Zorn');
    await page.locator('select[name=kind]').selectOption('person');
    await page.locator('input[name=email]').fill('zorn@example.com');
    await page.locator('main form button[type=submit]').last().click();
    await page.getByRole('heading', { level: 1, name: 'Quetzal Zorn' }).waitFor();
    person = lastPart(page.url());
  });

  await step('everything about him is one file', async () => {
    await page.goto(`/account/${person}/privacy`);
    assert.equal(await overflow(page), 0);
    await page.locator('#export-reason').fill('letter of 3 March');
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download everything' }).click()]);
    const text = await readFile(await file.path(), 'utf8');
    assert.ok(JSON.parse(text) && text.includes('zorn@example.com'));
  });

  await step('an erasure says what it reaches, asks, and leaves no trace on any page', async () => {
    await page.goto(`/account/${person}/privacy`);
    await page.locator('#erase-reason').fill('letter of 4 March');
    await page.locator('input[name=sure]').check();
    await page.locator(`form[action$="/privacy/erase"] button`).click();
    await page.waitForLoadState();
    for (const road of [`/account/${person}`, `/account/${person}/history`, '/account?q=zorn', '/search?q=quetzal']) {
      await page.goto(road);
      const text = await page.locator('body').innerText();
      assert.ok(!/quetzal zorn|zorn@example/i.test(text), `${road} still tells of him`);
    }
  });

  await step('rules of retention say what is due', async () => {
    await page.goto('/privacy');
    await page.getByRole('heading', { level: 1, name: 'Privacy' }).waitFor();
    assert.equal(await overflow(page), 0);
  });

  await step('the audit tells who opened and erased the record, and only that when asked', async () => {
    const text = await eventually('the audit', async () => {
      await page.goto(`/audit?entity=account&record=${person}`);
      return (await page.locator('.audit-grid').allInnerTexts()).join(' ');
    }, (found) => found.includes('Saw') && found.includes('Erased'));
    assert.ok(!text.answer.includes('Quetzal'), 'the audit keeps no erased name');
    assert.equal(await overflow(page), 0);
    await page.goto('/audit');
    await page.locator('#audit-entity').selectOption('account');
    await page.getByRole('button', { name: 'Filter' }).click();
    assert.match(page.url(), /entity=account/);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export' }).click()]);
    const content = await readFile(await file.path(), 'utf8');
    // `trim` would take the mark away, too.
    assert.ok(content.startsWith('\uFEFF'), content.slice(0, 40));
    const lines = content.trim().split('\r\n');
    assert.ok(lines.length > 2, content);
    assert.ok(!lines.join('').includes('Quetzal'));
  });
}
