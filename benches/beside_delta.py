"""A refresh of the warehouse made visible by one manifest, as crates/warehouse/src/manifest.rs and durable.rs do it, and by Delta Lake's
logs, one for each table: times, ratios, bytes, what readers saw.

    beside_delta.py WORK OUT         WORK is an empty folder on a disk; table_format.json goes to OUT
    beside_delta.py once KIND WORK   one refresh, by manifest or by delta, for strace to count

The manifest's side is plain Python (its JSON too), Delta's is the Rust of the crate `deltalake`.
"""

import json
import multiprocessing
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time
import uuid

import deltalake
import pyarrow
import pyarrow.parquet
from deltalake import DeltaTable, PostCommitHookProperties
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

FILES = int(os.environ.get("FILES", 200))
COMMITS = int(os.environ.get("COMMITS", 1000))
TABLES = ["sales", "account", "order", "order_line", "product", "contact", "activity", "returns", "order_costs", "return_costs", "surveys", "user"]
# How Delta is told to keep its log: as it comes (a checkpoint every 100 commits, at each of them a look for logs that are too old);
# the quickest found (a checkpoint every 10, old logs left to another job); without checkpoints.
HOOKS = {
    "as it comes": None,
    "tuned": PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False),
    "no checkpoint": PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False),
}
DELTA = "tuned"
REPLACED = 3
REFRESHES, PAUSE = 100, 0.1
SCHEMA = pyarrow.schema([("refresh", pyarrow.int64()), ("name", pyarrow.string())])
DELTA_SCHEMA = deltalake.Schema.from_arrow(SCHEMA)
# As long as a table's description in a manifest is on average.
FINGERPRINT = "x" * 1664


def milliseconds(work):
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def median_of(work, times=25):
    return statistics.median(milliseconds(work) for _ in range(times))


def to_disk(path):
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.close(file)


def new_file(folder, refresh=0):
    """A small Parquet file, on the disk: only what makes it visible is measured."""
    path = folder / f"{uuid.uuid4()}.parquet"
    pyarrow.parquet.write_table(pyarrow.table([[refresh], ["nobody"]], schema=SCHEMA), path)
    to_disk(path)
    to_disk(folder)
    return path.name


def numbers(folder):
    return [int(name.removesuffix(".json")) for name in os.listdir(folder) if name.endswith(".json")]


def files_of_newest(folder):
    """What a reader does: the newest manifest's files by table."""
    manifest = json.loads((folder / f"{max(numbers(folder)):012}.json").read_bytes())
    return {name: [segment["file"] for segment in table["segments"]] for name, table in manifest["tables"].items()}


class Manifest:
    """Every table's files in one JSON file, which gets its number by a hard link once it is on the disk."""

    def __init__(self, root):
        self.root, self.folder = root, root / "manifest"
        self.number, self.tables, self.retired = 0, {}, []
        self.folder.mkdir(parents=True)

    def publish(self, table, added, removed, grace_seconds=600):
        self.replace(table, added, removed)
        self.put(grace_seconds)

    def replace(self, table, added, removed):
        segments = [segment for segment in self.tables.get(table, []) if segment["file"] not in removed]
        self.tables[table] = segments + [{"from": str(uuid.uuid4()), "file": file, "rows": 250_000, "bytes": 8_200_375} for file in added]
        self.retired += [[f"{table}/{file}", time.time()] for file in removed]

    def put(self, grace_seconds=600):
        self.number += 1
        over = [file for file, since in self.retired if time.time() - since > grace_seconds]
        # Refreshes come every ten minutes, so that the files of two wait to be deleted; here they come at once.
        self.retired = [one for one in self.retired if one[0] not in over][-24:]
        tables = {name: {"fingerprint": FINGERPRINT, "fit": 0, "segments": segments} for name, segments in self.tables.items()}
        manifest = {"number": self.number, "position": self.number, "tables": tables, "keys": {}, "retired": self.retired}
        path = self.folder / f"{self.number:012}.json"
        staged = f"{path}#1"
        with open(staged, "xb") as file:
            file.write(json.dumps(manifest, separators=(",", ":")).encode())
            file.flush()
            os.fsync(file.fileno())
        os.link(staged, path)
        os.remove(staged)
        for changed in (path, self.folder, self.root):
            to_disk(changed)
        for file in over:
            (self.root / file).unlink()
        for number in numbers(self.folder):
            if number + 1 < self.number:
                (self.folder / f"{number:012}.json").unlink()

    def open(self):
        return files_of_newest(self.folder)


class Delta:
    """One table and its log."""

    def __init__(self, folder, files, kept=DELTA, configuration=None):
        self.folder, self.log, self.hooks = folder, folder / "_delta_log", HOOKS[kept]
        configuration = (configuration or {}) | ({"delta.checkpointInterval": "10"} if kept == "tuned" else {})
        create_table_with_add_actions(str(folder), DELTA_SCHEMA, [self.add(file) for file in files], configuration=configuration)
        self.table = DeltaTable(folder)

    def add(self, file):
        """The same as a manifest says of a file; statistics of columns, which it could have, would make the log longer."""
        statistics_of_file = json.dumps({"numRecords": 250_000, "minValues": {"refresh": 0}})
        return AddAction(file, os.path.getsize(self.folder / file), {}, int(time.time() * 1e3), True, statistics_of_file)

    def publish(self, added, removed):
        now = int(time.time() * 1e3)
        actions = [self.add(file) for file in added] + [RemoveAction(file, True, now, 1000, {}) for file in removed]
        self.table.create_write_transaction(actions, "append", DELTA_SCHEMA, post_commithook_properties=self.hooks)

    def to_disk(self, commit):
        """What `deltalake` leaves to the system: that the commit's file is on the disk, and its name."""
        to_disk(self.log / f"{commit:020}.json")
        to_disk(self.log)

    def follow(self):
        self.table.update_incremental()
        return self.table.file_uris()

    def open(self):
        return DeltaTable(self.folder).file_uris()

    def bytes(self):
        return sum(path.stat().st_size for path in self.log.iterdir())


def folder_with(root, files):
    root.mkdir(parents=True)
    return [new_file(root) for _ in range(files)]


def many_refreshes(work):
    """Publishing and opening: the manifest is that of twelve tables, Delta's log that of the one table that changed."""
    manifest, current = Manifest(work / "manifest"), {}
    for table in TABLES:
        manifest.replace(table, folder_with(manifest.root / table, FILES if table == "sales" else 10), [])
    manifest.put()
    current["manifest"] = manifest.open()["sales"]
    deltas = {}
    for name in HOOKS:
        current[name] = folder_with(work / name, FILES)
        deltas[name] = Delta(work / name, current[name], name)
    first_bytes = {name: delta.bytes() for name, delta in deltas.items()}
    publish, on_disk, follow = ({name: [] for name in current} for _ in range(3))
    opened = {}
    for commit in range(1, COMMITS + 1):
        change = {}
        for name, files in current.items():
            folder = deltas[name].folder if name in deltas else manifest.root / "sales"
            change[name] = ([new_file(folder) for _ in range(REPLACED)], files[:REPLACED])
            current[name] = files[REPLACED:] + change[name][0]
        publish["manifest"].append(milliseconds(lambda: manifest.publish("sales", *change["manifest"])))
        on_disk["manifest"].append(publish["manifest"][-1])
        follow["manifest"].append(milliseconds(manifest.open))
        for name, delta in deltas.items():
            publish[name].append(milliseconds(lambda: delta.publish(*change[name])))
            on_disk[name].append(publish[name][-1] + milliseconds(lambda: delta.to_disk(commit)))
            follow[name].append(milliseconds(delta.follow))
        if commit in (10, 100, 1000):
            opened[commit] = {"manifest": median_of(manifest.open)} | {name: median_of(delta.open) for name, delta in deltas.items()}
            found = {"manifest": manifest.open()["sales"]} | {name: delta.open() for name, delta in deltas.items()}
            names = {name: {pathlib.Path(file).name for file in files} for name, files in found.items()}
            assert names == {name: set(files) for name, files in current.items()}, "the current files are not those written"
    nothing_new = {name: median_of(delta.table.update_incremental) for name, delta in deltas.items()}
    kept = {"manifest": sum(path.stat().st_size for path in manifest.folder.iterdir())} | {name: delta.bytes() for name, delta in deltas.items()}
    newest = manifest.folder / f"{manifest.number:012}.json"
    return {
        "publish_ms": publish,
        "publish_on_disk_ms": on_disk,
        "follow_ms": follow,
        "nothing_new_ms": {"manifest": median_of(lambda: max(numbers(manifest.folder)))} | nothing_new,
        "open_ms": opened,
        "bytes_per_refresh": {"manifest": newest.stat().st_size} | {name: (kept[name] - first_bytes[name]) / COMMITS for name in deltas},
        "bytes_kept": kept,
    }


def read_on(work, ready, over, seen):
    """A reader's loop: learns the files of all tables, reads them, and counts when they are not all of one refresh."""
    tables = {table: DeltaTable(work / DELTA / table) for table in TABLES}

    def delta():
        for table in tables.values():
            table.update_incremental()
        return {table: work / DELTA / table / pathlib.Path(opened.file_uris()[0]).name for table, opened in tables.items()}

    def one_manifest():
        return {table: work / "manifest" / table / files[0] for table, files in files_of_newest(work / "manifest" / "manifest").items()}

    counts = {DELTA: [0, 0], "manifest": [0, 0]}
    ready.set()
    while not over.is_set():
        for name, files_of in ((DELTA, delta), ("manifest", one_manifest)):
            refreshes = {pyarrow.parquet.read_table(file, columns=["refresh"])["refresh"][0].as_py() for file in files_of().values()}
            counts[name][0] += 1
            counts[name][1] += len(refreshes) > 1
    seen.put(counts)


def twelve_tables(work):
    """One process refreshes twelve tables again and again, all commits together at the end; another reads them."""
    manifest, deltas = Manifest(work / "manifest"), {}
    current = {name: {} for name in (DELTA, "manifest")}
    for table in TABLES:
        for name in current:
            current[name][table] = folder_with(work / name / table, 1)
        deltas[table] = Delta(work / DELTA / table, current[DELTA][table])
        manifest.replace(table, current["manifest"][table], [])
    manifest.put()
    context = multiprocessing.get_context("spawn")
    ready, over, seen = context.Event(), context.Event(), context.Queue()
    reader = context.Process(target=read_on, args=(work, ready, over, seen))
    reader.start()
    ready.wait()
    times = {DELTA: [], "manifest": []}
    for refresh in range(1, REFRESHES + 1):
        change = {}
        for name in current:
            for table in TABLES:
                change[name, table] = ([new_file(work / name / table, refresh)], current[name][table])
                current[name][table] = change[name, table][0]
        for table in TABLES:
            manifest.replace(table, *change["manifest", table])
        times[DELTA].append(milliseconds(lambda: [deltas[table].publish(*change[DELTA, table]) for table in TABLES]))
        times["manifest"].append(milliseconds(manifest.put))
        for table in TABLES:
            deltas[table].follow()
        time.sleep(PAUSE)
    over.set()
    counts = seen.get()
    reader.join()
    opened = {DELTA: median_of(lambda: [delta.open() for delta in deltas.values()]), "manifest": median_of(manifest.open)}
    publish = {name: statistics.median(taken) for name, taken in times.items()}
    return {"publish_ms": publish, "open_ms": opened, "looks": {name: count[0] for name, count in counts.items()}, "mixed": {name: count[1] for name, count in counts.items()}}


def erasure(work):
    """A person's file is replaced: what then removes the old one."""
    outcome = {}

    def replaced(name, configuration=None):
        files = folder_with(work / name, FILES)
        delta = Delta(work / name, files, configuration=configuration)
        delta.publish([new_file(delta.folder)], files[:1])
        return DeltaTable(delta.folder), delta.folder / files[0]

    table, old = replaced("as-it-comes")
    outcome["vacuum()"] = {"ms": milliseconds(lambda: table.vacuum(dry_run=False)), "gone": not old.exists()}
    try:
        table.vacuum(retention_hours=0, dry_run=False)
    except deltalake.exceptions.DeltaError as error:
        outcome["vacuum(retention_hours=0)"] = {"refused": str(error), "gone": not old.exists()}
    forced = lambda: table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    outcome["vacuum(retention_hours=0, enforce_retention_duration=False)"] = {"ms": milliseconds(forced), "gone": not old.exists()}

    table, old = replaced("configured", {"delta.deletedFileRetentionDuration": "interval 1 seconds"})
    time.sleep(1.5)
    outcome["vacuum() after deletedFileRetentionDuration"] = {"ms": milliseconds(lambda: table.vacuum(dry_run=False)), "gone": not old.exists()}

    manifest = Manifest(work / "manifest")
    files = folder_with(manifest.root / "sales", FILES)
    manifest.publish("sales", files, [])
    manifest.publish("sales", [new_file(manifest.root / "sales")], files[:1], 1)
    time.sleep(1.5)
    old = manifest.root / "sales" / files[0]
    outcome["the next manifest after the grace"] = {"ms": milliseconds(lambda: manifest.put(1)), "gone": not old.exists()}

    # By its own writer, with statistics as they come, then deleted and vacuumed.
    deltalake.write_deltalake(work / "named", pyarrow.table([[1, 2], ["An Erased Person", "Somebody"]], schema=SCHEMA))
    table = DeltaTable(work / "named")
    table.delete("refresh = 1")
    table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    table.create_checkpoint()
    table.cleanup_metadata()
    holding = lambda paths: sum(b"An Erased Person" in path.read_bytes() for path in paths)
    outcome["files that hold the name"] = {"Parquet": holding((work / "named").glob("*.parquet")), "log": holding((work / "named" / "_delta_log").iterdir())}
    return outcome


def once(kind, work):
    """One refresh, after a mark."""
    files = folder_with(work / f"once-{kind}" / "sales", 5)
    if kind == "manifest":
        side = Manifest(work / f"once-{kind}")
        side.publish("sales", files[1:], [])
        publish = lambda: side.publish("sales", files[:1], files[1:2])
    else:
        side = Delta(work / f"once-{kind}" / "sales", files[1:])
        publish = lambda: side.publish(files[:1], files[1:2])
    os.access("/mark", 0)
    publish()


def syncs(work):
    if not shutil.which("strace"):
        return None
    counts = {}
    for kind in ("manifest", "delta"):
        trace = work / f"{kind}.trace"
        watched = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,access,faccessat,faccessat2", "-o", trace]
        subprocess.run([*watched, sys.executable, __file__, "once", kind, work], check=True)
        counts[kind] = trace.read_text().split('"/mark"')[1].count("sync")
    return counts


def show(results):
    def row(what, costs, unit="ms"):
        ours = costs["manifest"]
        others = "".join(f"{costs[name]:>13,.2f} {costs[name] / ours:>7.2f}×" if name in costs else " " * 22 for name in HOOKS)
        print(f"{what:<52}{ours:>9,.2f} {others} {unit}")

    print(f"{'× is how many times the manifest':<52}{'manifest':>9} " + "".join(f"{'Delta, ' + name:>22}" for name in HOOKS))
    many, twelve = results["refreshes"], results["twelve_tables"]
    steps = {"publish_ms": f"publish {REPLACED} of {FILES} files", "publish_on_disk_ms": "  and Delta's on the disk, too", "follow_ms": "learn of it, having the table open"}
    for step, what in steps.items():
        for part, of in (("median", statistics.median), ("least", min)):
            row(f"{what}, {part}", {name: of(taken) for name, taken in many[step].items()})
    row("ask, nothing is new", many["nothing_new_ms"])
    for commit, opened in many["open_ms"].items():
        row(f"open after {commit} refreshes", opened)
    for step, what in (("bytes_per_refresh", "written per refresh"), ("bytes_kept", f"kept after {COMMITS} refreshes")):
        row(what, {name: number / 1e3 for name, number in many[step].items()}, "kB")
    row("publish a refresh of twelve tables", twelve["publish_ms"])
    row(f"open twelve tables after {REFRESHES} refreshes", twelve["open_ms"])
    for name, looks in twelve["looks"].items():
        print(f"a reader beside {REFRESHES} refreshes of twelve tables, {name}: of {looks} looks {twelve['mixed'][name]} at a mixture of old and new")
    for what, outcome in results["erasure"].items():
        print(f"{what}: " + ", ".join(f"{name} {value:.1f}" if isinstance(value, float) else f"{name} {value}" for name, value in outcome.items()))
    if results["syncs"]:
        print(f"fsync in one refresh: {results['syncs']}")


def main():
    if sys.argv[1] == "once":
        once(sys.argv[2], pathlib.Path(sys.argv[3]))
        return
    work, out = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    results = {"files": FILES, "commits": COMMITS, "deltalake": deltalake.__version__, "load": os.getloadavg()}
    results["syncs"] = syncs(work)
    results["refreshes"] = many_refreshes(work / "refreshes")
    results["twelve_tables"] = twelve_tables(work / "twelve")
    results["erasure"] = erasure(work / "erasure")
    show(results)
    (out / "table_format.json").write_text(json.dumps(results, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
