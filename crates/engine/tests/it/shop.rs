//! A small company to test with, and a database of its own for each test.

use engine::{Actor, Database, Engine, Module, Options, Result, Tx};
use futures::future::BoxFuture;
use meta::{
    Clock, Decimal, Draft, Entity, Id, Value, Values, boolean, choice, date, decimal, email, instant,
    integer, label, money, phone, reference, text,
};
use sqlx::Connection;
use std::{
    future::Future,
    path::{Path, PathBuf},
};

pub struct Shop {
    pub engine: Engine,
    pub actor: Actor,
    pub folder: PathBuf,
    pub database: Database,
}

/// Runs `body` once per database.
pub fn on_both<F, R>(body: F)
where
    F: Fn(Shop) -> R,
    R: Future<Output = ()>,
{
    run(&body, Database::Sqlite);
    match std::env::var("ZHIKE_TEST_DATABASE_URL") {
        Ok(url) => run(&body, Database::Postgres(url)),
        Err(_) if std::env::var("ZHIKE_TEST_REQUIRE_POSTGRES").is_ok() => {
            panic!("ZHIKE_TEST_REQUIRE_POSTGRES is set but ZHIKE_TEST_DATABASE_URL is not")
        }
        Err(_) => eprintln!("PostgreSQL left out: ZHIKE_TEST_DATABASE_URL is not set"),
    }
}

fn run<F, R>(body: &F, database: Database)
where
    F: Fn(Shop) -> R,
    R: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let Database::Postgres(server) = &database else {
            body(open(Database::Sqlite, folder.path()).await).await;
            return;
        };
        let name = format!("zhike_test_{}", Clock::system().new_id().simple());
        let admin = sqlx::PgPool::connect(server).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
        let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        body(open(Database::Postgres(url), folder.path()).await).await;
        sqlx::query(sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
            .execute(&admin)
            .await
            .unwrap();
    });
}

async fn open(database: Database, folder: &Path) -> Shop {
    let engine = reopen(&database, folder, vec![module()]).await.unwrap();
    Shop { engine, actor: Actor::system(), folder: folder.to_owned(), database }
}

pub async fn reopen(database: &Database, folder: &Path, modules: Vec<Module>) -> Result<Engine> {
    let options = Options::new(database.clone(), folder.to_owned());
    let at = "2026-11-21T10:00:00Z".parse().unwrap();
    Engine::open(options, modules, Clock::fixed(at)).await
}

pub fn module() -> Module {
    Module::new("shop")
        .entity(customer())
        .entity(
            Entity::new("sale")
                .labels("Sale", "Sales", "销售单")
                .field(text("number").zh("编号").numbered("S-").searched().unique())
                .field(reference("customer", "customer").zh("客户"))
                .field(instant("sold_at").zh("时间").indexed())
                .field(money("total").zh("合计").computed().indexed())
                .currency()
                .title("number")
                .list(["number", "customer", "total"])
                .index(["customer", "sold_at"])
                .timeline("customer", "sold_at"),
        )
        .entity(
            Entity::new("sale_line")
                .labels("Line", "Lines", "明细")
                .field(reference("sale", "sale").zh("销售单").required())
                .field(text("item").zh("商品").required())
                .field(decimal("quantity", 4).zh("数量").required())
                .field(money("price").zh("单价").required())
                .title("item")
                .parent("sale"),
        )
        .before_save("customer", |draft: &mut Draft<'_>| {
            if draft.get("name").as_text() == Some("forbidden") {
                draft.reject("name", label("choose another name", "请换个名称"));
            }
        })
        .before_commit("sale_line", total)
}

pub fn customer() -> Entity {
    Entity::new("customer")
        .labels("Customer", "Customers", "客户")
        .field(text("name").zh("名称").required().searched().indexed())
        .field(
            choice("kind", &[("company", "Company", "公司", "blue"), ("person", "Person", "个人", "green")])
                .zh("类型")
                .default_value("company"),
        )
        .field(email("email").zh("邮箱").unique().searched())
        .field(phone("phone").zh("电话").searched())
        .field(text("city").zh("城市").indexed())
        .field(integer("staff").zh("人数").indexed())
        .field(decimal("score", 2).zh("评分").indexed())
        .field(boolean("vip").label("VIP", "重点"))
        .field(date("since_on").zh("起始").indexed())
        .field(reference("parent", "customer").zh("上级"))
        .field(money("worth").zh("价值").apart().indexed())
        .field(
            choice("grade", &[("a", "A", "甲", "blue"), ("b", "B", "乙", "green")])
                .zh("等级")
                .apart()
                .indexed(),
        )
        .field(integer("trend").zh("趋势").moving().indexed())
        .list(["name", "kind", "city"])
        .external_ids()
}

fn total<'t>(tx: &'t mut Tx, lines: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        let lines = tx.get_many("sale_line", lines).await?;
        let mut sales: Vec<Id> = lines.iter().filter_map(|line| line.reference("sale")).collect();
        sales.sort();
        sales.dedup();
        let sales = tx.get_many("sale", &sales).await?;
        for sale in sales.iter().filter(|sale| sale.deleted_at.is_none()).map(|sale| sale.id) {
            let query = engine::Query::new("sale_line").filter(format!("sale == '{sale}'")).limit(1_000);
            let lines = tx.list(&query).await?.records;
            let total: Decimal = lines
                .iter()
                .map(|line| {
                    line.get("quantity").as_decimal().unwrap() * line.get("price").as_decimal().unwrap()
                })
                .sum();
            tx.update_many("sale", vec![(sale, values([("total", total.into())]))]).await?;
        }
        Ok(())
    })
}

pub fn values<const N: usize>(fields: [(&str, Value); N]) -> Values {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub fn money_of(text: &str) -> Value {
    Value::Decimal(text.parse().unwrap())
}

impl Shop {
    pub async fn customer<const N: usize>(&self, name: &str, more: [(&str, Value); N]) -> Id {
        let mut fields = values(more);
        fields.insert("name", name.into());
        self.create("customer", fields).await.unwrap()
    }
    pub async fn create(&self, entity: &'static str, fields: Values) -> Result<Id> {
        self.engine.write(&self.actor, move |tx| Box::pin(tx_create(tx, entity, fields))).await
    }
    pub async fn update(
        &self,
        entity: &'static str,
        id: Id,
        version: Option<i64>,
        fields: Values,
    ) -> Result<i64> {
        self.engine
            .write(&self.actor, move |tx| {
                Box::pin(async move { tx.update(entity, id, version, fields).await })
            })
            .await
    }
    pub async fn names(&self, query: engine::Query) -> Result<Vec<String>> {
        let page = self.engine.list(&self.actor, &query).await?;
        Ok(page.records.iter().map(|record| record.text("name").to_owned()).collect())
    }
}

async fn tx_create(tx: &mut Tx, entity: &'static str, fields: Values) -> Result<Id> {
    tx.create(entity, fields).await
}

/// Behind the engine's back.
pub async fn sql(shop: &Shop, text: &str) {
    match &shop.database {
        Database::Sqlite => {
            let conn = rusqlite::Connection::open(shop.folder.join("zhike.db")).unwrap();
            conn.execute_batch(text).unwrap();
        }
        Database::Postgres(url) => {
            let mut conn = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sqlx::AssertSqlSafe(text.to_owned())).execute(&mut conn).await.unwrap();
        }
    }
}
