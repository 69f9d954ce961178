//! Who may know whom. Read from the manifests and Cargo.lock, so that it needs neither network nor another cargo.
//! A crate must not know what lies above it, a module never another module: they meet through entity names and the
//! change log.

use crate::assert_none;
use crate::sources::root;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// What each crate of ours may depend on among ours (normal dependencies; tests may reach further).
const MAY_KNOW: [(&str, &[&str]); 17] = [
    ("meta", &[]),
    ("value", &[]),
    ("mining", &[]),
    ("tabular", &[]),
    ("engine", &["meta"]),
    ("web", &["engine", "meta"]),
    ("customers", &["web", "engine", "meta"]),
    ("sales", &["web", "engine", "meta"]),
    ("warehouse", &["engine", "meta", "value"]),
    ("cluster", &["warehouse", "engine", "meta"]),
    ("analysis", &["web", "engine", "meta", "warehouse"]),
    ("insight", &["web", "engine", "meta", "value", "mining", "warehouse"]),
    ("import", &["web", "engine", "meta", "tabular"]),
    ("testkit", &["web", "engine", "meta"]),
    (
        "zhike",
        &[
            "web",
            "engine",
            "meta",
            "customers",
            "sales",
            "insight",
            "import",
            "tabular",
            "value",
            "mining",
            "warehouse",
            "cluster",
            "analysis",
        ],
    ),
    ("fuzz", &["engine", "meta", "tabular"]),
    ("bench", &["web", "engine", "meta", "customers", "sales", "insight", "import", "warehouse", "analysis"]),
];

/// Crates that only one of ours may name in its manifest; testkit makes and drops the databases of tests, bench fills
/// millions of rows past the engine.
const ONLY_IN: [(&str, &str); 10] = [
    ("sqlx", "engine"),
    ("sea-query-sqlx", "engine"),
    ("rusqlite", "engine"),
    ("calamine", "tabular"),
    ("linfa", "mining"),
    ("forust-ml", "mining"),
    ("augurs", "mining"),
    ("discorec", "mining"),
    ("datafusion", "warehouse"),
    ("datafusion-distributed", "cluster"),
];

/// What must not be reachable at all, not even through others.
const OUT_OF_REACH: [(&str, &[&str]); 6] = [
    ("meta", &["sqlx", "axum", "tokio"]),
    ("value", &["sqlx", "axum", "tokio"]),
    ("mining", &["sqlx", "axum", "tokio"]),
    ("tabular", &["sqlx", "axum", "tokio"]),
    ("engine", &["axum", "minijinja"]),
    ("testkit", &["insight", "warehouse", "analysis", "datafusion"]),
];

/// What is changed and tested most days: neither these crates nor their tests wait for what takes minutes to compile.
const DAILY: [&str; 9] =
    ["meta", "tabular", "value", "mining", "engine", "web", "customers", "sales", "import"];
const TAKES_MINUTES: &str = "datafusion";

const NORMAL: &str = "dependencies";
const OF_TESTS: &str = "dev-dependencies";

type Graph = BTreeMap<String, BTreeSet<String>>;

/// Our crates and the names in a section of their manifests.
fn manifests(section: &str) -> Graph {
    let mut graph = Graph::new();
    let crates = fs::read_dir(root().join("crates")).expect("crates/").flatten().map(|entry| entry.path());
    for folder in crates.chain([root().join("benches")]) {
        let text = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest in each crate");
        let manifest: toml::Table = text.parse().expect("valid TOML");
        let name = manifest["package"]["name"].as_str().expect("a name").to_owned();
        let named = manifest.get(section).and_then(|table| table.as_table());
        graph.insert(name, named.map(|table| table.keys().cloned().collect()).unwrap_or_default());
    }
    graph
}

/// Every package in Cargo.lock and the names it depends on, whatever the version.
fn locked() -> Graph {
    let text = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    let lock: toml::Table = text.parse().expect("valid TOML");
    let mut graph = Graph::new();
    for package in lock["package"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name").to_owned();
        let below = package.get("dependencies").and_then(|list| list.as_array()).into_iter().flatten();
        let names = below.filter_map(|item| item.as_str()?.split(' ').next().map(str::to_owned));
        graph.entry(name).or_default().extend(names);
    }
    graph
}

fn wrong_arrows(ours: &Graph) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, below) in ours {
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(known, _)| known == name) else {
            wrong.push(format!("crates/{name} is new: say in MAY_KNOW whom it may know"));
            continue;
        };
        for other in
            below.iter().filter(|other| ours.contains_key(*other) && !allowed.contains(&other.as_str()))
        {
            wrong.push(format!("{name} must not know {other}"));
        }
        for (crate_name, owner) in ONLY_IN {
            if below.contains(crate_name) && name != owner && !["testkit", "bench"].contains(&name.as_str()) {
                wrong.push(format!("{name} must not name {crate_name}; only {owner} does"));
            }
        }
    }
    wrong
}

fn reachable(from: &str, ours: &Graph, locked: &Graph) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(name) = open.pop() {
        // For our own crates the manifest, because Cargo.lock mixes in what only their tests need.
        for below in ours.get(&name).or_else(|| locked.get(&name)).into_iter().flatten() {
            if seen.insert(below.clone()) {
                open.push(below.clone());
            }
        }
    }
    seen
}

/// The crates of [`DAILY`] whose edit, build and test would compile it. Tests of what lies below are not compiled.
fn slow_loops(ours: &Graph, tests: &Graph, locked: &Graph) -> Vec<String> {
    let slow = |name: &&&str| {
        let mut with_tests = ours.clone();
        let needed = tests.get(**name).into_iter().flatten().cloned();
        with_tests.entry((**name).to_owned()).or_default().extend(needed);
        reachable(name, &with_tests, locked).contains(TAKES_MINUTES)
    };
    DAILY.iter().filter(slow).map(|name| format!("{name} or its tests reach {TAKES_MINUTES}")).collect()
}

#[test]
fn crates_know_only_what_lies_below_them() {
    let ours = manifests(NORMAL);
    for (name, _) in MAY_KNOW {
        assert!(ours.contains_key(name), "MAY_KNOW names {name}, which is gone");
    }
    assert_none("Dependency arrows (crates/zhike/tests/tidy/arrows.rs):", wrong_arrows(&ours));
}

#[test]
fn low_crates_reach_neither_database_nor_web() {
    let (ours, locked) = (manifests(NORMAL), locked());
    let mut wrong = Vec::new();
    for (name, banned) in OUT_OF_REACH {
        let reach = reachable(name, &ours, &locked);
        assert!(!reach.is_empty(), "{name} reaches nothing at all: the graph was not read");
        wrong.extend(
            banned
                .iter()
                .filter(|other| reach.contains(**other))
                .map(|other| format!("{name} reaches {other}")),
        );
    }
    assert_none("These must stay out of reach:", wrong);
}

#[test]
fn the_daily_loop_waits_for_no_warehouse() {
    let (ours, tests, locked) = (manifests(NORMAL), manifests(OF_TESTS), locked());
    // The tests of meta need nothing that it does not.
    let read = DAILY.iter().filter(|name| **name != "meta").all(|name| !tests[*name].is_empty());
    assert!(read, "dev-dependencies were not read");
    assert!(reachable("insight", &ours, &locked).contains(TAKES_MINUTES), "nothing reaches {TAKES_MINUTES}");
    assert_none("Edit, build and test must stay quick:", slow_loops(&ours, &tests, &locked));
}

#[test]
fn a_wrong_arrow_is_caught() {
    let mut ours = manifests(NORMAL);
    ours.get_mut("sales").expect("sales").insert("insight".into());
    ours.get_mut("web").expect("web").insert("sqlx".into());
    assert_eq!(
        wrong_arrows(&ours),
        ["sales must not know insight", "web must not name sqlx; only engine does"]
    );
    let mut locked = locked();
    let mut tests = manifests(OF_TESTS);
    tests.get_mut("import").expect("import").insert("warehouse".into());
    let slow = format!("import or its tests reach {TAKES_MINUTES}");
    assert_eq!(slow_loops(&manifests(NORMAL), &tests, &locked), [slow]);
    locked.get_mut("cel").expect("cel").insert("axum".into());
    assert!(reachable("engine", &ours, &locked).contains("axum"));
}
