//! Files and letters of the analysis: who sees more than he may export takes along no more than that.

use super::{EXPLORE, answer, get, mailing::with_mail, modules, trade};
use crate::{
    pages::{create, unescaped},
    rights::asking::readable,
    workbook,
};
use chrono::TimeDelta;
use engine::{Actor, Query, Role};
use meta::Id;
use testkit::{Answer, Client, MailServer, TestApp, on_both};
use warehouse::{
    Limits,
    semantic::{self, Question},
};

#[test]
fn a_file_is_made_of_the_records_alone_that_its_reader_may_export() {
    on_both(modules, async |test| {
        let engine = &test.engine;
        let seller = test.user("Sell Er", "seller@example.com", Role::User).await;
        let role = create(engine, "role", &[("name", "takes his own".into())]).await;
        for entity in ["account", "order"] {
            let right = [
                ("role", role.into()),
                ("entity", entity.into()),
                ("read", "all".into()),
                ("export", "own".into()),
            ];
            create(engine, "role_right", &right).await;
        }
        create(engine, "user_role", &[("user", seller.into()), ("role", role.into())]).await;
        trade(&test, Some(seller)).await;
        let mut client = test.visitor();
        client.sign_in("seller@example.com", testkit::PASSWORD).await;
        for (sql, seen, taken) in [
            ("SELECT name FROM account", [true, true], [true, false]),
            (
                "SELECT a.name, sum(s.net) FROM sales s JOIN account a ON a.key = s.account_key GROUP BY 1",
                [true, true],
                [true, false],
            ),
        ] {
            let named = |text: &str| ["青岛海风", "Chengdu"].map(|name| text.contains(name));
            let page = unescaped(&client.post("/analysis/sql", &[("sql", sql)]).await.expect(200).body);
            assert_eq!(named(page.split_once("<tbody>").unwrap().1), seen, "{page}");
            let file = [("sql", sql), ("format", "csv")];
            let file = client.post("/analysis/sql/export", &file).await.expect(200).body;
            assert_eq!(named(&file), taken, "{file}");
        }
        let unseen = [("sql", "SELECT name FROM contact"), ("format", "csv")];
        assert!([403, 422].contains(&client.post("/analysis/sql/export", &unseen).await.status));

        let actor = engine.actor(seller, meta::Lang::En).await.unwrap();
        let question = Question { measures: vec!["sales".into()], ..Question::default() };
        for (exporting, rows) in [(false, 3), (true, 2)] {
            let limits = Limits { exporting, ..Limits::PAGE };
            let found = semantic::rows(engine, &actor, &question, "sales", limits).await.unwrap();
            assert_eq!((found.rows.len(), found.total), (rows, rows), "{exporting}");
            // How many there are is known without all of them.
            let first = Limits { rows: 1, ..limits };
            let found = semantic::rows(engine, &actor, &question, "sales", first).await.unwrap();
            assert_eq!((found.rows.len(), found.total), (1, rows), "{exporting}");
        }
    });
}

/// Who sees all customers and orders, and may export so much of them; his browser.
async fn reader(test: &TestApp, name: &str, account: &'static str, order: &'static str) -> (Id, Client) {
    who_may(test, name, [("account", "all", account), ("order", "all", order)]).await
}

/// Who may see and export so much of these; his browser.
async fn who_may(
    test: &TestApp,
    name: &str,
    rights: [(&'static str, &'static str, &'static str); 2],
) -> (Id, Client) {
    let email = format!("{name}@example.com");
    let user = test.user(name, &email, Role::User).await;
    let role = create(&test.engine, "role", &[("name", name.into())]).await;
    for (entity, read, export) in rights {
        let right = [
            ("role", role.into()),
            ("entity", entity.into()),
            ("read", read.into()),
            ("export", export.into()),
        ];
        create(&test.engine, "role_right", &right).await;
    }
    create(&test.engine, "user_role", &[("user", user.into()), ("role", role.into())]).await;
    let mut client = test.visitor();
    client.sign_in(&email, testkit::PASSWORD).await;
    (user, client)
}

/// Sales as a file, cut like this.
async fn file(client: &Client, cuts: &[(&str, &str)]) -> Answer {
    let asked = [cuts, &[("m", "sales"), ("format", "csv")]].concat();
    client.post(&format!("{EXPLORE}/export"), &asked).await
}

const CUSTOMERS: &str = "Ask an administrator for the right to export “Customers”";
const ORDERS: &str = "Ask an administrator for the right to export “Orders”";
const LEFT_BEHIND: &str = "Not included: 1 that you may see but not export";

#[test]
fn an_answer_takes_along_the_records_it_is_broken_down_to_and_nothing_by_region() {
    on_both(modules, async |test| {
        let (_, none) = reader(&test, "none", "none", "none").await;
        let (seller, own) = reader(&test, "own", "own", "none").await;
        let (_, all) = reader(&test, "all", "all", "none").await;
        trade(&test, Some(seller)).await;
        // Regions, days and the company's own people are no records of customers.
        for client in [&none, &own, &all] {
            for cut in ["account.province", "account.owner", "day:month"] {
                let taken = file(client, &[("r", cut)]).await.expect(200).body;
                assert!(taken.contains("Total,1900") && !taken.contains("Not included"), "{taken}");
            }
            let page = unescaped(&get(client, &answer("m=sales&r=account.province")).await);
            assert!(!page.contains("no-file"), "{page}");
            // To look is not to take along.
            let page = unescaped(&get(client, &answer("m=sales&r=account")).await);
            assert!(page.contains("青岛海风") && page.contains("=Chengdu"), "{page}");
        }
        for place in ["r", "c"] {
            let refused = unescaped(&file(&none, &[(place, "account")]).await.expect(403).body);
            assert!(refused.contains(CUSTOMERS), "{refused}");
            let page = unescaped(&get(&none, &answer(&format!("m=sales&{place}=account"))).await);
            assert!(page.contains(CUSTOMERS) && page.matches(" disabled ").count() >= 2, "{page}");
        }
        none.post(&format!("{EXPLORE}/export"), &[("m", "sales"), ("r", "account"), ("format", "xlsx")])
            .await
            .expect(403);

        let taken = file(&own, &[("r", "account")]).await.expect(200).body;
        assert!(taken.contains("青岛海风,800\nTotal,1900\n") && taken.contains(LEFT_BEHIND), "{taken}");
        assert!(!taken.contains("Chengdu"), "{taken}");
        let book =
            workbook::exported(&own, &format!("{EXPLORE}/export"), &[("m", "sales"), ("r", "account")]).await;
        assert_eq!(book[1..3], [["青岛海风", "800"], ["Total", "1900"]]);
        assert!(book.len() == 4 && book[3][0].starts_with(LEFT_BEHIND), "{book:?}");
        let across = file(&own, &[("r", "account.province"), ("c", "account")]).await.expect(200).body;
        assert!(across.contains("青岛海风") && !across.contains("Chengdu"), "{across}");
        assert!(across.contains("四川,,1100") && across.contains(LEFT_BEHIND), "{across}");
        // What lies beyond the largest is many.
        let top = file(&own, &[("r", "account"), ("top", "1")]).await.expect(200).body;
        assert!(top.contains("Others,800") && !top.contains("Chengdu"), "{top}");

        let taken = file(&all, &[("r", "account")]).await.expect(200).body;
        assert!(taken.contains("'=Chengdu,1100\n青岛海风,800\nTotal,1900\n"), "{taken}");
        assert!(!taken.contains("Not included"), "{taken}");
        assert!(!get(&all, &answer("m=sales&r=account")).await.contains("no-file"));
    });
}

#[test]
fn rows_and_selects_are_no_file_for_who_may_not_export_them_and_say_why() {
    on_both(modules, async |test| {
        let (_, none) = reader(&test, "none", "none", "none").await;
        let (seller, own) = reader(&test, "own", "own", "none").await;
        let (_, all) = reader(&test, "all", "all", "all").await;
        trade(&test, Some(seller)).await;
        let rows = format!("{EXPLORE}/rows?m=sales&fact=sales");
        let asked = [("m", "sales"), ("fact", "sales"), ("format", "csv")];
        for (client, lacks) in [(&none, CUSTOMERS), (&own, ORDERS)] {
            let page = unescaped(&get(client, &rows).await);
            assert!(page.contains("青岛海风") && page.contains(lacks), "{page}");
            let refused = client.post(&format!("{EXPLORE}/rows/export"), &asked).await.expect(403).body;
            assert!(unescaped(&refused).contains(lacks), "{refused}");
        }
        assert!(!get(&all, &rows).await.contains("no-file"));
        let taken = all.post(&format!("{EXPLORE}/rows/export"), &asked).await.expect(200).body;
        assert_eq!(taken.lines().count(), 4, "{taken}");

        let by_product =
            "SELECT p.name, sum(s.net) FROM sales s LEFT JOIN product p ON p.key = s.product_key GROUP BY 1";
        for (sql, lacks) in [("SELECT name FROM account", CUSTOMERS), (by_product, ORDERS)] {
            let page = unescaped(&none.post("/analysis/sql", &[("sql", sql)]).await.expect(200).body);
            assert!(page.contains(lacks) && page.contains(" disabled "), "{page}");
            let form = [("sql", sql), ("format", "csv")];
            let refused = none.post("/analysis/sql/export", &form).await.expect(403).body;
            assert!(unescaped(&refused).contains(lacks), "{refused}");
            let page = all.post("/analysis/sql", &[("sql", sql)]).await.expect(200).body;
            assert!(!page.contains("no-file"), "{page}");
            all.post("/analysis/sql/export", &form).await.expect(200);
        }
        // What everybody may read.
        let form = [("sql", "SELECT name FROM product"), ("format", "csv")];
        none.post("/analysis/sql/export", &form).await.expect(200);
    });
}

#[test]
fn the_page_of_a_select_refuses_its_file_where_the_file_would_be_refused() {
    on_both(modules, async |test| {
        // Whose orders they are is asked of customers, of whom this one may export all.
        let rights = [("account", "all", "all"), ("order", "own", "none")];
        let (seller, client) = who_may(&test, "seller", rights).await;
        trade(&test, Some(seller)).await;
        let of_orders = "SELECT sum(net) AS net FROM sales";
        let of_both = "SELECT a.name, s.net FROM account a LEFT JOIN sales s ON s.account_key = a.key";
        for (sql, shown, refused) in [(of_orders, ">800<", true), (of_both, "青岛海风", false)] {
            let page = unescaped(&client.post("/analysis/sql", &[("sql", sql)]).await.expect(200).body);
            let disabled = page.contains("no-file") && page.contains(" disabled ");
            assert!(page.contains(shown), "{page}");
            assert_eq!((disabled, page.contains(ORDERS)), (refused, refused), "{page}");
            let file = client.post("/analysis/sql/export", &[("sql", sql), ("format", "csv")]).await;
            let file = file.expect(if refused { 403 } else { 200 });
            assert_eq!(unescaped(&file.body).contains(ORDERS), refused, "{}", file.body);
        }
    });
}

/// Sends the report to everybody now; each letter with its files as text, by its reader.
async fn letters(test: &TestApp, ann: &Client, report: Id) -> Vec<(String, String)> {
    ann.post(&format!("/analysis/schedules/{report}/now"), &[]).await.expect(303);
    let server = MailServer::start();
    test.clock.set(test.clock.now() + TimeDelta::seconds(1));
    let sent = analysis::send_due(&with_mail(test, &server.url)).await.unwrap();
    let mut found = vec![];
    for number in 0..sent {
        let letter = server.letter(number).await;
        let files: String = letter.files.iter().map(|(_, bytes)| readable(bytes)).collect();
        let html = letter.html.unwrap_or_default();
        found.push((letter.to, unescaped(&format!("{}\n{html}\n{files}", letter.text))));
    }
    found
}

#[test]
fn a_letter_brings_each_reader_the_records_he_may_export_when_it_is_sent() {
    on_both(modules, async |test| {
        let (nobody, _) = reader(&test, "none", "none", "none").await;
        let (seller, _) = reader(&test, "own", "own", "none").await;
        let (everything, _) = reader(&test, "all", "all", "none").await;
        trade(&test, Some(seller)).await;
        let ann = test.administrator().await;
        let mut tiles = vec![];
        for cut in ["account", "account.province"] {
            let fields = [("m", "sales"), ("r", cut), ("name", cut), ("with", "everybody")];
            let kept = ann.post("/analysis/questions", &fields).await.expect(303);
            tiles.push(format!("{}:half", kept.header("location").split("saved=").nth(1).unwrap()));
        }
        let made = ann.post("/analysis/dashboards", &[("name", "Board"), ("with", "everybody")]).await;
        let made = made.expect(303);
        let board = made.header("location").split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
        let fields: Vec<(&str, &str)> = tiles.iter().map(|tile| ("tile", tile.as_str())).collect();
        ann.post(&format!("/analysis/dashboards/{board}/tiles"), &fields).await.expect(303);
        let readers = [nobody, seller, everything].map(|reader| reader.to_string());
        let mut form = vec![
            ("name", "Board"),
            ("dashboard", board.as_str()),
            ("rhythm", "daily"),
            ("hour", "8"),
            ("active", "1"),
        ];
        form.extend(readers.iter().map(|reader| ("recipient", reader.as_str())));
        ann.post("/analysis/schedules", &form).await.expect(303);
        let report = test.engine.list(&Actor::system(), &Query::new("scheduled_report")).await.unwrap();
        let report = report.records[0].id;

        let sent = letters(&test, &ann, report).await;
        assert_eq!(sent.len(), 3);
        for (to, letter) in &sent {
            // Provinces are for all of them.
            assert!(letter.contains("四川: ¥1,100.00") && letter.contains("Total: ¥1,900.00"), "{letter}");
            let told = [CUSTOMERS, "青岛海风", "Chengdu", LEFT_BEHIND].map(|part| letter.contains(part));
            let expected = match to.as_str() {
                "none@example.com" => [true, false, false, false],
                "own@example.com" => [false, true, false, true],
                _ => [false, true, true, false],
            };
            assert_eq!(told, expected, "{to}: {letter}");
        }

        // The right counts at the time of sending.
        let role = create(&test.engine, "role", &[("name", "exports".into())]).await;
        let right = [
            ("role", role.into()),
            ("entity", "account".into()),
            ("read", "all".into()),
            ("export", "all".into()),
        ];
        create(&test.engine, "role_right", &right).await;
        create(&test.engine, "user_role", &[("user", nobody.into()), ("role", role.into())]).await;
        let sent = letters(&test, &ann, report).await;
        let (_, letter) = sent.iter().find(|(to, _)| to == "none@example.com").unwrap();
        assert!(letter.contains("Chengdu") && !letter.contains(CUSTOMERS), "{letter}");
    });
}
