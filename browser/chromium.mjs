// Debian's Chromium, quiet and alone: nothing in it calls home.
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox', // CI runs as root, where the sandbox cannot
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const DESKTOP = { width: 1360, height: 860 };
export const PHONE = { width: 390, height: 844 };

export async function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/**
 * A signed-out page. Whatever the console reports, and every answer of 500 and more, is kept in `page.troubles`:
 * a journey that works with an error in the console has not worked.
 */
export async function openPage(browser, url, { viewport = DESKTOP, lang = 'en', phone = false } = {}) {
  const context = await browser.newContext({
    baseURL: url, viewport, locale: lang, hasTouch: phone, isMobile: phone, timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.troubles = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.troubles.push(`console ${message.type()}: ${message.text()} (${page.url()})`);
  });
  page.on('pageerror', (error) => page.troubles.push(`error on page: ${error.message} (${page.url()})`));
  page.on('response', (answer) => {
    if (answer.status() >= 500) page.troubles.push(`${answer.status()} for ${answer.url()}`);
  });
  page.on('requestfailed', (request) => {
    // A page left while its requests run aborts them; that is no fault.
    const why = request.failure()?.errorText ?? '';
    if (why !== 'net::ERR_ABORTED') page.troubles.push(`${why} for ${request.url()}`);
  });
  return page;
}

/** How far the page is wider than the window, in px; 0 is right. */
export async function overflow(page) {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth));
}
