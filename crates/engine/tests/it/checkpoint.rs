//! SQLite's log is copied into the database beside the writer.

use crate::shop::{Shop, on_both};
use engine::{
    Dialect, name,
    sea_query::{Expr, Query as Sql},
};
use std::time::Duration;

const WRITES: u64 = 100;
/// Four megabytes each.
const WRITTEN: &str = "hex(zeroblob(2000000))";
/// SQLite has pages of 4,096 bytes; those it leaves for the next time count.
const PAGES_WAITING: i64 = 5_000;

#[test]
fn the_log_is_copied_and_begins_anew_while_somebody_writes_all_the_time() {
    on_both(|shop: Shop| async move {
        if shop.engine.dialect() == Dialect::Postgres {
            return;
        }
        shop.customer("one", []).await;
        for _ in 0..WRITES {
            let written = shop.engine.write(&shop.actor, |tx| {
                Box::pin(async move {
                    let mut update = Sql::update();
                    tx.execute(update.table(name("customer")).value(name("phone"), Expr::cust(WRITTEN))).await
                })
            });
            assert_eq!(written.await.unwrap(), 1);
        }
        let log = shop.folder.join("zhike.db-wal").metadata().unwrap().len();
        assert!(log < WRITES * 4_000_000 / 2, "the log never began anew: {log} bytes");
        let conn = rusqlite::Connection::open(shop.folder.join("zhike.db")).unwrap();
        let waiting = || -> i64 {
            let left = |row: &rusqlite::Row<'_>| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?);
            conn.query_row("PRAGMA wal_checkpoint(NOOP)", (), left).unwrap()
        };
        for _ in 0..100 {
            if waiting() < PAGES_WAITING {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{} pages are in the log alone", waiting());
    });
}
