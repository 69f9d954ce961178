// Every figure on an analysis page says what it is. Walks all of them in both languages and fails where a number has no definition:
//   - a figure, a finding, a row of data-rows-explained: an explanation beside it (macros `figure`, `finding`);
//   - a table with a column of numbers, a list of facts, a chart: data-defined names the definitions beside it (macro `definitions`),
//     and each heading of a number is one of their terms, or names in data-term the one it shows.
//   - a number in a sentence (a paragraph, an item of a list) of a page of analysis: it is a finding, or data-defined on it or around it
//     names the definitions beside it. SILENT lists what is left out, and why.
// A figure leads to what it is made of; whatever is an estimate, and each chart, says how many cases it rests on, or leads to them.
// Each explanation has words, not the key of a message, and the day it holds for; and whatever it defines says how sure it is: that it is exact,
// where its interval stands, or why it has none (messages.toml declares it with the definition, `sure`).
import assert from 'node:assert/strict';
import { choose, eventually, signIn } from './steps.mjs';
import { speak } from './words.mjs';

/** The first fit, the past, and the mining that follows. */
const FIRST_RUN_LIMIT_MS = 240_000;
const SEVEN = ['profiling', 'persistency', 'profitability', 'performance', 'prospecting', 'product', 'promotion'];
const PAGES = [
  '/value', '/value/matrix', '/value/profitability', '/value/life-cycle', '/value/life-cycle?by=relation', '/value/contracts', '/value/cycles', '/value/alarms', '/value/benefit',
  '/value/backtest', '/value/satisfaction',
  ...SEVEN.map((part) => `/value/seven-p/${part}`),
  '/analysis/explore?m=net_sales&m=margin_rate&m=customers&r=account.province&period=last12_months&compare=last_year&top=5&share=1',
  '/analysis/explore?m=sales&r=channel&c=day%3Aquarter&chart=heat',
  '/analysis/explore?m=sales&r=day%3Amonth&running=1',
  '/analysis/explore?m=nps&m=satisfaction&m=share_of_wallet&m=survey_answers&r=account.province',
  '/analysis/explore?m=orders&m=average_order',
  '/analysis/explore/cell?m=net_sales&m=nps', '/analysis/explore/rows?m=net_sales&fact=sales', '/analysis/explore/rows?m=nps&fact=surveys',
  '/analysis/groups', '/analysis/baskets', '/analysis/purchasing', '/analysis/forecast', '/analysis/forecast?by=region&view=month',
  '/analysis/forecast?by=category', '/analysis/forecast?by=product',
];
/** Pages whose numbers lead to lists of their own. */
const BEHIND = [
  ['/value/life-cycle', '/value/life-cycle/customers'], ['/value/matrix', '/value/matrix/customers'], ['/analysis/groups', '/analysis/groups/customers'],
];
/** Pages of the navigation that are not held to it: `/value/seven-p` leads to the first of the seven, `/analysis/dashboards` to each dashboard; the
 *  others show no figures. */
const ELSEWHERE = ['/value/seven-p', '/analysis/questions', '/analysis/dashboards', '/analysis/catalog', '/analysis/sql', '/analysis/schedules'];
/** What a page shows once it has been computed. */
const TOLD = '.figure, .finding, .chart-box, table[data-defined]';
/** What says of a figure that it is no estimate. */
const EXACT = ['sure.exact', 'sure.recorded'];
/** What is yet to come: a part that is replaced, or a place kept for an answer. */
const WAITING = '#content [hx-trigger="load"][hx-swap="outerHTML"], #content .chart:not([data-chart]) > .chart-wait';

/** Opens a page and waits for what comes after it. */
async function settled(page, path) {
  await page.goto(path);
  await page.waitForFunction((waiting) => !document.querySelector(waiting), WAITING);
}

export async function figures({ open, step, program }) {
  const page = await open();
  await signIn(page, program.login);
  const pages = [...PAGES];

  await step('everything is computed, and before and after are compared', async () => {
    await page.goto('/value/benefit');
    const year = new Date().getFullYear();
    await page.locator('input[name=from]').fill(`${year - 1}-01-01`);
    await page.locator('input[name=to]').fill(`${year - 1}-03-31`);
    await page.locator('form[action="/value/benefit"] button').click();
    const links = await page.locator('#nav a[href^="/value"], #nav a[href^="/analysis"]').evaluateAll((all) => all.map((link) => new URL(link.href).pathname));
    const known = PAGES.map((address) => address.split('?')[0]);
    const forgotten = links.filter((path) => !known.includes(path) && !ELSEWHERE.includes(path));
    assert.deepEqual(forgotten, [], 'pages of the navigation that nobody holds to it');
    for (const path of pages) {
      await eventually(`figures of ${path}`, async () => {
        await settled(page, path);
        return page.locator(TOLD).count();
      }, (told) => told > 0, FIRST_RUN_LIMIT_MS);
    }
    await eventually('before and after', async () => {
      await page.goto('/value/benefit');
      return page.locator('table[data-rows-explained]').count();
    }, (there) => there === 1, FIRST_RUN_LIMIT_MS);
    // The customers retention is of, a customer, the most bought product and who will buy it, the orders of a rule, what is behind numbers of the
    // matrix, of groups, of the life cycle and of cycles, and an experiment with its two sides have pages of their own.
    pages.push('/value/benefit/retention?period=after');
    await page.goto('/account?filter=orders%20%3E%203&sort=-net_sales');
    pages.push(await page.locator('tr[data-row] a.row-title').first().getAttribute('href'));
    await page.goto('/analysis/baskets');
    const product = await page.locator('select[name=product] option').nth(1).getAttribute('value');
    pages.push(`/analysis/product/${product}`, `/analysis/product/${product}/customers`);
    pages.push(await page.locator('a[href^="/analysis/baskets/orders"]').first().getAttribute('href'));
    pages.push('/value/cycles/list?of=regular');
    for (const [path, behind] of BEHIND) {
      await page.goto(path);
      pages.push(await page.locator(`a[href^="${behind}"]`).first().getAttribute('href'));
    }
    // Only where an experiment tells regions apart.
    await page.goto('/value/seven-p/promotion');
    const drawn = page.locator('a[href^="/value/seven-p/promotion/drawn"]');
    if (await drawn.count()) pages.push(await drawn.first().getAttribute('href'));
    await page.goto('/analysis/dashboards');
    pages.push(await page.locator('a.dashboard-card').first().getAttribute('href'));
    await page.goto('/experiment');
    await page.getByRole('link', { name: /Voucher by letter/ }).first().click();
    await page.waitForURL(/\/experiment\/[0-9a-f-]{36}/);
    const voucher = new URL(page.url()).pathname;
    pages.push(voucher, `/analysis${voucher}/sides/reached`, `/analysis${voucher}/sides/left-alone`);
  });

  for (const lang of ['en', 'zh-CN']) {
    await step(`every figure says what it is (${lang})`, async () => {
      await page.goto('/profile');
      if ((await page.locator('html').getAttribute('lang')) !== lang) await choose(page, lang);
      const wrong = [];
      let told = 0;
      for (const path of pages) {
        await settled(page, path);
        const found = await page.evaluate(undefinedFigures, EXACT.map((key) => speak(lang)(key)));
        told += found.told;
        wrong.push(...found.wrong.map((what) => `${path}: ${what}`));
      }
      assert.deepEqual(wrong, [], `${wrong.length} figures without a definition`);
      assert.ok(told > 200, `only ${told} figures were looked at`);
    });
  }

  await step('a table whose heading nobody defined is found, a term that does not say how sure it is, and a number in a sentence', async () => {
    await page.goto('/analysis/groups');
    const wrong = await page.evaluate(() => {
      document.querySelector('table[data-defined] th.num').textContent = 'Forgotten';
      document.querySelector('.explain-columns [data-certainty]').remove();
      document.querySelector('#content').insertAdjacentHTML('beforeend', '<table class="grid"><tr><td class="num">7</td></tr></table><div class="figure"></div><figure class="chart-box"></figure><p>7 of 9 on 2026-01-05</p><p>Since 2026-01-05</p>');
    }).then(() => page.evaluate(undefinedFigures, EXACT.map((key) => speak('zh-CN')(key))));
    assert.equal(wrong.wrong.length, 6, wrong.wrong.join('\n'));
  });
}

/** Runs in the page; `exact` are the words by which a figure is no estimate. */
function undefinedFigures(exact) {
  const wrong = [];
  let told = 0;
  const text = (node) => (node?.textContent ?? '').replaceAll(/\s+/g, ' ').trim();
  const isKey = (words) => /^[a-z_]+(\.[a-z0-9_]+)+$/.test(words);
  /** An explanation has words and a day. */
  const explains = (panel, what) => {
    const words = [...panel.querySelectorAll('p:not(.hint), dd, dt')].map(text);
    if (!words.length || words.some((one) => !one || isKey(one))) wrong.push(`${what}: its explanation has no words: ${words.join(' | ')}`);
    if (!/\d|–/.test(text(panel.querySelector('p.hint')))) wrong.push(`${what}: its explanation names no day`);
    // Once for each term, or for the one figure.
    const sure = [...panel.querySelectorAll('[data-certainty]')].map(text);
    const meant = panel.querySelectorAll('.explain-columns dd').length || 1;
    if (sure.length !== meant || sure.some((one) => !one || isKey(one))) wrong.push(`${what}: does not say how sure it is: ${sure.join(' | ')}`);
  };
  const beside = (node, what) => {
    told += 1;
    const panel = node.querySelector('.explain .explain-panel');
    if (!panel) {
      wrong.push(`${what}: no explanation beside it`);
      return;
    }
    explains(panel, what);
    const isEstimate = [...panel.querySelectorAll('[data-certainty]')].some((one) => !exact.includes(text(one)));
    const isUnknown = node.querySelector('.figure-value .none');
    if (isEstimate && !isUnknown && !panel.querySelector('.explain-inputs, a[href]')) wrong.push(`${what}: an estimate that names neither its cases nor what it is made of`);
    // What is not known has nothing behind it; pages of a cell's records are what is behind it.
    const isKnown = node.matches('.figure') && !isUnknown && !/^\/analysis\/explore\/(cell|rows)$/.test(location.pathname);
    if (isKnown && !panel.querySelector('a[href]')) wrong.push(`${what}: leads to nothing it is made of`);
  };
  const terms = (node, what) => {
    const found = document.querySelector(`[data-definitions="${node.dataset.defined}"] .explain-panel`);
    if (!found) {
      wrong.push(`${what}: no definitions (${node.dataset.defined})`);
      return null;
    }
    explains(found, what);
    // Of rows that explain themselves each says what it rests on.
    const estimates = [...found.querySelectorAll('.explain-columns [data-certainty]')].filter((one) => !exact.includes(text(one)));
    const rests = node.matches('[data-rows-explained]') || found.querySelector('.explain-inputs, a[href]');
    if (estimates.length && !rests) wrong.push(`${what}: estimates that name neither their cases nor what they are made of`);
    return new Set([...found.querySelectorAll('dt')].map(text));
  };
  for (const node of document.querySelectorAll('.figure')) beside(node, `the figure ${text(node.querySelector('.figure-label')).slice(0, 40)}`);
  for (const node of document.querySelectorAll('.finding')) beside(node, `the finding ${text(node).slice(0, 40)}`);
  for (const row of document.querySelectorAll('table[data-rows-explained] tbody tr')) beside(row, `the row ${text(row).slice(0, 40)}`);
  for (const box of document.querySelectorAll('.chart-box')) {
    told += 1;
    const name = `the chart ${text(box.querySelector('figcaption'))}`;
    const panel = document.querySelector(`[data-definitions="${box.dataset.defined}"] .explain-panel`);
    if (terms(box, name) && !panel.querySelector('.explain-inputs, a[href]')) wrong.push(`${name}: neither its cases nor what it is made of`);
  }
  // Lists of records below a record show its fields, not figures.
  for (const table of document.querySelectorAll('#content table.grid')) {
    if (table.closest('#related, [data-list]') || !table.querySelector('th.num, td.num')) continue;
    const name = `the table ${text(table.querySelector('thead')).slice(0, 60)}`;
    const known = terms(table, name);
    for (const heading of table.querySelectorAll('thead th.num')) {
      told += 1;
      if (known && !known.has(heading.dataset.term ?? text(heading))) wrong.push(`${name}: ${text(heading)} is not defined`);
    }
  }
  // On a record's page a list of facts is its fields.
  for (const list of /^\/(value|analysis)\b/.test(location.pathname) ? document.querySelectorAll('#content dl.facts') : []) {
    const numbers = [...list.querySelectorAll('dt')].filter((term) => /\d/.test(text(term.nextElementSibling)));
    if (!numbers.length) continue;
    const known = terms(list, 'a list of facts');
    for (const term of numbers) {
      told += 1;
      if (known && !known.has(text(term))) wrong.push(`a list of facts: ${text(term)} is not defined`);
    }
  }
  // Explained by themselves, or by what is looked at above.
  const EXPLAINED = '.figure, .finding, .explain, .chart-box, table, dl';
  const SILENT = [
    'form, nav', // what is chosen, not found
    '.hint', // how to read what stands beside it, with the constants of a method
    '.muted, .pager', // which rows of how many are on the page
    '.empty-line', // that there is nothing, and from how much on there would be
    '[role=status]', // how far a computation is
  ].join();
  /** Days and times a sentence is of: as-of days, periods. */
  const DAYS = /\d{4}-\d{2}-\d{2}( \d{2}:\d{2})?/g;
  for (const sentence of /^\/(value|analysis)\b/.test(location.pathname) ? document.querySelectorAll('#content p, #content li') : []) {
    if (sentence.closest(`${EXPLAINED}, ${SILENT}`)) continue;
    const said = sentence.cloneNode(true);
    // A link opens what it counts.
    for (const part of said.querySelectorAll(`a, ${EXPLAINED}, ${SILENT}`)) part.remove();
    if (!/\d/.test(text(said).replaceAll(DAYS, ''))) continue;
    told += 1;
    const defined = sentence.closest('[data-defined]')?.dataset.defined;
    const name = `the sentence ${text(said).slice(0, 60)}`;
    if (!defined) wrong.push(`${name}: its numbers are not explained`);
    else if (!document.querySelector(`[data-definitions="${defined}"] .explain-panel`)) wrong.push(`${name}: no definitions (${defined})`);
  }
  return { wrong, told };
}
