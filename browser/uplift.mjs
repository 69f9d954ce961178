// Who responds to a campaign: a company whose customers of one province buy because they were reached and those of another do not;
// the experiment's page proves it, on a desktop, in the dark and on a phone, and its button opens the list of those worth reaching.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { findings } from './axe.mjs';
import { overflow, PHONE } from './chromium.mjs';
import { startEmpty } from './program.mjs';
import { choose, eventually, numberIn, signIn } from './steps.mjs';
import { speak } from './words.mjs';

const PEOPLE = 1_200;
const [HOME, AWAY] = ['浙江', '四川'];
/** Of a hundred who buy, by province: reached, left alone. */
const BUYERS = { [HOME]: [60, 30], [AWAY]: [10, 30] };

export async function uplift({ open, step, lang = 'en' }) {
  const program = await startEmpty();
  try {
    await journey((options) => open({ ...options, url: program.url }), step, program, speak(lang));
  } finally {
    await program.stop();
  }
}

/** As the program draws (crates/mining/src/effect/assignment.rs); the share is a half. */
function leftAlone(experiment, customer) {
  const bytes = (id) => Buffer.from(id.replaceAll('-', ''), 'hex');
  return createHash('sha256').update(bytes(experiment)).update(bytes(customer)).digest()[0] < 128;
}

async function create(page, entity, records) {
  const token = await page.locator('meta[name=csrf], input[name=csrf]').first().evaluate((node) => node.content ?? node.value);
  const answer = await page.request.post(`/api/v1/${entity}/batch`, {
    data: { operations: records.map((values) => ({ op: 'create', values })) }, headers: { 'x-csrf-token': token }, timeout: 120_000,
  });
  assert.equal(answer.status(), 200, await answer.text());
  return (await answer.json()).results.map((result) => result.id);
}

async function compared(page, address, button, say) {
  await page.getByRole('button', { name: say(button) }).click();
  await page.waitForLoadState();
  await eventually('the comparison', async () => {
    await page.goto(address);
    return (await page.getByRole('button', { name: say('mining.compare_again') }).count()) - (await page.getByText(say('mining.working')).count());
  }, (there) => there === 1, 60_000);
}

async function journey(open, step, program, say) {
  const page = await open();
  const name = say.either('Spring letter', '春季来信');
  let address;
  let people;

  await step('an experiment with a cost of a contact is drawn, and says when it has too little to learn from', async () => {
    await signIn(page, program.login, say.lang);
    const province = (at) => (at % 2 ? AWAY : HOME);
    const ids = await create(page, 'account', Array.from({ length: PEOPLE }, (_, at) => ({ name: `Person ${at}`, kind: 'person', province: province(at) })));
    people = ids.map((id, at) => ({ id, province: province(at) }));
    await page.goto('/experiment/new');
    await page.locator('input[name=name]').fill(name);
    await page.locator('input[name=control_share]').fill('50');
    await page.locator('input[name=start_on]').fill('2026-01-05');
    await page.locator('input[name=end_on]').fill('2026-02-01');
    await page.locator('input[name=contact_cost]').fill('1');
    await page.getByRole('button', { name: say('common.save') }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    address = page.url();
    await compared(page, address, 'mining.draw', say);
    await page.getByRole('heading', { name: say('mining.uplift.title') }).waitFor();
    await page.getByText(say.start('mining.uplift.missing.too_few_events')).waitFor();
  });

  await step('once they have bought, the page proves that they respond differently', async () => {
    const experiment = new URL(address).pathname.split('/').pop();
    const seen = {};
    const buyers = people.filter(({ id, province }) => {
      const alone = leftAlone(experiment, id);
      const share = BUYERS[province][Number(alone)] / 100;
      const number = (seen[province + alone] = (seen[province + alone] ?? 0) + 1);
      return Math.floor(number * share) > Math.floor((number - 1) * share);
    });
    const orders = await create(page, 'order', buyers.map(({ id }) => ({ account: id, ordered_at: '2026-01-12T04:00:00Z' })));
    await create(page, 'order_line', orders.map((order) => ({ order, description: 'goods', unit_price: '40', unit_cost: '30' })));
    await compared(page, address, 'mining.compare_again', say);
    await page.getByText(say('mining.uplift.proven')).waitFor();
    await eventually('drawn charts', () => page.locator('[data-chart] canvas').count(), (drawn) => drawn >= 2);
    await page.getByText(say('mining.uplift.trait.region.rises', { value: HOME })).or(page.getByText(say('mining.uplift.trait.region.falls', { value: AWAY }))).first().waitFor();
    await page.getByText(say('mining.uplift.choosing_pays')).waitFor();
    assert.deepEqual(await findings(page), []);
  });

  await step('its button opens the list of those worth reaching, and of those better left alone', async () => {
    for (const [advice, label, place] of [['reach', say.either('Worth reaching', '值得触达'), HOME], ['leave_alone', say.either('Better left alone', '不宜打扰'), AWAY]]) {
      await page.goto(address);
      const button = page.getByRole('link', { name: label });
      const customers = numberIn((await button.textContent()).split(/[:：]/)[1]);
      await button.click();
      await page.waitForURL(/\/account\?.*contact_advice/);
      assert.equal(numberIn(await page.locator('#count').textContent()), customers, `${label}: the list has another number`);
      const first = await page.request.get(`/api/v1/account?limit=1&filter=${encodeURIComponent(`contact_advice == '${advice}'`)}`);
      assert.equal((await first.json()).data[0].province, place);
    }
  });

  await step('in the dark and on a phone it reads as well', async () => {
    const phone = await open({ viewport: PHONE, phone: true });
    await signIn(phone, program.login, say.lang);
    await phone.goto(address);
    await phone.getByRole('heading', { name: say('mining.uplift.title') }).waitFor();
    await phone.getByText(say('mining.uplift.proven')).waitFor();
    assert.equal(await overflow(phone), 0);
    await choose(page, 'dark');
    await page.goto(address);
    assert.deepEqual(await findings(page), []);
  });
}
