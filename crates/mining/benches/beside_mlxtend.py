"""Frequent sets and rules of the same pairs by mlxtend, and the comparison with ours: exact counts must agree."""

import json
import os
import sys
import time

import numpy
import pandas
from mlxtend.frequent_patterns import association_rules, fpgrowth
from scipy.sparse import csr_matrix

ours = json.loads(sys.stdin.read())
pairs = numpy.unique(numpy.loadtxt(os.environ["PAIRS"], delimiter=",", dtype=numpy.int64), axis=0)
began = time.perf_counter()
_, rows = numpy.unique(pairs[:, 0], return_inverse=True)
names, columns = numpy.unique(pairs[:, 1], return_inverse=True)
table = csr_matrix((numpy.ones(len(rows), dtype=bool), (rows, columns)))
table = pandas.DataFrame.sparse.from_spmatrix(table, columns=[str(name) for name in names])
sets = fpgrowth(table, min_support=ours["support"] / ours["baskets"], max_len=4, use_colnames=False)
seconds_sets = time.perf_counter() - began
rules = association_rules(sets, metric="lift", min_threshold=1.0)
seconds = time.perf_counter() - began
together = int(round((sets["support"] * ours["baskets"]).sum()))
print(f"{'':24}{'zhike':>12}{'mlxtend':>12}")
for what, own, other in [
    ("frequent sets", ours["sets"], len(sets)),
    ("sum of their counts", ours["sum_of_counts"], together),
    ("seconds to the sets", ours["seconds_sets"], round(seconds_sets, 3)),
    ("seconds to the rules", ours["seconds"], round(seconds, 3)),
]:
    print(f"{what:24}{own:>12}{other:>12}")
print(f"mlxtend takes {seconds_sets / ours['seconds_sets']:.1f} times as long to the sets, {seconds / ours['seconds']:.1f} times to the rules")
if (ours["sets"], ours["sum_of_counts"]) != (len(sets), together):
    sys.exit("the counts differ")
