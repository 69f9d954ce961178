//! A database with a few customers to ask.

use engine::{Actor, Database, Engine, Module, Options, Query};
use meta::{
    Clock, Decimal, Entity, Id, Record, Value, Values, boolean, choice, date, decimal, integer, reference,
    text,
};

pub struct Shop {
    pub engine: Engine,
    pub runtime: tokio::runtime::Runtime,
    pub all: Vec<Record>,
    _folder: tempfile::TempDir,
}

impl Shop {
    pub fn open() -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let options = Options::new(Database::Sqlite, folder.path().to_owned());
        let clock = Clock::fixed("2026-11-21T10:00:00Z".parse().unwrap());
        let module = Module::new("shop").entity(customer());
        let engine = runtime.block_on(async {
            let engine = Engine::open(options, vec![module], clock).await.unwrap();
            engine.write(&Actor::system(), |tx| Box::pin(async move { fill(tx).await })).await.unwrap();
            engine
        });
        let all = runtime
            .block_on(engine.list(&Actor::system(), &Query::new("customer").limit(1_000)))
            .unwrap()
            .records;
        Shop { engine, runtime, all, _folder: folder }
    }
}

async fn fill(tx: &mut engine::Tx) -> engine::Result<()> {
    let mut parents: Vec<Id> = Vec::new();
    for number in 0..30usize {
        let unless = |every: usize, value: Value| if number % every == 0 { Value::Null } else { value };
        let pick = |values: &[&str]| Value::from(values[number % values.len()]);
        let score: Decimal = ["0.5", "1", "-2.25"][number % 3].parse().unwrap();
        let values = [
            ("name", pick(&["alpha", "Beta 100%", "gamma_x", "华为", "北京\\果品", "É'o\"n"])),
            ("kind", pick(&["company", "person"])),
            ("city", unless(3, pick(&["Beijing", "青岛", "York", "a", "Ab"]))),
            ("staff", unless(4, [i64::MIN, -1, 0, 1, i64::MAX][number % 5].into())),
            ("score", unless(5, Value::Decimal(score))),
            ("vip", unless(7, (number % 2 == 0).into())),
            ("since_on", unless(6, Value::Date(["2025-01-01", "2026-11-18"][number % 2].parse().unwrap()))),
            ("parent", unless(2, parents.first().copied().into())),
        ];
        let values: Values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        parents.push(tx.create("customer", values).await?);
    }
    Ok(())
}

fn customer() -> Entity {
    Entity::new("customer")
        .labels("Customer", "Customers", "客户")
        .field(text("name").zh("名称").required().searched().indexed())
        .field(
            choice("kind", &[("company", "Company", "公司", "blue"), ("person", "Person", "个人", "green")])
                .zh("类型"),
        )
        .field(text("city").zh("城市").indexed())
        .field(integer("staff").zh("人数").indexed())
        .field(decimal("score", 2).zh("评分").indexed())
        .field(boolean("vip").label("VIP", "重点"))
        .field(date("since_on").zh("起始").indexed())
        .field(reference("parent", "customer").zh("上级"))
        .list(["name", "kind", "city"])
}
