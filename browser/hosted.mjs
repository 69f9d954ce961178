// Two companies on one server, told apart by path: each signs in at its own address and finds nothing of the other.
import assert from 'node:assert/strict';
import { startHosted } from './program.mjs';

const lastPart = (address) => new URL(address).pathname.split('/').pop();

async function signInAt(page, url, name, login) {
  await page.goto(`${url}/c/${name}/`);
  await page.locator('input[name=email]').fill(login.email);
  await page.locator('input[name=password]').fill(login.password);
  await page.locator('main form button[type=submit]').click();
  await page.locator('#content').waitFor();
}

export async function hosted({ open, step }) {
  const program = await startHosted(['orchard', 'foundry']);
  try {
    const orchard = await open({ url: program.url });
    const foundry = await open({ url: program.url });
    let id;

    await step('an administrator of each company signs in below its path', async () => {
      await signInAt(orchard, program.url, 'orchard', program.logins.orchard);
      await signInAt(foundry, program.url, 'foundry', program.logins.foundry);
    });

    await step('one company enters a customer', async () => {
      await orchard.goto(`${program.url}/account/new`);
      await orchard.locator('input[name=name]').fill('Quetzal Fruit');
      await orchard.locator('main form button[type=submit]').last().click();
      await orchard.getByRole('heading', { level: 1, name: 'Quetzal Fruit' }).waitFor();
      id = lastPart(orchard.url());
    });

    await step('the other finds it neither in lists nor by search nor by its address', async () => {
      for (const road of ['/account', '/account?q=Quetzal', '/search?q=Quetzal']) {
        await foundry.goto(program.url + road);
        assert.ok(!(await foundry.locator('body').innerText()).includes('Quetzal Fruit'), road);
      }
      for (const road of [`/account/${id}`, `/api/v1/account/${id}`, `/c/orchard/api/v1/account/${id}`]) {
        const answer = await foundry.request.get(program.url + road);
        assert.ok([401, 403, 404].includes(answer.status()), `${road}: ${answer.status()}`);
      }
    });

    await step("one company's password opens nothing at the other", async () => {
      const stranger = await open({ url: program.url });
      await stranger.goto(`${program.url}/c/foundry/`);
      await stranger.locator('input[name=email]').fill(program.logins.orchard.email);
      await stranger.locator('input[name=password]').fill(program.logins.orchard.password);
      await stranger.locator('main form button[type=submit]').click();
      await stranger.locator('[role=alert]').first().waitFor();
      stranger.troubles = stranger.troubles.filter((trouble) => !/status of 4\d\d/.test(trouble));
    });
  } finally {
    await program.stop();
  }
}
