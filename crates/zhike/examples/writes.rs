//! Scratch: durable single writes.
use engine::{Actor, Database, Engine, Options};
use meta::{Clock, Id, Value, Values};
use std::time::Instant;
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
#[tokio::main]
async fn main() {
    let dir = std::env::args().nth(1).unwrap_or("/var/tmp/wr".into());
    let n: usize = std::env::args().nth(2).and_then(|n| n.parse().ok()).unwrap_or(20000);
    let clients: usize = std::env::args().nth(3).and_then(|n| n.parse().ok()).unwrap_or(64);
    let _ = std::fs::remove_dir_all(&dir);
    let modules = vec![customers::module(), sales::module(), insight::module(), import::module()];
    let db = match std::env::var("DB") {
        Ok(url) => Database::Postgres(url),
        _ => Database::Sqlite,
    };
    let engine =
        Engine::open(Options { database: db, data_dir: dir.into() }, modules, Clock::system()).await.unwrap();
    let values = |pairs: &[(&str, Value)]| -> Values {
        pairs.iter().map(|(k, v)| (k.to_string(), v.clone())).collect()
    };
    let rows: Vec<Values> =
        (0..5000).map(|i| values(&[("name", format!("客户公司{i}").as_str().into())])).collect();
    let ids: Vec<Id> = engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.create_many("account", rows).await }))
        .await
        .unwrap();
    for kind in ["update", "activity", "account", "order"] {
        let began = Instant::now();
        let mut set = tokio::task::JoinSet::new();
        for client in 0..clients {
            let engine = engine.clone();
            let ids = ids.clone();
            let kind = kind.to_string();
            set.spawn(async move {
                for i in 0..n / clients {
                    let id = ids[(client * 7919 + i * 31) % ids.len()];
                    let kind = kind.clone();
                    engine
                        .write(&Actor::system(), move |tx| {
                            Box::pin(async move {
                                match &*kind {
                                    "update" => {
                                        tx.update(
                                            "account",
                                            id,
                                            None,
                                            Values::from([(
                                                "hobbies".to_string(),
                                                Value::from(format!("h{i}").as_str()),
                                            )]),
                                        )
                                        .await?;
                                    }
                                    "activity" => {
                                        tx.create(
                                            "activity",
                                            Values::from([
                                                (
                                                    "subject".to_string(),
                                                    Value::from("called about the offer"),
                                                ),
                                                ("account".to_string(), id.into()),
                                            ]),
                                        )
                                        .await?;
                                    }
                                    "account" => {
                                        tx.create(
                                            "account",
                                            Values::from([
                                                (
                                                    "name".to_string(),
                                                    Value::from(format!("新客户{i}有限公司").as_str()),
                                                ),
                                                ("city".to_string(), Value::from("上海")),
                                            ]),
                                        )
                                        .await?;
                                    }
                                    _ => {
                                        let order = tx
                                            .create(
                                                "order",
                                                Values::from([("account".to_string(), id.into())]),
                                            )
                                            .await?;
                                        let line = || {
                                            Values::from([
                                                ("order".to_string(), Value::from(order)),
                                                ("description".to_string(), Value::from("x")),
                                                ("quantity".to_string(), Value::from(2i64)),
                                                ("unit_price".to_string(), Value::from(5i64)),
                                            ])
                                        };
                                        tx.create_many("order_line", vec![line(), line(), line()]).await?;
                                    }
                                }
                                Ok(())
                            })
                        })
                        .await
                        .unwrap();
                }
            });
        }
        while let Some(r) = set.join_next().await {
            r.unwrap();
        }
        let s = began.elapsed().as_secs_f64();
        println!("{kind}: {:.0}/s", (n / clients * clients) as f64 / s);
    }
}
