// Walks the journeys a user walks, in a real browser against the real program, and closes with `N passed, N failed`.
//   node journeys.mjs [NAME…]      ZHIKE_BINARY: the program; CHROMIUM: the browser
// The picture of the page on which a journey failed is left in target/test-logs/.
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { launch, openPage } from './chromium.mjs';
import { startDemo } from './program.mjs';
import { accessible } from './accessible.mjs';
import { asking } from './asking.mjs';
import { board } from './board.mjs';
import { customFields } from './custom_fields.mjs';
import { explore } from './explore.mjs';
import { figures } from './figures.mjs';
import { findings } from './findings.mjs';
import { hosted } from './hosted.mjs';
import { importToValue } from './import_to_value.mjs';
import { keyboard } from './keyboard.mjs';
import { live } from './live.mjs';
import { workWithLists } from './lists.mjs';
import { look } from './look.mjs';
import { mining } from './mining.mjs';
import { merging } from './merging.mjs';
import { privacy } from './privacy.mjs';
import { rights } from './rights.mjs';
import { signingIn } from './sign_in.mjs';
import { singleSignOn } from './single_sign_on.mjs';
import { uplift } from './uplift.mjs';
import { value } from './value.mjs';

/** The same journey in Chinese. */
const inChinese = (journey) => (tools) => journey({ ...tools, lang: 'zh-CN' });
/**
 * Two at a time, because a journey waits by turns for the browser and for the program. Each lane has a program and a browser of its own and a fixed
 * order: what a journey leaves behind meets the same ones every time. They take about as long as each other. Whoever looks at every page comes after
 * those that give pages something to show, and after the first minutes of a program, in which pages come anew when everything has been computed.
 */
const LANES = [
  { 'import-to-value': importToValue, value, 'value-zh': inChinese(value), mining, 'mining-zh': inChinese(mining), uplift, 'uplift-zh': inChinese(uplift), explore, 'explore-zh': inChinese(explore), asking, 'asking-zh': inChinese(asking), findings, 'findings-zh': inChinese(findings), 'custom-fields': customFields, lists: workWithLists, board, live, hosted, rights, 'sign-in': signingIn, 'single-sign-on': singleSignOn, look },
  { figures, 'custom-fields-zh': inChinese(customFields), merging, privacy, accessible, keyboard },
];
const PICTURES = resolve(import.meta.dirname, '../target/test-logs');

let passed = 0;
let failed = 0;
const wanted = process.argv.slice(2);
const names = LANES.flatMap(Object.keys);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length) throw new Error(`no journey ${unknown.join(', ')}; there are ${names.join(', ')}`);

await mkdir(PICTURES, { recursive: true });
await Promise.all(LANES.map(walkLane));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;

async function walkLane(lane) {
  const journeys = Object.entries(lane).filter(([name]) => !wanted.length || wanted.includes(name));
  if (!journeys.length) return;
  let browser;
  let program;
  try {
    browser = await launch();
    program = await startDemo();
    for (const [name, journey] of journeys) await walk(name, journey, browser, program);
  } catch (error) {
    gone(error);
  } finally {
    // What goes wrong here must not end the other lane.
    await Promise.all([browser?.close(), program?.stop()]).catch(gone);
  }
}

function gone(error) {
  failed += 1;
  console.log(`not ok - ${error.stack}`);
}

/** Playwright colours its errors, which a log does not need. */
function plain(text) {
  return text.replaceAll(/\u001b\[[0-9;]*m/g, '');
}

/** One journey: its steps in order, in pages of its own. The first that fails ends it. */
async function walk(name, journey, browser, program) {
  const pages = [];
  const open = async (options) => {
    const page = await openPage(browser, options?.url ?? program.url, options);
    pages.push(page);
    return page;
  };
  const step = async (what, action) => {
    const began = Date.now();
    const result = await action();
    const troubles = pages.flatMap((page) => page.troubles.splice(0));
    if (troubles.length) throw new Error(`${what}: ${troubles.join('\n  ')}`);
    passed += 1;
    console.log(`ok - ${name}: ${what} (${Date.now() - began} ms)`);
    return result;
  };
  try {
    await journey({ open, step, program });
  } catch (error) {
    failed += 1;
    console.log(`not ok - ${name}: ${plain(error.stack)}`);
    for (const [index, page] of pages.entries()) {
      if (page.isClosed()) continue;
      const path = join(PICTURES, `${name}-${index}.png`);
      await page.screenshot({ path }).catch(() => {});
      console.log(`  page ${page.url()}, picture ${path}`);
    }
    console.log(`  the program said:\n${program.output().split('\n').slice(-15).join('\n')}`);
  } finally {
    for (const page of pages) await page.context().close();
  }
}
