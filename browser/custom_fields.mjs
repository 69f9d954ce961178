// An administrator adds a field of the company's own; a moment later it is in forms and lists, and nobody had to restart anything.
import assert from 'node:assert/strict';
import { eventually, signIn } from './steps.mjs';
import { speak } from './words.mjs';

const FIELD = { en: { name: 'x_club_card', english: 'Club card', chinese: '会员卡' }, 'zh-CN': { name: 'x_guild', english: 'Guild', chinese: '行会' } };

export async function customFields({ open, step, program, lang = 'en' }) {
  const page = await open();
  const say = speak(lang);
  const { name, english, chinese } = FIELD[lang];
  const label = say.either(english, chinese);
  const gold = say.either('Gold', '金卡');
  const save = () => page.locator('main form button[type=submit]').first().click();
  await signIn(page, program.login, lang);

  await step('the list of custom fields is in the navigation, and says what belongs there', async () => {
    await page.goto('/account');
    await page.locator('nav').getByRole('link', { name: say.either('Custom fields', '自定义字段'), exact: true }).click();
    await page.getByRole('heading', { level: 1, name: say.either('Custom fields', '自定义字段') }).waitFor();
    await page.goto('/custom_field/new');
  });

  await step('a choice without choices is refused at its field, and nothing is lost', async () => {
    await page.locator('select[name=entity]').selectOption('account');
    await page.locator('[name=chinese_label]').fill(chinese);
    await page.locator('[name=english_label]').fill(english);
    await page.locator('select[name=kind]').selectOption('choice');
    await save();
    await page.getByText(say.either('write the choices, one a line', '请填写选项，每行一个')).waitFor();
    assert.equal(await page.locator('[name=english_label]').inputValue(), english);
    page.troubles.length = 0; // the refusal is in the console
  });

  await step('with choices it is kept', async () => {
    await page.locator('[name=choices]').fill('gold | Gold | 金卡\nsilver | Silver | 银卡');
    await save();
    await page.getByRole('heading', { level: 1, name }).waitFor();
  });

  await step('a moment later it stands in the form, and a customer has it', async () => {
    const account = await page.evaluate(async () => (await (await fetch('/api/v1/account?limit=1')).json()).data[0].id);
    await eventually('the field in the form', async () => {
      await page.goto(`/account/${account}/edit`);
      return page.locator(`select[name=${name}]`).count();
    }, (count) => count === 1);
    await page.getByLabel(label, { exact: true }).selectOption({ label: gold });
    await save();
    await page.locator('dt, .field-label').filter({ hasText: new RegExp(`^\\s*${label}\\s*$`) }).first().waitFor();
    await page.getByText(gold, { exact: true }).first().waitFor();
    // The streams of news of a program without the field end when it has taken it up; the browser opens them again, and htmx notes the end.
    page.troubles = page.troubles.filter((trouble) => !trouble.startsWith('console error: [object Event]'));
  });

  await step('the list is filtered by it, and shows it', async () => {
    await page.goto(`/account?columns=name,${name}&filter=${encodeURIComponent(`${name} == "gold"`)}`);
    await page.getByRole('columnheader', { name: label }).waitFor();
    assert.equal(await page.locator('tr[data-row]').count(), 1);
    assert.equal((await page.locator('tr[data-row] td:nth-child(3)').textContent()).trim(), gold);
  });
}
