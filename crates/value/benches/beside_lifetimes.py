"""Fits and scores the customers of `benches/fit.rs` with Python's lifetimes and prints both side by side.

Usage: beside_lifetimes.py FOLDER, where FOLDER holds value.json, cdnow.csv and million.csv. Adds lifetimes.json.
A step of lifetimes gets BUDGET_S seconds: where all customers would take longer (judged by CDNOW's), the first of them
do, and the time is scaled to all. Exits 1 if the fits disagree.
"""

import json
import statistics
import sys
import time
import warnings

import numpy
import pandas
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter, ParetoNBDFitter
from threadpoolctl import threadpool_info

BUDGET_S = 120.0
RUNS = 3
# Both stop at a gradient they call zero; lifetimes' default tolerance leaves about this in its parameters.
PARAMETERS_AGREE = 5e-3
# Per customer. lifetimes may be worse by its tolerance; being better by more than rounding would be our mistake.
LOG_LIKELIHOOD_AGREES = 1e-6
LOG_LIKELIHOOD_NOISE = 1e-10
warnings.filterwarnings("ignore")


def timed(work, runs=1):
    """The median seconds on the wall and of the processor (all threads), and the last result."""
    walls, processors = [], []
    for _ in range(runs):
        wall, processor = time.perf_counter(), time.process_time()
        result = work()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return statistics.median(walls), statistics.median(processors), result


def log_likelihood(parameters, customers):
    """By lifetimes' own formula."""
    logs = numpy.log([parameters[name] for name in ("r", "alpha", "a", "b")])
    columns = [customers[name].values for name in ("frequency", "recency", "T")]
    ones = numpy.ones(len(customers))
    return -BetaGeoFitter._negative_log_likelihood(logs, *columns, ones, 0.0) * len(customers)


def score(bg, gg, customers):
    """The figures that lifetimes has of those that ours are: P(alive), purchases, spend, CLV."""
    x, t_x, age = (customers[name] for name in ("frequency", "recency", "T"))
    bg.conditional_probability_alive(x, t_x, age)
    bg.conditional_expected_number_of_purchases_up_to_time(52, x, t_x, age)
    gg.conditional_expected_average_profit(x, customers["monetary"])
    # Monthly periods, where ours are weekly.
    gg.customer_lifetime_value(bg, x, t_x, age, customers["monetary"], time=12, discount_rate=0.008, freq="W")


def within_budget(customers, seconds_each):
    return customers.iloc[: max(1, min(len(customers), int(BUDGET_S / seconds_each)))]


def measure(customers, known, runs):
    """`known` holds seconds per customer of each step, as far as CDNOW told them."""
    found = {}

    def step(name, work, of):
        part = within_budget(of, known.get(name, 1e-12))
        wall, processor, result = timed(lambda: work(part), runs)
        known[name] = wall / len(part)
        scale = 1e3 * len(of) / len(part)
        times = {"wall_ms": wall * scale, "cpu_ms": processor * scale}
        found[name] = {**times, "of": len(of), "measured_on": len(part)}
        return result

    repeat = customers[(customers.frequency > 0) & (customers.monetary > 0)]
    bg = step("BG/NBD fit", lambda c: BetaGeoFitter().fit(c.frequency, c.recency, c["T"]), customers)
    for family, fitter in (("MBG/NBD", ModifiedBetaGeoFitter), ("Pareto/NBD", ParetoNBDFitter)):
        step(f"{family} fit", lambda c, fitter=fitter: fitter().fit(c.frequency, c.recency, c["T"]), customers)
    gg = step("Gamma-Gamma fit", lambda c: GammaGammaFitter().fit(c.frequency, c.monetary), repeat)
    step("scores", lambda c: score(bg, gg, c), customers)
    return bg, found


def compare(name, ours, customers, known, runs):
    bg, found = measure(customers, known, runs)
    theirs = {key: float(value) for key, value in bg.params_.items()}
    print(f"\n{name}: {len(customers)} customers")
    print(f"  {'':<24}{'ours':>12}{'lifetimes':>15}{'ratio':>9}{'of processor time':>20}")
    for step, line in found.items():
        wall, processor = (ours["median"][step][clock] for clock in ("wall_ms", "cpu_ms"))
        line["ratio"] = line["wall_ms"] / wall
        line["cpu_ratio"] = line["cpu_ms"] / processor if processor else None
        scaled = "" if line["of"] == line["measured_on"] else f"  (scaled from {line['measured_on']})"
        times = f"{wall:>9.1f} ms{line['wall_ms']:>12.1f} ms{line['ratio']:>9.1f}"
        print(f"  {step:<24}{times}{line['cpu_ratio'] or 0:>20.1f}{scaled}")
    agree = True
    if found["BG/NBD fit"]["measured_on"] == len(customers):
        for key, value in ours["parameters"].items():
            off = theirs[key] / value - 1.0
            agree &= abs(off) < PARAMETERS_AGREE
            print(f"  {key:<24}{value:>12.6f}{theirs[key]:>15.6f}{off:>9.0e}")
    ll_ours, ll_theirs = (log_likelihood(p, customers) for p in (ours["parameters"], theirs))
    stated = ours["log_likelihood"]
    each = (ll_ours - ll_theirs) / len(customers)
    agree &= -LOG_LIKELIHOOD_NOISE < each < LOG_LIKELIHOOD_AGREES
    agree &= abs(stated / ll_ours - 1.0) < 1e-9
    print(f"  {'log-likelihood':<24}{stated:>12.1f}{ll_theirs:>15.1f}   (ours by lifetimes' formula {ll_ours:.1f})")
    print("  the fits agree" if agree else "  THE FITS DISAGREE")
    return {"steps": found, "parameters": theirs, "log_likelihood": ll_theirs, "agree": bool(agree)}


def main():
    folder = sys.argv[1]
    with open(f"{folder}/value.json", encoding="utf-8") as file:
        ours = json.load(file)
    kernels = sorted({pool.get("architecture", "?") for pool in threadpool_info()})
    print(f"lifetimes 0.11.3, numpy {numpy.__version__}, OpenBLAS kernel {', '.join(kernels)}")
    known, results = {}, {"numpy": numpy.__version__, "kernels": kernels}
    for name, runs in (("cdnow", RUNS), ("million", 1)):
        customers = pandas.read_csv(f"{folder}/{name}.csv")
        results[name] = compare(name, ours[name], customers, known, runs)
    with open(f"{folder}/lifetimes.json", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=2)
    sys.exit(0 if all(results[name]["agree"] for name in ("cdnow", "million")) else 1)


main()
