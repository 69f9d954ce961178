// axe-core over the page as it is: no serious and no critical finding.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const source = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/** What another theme can break. */
export const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** What is serious or critical, one line a finding; `rules`: only these. */
export async function findings(page, rules = null) {
  // Evaluated, not added as a script: the content security policy allows no inline script, and should not for this.
  await page.evaluate(`if (!globalThis.axe) { ${source} } undefined`);
  const { violations } = await page.evaluate(
    (only) => globalThis.axe.run(document, { resultTypes: ['violations'], iframes: false, ...(only ? { runOnly: only } : {}) }), rules);
  const grave = violations.filter((found) => ['serious', 'critical'].includes(found.impact));
  return grave.flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.target.join(' ')} — ${node.failureSummary.split('\n').slice(1, 2).join(' ').trim()}`));
}
