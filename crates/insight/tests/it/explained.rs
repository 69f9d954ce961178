//! Why a customer has his probability of buying a product: of anybody, what speaks for it and against it comes to what he was told; to
//! each reader what he may read, and of whoever is gone nothing.

use crate::{
    company::{Company, at, decimal, on_databases, values},
    propensity::{EVERYBODY, Made, PEOPLE, likeliest, reader, recorders},
};
use engine::{Actor, Merging};
use insight::mining::{
    lines::{self, Line, Sales},
    propensity::{
        self,
        explained::{self, Explained, Why},
    },
};
use meta::{Decimal, Id, Value, Values};

/// Probabilities are kept as so many parts of one, what a reason adds as so many.
const PARTS: f64 = 50_000.0;
const ADDS_PARTS: f64 = 32.0;
/// Reasons kept of a customer.
const KEPT: usize = 5;

async fn why(company: &Company, product: Id, account: Id) -> Why {
    let kept = propensity::load(&company.engine, product).await.unwrap().unwrap();
    let found = kept.body.as_ref().unwrap();
    explained::of(&company.engine, product, found, kept.as_of, account).await.unwrap()
}

async fn told(company: &Company, product: Id, account: Id) -> Explained {
    match why(company, product, account).await {
        Why::Told(explained) => explained,
        other => panic!("{other:?}"),
    }
}

fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

fn all(told: &Explained) -> f64 {
    told.base + told.reasons.iter().map(|one| one.adds).sum::<f64>()
}

#[test]
fn of_everybody_what_speaks_for_it_and_against_it_comes_to_what_he_was_told() {
    on_databases(async |company| {
        let made = recorders(&company).await;
        let kept = propensity::load(&company.engine, made.recorder).await.unwrap().unwrap();
        let mean = kept.body.as_ref().unwrap().expected / PEOPLE as f64;
        let (likely, _) = likeliest(&company, made.recorder, EVERYBODY, None).await;
        assert_eq!(likely.len(), PEOPLE);
        let (mut above, mut below) = (0, 0);
        for one in &likely {
            let told = told(&company, made.recorder, one.account).await;
            assert!(told.told == one.probability && told.holds(), "{told:?} {one:?}");
            assert!((probability(all(&told)) - one.probability).abs() <= 1.0 / PARTS, "{told:?} {one:?}");
            assert!(told.reasons.is_sorted_by(|a, b| a.adds.abs() >= b.adds.abs()), "{told:?}");
            let speaks_for = told.reasons.iter().filter(|reason| reason.adds > 0.0).take(KEPT);
            let rounded = |adds: f64| (adds * ADDS_PARTS).round().min(255.0) / ADDS_PARTS;
            let speaks_for: Vec<(String, f64)> =
                speaks_for.map(|reason| (reason.key.clone(), rounded(reason.adds))).collect();
            // The mean is rounded as probabilities are.
            if one.probability > mean + 1.0 / PARTS {
                assert_eq!(one.reasons, speaks_for, "{told:?}");
                above += 1;
            }
            // Less likely than the average customer is only of whom something takes away.
            if one.probability < probability(told.base) - 1.0 / PARTS {
                assert!(told.reasons.iter().any(|reason| reason.adds < 0.0), "{told:?}");
                below += 1;
            }
        }
        assert!(above > 100 && below > 100, "{above} {below}");
        // Of the least likely one the strongest is against it; he, too, has reasons for it or none.
        let last = told(&company, made.recorder, likely[PEOPLE - 1].account).await;
        assert!(last.reasons[0].adds < 0.0, "{last:?}");
        // What decides is told of both ends.
        let first = told(&company, made.recorder, likely[0].account).await;
        let adds = |told: &Explained, key: &str| {
            told.reasons.iter().find(|one| one.key == key).map_or(0.0, |one| one.adds)
        };
        assert!(adds(&first, "field:sex") > 0.0 && adds(&last, "field:sex") < 0.0, "{first:?} {last:?}");
        // The new one is explained by its like.
        assert_eq!(told(&company, made.new, likely[0].account).await, first);
    });
}

fn address(made: &Made, account: Id) -> String {
    format!("/analysis/product/{}/customers/{account}", made.recorder)
}

/// Who earns least of those who told.
async fn with_income(company: &Company) -> Id {
    let all = company.everybody().await;
    let told = all.iter().filter_map(|one| Some((one.get("income").as_decimal()?, one.id)));
    told.min().unwrap().1
}

/// A user who sees the customers that are his own.
async fn seller(company: &Company) -> (Id, testkit::Client) {
    let user = company.app.user("rep", "rep@example.com", engine::Role::User).await;
    let role = company.create("role", values([("name", "Reps".into())])).await;
    for (entity, level) in
        [("account", "own"), ("order", "own"), ("order_line", "own"), ("return", "own"), ("product", "all")]
    {
        let right = values([("role", role.into()), ("entity", entity.into()), ("read", level.into())]);
        company.create("role_right", right).await;
    }
    company.create("user_role", values([("user", user.into()), ("role", role.into())])).await;
    let mut client = company.app.visitor();
    client.sign_in("rep@example.com", testkit::PASSWORD).await;
    client.set_cookie("zhike_lang", "en");
    (user, client)
}

#[test]
fn everybody_is_told_why_as_far_as_he_may_know_the_customer() {
    on_databases(async |company| {
        let made = recorders(&company).await;
        let account = with_income(&company).await;
        let address = address(&made, account);
        let client = company.app.administrator().await;
        for (language, wanted) in [
            (
                "en",
                [
                    "Yearly income: ",
                    "Sex: ",
                    "This customer, all together",
                    "against it",
                    "time since the last order: ",
                ],
            ),
            ("zh-CN", ["年收入：", "性别：", "该客户（合计）", "不利", "最近购买时间："]),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&address).await.expect(200).body;
            for text in wanted {
                assert!(page.contains(text), "{text} is not in {page}");
            }
        }
        client.set_cookie("zhike_lang", "en");
        // From the lists, and from his own page.
        let link = format!("href=\"{address}\"");
        let (likely, _) = likeliest(&company, made.recorder, EVERYBODY, None).await;
        let first = format!("href=\"/analysis/product/{}/customers/{}\"", made.recorder, likely[0].account);
        let product = format!("/analysis/product/{}", made.recorder);
        for (list, link) in [
            (product.clone(), &first),
            (format!("{product}/customers"), &first),
            (format!("/account/{account}"), &link),
        ] {
            let page = client.get(&list).await.expect(200).body.replace("&#x2f;", "/");
            assert!(page.contains(link.as_str()), "{link} is not in {page}");
        }
        let api = format!("/api/v1{address}");
        let json = client.get(&api).await.expect(200).json();
        let number = |json: &serde_json::Value| json.as_f64().unwrap();
        let adds: f64 = json["reasons"].as_array().unwrap().iter().map(|one| number(&one["adds"])).sum();
        let now = number(&json["probability_now"]);
        assert!((probability(number(&json["base"]) + adds) - now).abs() < 1e-6, "{json}");
        assert!(json["state"] == "told" && (now - number(&json["probability"])).abs() <= 1.0 / PARTS);

        // Who may not see the income sees neither it nor what it could be worked out of.
        let without_income = reader(&company, "income", "hidden").await;
        let page = without_income.get(&address).await.expect(200).body;
        assert!(page.contains("Sex: ") && !page.contains("Yearly income"), "{page}");
        assert!(
            page.contains("Reasons from fields you may not see") && !page.contains("all together"),
            "{page}"
        );
        without_income.get(&api).await.expect(403);
        let without_sales = reader(&company, "net_sales", "hidden").await;
        without_sales.get(&address).await.expect(403);
        // Who sees his own customers is told why of them, and of no other that there is one.
        let (user, rep) = seller(&company).await;
        company.update("account", account, values([("owner", user.into())])).await;
        let page = rep.get(&address).await.expect(200).body;
        assert!(page.contains("Sex: ") && !page.contains("#tried"), "{page}");
        let another = made.people.iter().find(|one| **one != account).unwrap();
        let refused = rep.get(&self::address(&made, *another)).await;
        let unknown = rep.get(&self::address(&made, Id::from_u128(7))).await;
        assert_eq!((refused.status, unknown.status), (404, 404), "{}", refused.body);
        assert!(!refused.body.contains("Person "), "{}", refused.body);
        rep.get(&api).await.expect(403);
    });
}

#[test]
fn what_changed_since_is_told_beside_what_was_told_and_of_who_is_gone_nothing() {
    on_databases(async |company| {
        let made = recorders(&company).await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let account = with_income(&company).await;
        let before = told(&company, made.recorder, account).await;
        let page = client.get(&address(&made, account)).await.expect(200).body;
        assert!(!page.contains("As it stands now"), "{page}");
        // From the least to more than anybody earns.
        let income = Value::Decimal(Decimal::from(90_000_000));
        company.update("account", account, values([("income", income)])).await;
        let after = told(&company, made.recorder, account).await;
        assert!(after.told == before.told && !after.holds() && after.base == before.base, "{after:?}");
        let adds = |told: &Explained, key: &str| told.reasons.iter().find(|one| one.key == key).unwrap().adds;
        assert!(adds(&after, "field:income") > adds(&before, "field:income"), "{before:?} {after:?}");
        assert!(after.now > before.now, "{before:?} {after:?}");
        let page = client.get(&address(&made, account)).await.expect(200).body;
        assert!(page.contains("As it stands now") && page.contains("were changed since"), "{page}");

        // Who did not buy has none, and is told so.
        let stranger = company.customer("Stranger").await;
        assert_eq!(why(&company, made.recorder, stranger).await, Why::Untold);
        let page = client.get(&address(&made, stranger)).await.expect(200).body;
        assert!(page.contains("This customer has no probability") && !page.contains("data-defined=\"why\""));

        // Two become one: he has the orders of both, and the other is no more.
        let others: Vec<Id> = made.people.iter().copied().filter(|one| *one != account).take(3).collect();
        let [winner, loser, erased] = others[..] else { panic!("there are more than three") };
        let merging = Merging {
            entity: "account".to_owned(),
            winner,
            losers: vec![loser],
            version: None,
            values: Values::new(),
        };
        let system = Actor::system();
        let merged =
            company.engine.write(&system, move |tx| Box::pin(async move { tx.merge(merging).await }));
        merged.await.unwrap();
        let one = told(&company, made.recorder, winner).await;
        assert!((probability(all(&one)) - one.now).abs() < 1e-6, "{one:?}");
        let gone = client.get(&address(&made, loser)).await;
        assert!(
            gone.status >= 300 && !gone.body.contains("data-defined=\"why\""),
            "{} {}",
            gone.status,
            gone.body
        );

        // Of an erased person nothing is told, whoever still knows his id.
        company.engine.erase(&system, "account", erased, "asked for it").await.unwrap();
        let page = client.get(&address(&made, erased)).await.body;
        assert!(!page.contains("data-defined=\"why\"") && !page.contains("Sex: "), "{page}");
        let rows = company.engine.fetch_text("SELECT body FROM propensity_model").await.unwrap();
        // Of the recorder and of the new one, which is told like it.
        assert_eq!(rows.len(), 2);
        for row in rows {
            assert!(!row.text(0).unwrap().contains(&erased.to_string()));
        }

        // As an earlier version left it: probabilities, and nothing that explains them.
        let models = engine::name("propensity_model");
        let none = engine::sea_query::Query::delete().from_table(models).to_owned();
        let deleted = company
            .engine
            .write(&system, move |tx| Box::pin(async move { tx.execute(&none).await.map(drop) }));
        deleted.await.unwrap();
        assert_eq!(why(&company, made.recorder, account).await, Why::NotKept(before.told));
        let page = client.get(&address(&made, account)).await.expect(200).body;
        assert!(page.contains("what explains it is not kept"), "{page}");
    });
}

/// Day, product, quantity and amount of each line, in the order they stand in.
fn plain(sales: &Sales, lines: &[Line]) -> Vec<(i32, Option<Id>, f64, f64)> {
    let product = |line: &Line| line.product().map(|number| sales.products[number as usize]);
    lines.iter().map(|line| (line.day, product(line), line.quantity, line.amount)).collect()
}

#[test]
fn lines_of_one_customer_are_those_that_are_read_of_everybody() {
    on_databases(async |company| {
        let valid_on = Value::Date("2026-01-01".parse().unwrap());
        let dollar = [("currency", "USD".into()), ("valid_on", valid_on), ("rate", decimal("7.13"))];
        company.create("exchange_rate", values(dollar)).await;
        let product = async |name: &str| {
            company.create("product", values([("name", name.into()), ("code", name.into())])).await
        };
        let (paper, ink) = (product("Paper").await, product("Ink").await);
        let (one, other) = (company.customer("One").await, company.customer("Other").await);
        let line = |product: Option<Id>, quantity: &str, price: &str| {
            values([
                ("product", product.map(Value::from).unwrap_or_default()),
                ("description", "goods".into()),
                ("quantity", decimal(quantity)),
                ("unit_price", decimal(price)),
            ])
        };
        let lines_of = || {
            vec![
                line(Some(ink), "3", "33.3333"),
                line(Some(paper), "0.5", "19.99"),
                line(None, "7", "1.01"),
                // Given away, and nothing of it: no lines that count.
                line(Some(paper), "1", "0"),
            ]
        };
        for (account, day, currency) in
            [(one, "2026-03-01", "USD"), (other, "2026-03-02", "CNY"), (one, "2026-02-01", "CNY")]
        {
            let head = values([
                ("account", account.into()),
                ("ordered_at", at(day)),
                ("currency", currency.into()),
                ("discount", decimal("10")),
            ]);
            company.document_of("order", "order_line", head, lines_of()).await;
        }
        let dropped = company.order(Some(one), "2026-03-03", "70", None).await;
        company.update("order", dropped, values([("status", "cancelled".into())])).await;
        // A day too late.
        company.order(Some(one), "2026-04-13", "80", None).await;
        company.hold("2026-04-12").await;
        let settings = insight::settings::Settings::load(&company.engine).await.unwrap();
        let all = lines::read(&company.engine, &settings).await.unwrap();
        for (number, own) in all.by_account() {
            let account = all.accounts[number as usize];
            let after = lines::before(all.until);
            let alone =
                lines::of_account(&company.engine, &settings, account, (after, all.until), &[ink]).await;
            let alone = alone.unwrap();
            assert_eq!(plain(&alone, &alone.lines), plain(&all, own));
            // Two orders of three lines that count, or one.
            assert_eq!(own.len(), if account == one { 6 } else { 3 });
        }
        // Who bought nothing in those days has none, and what is asked for is there to be asked.
        let day = |text: &str| text.parse().unwrap();
        let before = (day("2025-01-01"), day("2025-12-31"));
        let none = lines::of_account(&company.engine, &settings, one, before, &[ink]).await.unwrap();
        assert!(none.lines.is_empty() && none.products == [ink]);
    });
}
