//! `zhike import` as other programs use it, and killed in the middle.

use serde_json::Value as Json;
use std::{
    fmt::Write,
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

fn zhike(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zhike"));
    command.args(arguments).arg("--data").arg(folder.join("data")).current_dir(folder);
    for key in ["DATA", "DATABASE_URL", "LANGUAGE", "LOG", "CONFIG"] {
        command.env_remove(format!("ZHIKE_{key}"));
    }
    command
}

fn last_line(output: &Output) -> Json {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let out = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(out.lines().last().unwrap_or_default()).expect("a line of JSON")
}

fn orders(count: usize) -> String {
    let mut text = String::from("InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n");
    for order in 0..count {
        for product in 0..4 {
            writeln!(text, "{order},P{product},2,2024-01-02 10:00:00,1.25,K{}", order % 50)
                .expect("a string");
        }
    }
    text.push_str("C1,P1,-1,2024-01-03 10:00:00,1.25,K1\nbad,P1,one,2024-01-03 10:00:00,1.25,K1\n");
    text
}

#[test]
fn the_last_line_tells_the_counts_and_the_mapping_can_be_given() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("o.csv"), orders(10).replace("UnitPrice", "Each")).expect("a file");
    let refused = zhike(folder.path(), &["import", "orders", "o.csv", "--json", "--language", "en"]).output();
    let refused = refused.expect("the program");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("--mapping") && said.contains("Each"), "{said}");

    let arguments = ["import", "orders", "o.csv", "--json", "--mapping", "Each=unit_price"];
    let dry = zhike(folder.path(), &[&arguments[..], &["--dry-run"]].concat()).output().expect("the program");
    let dry = last_line(&dry);
    let made = last_line(&zhike(folder.path(), &arguments).output().expect("the program"));
    for (field, number) in [
        ("rows", 42),
        ("imported", 41),
        ("errors", 1),
        ("accounts", 10),
        ("products", 4),
        ("orders", 10),
        ("order_lines", 40),
        ("returns", 1),
        ("return_lines", 1),
    ] {
        assert_eq!(
            (made[field].as_u64(), dry[field].as_u64()),
            (Some(number), Some(number)),
            "{field} in {made}"
        );
    }
    assert!(made["seconds"].is_number());
    let again = last_line(
        &zhike(folder.path(), &["import", "orders", "o.csv", "--json"]).output().expect("the program"),
    );
    assert_eq!((again["imported"].as_u64(), again["orders"].as_u64()), (Some(41), Some(0)));
}

/// `kill -9` as soon as a part is written.
#[test]
fn a_killed_import_goes_on_with_the_same_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let count = 5_000;
    std::fs::write(folder.path().join("o.csv"), orders(count)).expect("a file");
    let arguments = ["import", "orders", "o.csv", "--json"];
    let mut child = zhike(folder.path(), &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let began = Instant::now();
    while rows_written(folder.path()) == 0 && began.elapsed() < Duration::from_secs(100) {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("a living process");
    child.wait().expect("an end");
    let before = rows_written(folder.path());
    assert!(before > 0, "nothing was written before the kill");
    let rest = last_line(&zhike(folder.path(), &arguments).output().expect("the program"));
    // Counts are those of the whole run, over the interruption.
    assert_eq!(rest["rows"].as_u64(), Some(4 * count as u64 + 2));
    assert_eq!(rest["order_lines"].as_u64(), Some(4 * count as u64));
    assert_eq!(rest["errors"].as_u64(), Some(1));
    assert_eq!(lines_in(folder.path()), 4 * count as u64);
}

fn number(folder: &Path, sql: &str) -> u64 {
    let path = folder.join("data/zhike.db");
    if !path.exists() {
        return 0;
    }
    let found = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|conn| conn.query_row(sql, [], |row| row.get::<_, Option<i64>>(0)));
    // While the program still makes its tables there is nothing to count.
    found.ok().flatten().map_or(0, i64::unsigned_abs)
}

fn rows_written(folder: &Path) -> u64 {
    number(folder, "SELECT MAX(rows) FROM import_run")
}

fn lines_in(folder: &Path) -> u64 {
    number(folder, "SELECT COUNT(*) FROM order_line WHERE deleted_at IS NULL")
}
