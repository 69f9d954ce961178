// What the figures ask for: from the customer who loses money to the reason, from an alarm to its task, and through the seven P.
import assert from 'node:assert/strict';
import { eventually, signIn } from './steps.mjs';

const PARTS = ['Profiling', 'Persistency', 'Profitability', 'Performance', 'Prospecting', 'Product', 'Promotion'];

export async function findings({ open, step, program }) {
  const page = await open();
  await signIn(page, program.login);
  const drawn = (least) => eventually('drawn charts', () => page.locator('[data-chart] canvas').count(), (count) => count >= least);

  await step('the whale curve shows who earns, and a loss maker says what it comes from', async () => {
    await page.getByRole('navigation', { name: 'Main navigation' }).getByRole('link', { name: 'Profitability', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Profitability' }).waitFor();
    await drawn(3);
    const losing = page.locator('section.panel', { has: page.getByRole('heading', { name: 'Customers who lose money' }) });
    const name = (await losing.locator('a.row-title').first().textContent()).trim();
    await losing.locator('a.row-title').first().click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await page.locator('#profit-panel').getByText('This customer loses money').waitFor();
  });

  await step('an alarm leads to the task of the one who was told', async () => {
    await page.goto('/value/alarms');
    const row = page.locator('section.panel', { has: page.getByRole('heading', { name: 'Open', exact: true }) }).locator('tbody tr').first();
    await row.waitFor();
    await row.locator('a[href^="/activity/"]').first().click();
    await page.waitForURL(/\/activity\//);
  });

  await step('a rule of alarms is moved, and nonsense is refused beside its field', async () => {
    await page.goto('/value/alarms/settings');
    await page.getByLabel('Late by (times)').fill('0.2');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('#alarm-late_times-error').waitFor();
    page.troubles.length = 0; // the 422 is in the console
    await page.getByLabel('Late by (times)').fill('2.5');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/value\/alarms$/);
  });

  await step('the seven P answer, and a filter holds from one to the next', async () => {
    await page.goto('/value/seven-p');
    for (const part of PARTS) {
      await page.getByRole('link', { name: part, exact: true }).last().click();
      await page.getByRole('heading', { level: 1, name: new RegExp(part) }).waitFor();
      await drawn(1);
    }
    await page.getByLabel('Relation').selectOption({ label: 'Dealer' });
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL(/relation=dealer/);
    await page.getByRole('link', { name: 'Performance', exact: true }).click();
    await page.waitForURL(/performance.*relation=dealer/);
    assert.equal(await page.getByLabel('Relation').inputValue(), 'dealer');
  });

  await step('satisfaction names what is weakest, and cycles what is due', async () => {
    await page.goto('/value/satisfaction');
    await page.getByText('Weakest:').first().waitFor();
    await drawn(2);
    await page.goto('/value/cycles');
    await page.getByRole('heading', { name: 'Due now' }).waitFor();
  });
}
