// Two spellings of a customer become one: found, compared, merged; old links lead on; undone again.
import assert from 'node:assert/strict';
import { overflow } from './chromium.mjs';
import { eventually, signIn } from './steps.mjs';

const lastPart = (address) => new URL(address).pathname.split('/').pop();

async function create(page, name, phone, city) {
  await page.goto('/account/new');
  await page.locator('input[name=name]').fill(name);
  await page.locator('input[name=phone]').fill(phone);
  await page.locator('input[name=city]').fill(city);
  await page.locator('form.record-form button[type=submit], main form button[type=submit]').last().click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
  return lastPart(page.url());
}

export async function merging({ open, step, program }) {
  const page = await open();
  let one;
  let other;

  await step('a customer is entered twice, and the second has a contact', async () => {
    await signIn(page, program.login);
    one = await create(page, 'Persimmon Trading Co., Ltd.', '0532 7654321', 'Qingdao');
    other = await create(page, 'PERSIMMON trading', '0532-7654321', 'Yantai');
    const contact = await page.request.post('/api/v1/contact', {
      data: { name: 'Pia Persimmon', account: other },
      headers: { 'x-csrf-token': await page.locator('meta[name=csrf], input[name=csrf]').first().evaluate((node) => node.content ?? node.value) },
    });
    assert.equal(contact.status(), 201, await contact.text());
  });

  await step('the duplicates are looked for and shown with why', async () => {
    await page.goto('/account');
    await page.getByRole('link', { name: 'Duplicates' }).click();
    // Going on at once would take the request back before it is sent.
    const asked = page.waitForResponse((answer) => answer.request().method() === 'POST');
    await page.getByRole('button', { name: 'Look now' }).click();
    await asked;
    await eventually('the pair', async () => {
      await page.goto('/account/duplicates');
      // Without waiting for a list that this page will not have: only the next one may.
      return (await page.locator('.pair-list').allInnerTexts()).join(' ');
    }, (text) => text.includes('Persimmon Trading') && text.includes('same phone') && text.includes('same name'));
    assert.equal(await overflow(page), 0);
  });

  await step('side by side, the other city is chosen, and they become one', async () => {
    await page.goto(`/account/${one}/merge?with=${other}`);
    const city = page.locator('tr', { has: page.getByRole('rowheader', { name: 'City' }) });
    await city.getByLabel('Yantai').check();
    assert.equal(await overflow(page), 0);
    await page.getByRole('button', { name: 'Merge', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Persimmon Trading Co., Ltd.' }).waitFor();
    assert.equal(lastPart(page.url()), one);
    await page.getByText('Yantai').first().waitFor();
    await page.getByText('Pia Persimmon').first().waitFor();
  });

  await step('the old link leads to the one that stayed', async () => {
    await page.goto(`/account/${other}`);
    assert.equal(lastPart(page.url()), one);
  });

  await step('the merge is undone from the page', async () => {
    await page.goto(`/account/${one}`);
    await page.getByRole('button', { name: 'Undo the merge' }).click();
    await page.getByText('The records are apart again').waitFor();
    await page.goto(`/account/${other}`);
    await page.getByRole('heading', { level: 1, name: 'PERSIMMON trading' }).waitFor();
    await page.getByText('Pia Persimmon').first().waitFor();
  });
}
