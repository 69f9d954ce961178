"""What script/online-retail and script/cdnow share: the program asked, answers compared, and the arithmetic of the models once more.

Everything is computed from the files as they are published, with nothing but Python, so that an error in the product's own
arithmetic cannot hide in the comparison.
"""

import itertools
import json
import math
import subprocess
import sys
import time
from collections import Counter

DAYS_PER_WEEK = 7


class Program:
    """zhike with a data folder of its own."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder

    def try_run(self, *arguments):
        return subprocess.run([self.binary, *arguments, "--data", self.folder], capture_output=True, text=True)

    def lines(self, *arguments):
        """One JSON object a line."""
        began = time.monotonic()
        done = self.try_run(*arguments, "--json")
        if done.returncode:
            sys.exit(f"zhike {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        print(f"    {time.monotonic() - began:6.1f} s  zhike {' '.join(arguments)}", flush=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def one(self, *arguments):
        return self.lines(*arguments)[-1]


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def that(self, what, holds, found):
        self.passed += bool(holds)
        self.failed += not holds
        print(f"{'ok ' if holds else 'BAD'} {what}: {found}", flush=True)

    def equal(self, what, found, expected):
        same = found == expected
        self.that(what, same, short(found) if same else difference(found, expected))

    def near(self, what, found, expected, within):
        holds = found is not None and abs(found - expected) <= within
        self.that(what, holds, f"{found} ({expected:.10g} ± {within:.3g})")

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)


def short(value):
    text = str(value)
    return text if len(text) <= 80 else f"{text[:60]} … ({len(value)})"


def difference(found, expected):
    """Where two answers differ, of large ones a few places."""
    if isinstance(found, dict) and isinstance(expected, dict):
        wrong = [key for key in {**found, **expected} if found.get(key) != expected.get(key)]
        told = ", ".join(f"{key}: {found.get(key)}, expected {expected.get(key)}" for key in wrong[:3])
        return f"{len(wrong)} of {len(expected)} differ: {told}"
    if isinstance(found, list) and isinstance(expected, list) and len(expected) > 5:
        pairs = itertools.zip_longest(found, expected)
        wrong = [(at, *pair) for at, pair in enumerate(pairs) if pair[0] != pair[1]]
        told = ", ".join(f"{at}. {one}, expected {other}" for at, one, other in wrong[:3])
        return f"{len(found)}, expected {len(expected)}; {len(wrong)} differ: {told}"
    return f"{found}, expected {expected}"


def observations(histories, end):
    """How many customers were seen alike: days bought on after the first, weeks to the last and to `end`. Days are numbers."""
    seen = Counter()
    for days in histories:
        days = sorted({day for day in days if day <= end})
        if days:
            seen[len(days) - 1, (days[-1] - days[0]) / DAYS_PER_WEEK, (end - days[0]) / DAYS_PER_WEEK] += 1
    return seen


def bg_nbd(seen, r, alpha, a, b):
    """ln L by eq. (6) of Fader, Hardie & Lee (2005), "Counting your customers" the easy way."""
    ln, gamma = math.log, math.lgamma
    total = 0.0
    for (x, t_x, age), count in seen.items():
        stays = gamma(a + b) + gamma(b + x) - gamma(b) - gamma(a + b + x) - (r + x) * ln(alpha + age)
        if x:
            left = ln(a / (b + x - 1)) + (r + x) * ln((alpha + age) / (alpha + t_x))
            stays += max(left, 0.0) + math.log1p(math.exp(-abs(left)))
        total += count * (gamma(r + x) - gamma(r) + r * ln(alpha) + stays)
    return total


def cnbd(k):
    """ln L without dropout, purchases Erlang-k apart (Platzer & Reutterer 2017), less what k alone decides; k = 1 is the NBD."""

    def of(seen, r, alpha):
        total = 0.0
        for (x, t_x, age), count in seen.items():
            n, idle, weight, phases = r + k * x, (age - t_x) / (alpha + age), 1.0, 1.0
            for j in range(1, k):
                weight *= (n + j - 1) / j * idle
                phases += weight
            own = math.lgamma(n) - math.lgamma(r) + r * math.log(alpha) - n * math.log(alpha + age)
            total += count * (own + math.log(phases))
        return total

    return of


def k_alone(histories, end, k):
    """The part of ln L that k alone decides: with it families compare."""
    total = 0.0
    for days in histories:
        days = sorted({day for day in days if day <= end})
        for one, next_one in itertools.pairwise(days):
            total += (k - 1) * math.log((next_one - one) / DAYS_PER_WEEK) - math.lgamma(k)
    return total


def gamma_gamma(spending, p, q, v):
    """ln L by eq. (1a) of Fader & Hardie (2013), "The Gamma-Gamma model": (x, mean amount) of who bought again."""
    total = 0.0
    for x, mean in spending:
        px = p * x
        total += math.lgamma(px + q) - math.lgamma(px) - math.lgamma(q) + q * math.log(v)
        total += (px - 1) * math.log(mean) + px * math.log(x) - (px + q) * math.log(v + mean * x)
    return total


def fitted(likelihood, seen, start):
    """The highest ln L: every parameter by itself up and down by ever smaller factors. Slow and plain."""
    at, best, step = list(start), likelihood(seen, *start), 0.5
    while step > 1e-5:
        better = False
        for place in range(len(at)):
            for factor in (1 + step, 1 / (1 + step)):
                tried = [*at[:place], at[place] * factor, *at[place + 1 :]]
                value = likelihood(seen, *tried)
                if value > best:
                    at, best, better = tried, value, True
        step *= 1 if better else 0.5
    return best, at


def at_the_top(checks, what, likelihood, seen, parameters, told):
    """The likelihood is what the product says, and one per cent to any side it is lower."""
    checks.near(f"{what}: ln L at the parameters", told, likelihood(seen, *parameters), 1e-8 * abs(told))
    aside = [
        likelihood(seen, *parameters[:place], parameters[place] * factor, *parameters[place + 1 :])
        for place in range(len(parameters))
        for factor in (0.99, 1.01)
    ]
    checks.that(f"{what}: lower beside them", max(aside) < told, f"{max(aside):.4f} < {told:.4f}")


def regularity(histories):
    """Erlang's k by Wheat & Morrison (1990): of two successive intervals the first has a share of both that is Beta(k, k)
    whatever the customer's rate is, with the variance 1/(4 (2k+1)). Random buying is k = 1."""
    shares = []
    for days in histories:
        gaps = [later - one for one, later in itertools.pairwise(sorted(set(days)))]
        shares += [one / (one + other) for one, other in zip(gaps[::2], gaps[1::2])]
    variance = sum((share - 0.5) ** 2 for share in shares) / len(shares)
    return (1 / (4 * variance) - 1) / 2


def held_out(checks, backtest, histories, first_day, day_number):
    """The back-test's customers and naive rules. `histories` are {day: amount} of each customer, amounts above zero. Of many
    customers it takes a sample, of which only the share of buyers can be known."""
    cut, end = (day_number(backtest[name]) for name in ("cut", "end"))
    weeks = next(w for w in (52, 39, 26, 13, 8, 4) if end - first_day >= 3 * 7 * w)
    checks.equal("weeks held out, the longest that leave twice as many", (end - cut) / 7, float(weeks))
    known = [days for days in histories if min(days) <= cut]
    if backtest["sampled"] < len(histories):
        share = sum(any(cut < day <= end for day in days) for days in known) / len(known)
        error = math.sqrt(share * (1 - share) / backtest["customers"])
        checks.near("share of buyers in the sample", backtest["buyers"] / backtest["customers"], share, 4 * error)
        return
    bought = [sum(cut < day <= end for day in days) for days in known]
    money = sum(amount for days in known for day, amount in days.items() if cut < day <= end)
    checks.equal("customers known at the cut", backtest["customers"], len(known))
    repeat = sum(sum(day <= cut for day in days) > 1 for days in known)
    checks.equal("of them bought again by then", backtest["repeat_customers"], repeat)
    checks.equal("buyers held out", backtest["buyers"], sum(days > 0 for days in bought))
    checks.equal("purchase days held out", backtest["purchases"], sum(bought))
    checks.near("money held out", backtest["money"], money, 1e-9 * money + 0.5)
    methods = {method["name"]: method for method in backtest["methods"]}
    begin = cut - (end - cut)
    before = [sum(begin < day <= cut for day in days) for days in known if min(days) <= begin]
    average = [sum(before) / len(before)] * len(known)
    seen = [sorted(day for day in days if day <= cut) for days in known]
    own = [(len(days) - 1) / max((cut - days[0]) / 7, 1.0) * weeks for days in seen]
    for name, forecast in (("average", average), ("past_frequency", own)):
        pairs = list(zip(forecast, bought))
        errors = {
            "bias": sum(f - y for f, y in pairs) / sum(bought),
            "mae": sum(abs(f - y) for f, y in pairs) / len(pairs),
            "rmse": math.sqrt(sum((f - y) ** 2 for f, y in pairs) / len(pairs)),
        }
        for error, value in errors.items():
            checks.near(f"{error} of the rule {name}", methods[name][error], value, 1e-6)
