// An order export in the layout of a real web shop's, as messy as those are: cancellations (invoices beginning with C,
// negative quantities), lines without a customer, and rows that cannot be read. Wholly made up, the same on every run.
import { writeFile } from 'node:fs/promises';
import { chance } from './chance.mjs';

const HEADER = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID', 'Country'];
const COUNTRIES = ['United Kingdom', 'United Kingdom', 'United Kingdom', 'Germany', 'France', 'EIRE', 'China'];
const COLOURS = ['RED', 'WHITE', 'BLUE', 'GREEN', 'VINTAGE'];
const THINGS = ['LANTERN', 'TEA TOWEL', 'CAKE TIN', 'LUNCH BOX', 'DOORMAT', 'NOTEBOOK', 'CANDLE', 'MUG'];

const two = (number) => String(number).padStart(2, '0');
const stamp = (date) =>
  `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:00`;

/**
 * Writes the file and tells what is in it, so that a journey can compare what the program made of it.
 * `end` is the day of the last possible order; `names` gives columns another name, e.g. one no program can know.
 */
export async function writeOrdersFile(path, { seed = 7, customers = 120, end = new Date(Date.UTC(2026, 9, 31)), names = {} } = {}) {
  const random = chance(seed);
  const products = COLOURS.flatMap((colour, c) =>
    THINGS.map((thing, t) => ({ code: `${20000 + c * 100 + t}`, name: `${colour} ${thing}`, price: 0.5 + random.below(1900) / 100 })),
  );
  const invoices = [];
  for (let index = 0; index < customers; index += 1) {
    // Few buy often, most now and then: the first customers are the large ones.
    const orders = 1 + Math.floor(40 / (1 + index / 3)) + random.below(3);
    const country = random.pick(COUNTRIES);
    for (let order = 0; order < orders; order += 1) {
      invoices.push({ customer: `${12000 + index}.0`, country, at: new Date(end.getTime() - random.below(360 * 24 * 60) * 60_000), size: 1 + Math.floor(20 / (1 + index / 10)) });
    }
  }
  for (let anonymous = 0; anonymous < 15; anonymous += 1) {
    invoices.push({ customer: '', country: 'United Kingdom', at: new Date(end.getTime() - random.below(360 * 24 * 60) * 60_000), size: 2 });
  }
  invoices.sort((a, b) => a.at - b.at);

  const rows = [HEADER.map((name) => names[name] ?? name).join(',')];
  const facts = { rows: 0, bad: 0, orders: invoices.length, order_lines: 0, returns: 0, return_lines: 0, customers };
  const worth = new Map();
  const add = (row) => { rows.push(row); facts.rows += 1; };
  const earn = (customer, amount) => { if (customer) worth.set(customer, (worth.get(customer) ?? 0) + amount); };
  invoices.forEach((invoice, index) => {
    const number = 536365 + index;
    const lines = 1 + random.below(4);
    const taken = new Set();
    let cancelled = false;
    for (let line = 0; line < lines; line += 1) {
      const product = random.pick(products);
      if (taken.has(product)) continue;
      taken.add(product);
      const quantity = (1 + random.below(6)) * invoice.size;
      const tail = `${product.price.toFixed(2)},${invoice.customer},${invoice.country}`;
      add(`${number},${product.code},"${product.name}",${quantity},${stamp(invoice.at)},${tail}`);
      facts.order_lines += 1;
      earn(invoice.customer, quantity * product.price);
      if (invoice.customer && random.below(40) === 0) {
        const later = new Date(invoice.at.getTime() + 3_600_000);
        add(`C${number},${product.code},"${product.name}",-1,${stamp(later)},${tail}`);
        facts.return_lines += 1;
        cancelled = true;
        earn(invoice.customer, -product.price);
      }
    }
    if (cancelled) facts.returns += 1;
  });
  const [best, net_sales] = [...worth].sort((a, b) => b[1] - a[1])[0];
  Object.assign(facts, { best: best.replace('.0', ''), best_net_sales: net_sales });
  const middle = Math.floor(rows.length / 2);
  rows.splice(middle, 0, '599998,20000,"RED LANTERN",three,2026-05-04 10:00:00,2.50,12001.0,United Kingdom');
  rows.splice(middle, 0, '599999,20000,"RED LANTERN",3,yesterday,2.50,12001.0,United Kingdom');
  facts.rows += 2;
  facts.bad += 2;
  await writeFile(path, `${rows.join('\n')}\n`);
  return facts;
}
