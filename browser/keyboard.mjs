// A day's work without a mouse: sign in, walk a list, edit in place and in a form, create, filter, move a card, find by
// the palette, log a call, take it back. What has the keyboard is always visible, and closing gives it back.
import assert from 'node:assert/strict';
import { pagesOf } from './look.mjs';
import { eventually, numberIn } from './steps.mjs';

const STOPS_LIMIT = 80;
/** More stops than any page has. */
const PAGE_LIMIT = 600;
/** Scalar draws it. */
const FOREIGN = '/api/docs';

/** What has the keyboard, as a user tells it: its name, and whether something shows where it is. */
const focused = (page) => page.evaluate(() => {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  const box = at.getBoundingClientRect();
  const shown = outlined || at.matches('input, textarea, select') || at.closest('.ts-wrapper.focus, .switch-row, .form-switch, .drop-zone:focus-within') !== null;
  window.wanted?.delete(at);
  const name = (at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent ?? '').trim().replaceAll(/\s+/g, ' ').slice(0, 60);
  return { tag: at.tagName.toLowerCase(), name, shown, inside: box.width > 0 && box.height > 0, place: at.closest('dialog[open]') ? 'dialog' : at.closest('#content') ? 'page' : 'around' };
});

/** Tab until `wanted` has the keyboard; every stop on the way must be visible. */
async function tabTo(page, wanted, key = 'Tab') {
  const seen = [];
  for (let stop = 0; stop < STOPS_LIMIT; stop += 1) {
    await page.keyboard.press(key);
    const now = await focused(page);
    assert.ok(now.tag === 'body' || (now.shown && now.inside), `the keyboard is nowhere to be seen on ${JSON.stringify(now)} of ${page.url()}`);
    if (await wanted.evaluateAll((all) => all.includes(document.activeElement))) return;
    seen.push(now.name);
  }
  assert.fail(`not reached in ${STOPS_LIMIT} stops: ${seen.join(' | ')}`);
}

/** Walks what a page shows, from its first stop to its last: what a mouse can use and the keyboard did not come to, and where it could not be seen. */
async function missedOn(page) {
  const missed = await page.evaluate(() => {
    const visible = (at) => at.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true }) && at.getClientRects().length > 0;
    const named = (at) => `${at.tagName.toLowerCase()}${at.id && `#${at.id}`}.${at.className} “${(at.getAttribute('aria-label') ?? at.textContent ?? '').trim().replaceAll(/\s+/g, ' ').slice(0, 40)}”`;
    const stops = 'a[href], button, summary, input, select, textarea, [tabindex]:not([tabindex="-1"])';
    // Of a group of radio buttons the keyboard comes to one; arrows go to the others.
    const other = (at) => at.type === 'radio' && !at.checked && at.form?.querySelector(`[name="${CSS.escape(at.name)}"]:checked`);
    window.wanted = new Set([...document.querySelector('#content').querySelectorAll(stops)].filter((at) => visible(at) && at.tabIndex >= 0 && !at.disabled && !at.closest('[inert], .more-row, .timeline-more') && !other(at)));
    window.named = named;
    const hand = (at) => getComputedStyle(at).cursor === 'pointer';
    const usable = (at) => at.closest(`label, ${stops}, [tabindex]`) ?? at.querySelector(stops);
    return [...document.body.querySelectorAll('*')].filter((at) => visible(at) && hand(at) && !hand(at.parentElement) && !usable(at)).map((at) => `only for a mouse: ${named(at)}`);
  });
  await page.locator('#content').focus();
  for (let stop = 0; stop < PAGE_LIMIT; stop += 1) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    if (now.place === 'around') break;
    if (!(now.shown && now.inside)) missed.push(`not to be seen: ${now.tag} “${now.name}”`);
  }
  // News may swap a part of the page on the way; what came in its place is not asked for.
  return [...missed, ...(await page.evaluate(() => [...window.wanted].filter((at) => at.isConnected).map((at) => `never reached: ${window.named(at)}`)))];
}

const type = (page, text) => page.keyboard.type(text);

export async function keyboard({ open, step, program }) {
  const page = await open();

  await step('signing in', async () => {
    await page.goto('/sign-in');
    await tabTo(page, page.getByRole('button', { name: 'English' }));
    await page.keyboard.press('Enter');
    await page.locator('html[lang=en]').waitFor({ state: 'attached' });
    await eventually('the e-mail field', () => focused(page), (now) => now.name === 'E-mail');
    await page.keyboard.press('Control+A');
    await type(page, program.login.email);
    await page.keyboard.press('Tab');
    await type(page, program.login.password);
    await page.keyboard.press('Enter');
    await page.locator('#content').waitFor();
    if ((await page.locator('html').getAttribute('lang')) !== 'en') {
      await tabTo(page, page.locator('.user-button'));
      await page.keyboard.press('Enter');
      await tabTo(page, page.getByRole('button', { name: 'English' }));
      await page.keyboard.press('Enter');
      await page.locator('html[lang=en]').waitFor({ state: 'attached' });
    }
  });

  await step('the first stop skips to the content', async () => {
    await page.goto('/account');
    await page.keyboard.press('Tab');
    assert.equal((await focused(page)).name, 'Skip to content');
    await page.keyboard.press('Enter');
    await eventually('the content', () => page.evaluate(() => document.activeElement.id), (id) => id === 'content');
    await page.keyboard.press('Tab');
    assert.equal((await focused(page)).place, 'page', 'the navigation is behind');
  });

  await step('every stop of a list page can be seen', async () => {
    await page.goto('/account');
    await tabTo(page, page.locator('tr[data-row] .row-title').nth(2));
  });

  await step('all that a mouse can use is reached on every page', async () => {
    const missed = [];
    let lists = 0;
    for (const path of [...(await pagesOf(page)), '/import', '/profile', '/account/new']) {
      if (path === FOREIGN) continue;
      await page.goto(path);
      await page.waitForLoadState('load');
      // Lists are the same page.
      if (await page.locator('#list tr[data-row]').count() && lists++) continue;
      for (const line of await missedOn(page)) missed.push(`${path}: ${line}`);
    }
    assert.deepEqual(missed, []);
  });

  await step('j and k walk the rows, Enter opens one', async () => {
    await page.goto('/account');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    const row = page.locator('tr[data-row]:focus');
    assert.ok((await focused(page)).shown);
    const title = (await row.locator('.row-title').textContent()).trim();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
  });

  await step('a cell is edited in its place', async () => {
    await page.goto('/account?columns=name,city,phone');
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowRight');
    assert.ok((await focused(page)).shown, 'the cell is marked');
    await page.keyboard.press('Enter');
    await page.locator('form[data-cell-form] input[name=city]').and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Control+A');
    await type(page, 'Keyboard City');
    await page.keyboard.press('Enter');
    const cell = page.locator('tr[data-row] td:nth-child(3)').first();
    await eventually('the cell', () => cell.textContent(), (text) => text.trim() === 'Keyboard City');
    await eventually('the keyboard', () => cell.evaluate((td) => td === document.activeElement), (back) => back);
    await page.keyboard.press('Enter');
    await page.locator('form[data-cell-form] input[name=city]').and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Escape');
    await eventually('the keyboard', () => cell.evaluate((td) => td === document.activeElement), (back) => back);
  });

  await step('e edits a record, Ctrl Enter saves it', async () => {
    await page.goto('/account');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.locator('.record-page').waitFor();
    await page.waitForLoadState();
    await page.keyboard.press('e');
    await page.waitForURL(/\/edit$/);
    await eventually('the form', () => focused(page), (now) => now.tag === 'input');
    await tabTo(page, page.getByLabel('City'));
    await page.keyboard.press('Control+A');
    await type(page, 'Tab Town');
    await page.keyboard.press('Control+Enter');
    await page.locator('.record-page').waitFor();
    await page.getByText('Tab Town').first().waitFor();
  });

  await step('news about a record leave the keyboard its place', async () => {
    // Not from a second page: where one is closed, Chromium gives the keyboard to the beginning of the other.
    const changes = async (city) => {
      const field = `${new URL(page.url()).pathname}/field/city`;
      const version = /name="version" value="(\d+)"/.exec(await (await page.request.get(field)).text())[1];
      const csrf = await page.evaluate(() => JSON.parse(document.body.getAttribute('hx-headers'))['x-csrf-token']);
      const answer = await page.request.fetch(field, { method: 'PATCH', form: { version, city }, headers: { 'x-csrf-token': csrf } });
      assert.equal(answer.status(), 200);
      await page.locator('#panels a:visible:not([data-old])').first().waitFor();
    };
    const stops = page.locator('#panels').locator('a[href]:visible, button:visible, summary:visible');
    const marked = () => page.locator('#panels *').evaluateAll((all) => all.forEach((at) => { at.dataset.old = ''; }));
    await page.locator('#content').focus();
    await tabTo(page, stops.last());
    const { name } = await focused(page);
    await marked();
    await changes('News Town');
    await eventually('the keyboard', () => focused(page), (now) => now.name === name && now.place === 'page');
    assert.ok((await focused(page)).shown);
    await page.keyboard.press('Tab');
    assert.ok(await page.locator('#panels + .panel :focus').count(), `after the panels comes ${JSON.stringify(await focused(page))}`);

    // From inside of an explanation, which is closed by it, to what opens it.
    const explanation = page.locator('#panels details.explain:has(a[href])').first();
    await page.locator('#content').focus();
    await tabTo(page, explanation.locator('summary'));
    const opener = (await focused(page)).name;
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.notEqual((await focused(page)).name, opener);
    await marked();
    await changes('Tab Town');
    await eventually('the keyboard', () => focused(page), (now) => now.name === opener && now.place === 'page');
  });

  await step('c creates one', async () => {
    await page.goto('/account');
    await page.keyboard.press('c');
    await page.waitForURL(/\/account\/new$/);
    await eventually('the name field', () => focused(page), (now) => now.name.startsWith('Name'));
    await type(page, 'Keyboard & Sons');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { level: 1, name: 'Keyboard & Sons' }).waitFor();
  });

  await step('a call is logged and stands on the timeline', async () => {
    await tabTo(page, page.locator('#timeline-add textarea'));
    await type(page, 'Called about the keyboard');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    await tabTo(page, page.locator('#timeline-add button[type=submit]'));
    await page.keyboard.press('Enter');
    await page.locator('.timeline-list').getByText('Called about the keyboard').first().waitFor();
  });

  await step('the record is deleted from its menu and comes back by undo', async () => {
    await page.keyboard.press('Escape');
    await tabTo(page, page.locator('summary[aria-label="More actions"]'), 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    assert.equal((await focused(page)).name, 'More actions', 'Escape gives the keyboard back to the menu');
    await page.keyboard.press('Enter');
    await tabTo(page, page.locator('.record-head .menu-item.text-danger'));
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/account$/);
    await tabTo(page, page.locator('#toasts').getByRole('button', { name: 'Undo' }), 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Keyboard & Sons' }).waitFor();
  });

  await step('a filter is built', async () => {
    await page.goto('/account');
    const all = numberIn(await page.locator('#count').textContent());
    await tabTo(page, page.locator('[data-filter] > summary'));
    await page.keyboard.press('Enter');
    await page.locator('.filter-row select').first().and(page.locator(':focus')).waitFor();
    await type(page, 'City');
    await tabTo(page, page.locator('.filter-row input[data-value]'));
    await type(page, 'Tab Town');
    await page.keyboard.press('Enter');
    await page.waitForURL(/filter=/);
    await eventually('count', async () => numberIn(await page.locator('#count').textContent()), (now) => now > 0 && now < all);
  });

  await step('a card is moved on the board', async () => {
    await page.goto('/order/board');
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowRight');
    const title = (await page.locator('.board-card:focus .row-title').textContent()).trim();
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByRole('status').getByText(`${title} is now in`).waitFor();
    assert.ok((await focused(page)).shown);
    await page.keyboard.press('m');
    await page.getByRole('dialog', { name: 'Move to' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.board-card:focus').waitFor();
  });

  await step('the palette opens, finds and gives the keyboard back', async () => {
    await page.goto('/account');
    await page.keyboard.press('j');
    await page.keyboard.press('Control+k');
    await eventually('the box', () => focused(page), (now) => now.place === 'dialog' && now.tag === 'input');
    await page.keyboard.press('Escape');
    await page.locator('tr[data-row]:focus').waitFor();
    await page.keyboard.press('Control+k');
    await type(page, 'Keyboard & Sons');
    await page.getByRole('option', { selected: true }).filter({ hasText: 'Keyboard & Sons' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Keyboard & Sons' }).waitFor();
  });

  await step('dialogs keep the keyboard inside and give it back', async () => {
    await page.goto('/account');
    await tabTo(page, page.getByRole('button', { name: 'Save view' }));
    await page.keyboard.press('Enter');
    await eventually('the dialog', () => focused(page), (now) => now.place === 'dialog');
    for (let stop = 0; stop < 8; stop += 1) {
      await page.keyboard.press('Tab');
      const now = await focused(page);
      assert.ok(now.place === 'dialog' || now.tag === 'body', `Tab left the dialog for ${JSON.stringify(now)}`);
    }
    await page.keyboard.press('Escape');
    await eventually('the keyboard', () => focused(page), (now) => now.name === 'Save view');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await eventually('the keyboard', () => focused(page), (now) => now.name === 'Save view');
  });
}
