//! A company with customers and orders, and a database of its own for each test.

use engine::{Actor, Engine, Query, Result};
use meta::{Clock, Decimal, Id, Record, Value, Values};
use testkit::{Modules, TestApp};

pub struct Company {
    pub app: TestApp,
    pub engine: Engine,
    pub clock: Clock,
}

fn modules() -> Modules {
    Modules {
        engine: vec![customers::module(), sales::module(), insight::module(), warehouse::module()],
        web: insight::web_modules(),
    }
}

/// Runs `body` on SQLite, and every second test on PostgreSQL, too; which ones hangs on their names alone. All on both take longer than
/// a machine of two cores has for them.
pub fn on_databases(body: impl AsyncFn(Company)) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    if test.bytes().fold(0, u8::wrapping_add).is_multiple_of(2) {
        on_both(body);
    } else {
        on_one(body);
    }
}

/// For what differs between them.
pub fn on_both(body: impl AsyncFn(Company)) {
    testkit::on_both(modules, async |app| body(company(app)).await);
}

/// A second server on the company's database and folder.
pub async fn second(first: &Company) -> Company {
    company(first.app.again(modules()).await)
}

/// For what only reads files of the warehouse: they are the same whichever database they were made of.
pub fn on_one(body: impl AsyncFn(Company)) {
    testkit::on_sqlite(modules, async |app| body(company(app)).await);
}

fn company(app: TestApp) -> Company {
    Company { engine: app.engine.clone(), clock: app.clock.clone(), app }
}

pub fn values<const N: usize>(fields: [(&str, Value); N]) -> Values {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse::<Decimal>().unwrap())
}

pub fn at(day: &str) -> Value {
    Value::Instant(format!("{day}T12:00:00Z").parse().unwrap())
}

impl Company {
    pub async fn create(&self, entity: &'static str, fields: Values) -> Id {
        self.engine
            .write(&Actor::system(), move |tx| Box::pin(async move { tx.create(entity, fields).await }))
            .await
            .unwrap()
    }
    pub async fn update(&self, entity: &'static str, id: Id, fields: Values) {
        self.engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move { tx.update(entity, id, None, fields).await })
            })
            .await
            .unwrap();
    }
    pub async fn delete(&self, entity: &'static str, id: Id) -> Result<()> {
        self.engine
            .write(&Actor::system(), move |tx| Box::pin(async move { tx.delete(entity, id, None).await }))
            .await
    }
    pub async fn restore(&self, entity: &'static str, id: Id) -> Result<()> {
        self.engine
            .write(&Actor::system(), move |tx| Box::pin(async move { tx.restore(entity, id).await }))
            .await
    }

    pub async fn customer(&self, name: &str) -> Id {
        self.create("account", values([("name", name.into())])).await
    }

    /// An order of one line.
    pub async fn order(&self, account: Option<Id>, day: &str, amount: &str, cost: Option<&str>) -> Id {
        let head = values([("account", account.into()), ("ordered_at", at(day))]);
        let line = values([
            ("description", "goods".into()),
            ("unit_price", decimal(amount)),
            ("unit_cost", cost.map(decimal).unwrap_or_default()),
        ]);
        self.document("order", "order_line", head, line).await
    }

    /// Orders of one line each, written at once: of whom, on which day, for how much and at what cost.
    pub async fn orders(&self, orders: Vec<(Id, String, String, &'static str)>) {
        self.engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    let head = |(account, day, ..): &(Id, String, String, &str)| {
                        values([("account", (*account).into()), ("ordered_at", at(day))])
                    };
                    let heads = orders.iter().map(head).collect();
                    let ids = tx.create_many("order", heads).await?;
                    let lines = ids.iter().zip(&orders).map(|(order, (.., amount, cost))| {
                        values([
                            ("order", (*order).into()),
                            ("description", "goods".into()),
                            ("unit_price", decimal(amount)),
                            ("unit_cost", decimal(cost)),
                        ])
                    });
                    let lines = lines.collect();
                    tx.create_many("order_line", lines).await
                })
            })
            .await
            .unwrap();
    }

    pub async fn give_back(&self, account: Id, day: &str, amount: &str, cost: Option<&str>) -> Id {
        let head = values([("account", account.into()), ("returned_at", at(day))]);
        let line = values([
            ("description", "goods".into()),
            ("unit_price", decimal(amount)),
            ("unit_cost", cost.map(decimal).unwrap_or_default()),
        ]);
        self.document("return", "return_line", head, line).await
    }

    pub async fn document(
        &self,
        entity: &'static str,
        line_entity: &'static str,
        head: Values,
        line: Values,
    ) -> Id {
        self.document_of(entity, line_entity, head, vec![line]).await
    }

    /// With several lines.
    pub async fn document_of(
        &self,
        entity: &'static str,
        line_entity: &'static str,
        head: Values,
        mut lines: Vec<Values>,
    ) -> Id {
        self.engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    let id = tx.create(entity, head).await?;
                    for line in &mut lines {
                        line.insert(entity.to_owned(), id.into());
                    }
                    tx.create_many(line_entity, lines).await?;
                    Ok(id)
                })
            })
            .await
            .unwrap()
    }

    /// Figures are to hold for this day.
    pub async fn hold(&self, day: &str) {
        let day = day.parse().ok();
        self.engine
            .write(&Actor::system(), move |tx| Box::pin(insight::settings::set_as_of(tx, day)))
            .await
            .unwrap();
    }

    /// Follows the log to its end. On PostgreSQL an entry is settled only when no older transaction of the whole server is
    /// open, and other tests write to other databases of it.
    pub async fn settle(&self) {
        let last = self.engine.last_change().await.unwrap();
        while self.engine.position(insight::live::READER).await.unwrap() < last {
            if insight::live::follow(&self.engine).await.unwrap() == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
    }

    pub async fn account(&self, id: Id) -> Record {
        self.engine.get(&Actor::system(), "account", id).await.unwrap()
    }

    pub async fn everybody(&self) -> Vec<Record> {
        let mut query = Query::new("account").sort("created_at").limit(1_000);
        let mut records = vec![];
        loop {
            let page = self.engine.list(&Actor::system(), &query).await.unwrap();
            records.extend(page.records);
            match page.next {
                Some(next) => query = query.after(Some(next)),
                None => return records,
            }
        }
    }

    /// Records of an entity that point to `id`.
    pub async fn those_of(&self, entity: &'static str, reference: &str, id: Id) -> Vec<Record> {
        let query = Query::new(entity).filter(format!("{reference} == '{id}'"));
        self.engine.list(&Actor::system(), &query).await.unwrap().records
    }

    /// From 2025 on: an order 20, a line 3, a return 60, a visit 100 and 2 a minute, a call 1.50 a minute, payment 0.6 % of
    /// sales, freight 25 an order; from June 2026 on an order costs 30.
    pub async fn cost_rates(&self) {
        let rates = [
            ("order", "2025-01-01", "amount", "20"),
            ("order", "2026-06-01", "amount", "30"),
            ("order_line", "2025-01-01", "amount", "3"),
            ("return", "2025-01-01", "amount", "60"),
            ("call", "2025-01-01", "amount_per_minute", "1.50"),
            ("payment", "2025-01-01", "share_of_sales", "0.006"),
            ("freight", "2025-01-01", "amount", "25"),
        ];
        let valid = |day: &str| Value::Date(day.parse().unwrap());
        for (driver, day, field, rate) in rates {
            let fields = [("driver", driver.into()), ("valid_from", valid(day)), (field, decimal(rate))];
            self.create("cost_rate", values(fields)).await;
        }
        let visit = [
            ("driver", "visit".into()),
            ("valid_from", valid("2025-01-01")),
            ("amount", decimal("100")),
            ("amount_per_minute", decimal("2")),
        ];
        self.create("cost_rate", values(visit)).await;
    }

    pub async fn contact(&self, account: Id, day: &str, kind: &str, minutes: i64) -> Id {
        let fields = [
            ("subject", "About the order".into()),
            ("kind", kind.into()),
            ("account", account.into()),
            ("happened_at", at(day)),
            ("duration_minutes", minutes.into()),
        ];
        self.create("activity", values(fields)).await
    }
    /// A customer who buys, gives back and is called upon, with the costs of `cost_rates`.
    pub async fn served(&self) -> Id {
        self.cost_rates().await;
        let account = self.customer("A").await;
        // Before 2026-06-01 an order costs 20, after it 30; each with one line.
        self.order(Some(account), "2026-05-31", "1000", Some("700")).await;
        self.order(Some(account), "2026-06-02", "500", Some("350")).await;
        self.give_back(account, "2026-06-10", "100", Some("70")).await;
        self.contact(account, "2026-06-03", "visit", 90).await;
        self.contact(account, "2026-06-04", "call", 20).await;
        self.contact(account, "2026-06-04", "note", 20).await;
        self.contact(account, "2026-06-05", "task", 0).await;
        self.settle().await;
        account
    }
    /// Forty customers with histories that models can be fitted to, bought over two years.
    pub async fn regulars(&self) -> Vec<Id> {
        let (mut accounts, mut orders) = (vec![], vec![]);
        for number in 0..40u32 {
            let account = self.customer(&format!("Customer {number}")).await;
            let mut day: chrono::NaiveDate = "2025-01-06".parse().unwrap();
            for purchase in 0..=number % 7 {
                day += chrono::Duration::days(i64::from(11 + (number * 13 + purchase * 29) % 70));
                let amount = format!("{}.50", 20 + (number * 37 + purchase * 11) % 90);
                orders.push((account, day.to_string(), amount, "9.25"));
            }
            accounts.push(account);
        }
        self.orders(orders).await;
        accounts
    }
}
