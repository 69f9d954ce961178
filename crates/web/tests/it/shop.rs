//! A small company to test with: customers with numbers of other systems, sales with lines.

use engine::{BoxFuture, Module, Query, Result, Tx};
use meta::{
    Decimal, Draft, Entity, Id, Values, choice, date, decimal, email, instant, integer, label, money, phone,
    reference, text,
};
use testkit::Modules;

pub fn modules() -> Modules {
    Modules { engine: vec![module()], web: vec![] }
}

fn module() -> Module {
    Module::new("shop")
        .labels("Shop", "商店")
        .entity(
            Entity::new("customer")
                .labels("Customer", "Customers", "客户")
                .hint("Whoever buys.", "购买商品的人。")
                .field(text("name").zh("名称").required().searched().indexed())
                .field(
                    choice(
                        "kind",
                        &[("company", "Company", "公司", "blue"), ("person", "Person", "个人", "green")],
                    )
                    .zh("类型")
                    .default_value("company"),
                )
                .field(email("email").zh("邮箱").unique().searched())
                .field(phone("phone").zh("电话"))
                .field(text("city").zh("城市").indexed())
                .field(integer("staff").zh("人数").indexed())
                .field(date("since_on").zh("起始").indexed())
                .field(reference("parent", "customer").zh("上级"))
                .field(money("worth").zh("价值").figure().indexed())
                .list(["name", "kind", "city"])
                .sort("name")
                .external_ids(),
        )
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

fn total<'t>(tx: &'t mut Tx, lines: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        let lines = tx.get_many("sale_line", lines).await?;
        let mut sales: Vec<Id> = lines.iter().filter_map(|line| line.reference("sale")).collect();
        sales.sort();
        sales.dedup();
        for sale in sales {
            let query = Query::new("sale_line").filter(format!("sale == '{sale}'")).limit(1_000);
            let lines = tx.list(&query).await?.records;
            let total: Decimal = lines
                .iter()
                .map(|line| {
                    line.get("quantity").as_decimal().unwrap() * line.get("price").as_decimal().unwrap()
                })
                .sum();
            tx.update_many("sale", vec![(sale, Values::from([("total".to_owned(), total.into())]))]).await?;
        }
        Ok(())
    })
}
