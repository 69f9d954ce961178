// Live pages: a hundred of them one after the other leave no stream behind, so that the next one gets its own and pages
// keep their connections.
import assert from 'node:assert/strict';
import { signIn } from './steps.mjs';

const VISITS = 100;
/** As many as one session may hold; see crates/web/src/live/mod.rs. */
const PER_SESSION_LIMIT = 4;

export async function live({ open, step, program }) {
  const page = await open();
  const streams = new Set();
  page.on('request', (request) => { if (request.url().includes('/events/')) streams.add(request); });
  for (const ended of ['requestfinished', 'requestfailed']) page.on(ended, (request) => streams.delete(request));
  let records;

  await step('a record page opens a stream', async () => {
    await signIn(page, program.login);
    await page.goto('/account');
    records = await page.locator('tr[data-row] a.row-title').evaluateAll((all) => all.slice(0, 10).map((link) => link.getAttribute('href')));
    const asked = page.waitForRequest((request) => request.url().includes('/events/'));
    await page.goto(records[0]);
    await asked;
  });

  await step(`${VISITS} pages one after the other never hold more than a session may have`, async () => {
    for (let visit = 0; visit < VISITS; visit += 1) {
      const asked = page.waitForResponse((response) => response.url().includes('/events/'));
      await page.goto(records[visit % records.length], { waitUntil: 'commit' });
      // 204 would say that the streams of pages left behind take all the places.
      assert.equal((await asked).status(), 200, `visit ${visit}`);
      assert.ok(streams.size <= PER_SESSION_LIMIT, `${streams.size} streams after visit ${visit}`);
    }
  });

  await step('pages beside it have their places', async () => {
    const answers = await page.evaluate(async ({ path, tries }) => {
      const stops = [];
      const statuses = [];
      for (let one = 0; one < tries; one += 1) {
        const stop = new AbortController();
        stops.push(stop);
        statuses.push((await fetch(path, { signal: stop.signal })).status);
      }
      stops.forEach((stop) => stop.abort());
      return statuses;
    }, { path: `/events${records[0]}`, tries: PER_SESSION_LIMIT - 1 });
    assert.deepEqual(answers, Array(PER_SESSION_LIMIT - 1).fill(200));
  });
}
