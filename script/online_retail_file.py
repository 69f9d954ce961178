"""What the Online Retail file says by itself, for script/online-retail: sales, returns, histories, baskets and their rules."""

import csv
import gzip
import itertools
import math
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

CENT = Decimal("0.01")


def day_number(text):
    return date.fromisoformat(text).toordinal()


def cents(amount):
    return amount.quantize(CENT, ROUND_HALF_UP)


class Line:
    __slots__ = ("invoice", "code", "quantity", "day", "price", "customer", "country")

    def __init__(self, row):
        self.invoice, self.code, self.day = row["InvoiceNo"], row["StockCode"], row["InvoiceDate"][:10]
        self.quantity, self.price = int(row["Quantity"]), Decimal(row["UnitPrice"])
        self.customer = row["CustomerID"].removesuffix(".0")

    @property
    def amount(self):
        return self.quantity * self.price

    @property
    def sold(self):
        """Neither given away nor taken back."""
        return self.quantity > 0 and self.price > 0


class File:
    """What the file says, without the product."""

    def __init__(self, path, every, copy):
        self.lines = []
        with gzip.open(path, "rt", encoding="utf-8-sig") as text, open(copy, "w", newline="") as out:
            reader = csv.DictReader(text)
            writer = csv.DictWriter(out, reader.fieldnames)
            writer.writeheader()
            for row in reader:
                line = Line(row)
                number = line.customer or "".join(filter(str.isdigit, line.invoice))
                if int(number) % every == 0:
                    self.lines.append(line)
                    writer.writerow(row)
        self.sold = [line for line in self.lines if line.sold]
        self.known = [line for line in self.sold if line.customer]

    @cached_property
    def orders(self):
        """Net amount of each order in cents, as it stands in the books: day and customer with it."""
        return self.documents(line for line in self.lines if line.quantity > 0 and line.price >= 0)

    @cached_property
    def returns(self):
        return self.documents(line for line in self.lines if line.quantity < 0 or line.price < 0)

    @staticmethod
    def documents(lines):
        sums, heads = defaultdict(Decimal), {}
        for line in lines:
            sums[line.invoice] += abs(line.amount)
            heads.setdefault(line.invoice, (line.day, line.customer))
        return [(*heads[invoice], cents(amount)) for invoice, amount in sums.items()]

    @cached_property
    def histories(self):
        """{day: amount} of each known customer."""
        found = defaultdict(lambda: defaultdict(float))
        for line in self.known:
            found[line.customer][day_number(line.day)] += float(line.amount)
        return found

    @cached_property
    def baskets(self):
        found = defaultdict(set)
        for line in self.sold:
            found[line.invoice].add(line.code)
        return list(found.values())

    @cached_property
    def first_bought(self):
        """{product: day} of each known customer."""
        found = defaultdict(dict)
        for line in self.known:
            day = day_number(line.day)
            bought = found[line.customer]
            bought[line.code] = min(bought.get(line.code, day), day)
        return found


def frequent_sets(bits, support, largest=4):
    """Every set of products in at least so many baskets, with the baskets as bits of a number."""
    found = {}

    def extend(prefix, candidates):
        for at, (code, within, count) in enumerate(candidates):
            found[frozenset((*prefix, code))] = count
            if len(prefix) + 1 < largest:
                both = ((other, within & bits_of) for other, bits_of, _ in candidates[at + 1 :])
                counted = ((other, within, within.bit_count()) for other, within in both)
                extend((*prefix, code), [one for one in counted if one[2] >= support])

    singles = ((code, within, within.bit_count()) for code, within in bits.items())
    extend((), sorted((one for one in singles if one[2] >= support), key=lambda one: one[2]))
    return found


def fisher(both, one, other, n):
    """P(so many together or more) of independent products."""

    def choose(of, some):
        return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)

    total = 0.0
    for together in range(both, min(one, other) + 1):
        if one - together <= n - other:
            term = math.exp(choose(other, together) + choose(n - other, one - together) - choose(n, one))
            total += term
            if term <= total * 1e-12:
                break
    return total


def mined_rules(counts, n):
    """{(what was bought, what then): (both, if, then)} by all the rules of docs/data-mining.md."""
    sets = [items for items in counts if len(items) > 1]
    tried = sum(len(items) for items in sets)
    kept = {}
    for items in sets:
        for then in items:
            bought = items - {then}
            both, one, other = counts[items], counts[bought], counts[frozenset((then,))]
            if both * n > one * other and fisher(both, one, other, n) * tried <= 0.05:
                kept[bought, then] = (both, one, other)

    def redundant(bought, then):
        both, one, _ = kept[bought, then]
        parts = (frozenset(part) for size in range(1, len(bought)) for part in itertools.combinations(bought, size))
        general = (kept[part, then] for part in parts if (part, then) in kept)
        return any(part_both * one >= both * part_one for part_both, part_one, _ in general)

    told = {rule: count for rule, count in kept.items() if not redundant(*rule)}
    return told, tried, tried - len(kept), len(kept) - len(told)
