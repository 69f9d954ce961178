"""The figures of script/api-fuzz, from schemathesis' reports; fails if anything was found or an operation was left out."""

import json
import sys

requests = passed = failed = 0
for path in sys.argv[1:]:
    report = json.load(open(path))
    operations, cases = report["operations"], report["test_cases"]
    untested = operations["selected"] - operations["tested"] + len(report["errors"])
    print(f"{path.rsplit('/')[-1]}: {operations['tested']} of {operations['selected']} operations, {cases['generated']} requests, seed {report['seed']}")
    for failure in report["failures"]:
        print(f"  {failure['title']}: {failure['count']}")
    requests += cases["generated"]
    passed += cases["generated"] - cases["with_failures"]
    failed += cases["unique_failures"] + untested
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not requests else 0)
