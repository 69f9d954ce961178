// Two branches: a rep of one finds no customer of the other by any road; an administrator is told why, shares one, and ends it.
import assert from 'node:assert/strict';
import { overflow } from './chromium.mjs';
import { eventually, signIn } from './steps.mjs';

const QINGDAO = 'tang@zhike.example';
const SHANGHAI = 'luo@zhike.example';

const lastPart = (address) => new URL(address).pathname.split('/').pop();

/** The refusals a journey asks for are reported by the browser's console, too. */
const asked = (page) => { page.troubles = page.troubles.filter((trouble) => !/status of 40[34]/.test(trouble)); };

export async function rights({ open, step, program }) {
  const admin = await open();
  const theirs = await open();
  const ours = await open();
  let customer;

  await step('reps of two branches sign in', async () => {
    await signIn(admin, program.login);
    await signIn(theirs, { ...program.login, email: SHANGHAI });
    await signIn(ours, { ...program.login, email: QINGDAO });
  });

  await step('the rep in Shanghai has a customer with an order', async () => {
    await theirs.goto('/order?sort=-ordered_at');
    await theirs.locator('a.row-title').first().click();
    const order = lastPart(theirs.url());
    const link = theirs.locator('.facts a').first();
    customer = { name: await link.textContent(), order };
    await link.click();
    await theirs.getByRole('heading', { level: 1, name: customer.name }).waitFor();
    customer.id = lastPart(theirs.url());
  });

  await step('the rep in Qingdao sees other customers', async () => {
    await ours.goto('/account');
    await ours.locator('a.row-title').first().waitFor();
    assert.ok((await ours.locator('a.row-title').count()) > 5);
    assert.equal(await ours.locator('.nav a[href="/value"], nav a[href="/value"]').count(), 0, 'no sums over everybody');
  });

  await step('no list, search or picker leads to the customer of the other branch', async () => {
    const id = customer.id;
    for (const road of [`/account?q=${encodeURIComponent(customer.name)}`, '/account?sort=-created_at', '/order/board', '/order', '/activity', '/contact']) {
      await ours.goto(road);
      assert.equal(await ours.locator(`#content a[href*="${id}"]`).count(), 0, road);
    }
    await ours.goto('/account');
    await ours.keyboard.press('Control+k');
    const answer = ours.waitForResponse((one) => /\/search\?q=./.test(one.url()));
    await ours.getByRole('combobox').fill(customer.name);
    await answer;
    await ours.waitForTimeout(200);
    assert.equal(await ours.locator(`#palette-results a[href*="${id}"]`).count(), 0);
    const picked = await ours.request.get(`/lookup/account?q=${encodeURIComponent(customer.name)}`);
    assert.ok(!(await picked.text()).includes(id));
  });

  await step('neither do addresses, files, live pages and programs', async () => {
    const { id, order } = customer;
    const roads = [`/account/${id}`, `/account/${id}/edit`, `/account/${id}/history`, `/account/${id}/timeline`, `/account/${id}/access`,
      `/account/${id}/share`, `/order/${order}`, `/events/account/${id}`, '/account/export', '/value', '/api/v1/value/customers',
      `/api/v1/account/${id}`, `/api/v1/order/${order}`, `/api/v1/account/${id}/history`];
    for (const road of roads) {
      const answer = await ours.request.get(road);
      assert.ok([403, 404].includes(answer.status()), `${road}: ${answer.status()}`);
    }
    await ours.goto(`/account/${id}`);
    await ours.getByRole('heading', { name: 'Not found' }).or(ours.getByText('404')).first().waitFor();
    asked(ours);
  });

  await step('an administrator is told why, for everybody and for one', async () => {
    await admin.goto(`/account/${customer.id}`);
    await admin.getByLabel('More actions').or(admin.locator('summary.icon-only').first()).first().click();
    await admin.getByRole('link', { name: 'Who can see this?' }).click();
    await admin.getByRole('heading', { name: 'Who can see this?' }).waitFor();
    await admin.getByRole('link', { name: '唐婷' }).click();
    await admin.getByText('of another team').first().waitFor();
    assert.equal(await overflow(admin), 0);
  });

  await step('shared with the rep, the customer is found with his orders', async () => {
    await admin.goto(`/account/${customer.id}/share`);
    const user = (await (await admin.request.get('/lookup/user?q=唐婷')).json())[0].value;
    await admin.locator('#share-user').evaluate((select, value) => select.tomselect?.addOption({ value, text: 'Tang' }) || select.tomselect?.setValue(value), user);
    await admin.locator('#share-user').evaluate((select, value) => select.tomselect?.setValue(value), user);
    await admin.getByRole('button', { name: 'Share', exact: true }).click();
    await admin.getByText('Shared with').waitFor();
    await eventually('the customer', async () => (await ours.request.get(`/account/${customer.id}`)).status(), (status) => status === 200);
    await ours.goto(`/account/${customer.id}`);
    await ours.getByRole('heading', { level: 1, name: customer.name }).waitFor();
    assert.equal((await ours.request.get(`/order/${customer.order}`)).status(), 200);
  });

  await step('the share ends', async () => {
    await ours.goto('about:blank'); // the page's news would end, too, and the browser says so
    await admin.getByRole('button', { name: /^End the share/ }).click();
    await admin.getByText('No longer shared.').waitFor();
    await eventually('the customer', async () => (await ours.request.get(`/account/${customer.id}`)).status(), (status) => status === 404);
    asked(ours);
  });

  await step('a role is changed in its table and holds at once', async () => {
    await admin.goto('/role');
    await admin.getByRole('link', { name: /Sales representative/ }).click();
    await admin.getByLabel('Contacts: see').selectOption('none');
    await admin.getByRole('button', { name: 'Save rights' }).click();
    await admin.getByText('Rights saved.').waitFor();
    await eventually('contacts', async () => (await ours.request.get('/contact')).status(), (status) => status === 403);
    await admin.getByLabel('Contacts: see').selectOption('team');
    await admin.getByRole('button', { name: 'Save rights' }).click();
    await eventually('contacts', async () => (await ours.request.get('/contact')).status(), (status) => status === 200);
    assert.equal(await overflow(admin), 0);
  });
}
