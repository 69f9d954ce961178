//! Every column of every table and every file of the data folder.

use engine::{Dialect, Engine};
use std::path::Path;

/// Where a word stands, whatever its case.
pub async fn places(engine: &Engine, word: &str) -> Vec<String> {
    let mut found = in_columns(engine, word).await;
    in_files(engine.data_dir(), word, &mut found);
    found
}

async fn texts(engine: &Engine, sql: &str) -> Vec<String> {
    engine.fetch_text(sql).await.unwrap().iter().map(|row| row.text(0).unwrap()).collect()
}

async fn in_columns(engine: &Engine, word: &str) -> Vec<String> {
    let sqlite = engine.dialect() == Dialect::Sqlite;
    let tables = match sqlite {
        true => "SELECT name FROM sqlite_master WHERE type = 'table'",
        false => "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema()",
    };
    let mut found = vec![];
    for table in texts(engine, tables).await {
        let columns = match sqlite {
            true => format!("SELECT name FROM pragma_table_info('{table}')"),
            false => format!(
                "SELECT CAST(column_name AS text) FROM information_schema.columns WHERE table_name = '{table}'"
            ),
        };
        for column in texts(engine, &columns).await {
            // BLOBs of the full-text index hold their tokens in lower case.
            let text = match sqlite {
                true => format!("lower(CAST(\"{column}\" AS TEXT))"),
                false => format!("lower(CAST(\"{column}\" AS text))"),
            };
            let holds = match sqlite {
                true => {
                    format!("instr({text}, '{word}') > 0 OR instr(hex(\"{column}\"), '{}') > 0", hex(word))
                }
                false => format!("position('{word}' in {text}) > 0"),
            };
            let sql = format!("SELECT COUNT(*) FROM \"{table}\" WHERE {holds}");
            let Ok(rows) = engine.fetch_text(&sql).await else { continue };
            if rows[0].int(0).unwrap() > 0 {
                found.push(format!("{table}.{column}"));
            }
        }
    }
    found
}

fn hex(word: &str) -> String {
    word.bytes().map(|byte| format!("{byte:02X}")).collect()
}

fn in_files(folder: &Path, word: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            in_files(&path, word, found);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap().to_ascii_lowercase();
        if bytes.windows(word.len()).any(|part| part == word.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
}
