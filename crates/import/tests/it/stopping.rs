//! Imports that are cancelled, killed between batches, refused in a part or stopped by too many errors.

use crate::ground::{Company, made, on_both, open, options};
use import::{Control, Kind, State};
use std::{
    fmt::Write,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

const ORDERS: usize = 2_500;

/// 10,000 lines of 2,500 orders, the last line of each far behind the others; one row in 1,000 is bad.
fn file(company: &Company) -> PathBuf {
    let mut text = String::from("InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n");
    let mut line = 0;
    let mut add = |order: usize, product: usize| {
        line += 1;
        let quantity = if line % 1_000 == 0 { "many".to_owned() } else { (1 + order % 7).to_string() };
        writeln!(text, "{order},P{product},{quantity},2024-01-02 10:00:00,1.25,K{}", order % 300).unwrap();
    };
    for order in 0..ORDERS {
        (0..3).for_each(|product| add(order, product));
    }
    (0..ORDERS).for_each(|order| add(order, 7));
    company.file("large.csv", text)
}

const LINES: u64 = 4 * ORDERS as u64 - 10;

/// Stops as soon as `batches` batches are written.
fn stop_after(batches: usize) -> Control {
    let looks = Arc::new(AtomicUsize::new(0));
    Control {
        cancelled: Box::new(move || {
            let stop = looks.fetch_add(1, Ordering::Relaxed) >= batches;
            Box::pin(async move { stop })
        }),
        progress: Box::new(|_| {}),
    }
}

async fn assert_complete(company: &Company) {
    assert_eq!(company.counts().await, [300, 4, ORDERS as u64, LINES, 0, 0]);
    let order = company.one("order", "number == '6'").await;
    // Lines that stand far apart became one order: 4 × 7 × 1.25.
    assert_eq!(order.get("total").as_decimal(), Some(meta::Decimal::from(35)));
}

#[test]
fn a_cancelled_import_keeps_whole_batches_and_the_next_one_completes_it() {
    on_both(async |company| {
        let path = file(&company);
        let stopped = company.try_import(Kind::Orders, &path, &options(), &stop_after(1)).await;
        assert_eq!(stopped.state, State::Cancelled);
        let lines = company.count("order_line").await;
        assert!(lines > 0 && lines < LINES, "{lines}");
        assert_eq!(stopped.progress.made("order_line"), lines);
        let rest = company.import(Kind::Orders, &path, &options()).await;
        assert_eq!(made(&rest)[3], LINES - lines);
        assert_complete(&company).await;
        // Or it is taken back.
        import::revert(&company.engine, &company.actor, rest.run, &Control::none()).await.unwrap();
        import::revert(&company.engine, &company.actor, stopped.run, &Control::none()).await.unwrap();
        assert_eq!(company.counts().await, [0; 6]);
    });
}

#[test]
fn an_import_of_the_command_line_can_be_stopped_from_the_browser() {
    on_both(async |company| {
        let path = file(&company);
        let engine = company.engine.clone();
        let looks = Arc::new(AtomicUsize::new(0));
        let control = Control {
            cancelled: Box::new(move || {
                let (engine, look) = (engine.clone(), looks.fetch_add(1, Ordering::Relaxed));
                Box::pin(async move {
                    if look == 1 {
                        let query = engine::Query::new("import_run").filter("state == 'running'");
                        let run = engine.list(&engine::Actor::system(), &query).await.unwrap().records[0].id;
                        import::cancel(&engine, run).await.unwrap();
                    }
                    false
                })
            }),
            progress: Box::new(|_| {}),
        };
        let stopped = company.try_import(Kind::Orders, &path, &options(), &control).await;
        assert_eq!(stopped.state, State::Cancelled);
        assert!(stopped.progress.rows > 0 && stopped.progress.rows < 4 * ORDERS as u64);
    });
}

#[test]
fn an_import_whose_process_died_goes_on_after_its_last_batch() {
    on_both(async |company| {
        let path = file(&company);
        // The process dies while it asks whether to go on: nothing after that is done.
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let sender = std::sync::Mutex::new(Some(sender));
        let looks = AtomicUsize::new(0);
        let control = Control {
            cancelled: Box::new(move || {
                let dying = looks.fetch_add(1, Ordering::Relaxed) == 2;
                if dying && let Some(sender) = sender.lock().unwrap().take() {
                    sender.send(()).unwrap();
                }
                Box::pin(async move { if dying { std::future::pending().await } else { false } })
            }),
            progress: Box::new(|_| {}),
        };
        let given = options();
        let dying = company.try_import(Kind::Orders, &path, &given, &control);
        tokio::select! {
            _ = dying => panic!("the import should not have ended"),
            _ = receiver => {}
        }
        let half = company.one("import_run", "state == 'running'").await;
        let lines = company.count("order_line").await;
        assert!(lines > 0 && lines < LINES, "{lines}");
        let reopened = open(company.database.clone(), &company.folder).await;
        let rest = reopened.import(Kind::Orders, &path, &options()).await;
        assert_eq!((rest.run, rest.state), (half.id, State::Finished));
        assert_eq!((rest.progress.rows, rest.progress.errors), (4 * ORDERS as u64, 10));
        assert_complete(&reopened).await;
        let bad = std::fs::read_to_string(rest.error_path.unwrap()).unwrap();
        assert_eq!(bad.lines().count(), 11, "each bad row once");
        let again = reopened.import(Kind::Orders, &path, &options()).await;
        assert_eq!(made(&again), [0; 6]);
        assert_ne!(again.run, half.id);
    });
}

#[test]
fn a_row_only_the_database_refuses_costs_no_other_row() {
    on_both(async |company| {
        // The name of a category is bounded; only the engine knows.
        let long = "x".repeat(300);
        let mut text = String::from("InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,Category\n");
        for order in 0..50 {
            let category = if order == 33 { long.as_str() } else { "Fruit" };
            writeln!(text, "{order},P{order},1,2024-01-02,1,{category}").unwrap();
        }
        let outcome = company.orders(&text).await;
        assert_eq!((outcome.progress.imported, outcome.progress.errors), (49, 1));
        assert_eq!(company.count("order").await, 49);
        let bad = std::fs::read_to_string(outcome.error_path.unwrap()).unwrap();
        assert!(bad.lines().count() == 2 && bad.contains("35,") && bad.contains("at most 255"), "{bad}");
    });
}

#[test]
fn too_many_errors_end_the_run_with_a_reason() {
    on_both(async |company| {
        let path = file(&company);
        let strict = import::Options { error_limit: Some(2), ..options() };
        let outcome = company.import(Kind::Orders, &path, &strict).await;
        assert_eq!(outcome.state, State::Failed);
        assert!(outcome.message.unwrap().en.contains("more than 2 rows have errors"));
        let run = company.one("import_run", "state == 'failed'").await;
        assert!(run.text("message").contains("more than 2"));
    });
}
