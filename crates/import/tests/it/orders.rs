//! One flat file of order lines becomes customers, products, orders and returns.

use crate::ground::{decimal, made, on_both, options};
use import::{Kind, Options, State, UPDATED};

const SHOP: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,71053,WHITE LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
536365,71053,WHITE LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
536366,22633,HAND WARMER,6,2010-12-01 08:28:00,1.85,,United Kingdom
C536379,85123A,WHITE HEART,-1,2010-12-02 09:41:00,2.55,17850.0,United Kingdom
C536380,71053,WHITE LANTERN,-1,2010-12-02 09:41:00,3.39,17850.0,United Kingdom
A563186,B,Adjust bad debt,1,2011-08-12 14:51:00,-11062.06,,United Kingdom
536367,22633,,4,2010-12-03 10:00:00,0.0,13047.0,France
536365,22633,HAND WARMER,2,2010-12-04 10:00:00,1.85,17850.0,United Kingdom
536368,22633,HAND WARMER,0,2010-12-05 10:00:00,1.85,13047.0,France
536369,22633,HAND WARMER,x,2010-12-05 10:00:00,1.85,13047.0,France
";

#[test]
fn lines_become_orders_returns_customers_and_products() {
    on_both(async |company| {
        let outcome = company.orders(SHOP).await;
        assert_eq!(outcome.state, State::Finished);
        assert_eq!((outcome.progress.rows, outcome.progress.imported, outcome.progress.errors), (11, 9, 2));
        assert_eq!(made(&outcome), [2, 4, 3, 6, 3, 3]);
        assert_eq!(company.counts().await, [2, 4, 3, 6, 3, 3]);

        let order = company.one("order", "number == '536365'").await;
        assert_eq!(order.get("ordered_at").to_json(), "2010-12-01T08:26:00Z");
        assert_eq!((order.text("status"), decimal(&order, "total")), ("completed", "59.68".into()));
        let customer = company.one("account", "name == '17850'").await;
        assert_eq!(order.reference("account"), Some(customer.id));
        assert_eq!(customer.text("country"), "United Kingdom");
        let known = company.engine.by_external_id("account", "shop", "17850").await.unwrap();
        assert_eq!(known, Some(customer.id));

        let anonymous = company.one("order", "number == '536366'").await;
        assert!(anonymous.get("account").is_null());
        let gift = company.one("order", "number == '536367'").await;
        assert_eq!(decimal(&gift, "total"), "0");
        let debt = company.one("return", "number == 'A563186'").await;
        assert_eq!((debt.text("reason"), decimal(&debt, "total")), ("price", "11062.06".into()));
    });
}

#[test]
fn a_return_names_the_line_it_takes_back_if_there_is_only_one() {
    on_both(async |company| {
        company.orders(SHOP).await;
        let order = company.one("order", "number == '536365'").await;
        let one = company.one("return", "number == 'C536379'").await;
        assert_eq!((one.text("reason"), one.reference("order")), ("cancelled", Some(order.id)));
        // Two equal lines: which of them came back is not known.
        let several = company.one("return", "number == 'C536380'").await;
        assert_eq!(several.reference("order"), None);
        let lines = company.all("return_line").await;
        let linked: Vec<bool> = lines.iter().map(|line| line.reference("order_line").is_some()).collect();
        assert_eq!(linked.iter().filter(|linked| **linked).count(), 1);
        assert!(lines.iter().all(|line| line.get("amount").as_decimal() > Some(meta::Decimal::ZERO)));
    });
}

#[test]
fn importing_the_same_file_again_changes_nothing() {
    on_both(async |company| {
        company.orders(SHOP).await;
        let before = company.counts().await;
        let last = company.engine.last_change().await.unwrap();
        let again = company.orders(SHOP).await;
        assert_eq!((again.progress.imported, again.progress.errors), (9, 2));
        assert_eq!(made(&again), [0; 6]);
        assert_eq!(again.progress.made(UPDATED), 0);
        assert_eq!(company.counts().await, before);
        let since = company.engine.changes(last, 1_000).await.unwrap();
        assert!(since.iter().all(|entry| entry.entity == "import_run"), "{since:?}");
    });
}

#[test]
fn a_changed_cell_is_an_update_and_a_new_line_is_added() {
    on_both(async |company| {
        company.orders(SHOP).await;
        let changed = SHOP
            .replace("536365,71053,WHITE LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom\n536366", "536365,71053,WHITE LANTERN,7,2010-12-01 08:26:00,3.39,17850.0,United Kingdom\n536365,99999,NEW,1,2010-12-01 08:26:00,1,17850.0,United Kingdom\n536366");
        let outcome = company.orders(&changed).await;
        assert_eq!(made(&outcome), [0, 1, 0, 1, 0, 0]);
        assert_eq!(outcome.progress.made(UPDATED), 1);
        let order = company.one("order", "number == '536365'").await;
        assert_eq!(decimal(&order, "total"), "64.07");
        let entries = company.engine.changes(0, 10_000).await.unwrap();
        let update =
            entries.iter().rfind(|entry| entry.entity == "order_line").map(|entry| entry.changes.clone());
        assert_eq!(update.unwrap()["quantity"], serde_json::json!(["6", "7"]));
    });
}

#[test]
fn overlapping_files_merge() {
    on_both(async |company| {
        let lines: Vec<&str> = SHOP.lines().collect();
        let part = |range: std::ops::Range<usize>| {
            let mut part = vec![lines[0]];
            part.extend(&lines[range]);
            part.join("\n")
        };
        company.orders(&part(1..6)).await;
        company.orders(&part(3..12)).await;
        assert_eq!(company.counts().await, [2, 4, 3, 6, 3, 3]);
        let order = company.one("order", "number == '536365'").await;
        assert_eq!(decimal(&order, "total"), "59.68");
    });
}

#[test]
fn bad_rows_come_back_in_the_files_own_layout_and_can_be_mended() {
    on_both(async |company| {
        let outcome = company.orders(SHOP).await;
        let path = outcome.error_path.unwrap();
        let bad = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = bad.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].contains("zhike_row,zhike_column,zhike_reason,InvoiceNo,StockCode"), "{}", lines[0]);
        assert!(lines[1].starts_with("11,Quantity,") && lines[2].starts_with("12,Quantity,"), "{bad}");
        let mended = bad.replace("HAND WARMER,0", "HAND WARMER,3").replace("HAND WARMER,x", "HAND WARMER,2");
        let path = company.file("mended.csv", mended);
        let outcome = company.import(Kind::Orders, &path, &options()).await;
        assert_eq!((outcome.progress.imported, outcome.progress.errors), (2, 0));
        assert_eq!(company.count("order").await, 5);
    });
}

#[test]
fn a_dry_run_counts_what_the_import_then_makes() {
    on_both(async |company| {
        let path = company.file("orders.csv", SHOP);
        let control = import::Control::none();
        for _ in 0..2 {
            let dry = import::dry_run(
                &company.engine,
                &engine::Actor::system(),
                Kind::Orders,
                &path,
                &options(),
                &control,
            )
            .await
            .unwrap();
            let before = company.counts().await;
            let real = company.orders(SHOP).await;
            assert_eq!(dry.progress.counts, real.progress.counts);
            assert_eq!(
                (dry.progress.rows, dry.progress.imported, dry.progress.errors),
                (real.progress.rows, real.progress.imported, real.progress.errors)
            );
            assert_eq!(dry.problems[0].0, 11);
            assert!(before[2] == 0 || made(&real) == [0; 6]);
        }
    });
}

const CHINESE: &str = "\
订单 ID,订单日期,发货日期,邮寄方式,客户 ID,客户名称,细分,城市,省/自治区,国家,产品 ID,类别,子类别,产品名称,销售额,数量,折扣,利润
US-2019-1357144,2019/4/27,2019/4/29,二级,曾惠-14485,曾惠,公司,杭州,浙江,中国,办公用-用品-10002717,办公用品,用品,Fiskars 剪刀,129.696,2,0.4,-60.704
CN-2019-1973789,2019/6/15,2019/6/19,标准级,许安-10165,许安,消费者,内江,四川,中国,办公用-信封-10004832,办公用品,信封,GlobeWeis 搭扣信封,125.44,2,0,42.56
CN-2019-1973789,2019/6/15,2019/6/19,标准级,许安-10165,许安,消费者,内江,四川,中国,办公用-装订-10001505,办公用品,装订机,Cardinal 孔加固材料,31.92,2,0.4,4.2
";

#[test]
fn amounts_and_profits_of_a_chinese_file_come_out_exactly() {
    on_both(async |company| {
        let gbk = encoding_rs::GBK.encode(CHINESE).0.into_owned();
        let path = company.file("订单.csv", gbk);
        let outcome = company.import(Kind::Orders, &path, &options()).await;
        assert_eq!((outcome.progress.errors, made(&outcome)), (0, vec![2, 3, 2, 3, 0, 0]));
        let lines = company.all("order_line").await;
        let amounts: Vec<String> = lines.iter().map(|line| decimal(line, "amount")).collect();
        assert_eq!(amounts, ["129.696", "125.44", "31.92"]);
        assert_eq!(
            (decimal(&lines[0], "unit_price"), decimal(&lines[0], "discount")),
            ("108.08".into(), "86.464".into())
        );
        assert_eq!(decimal(&lines[0], "cost"), "190.4");
        let person = company.one("account", "name == '许安'").await;
        assert_eq!((person.text("kind"), person.text("city")), ("person", "内江"));
        // His number in the file finds him.
        let hits = company.engine.search(&company.actor, "许安-10165", None, 5).await.unwrap();
        assert!(hits.iter().any(|hit| hit.id == person.id), "{hits:?}");
        let category = company.one("product_category", "name == '用品'").await;
        let parent = company.one("product_category", "name == '办公用品'").await;
        assert_eq!(category.reference("parent_category"), Some(parent.id));
        let order = company.one("order", "number == 'CN-2019-1973789'").await;
        assert_eq!(decimal(&order, "margin"), "46.76");
        assert!(!order.get("shipped_at").is_null());
    });
}

#[test]
fn a_mapping_given_by_hand_is_remembered_for_the_source() {
    on_both(async |company| {
        let text = "Ref,When,What,How many,Each,Who\n1,2024-05-31,Pen,2,1.5,Ann\n";
        let path = company.file("odd.csv", text);
        let refused = company.import(Kind::Orders, &path, &options()).await;
        assert_eq!(refused.state, State::Failed);
        let message = refused.message.unwrap().en;
        assert!(
            message.contains("order_number") && message.contains("--mapping") && message.contains("How many"),
            "{message}"
        );
        let mut mapped = options();
        for (column, target) in [
            ("Ref", "order_number"),
            ("When", "ordered_on"),
            ("What", "product_name"),
            ("How many", "quantity"),
            ("Each", "unit_price"),
            ("Who", "customer_name"),
        ] {
            mapped.mapping.insert(column.into(), target.into());
        }
        let outcome = company.import(Kind::Orders, &path, &mapped).await;
        assert_eq!((outcome.progress.errors, made(&outcome)), (0, vec![1, 1, 1, 1, 0, 0]));
        let again = company.import(Kind::Orders, &path, &options()).await;
        assert_eq!((again.state, again.progress.imported), (State::Finished, 1));
    });
}

#[test]
fn a_product_list_is_found_by_code_and_a_second_source_shares_it() {
    on_both(async |company| {
        company.orders(SHOP).await;
        let other = Options { source: "other".into(), ..options() };
        let path = company.file("orders.csv", SHOP);
        let outcome = company.import(Kind::Orders, &path, &other).await;
        // Same codes are the same products; the same order numbers of another system are other orders.
        assert_eq!(made(&outcome), [2, 0, 3, 6, 3, 3]);
        assert_eq!(company.one("order", "number == '536365 (other)'").await.text("status"), "completed");
    });
}

#[test]
fn a_deleted_order_does_not_come_back_by_itself_but_a_deleted_customer_who_buys_does() {
    on_both(async |company| {
        company.orders(SHOP).await;
        let order = company.one("order", "number == '536367'").await;
        let customer = company.one("account", "name == '17850'").await;
        let (order, customer) = (order.id, customer.id);
        company
            .engine
            .write(&company.actor, move |tx| {
                Box::pin(async move {
                    tx.delete("order", order, None).await?;
                    tx.delete("account", customer, None).await
                })
            })
            .await
            .unwrap();
        let outcome = company.orders(SHOP).await;
        assert_eq!(outcome.progress.errors, 3);
        let bad = std::fs::read_to_string(outcome.error_path.unwrap()).unwrap();
        assert!(bad.contains("9,InvoiceNo,this order was deleted in Zhike"), "{bad}");
        assert_eq!(company.count("account").await, 2);
    });
}
