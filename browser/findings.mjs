// What the figures ask for: from the customer who loses money to the reason, from an alarm to its task, and through the seven P.
import assert from 'node:assert/strict';
import { eventually, signIn } from './steps.mjs';
import { speak } from './words.mjs';

const PARTS = ['profiling', 'persistency', 'profitability', 'performance', 'prospecting', 'product', 'promotion'];

export async function findings({ open, step, program, lang = 'en' }) {
  const page = await open();
  const say = speak(lang);
  await signIn(page, program.login, lang);
  const drawn = (least) => eventually('drawn charts', () => page.locator('[data-chart] canvas').count(), (count) => count >= least);

  await step('the whale curve shows who earns, and a loss maker says what it comes from', async () => {
    await page.getByRole('navigation', { name: say.either('Main navigation', '主导航') }).getByRole('link', { name: say.either('Profitability', '客户盈利'), exact: true }).click();
    await page.getByRole('heading', { level: 1, name: say('profit.title') }).waitFor();
    await drawn(3);
    const losing = page.locator('section.panel', { has: page.getByRole('heading', { name: say('profit.losing') }) });
    const name = (await losing.locator('a.row-title').first().textContent()).trim();
    await losing.locator('a.row-title').first().click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await page.locator('#profit-panel').getByText(say.start('profit.loses_by')).waitFor();
  });

  await step('an alarm leads to the task of the one who was told', async () => {
    await page.goto('/value/alarms');
    const row = page.locator('section.panel', { has: page.getByRole('heading', { name: say('alarm.open'), exact: true }) }).locator('tbody tr').first();
    await row.waitFor();
    await row.locator('a[href^="/activity/"]').first().click();
    await page.waitForURL(/\/activity\//);
  });

  await step('a rule of alarms is moved, and nonsense is refused beside its field', async () => {
    await page.goto('/value/alarms/settings');
    await page.locator('#alarm-late_chance').fill('50');
    await page.getByRole('button', { name: say('common.save') }).click();
    await page.locator('#alarm-late_chance-error').waitFor();
    page.troubles.length = 0; // the 422 is in the console
    await page.locator('#alarm-late_chance').fill('97');
    await page.getByRole('button', { name: say('common.save') }).click();
    await page.waitForURL(/\/value\/alarms$/);
  });

  await step('the seven P answer, and a filter holds from one to the next', async () => {
    await page.goto('/value/seven-p');
    for (const part of PARTS) {
      await page.getByRole('link', { name: say(`seven.${part}`), exact: true }).last().click();
      await page.getByRole('heading', { level: 1, name: new RegExp(say(`seven.${part}`)) }).waitFor();
      await drawn(1);
    }
    await page.getByLabel(say('seven.relation')).selectOption('dealer');
    await page.getByRole('button', { name: say('seven.apply') }).click();
    await page.waitForURL(/relation=dealer/);
    await page.getByRole('link', { name: say('seven.performance'), exact: true }).click();
    await page.waitForURL(/performance.*relation=dealer/);
    assert.equal(await page.getByLabel(say('seven.relation')).inputValue(), 'dealer');
  });

  await step('satisfaction names what is weakest, and cycles what is due', async () => {
    await page.goto('/value/satisfaction');
    await page.getByText(say.start('satisfaction.weakest')).first().waitFor();
    await drawn(2);
    await page.goto('/value/cycles');
    await page.getByRole('heading', { name: say('cycle.due_now') }).waitFor();
  });
}
