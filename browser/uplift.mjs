// Who responds to a campaign: a company whose customers of one province buy because they were reached and those of another do not;
// the experiment's page proves it, on a desktop and a phone, in both languages, and its button opens the list of those worth reaching.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { findings } from './axe.mjs';
import { overflow, PHONE } from './chromium.mjs';
import { startEmpty } from './program.mjs';
import { choose, eventually, numberIn, signIn } from './steps.mjs';

const PEOPLE = 1_200;
const [HOME, AWAY] = ['浙江', '四川'];
/** Of a hundred who buy, by province: reached, left alone. */
const BUYERS = { [HOME]: [60, 30], [AWAY]: [10, 30] };

export async function uplift({ open, step }) {
  const program = await startEmpty();
  try {
    await journey((options) => open({ ...options, url: program.url }), step, program);
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

async function compared(page, address, button) {
  await page.getByRole('button', { name: button }).click();
  await page.waitForLoadState();
  await eventually('the comparison', async () => {
    await page.goto(address);
    return (await page.getByRole('button', { name: 'Compare again' }).count()) - (await page.getByText('Being computed').count());
  }, (there) => there === 1, 60_000);
}

async function journey(open, step, program) {
  const page = await open();
  let address;
  let people;

  await step('an experiment with a cost of a contact is drawn, and says when it has too little to learn from', async () => {
    await signIn(page, program.login);
    const province = (at) => (at % 2 ? AWAY : HOME);
    const ids = await create(page, 'account', Array.from({ length: PEOPLE }, (_, at) => ({ name: `Person ${at}`, kind: 'person', province: province(at) })));
    people = ids.map((id, at) => ({ id, province: province(at) }));
    await page.goto('/experiment/new');
    await page.getByLabel('Name').fill('Spring letter');
    await page.locator('input[name=control_share]').fill('50');
    await page.locator('input[name=start_on]').fill('2026-01-05');
    await page.locator('input[name=end_on]').fill('2026-02-01');
    await page.locator('input[name=contact_cost]').fill('1');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: 'Spring letter' }).waitFor();
    address = page.url();
    await compared(page, address, 'Draw the groups');
    await page.getByRole('heading', { name: 'Who responds' }).waitFor();
    await page.getByText('Too few customers bought').waitFor();
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
    await compared(page, address, 'Compare again');
    await page.getByText('Customers respond differently, beyond chance').waitFor();
    await eventually('drawn charts', () => page.locator('[data-chart] canvas').count(), (drawn) => drawn >= 2);
    await page.getByText(`Region ${HOME}: more effect`).or(page.getByText(`Region ${AWAY}: less effect`)).first().waitFor();
    await page.getByText('Choosing pays more than reaching everybody').waitFor();
    assert.deepEqual(await findings(page), []);
  });

  await step('its button opens the list of those worth reaching, and of those better left alone', async () => {
    for (const [name, place] of [['Worth reaching', HOME], ['Better left alone', AWAY]]) {
      await page.goto(address);
      const button = page.getByRole('link', { name });
      const customers = numberIn((await button.textContent()).split(':')[1]);
      await button.click();
      await page.waitForURL(/\/account\?.*contact_advice/);
      assert.equal(numberIn(await page.locator('#count').textContent()), customers, `${name}: the list has another number`);
      const first = await page.request.get(`/api/v1/account?limit=1&filter=${encodeURIComponent(`contact_advice == '${name === 'Worth reaching' ? 'reach' : 'leave_alone'}'`)}`);
      assert.equal((await first.json()).data[0].province, place);
    }
  });

  await step('in Chinese, in the dark and on a phone it reads as well', async () => {
    const phone = await open({ viewport: PHONE, phone: true });
    await signIn(phone, program.login);
    await choose(phone, 'zh-CN');
    await phone.goto(address);
    await phone.getByRole('heading', { name: '谁会因触达而购买' }).waitFor();
    await phone.getByText('客户的反应确有差别').waitFor();
    assert.equal(await overflow(phone), 0);
    await choose(page, 'dark');
    await page.goto(address);
    assert.deepEqual(await findings(page), []);
  });
}
