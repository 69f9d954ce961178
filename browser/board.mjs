// A board: cards are put into another column with the mouse, with the keyboard and from the menu of a phone; a refusal
// brings the card back; others' changes are hinted at.
import assert from 'node:assert/strict';
import { overflow, PHONE } from './chromium.mjs';
import { eventually, numberIn, signIn } from './steps.mjs';

const column = (page, name) => page.getByRole('region', { name });
const cardsIn = (page, name) => column(page, name).getByRole('listitem').filter({ has: page.getByRole('button', { name: /^Move / }) });
const countOf = async (page, name) => numberIn(await column(page, name).locator('[data-count]').textContent());
const titleOf = async (card) => (await card.getByRole('link').first().textContent()).trim();

/** Drags with the mouse as a hand does: down, a little, over, up. */
async function drag(page, card, to) {
  const [from, goal] = [await card.boundingBox(), await to.boundingBox()];
  await page.mouse.move(from.x + 12, from.y + from.height - 6);
  await page.mouse.down();
  await page.mouse.move(from.x + 30, from.y + from.height, { steps: 4 });
  await page.mouse.move(goal.x + goal.width / 2, goal.y + 70, { steps: 12 });
  await to.locator('.sortable-ghost').waitFor(); // the library looks every 50 ms where the pointer is, and not when it is let go
  await page.mouse.up();
}

/** Whoever made a change needs no hint, so somebody else of the demo's company makes it. */
const SECOND = 'sales@zhike.example';

export async function board({ open, step, program }) {
  const page = await open();

  await step('the list leads to the board', async () => {
    await signIn(page, program.login);
    await page.goto('/order');
    await page.getByRole('link', { name: 'Board', exact: true }).click();
    await page.waitForURL(/\/order\/board/);
    for (const name of ['Draft', 'Confirmed', 'Shipped', 'Completed', 'Cancelled']) await column(page, new RegExp(`^${name}`)).waitFor();
    assert.equal(await overflow(page), 0);
  });

  await step('further cards of a column come when asked for', async () => {
    const cards = cardsIn(page, /^Completed/);
    assert.equal(await cards.count(), 20);
    await column(page, /^Completed/).getByRole('link', { name: 'Show more' }).click();
    await eventually('cards', () => cards.count(), (now) => now === 40);
  });

  await step('a card is dragged into the next column and taken back', async () => {
    const [before, there] = [await countOf(page, /^Confirmed/), await countOf(page, /^Shipped/)];
    const card = cardsIn(page, /^Confirmed/).first();
    const title = await titleOf(card);
    await drag(page, card, column(page, /^Shipped/));
    await page.getByRole('status').getByText(`${title} is now in “Shipped”.`).waitFor();
    assert.deepEqual([await countOf(page, /^Confirmed/), await countOf(page, /^Shipped/)], [before - 1, there + 1]);
    await page.reload();
    await column(page, /^Shipped/).getByRole('link', { name: title }).waitFor();
    assert.equal(await countOf(page, /^Shipped/), there + 1, 'the server keeps it');
    await cardsIn(page, /^Shipped/).filter({ hasText: title }).press('Shift+ArrowLeft');
    await page.getByRole('status').getByText(`${title} is now in “Confirmed”.`).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await column(page, /^Shipped/).getByRole('link', { name: title }).waitFor();
  });

  await step('what the rules refuse comes back and says why', async () => {
    const card = cardsIn(page, /^Completed/).first();
    const title = await titleOf(card);
    await drag(page, card, column(page, /^Cancelled/));
    await page.getByRole('alert').getByText('enter a return').waitFor();
    page.troubles.length = 0; // the browser reports the 422 itself
    await column(page, /^Completed/).getByRole('link', { name: title }).waitFor();
    assert.equal(await column(page, /^Cancelled/).getByRole('link', { name: title }).count(), 0);
  });

  await step('the keyboard walks the cards and moves one', async () => {
    await page.goto('/order/board');
    await page.keyboard.press('j');
    const first = page.locator('.board-card:focus');
    await first.waitFor();
    await page.keyboard.press('ArrowRight');
    const title = await titleOf(page.locator('.board-card:focus'));
    const here = await page.locator('[data-column]:has(.board-card:focus)').getAttribute('data-column');
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByRole('status').getByText(`${title} is now in`).waitFor();
    const there = await page.locator('[data-column]:has(.board-card:focus)').getAttribute('data-column');
    assert.notEqual(there, here, 'the card has moved and keeps the keyboard');
    assert.equal(await titleOf(page.locator('.board-card:focus')), title);
    await page.keyboard.press('m');
    await page.getByRole('dialog', { name: 'Move to' }).waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await titleOf(page.locator('.board-card:focus')), title, 'the keyboard is back on the card');
  });

  await step('somebody else changes something and the board hints at it', async () => {
    const other = await open();
    await signIn(other, { ...program.login, email: SECOND });
    await page.goto('/order/board');
    await other.goto('/order/board');
    const card = cardsIn(other, /^Shipped/).first();
    const title = await titleOf(card);
    await card.press('Shift+ArrowRight');
    await other.getByRole('status').getByText(`${title} is now in “Completed”.`).waitFor();
    await page.getByRole('button', { name: 'Refresh' }).click();
    await column(page, /^Completed/).getByRole('link', { name: title }).or(column(page, /^Completed/).getByRole('link', { name: 'Show more' })).first().waitFor();
    await eventually('the card', () => column(page, /^Shipped/).getByRole('link', { name: title }).count(), (now) => now === 0);
    assert.ok(await page.getByText('Somebody else has changed something here.').isHidden(), 'the hint goes with the refresh');
  });

  await step('on a phone columns stand side by side and a card moves from its menu', async () => {
    const phone = await open({ viewport: PHONE, phone: true });
    await signIn(phone, program.login);
    await phone.goto('/order/board');
    assert.equal(await overflow(phone), 0);
    await phone.getByRole('group', { name: 'Columns of the board' }).getByRole('button', { name: 'Shipped' }).click();
    const card = cardsIn(phone, /^Shipped/).first();
    const title = await titleOf(card);
    await eventually('the column', () => card.isVisible(), (seen) => seen);
    await card.getByRole('button', { name: `Move ${title}` }).click();
    await phone.getByRole('dialog', { name: 'Move to' }).getByRole('button', { name: 'Completed' }).click();
    await phone.getByRole('status').getByText(`${title} is now in “Completed”.`).waitFor();
    await phone.getByRole('button', { name: 'Undo' }).click();
    await column(phone, /^Shipped/).getByRole('link', { name: title }).waitFor();
  });
}
