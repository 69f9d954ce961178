//! Campaigns with control groups, on both databases: what is claimed and when, and how customers are told apart.
//! Long because each claim has a campaign of its own.

use crate::{
    company::{Company, at, on_databases, values},
    paged,
    seven_p_behind::plain,
};
use engine::{
    Actor, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use insight::{
    after_fit,
    mining::{
        experiment::{self, members, plan, result},
        kept, refresh,
    },
    refit,
};
use meta::{Decimal, Id, Record, Value, Values};
use std::collections::{BTreeMap, BTreeSet};

pub fn date(day: &str) -> Value {
    Value::Date(day.parse().unwrap())
}

pub async fn create_many(company: &Company, entity: &'static str, records: Vec<Values>) -> Vec<Id> {
    company
        .engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.create_many(entity, records).await }))
        .await
        .unwrap()
}

pub async fn people(company: &Company, count: usize) -> Vec<Id> {
    let person = |number| values([("name", format!("Person {number:03}").into()), ("kind", "person".into())]);
    create_many(company, "account", (0..count).map(person).collect()).await
}

/// Of all persons, half of whom are left alone.
pub async fn letter(company: &Company, [start, end]: [&str; 2]) -> Record {
    let fields = values([
        ("name", "Letter".into()),
        ("population", "kind == 'person'".into()),
        ("control_share", Value::Decimal(Decimal::new(5, 1))),
        ("start_on", date(start)),
        ("end_on", date(end)),
    ]);
    let id = company.create(experiment::ENTITY, fields).await;
    record(company, id).await
}

pub async fn record(company: &Company, id: Id) -> Record {
    company.engine.get(&Actor::system(), experiment::ENTITY, id).await.unwrap()
}

/// Each buys for 40 on that day.
pub async fn buy(company: &Company, buyers: &[Id], day: &str) {
    let head = |buyer: &Id| values([("account", (*buyer).into()), ("ordered_at", at(day))]);
    let orders = create_many(company, "order", buyers.iter().map(head).collect()).await;
    let line = |order: &Id| {
        values([
            ("order", (*order).into()),
            ("description", "goods".into()),
            ("unit_price", Value::Decimal(Decimal::from(40))),
            ("unit_cost", Value::Decimal(Decimal::from(30))),
        ])
    };
    create_many(company, "order_line", orders.iter().map(line).collect()).await;
}

/// Of these so many of a hundred, spread evenly, by side: reached, left alone.
pub fn share_of(members: &[(Id, bool)], shares: [usize; 2]) -> Vec<Id> {
    let mut seen = [0; 2];
    let mut chosen = vec![];
    for (account, control) in members {
        let (seen, share) = (&mut seen[usize::from(*control)], shares[usize::from(*control)]);
        *seen += 1;
        if *seen * share / 100 > (*seen - 1) * share / 100 {
            chosen.push(*account);
        }
    }
    chosen
}

#[test]
fn nothing_is_claimed_while_it_runs() {
    on_databases(async |company| {
        company.regulars().await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        people(&company, 400).await;
        // The clock stands at the 21st.
        let letter = letter(&company, ["2026-11-01", "2026-11-30"]).await;
        members::draw(&company.engine, &letter).await.unwrap();
        let sides = members::of(&company.engine, letter.id).await.unwrap();
        buy(&company, &share_of(&sides, [60, 10]), "2026-11-10").await;
        let found = result::compute(&company.engine, &letter).await.unwrap();
        assert!(!found.ended && found.bought().lower > 0.3, "{found:?}");
        assert!(!found.bought().verdict.is_claim() && !found.sales().verdict.is_claim());

        let (address, promotion) = (format!("/experiment/{}", letter.id), "/value/seven-p/promotion");
        let client = company.app.administrator().await;
        for (language, said, so_far, claims) in [
            (
                "en",
                "No result yet: it runs. Counted up to 2026-11-21",
                "So far: not a result",
                ["The campaign raised it", "Extra contribution", "the difference is proven"],
            ),
            (
                "zh-CN",
                "实验进行中，尚无结果：目前计至 2026-11-21",
                "目前数据（并非结果）",
                ["活动带来了提升", "增加的毛利", "差异已得到证实"],
            ),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&address).await.expect(200).body;
            assert!(page.contains(said) && page.contains(so_far) && page.contains("2026-12-01"), "{page}");
            let board = client.get(promotion).await.expect(200).body;
            assert!(board.contains("Letter"), "{board}");
            for claim in claims {
                assert!(!page.contains(claim) && !board.contains(claim), "{claim}");
            }
        }

        // The last day is over: the nightly run tells the result by itself.
        company.hold("2026-12-02").await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        refresh::refresh(&company.engine, None).await.unwrap();
        client.set_cookie("zhike_lang", "en");
        let page = client.get(&address).await.expect(200).body;
        for claim in
            ["The campaign raised it", "Extra contribution", "Counted up to 2026-11-30, the last day"]
        {
            assert!(page.contains(claim), "{claim}: {page}");
        }
        assert!(!page.contains("So far: not a result") && !page.contains("No result yet"), "{page}");
        // They were drawn on the 21st, after the first day.
        assert!(page.contains("The customers were drawn on 2026-11-21, after the first day"), "{page}");
        let board = client.get(promotion).await.expect(200).body;
        assert!(board.contains("the difference is proven"), "{board}");
    });
}

async fn group(company: &Company, groups: &BTreeMap<Id, i64>) {
    let figures: Vec<(Id, Values)> = groups
        .iter()
        .map(|(account, group)| (*account, values([("customer_group", Value::Int(*group))])))
        .collect();
    company
        .engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.set_figures("account", &figures).await }))
        .await
        .unwrap();
}

#[test]
fn groups_changed_after_the_draw_do_not_matter() {
    on_databases(async |company| {
        let accounts = people(&company, 800).await;
        let of_old: BTreeMap<Id, i64> =
            accounts.iter().enumerate().map(|(number, id)| (*id, 1 + number as i64 % 2)).collect();
        group(&company, &of_old).await;
        let letter = letter(&company, ["2026-11-25", "2026-11-30"]).await;
        members::draw(&company.engine, &letter).await.unwrap();
        // In the first group the letter brings people in, in the second it does nothing.
        let sides = members::of(&company.engine, letter.id).await.unwrap();
        let mut buyers = vec![];
        for (number, shares) in [(1, [60, 10]), (2, [10, 10])] {
            let part: Vec<(Id, bool)> =
                sides.iter().copied().filter(|(account, _)| of_old[account] == number).collect();
            buyers.extend(share_of(&part, shares));
        }
        buy(&company, &buyers, "2026-11-26").await;
        company.hold("2026-11-28").await;
        let running = result::compute(&company.engine, &letter).await.unwrap();
        assert_eq!(running.by_group, None, "nobody is told whom to reach before the end");

        company.hold("2026-12-02").await;
        let found = result::compute(&company.engine, &letter).await.unwrap();
        let parts = found.by_group.clone().expect("two groups of 400");
        assert!(parts.real, "{parts:?}");
        let differences: Vec<f64> = parts.parts.iter().map(|(_, effect)| effect.difference).collect();
        assert!(differences[0] > 0.4 && differences[1].abs() < 0.02, "{differences:?}");

        // Who bought is in another group today: by that, everybody reached in it would have bought.
        let of_new: BTreeMap<Id, i64> =
            accounts.iter().map(|id| (*id, 1 + i64::from(buyers.contains(id)))).collect();
        group(&company, &of_new).await;
        let again = result::compute(&company.engine, &letter).await.unwrap();
        assert_eq!(again.by_group, Some(parts));
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let address = format!("/experiment/{}", letter.id);
        let page = client.get(&address).await.expect(200).body;
        assert!(page.contains("The effect differs between the groups"), "{page}");

        // Its numbers open those drawn, by the groups they were in then.
        let page = page.replace("&#x2f;", "/");
        for (number, side, control) in
            [(1, "reached", false), (1, "left-alone", true), (2, "reached", false), (2, "left-alone", true)]
        {
            let drawn: Vec<Id> = sides
                .iter()
                .filter(|(account, left_alone)| *left_alone == control && of_old[account] == number)
                .map(|(account, _)| *account)
                .collect();
            let list = format!("/analysis/experiment/{}/sides/{side}", letter.id);
            let address = format!("{list}?group={number}");
            assert!(page.contains(&format!("href=\"{address}\"")), "{address}: {page}");
            assert!(page.contains(&format!("of {} customers", drawn.len())), "{page}");
            assert_eq!(found.group_sizes[&number][usize::from(control)], drawn.len() as u64);
            let (listed, pages) = paged::customers(&client, &address).await;
            assert_eq!((&listed, pages), (&drawn, drawn.len().div_ceil(50)), "{address}");
            let first = client.get(&address).await.expect(200).body;
            assert!(first.contains(&format!("{} were drawn", drawn.len())), "{first}");
            assert!(first.contains(&format!("Group {number}")), "no group has a name here: {first}");
            let file = client.get(&format!("{list}/export?group={number}")).await.expect(200).body;
            assert_eq!(file.lines().count() - 1, drawn.len(), "{file}");
        }
        let inputs = page.split("data-definitions=\"effect-by-group\"").nth(1).unwrap();
        let inputs = inputs.split("</details>").next().unwrap();
        assert!(
            inputs.contains("Cochran") && inputs.contains(&format!("<dd>{}</dd>", found.treated)),
            "{inputs}"
        );
        // What an earlier version told without the sizes of the groups is told anew.
        let mut former = serde_json::to_value(&found).unwrap();
        former.as_object_mut().unwrap().remove("group_sizes").unwrap();
        let day = "2026-12-02".parse().unwrap();
        kept::keep(&company.engine, result::KIND, &letter.id.to_string(), day, &former).await.unwrap();
        result::follow(&company.engine).await.unwrap();
        let told = result::load(&company.engine, letter.id).await.unwrap().unwrap();
        assert_eq!(told.body.group_sizes, found.group_sizes);

        // Measured by sales, groups are compared by sales: half of the customers bought for 40 more.
        let mut of_sales = letter.clone();
        of_sales.values.insert("outcome".to_owned(), "sales".into());
        let by_sales =
            result::compute(&company.engine, &of_sales).await.unwrap().by_group.expect("two groups");
        let differences: Vec<f64> = by_sales.parts.iter().map(|(_, effect)| effect.difference).collect();
        assert!(by_sales.real && differences[0] > 16.0 && differences[1].abs() < 1.0, "{differences:?}");

        // Of who was drawn by an earlier version the groups of that day are not known.
        let id = letter.id;
        let unknown = Sql::update()
            .table(name(members::TABLE))
            .value(name("drawn_on"), None::<chrono::NaiveDate>)
            .value(name("customer_group"), None::<i64>)
            .and_where(Expr::col(name("experiment")).eq(id))
            .to_owned();
        company
            .engine
            .write(&Actor::system(), move |tx| Box::pin(async move { tx.execute(&unknown).await }))
            .await
            .unwrap();
        assert_eq!(result::compute(&company.engine, &letter).await.unwrap().by_group, None);
        let page = client.get(&address).await.expect(200).body;
        assert!(page.contains("an earlier version that drew them did not keep these"), "{page}");
    });
}

#[test]
fn who_responded_stands_in_the_lists_and_in_their_files() {
    on_databases(async |company| {
        people(&company, 60).await;
        let letter = letter(&company, ["2026-11-01", "2026-11-30"]).await;
        members::draw(&company.engine, &letter).await.unwrap();
        let sides = members::of(&company.engine, letter.id).await.unwrap();
        let first_of = |side: bool| sides.iter().find(|(_, control)| *control == side).unwrap().0;
        let (reached, left_alone) = (first_of(false), first_of(true));
        buy(&company, &[reached, left_alone], "2026-11-12").await;
        buy(&company, &[reached], "2026-11-10").await;
        // Before the first day.
        buy(&company, &[left_alone], "2026-10-10").await;
        result::compute(&company.engine, &letter).await.unwrap();
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        for (side, buyer, response) in
            [("reached", reached, "2026-11-10,80"), ("left-alone", left_alone, "2026-11-12,40")]
        {
            let name = company.account(buyer).await.text("name").to_owned();
            let address = format!("/analysis/experiment/{}/sides/{side}", letter.id);
            let page = client.get(&address).await.expect(200).body;
            let day = response.split(',').next().unwrap();
            assert!(page.contains("Sales within the days") && page.contains(day), "{page}");
            let file = client.get(&format!("{address}/export")).await.expect(200).body;
            assert!(file.lines().next().unwrap().ends_with("Bought on,Sales within the days"), "{file}");
            for line in file.lines().skip(1) {
                let wanted = if line.starts_with(&name) { response } else { ",0" };
                assert!(line.ends_with(wanted), "{wanted}: {line}");
            }
        }
        client.set_cookie("zhike_lang", "zh-CN");
        let address = format!("/analysis/experiment/{}/sides/reached", letter.id);
        let page = client.get(&address).await.expect(200).body;
        assert!(page.contains("购买日期") && page.contains("实验期内销售额"), "{page}");

        // What is taken back is no response any more.
        for order in company.those_of("order", "account", reached).await {
            company.delete("order", order.id).await.unwrap();
        }
        result::compute(&company.engine, &letter).await.unwrap();
        let members = members::all(&company.engine, letter.id).await.unwrap();
        let responded: Vec<Id> = members
            .iter()
            .filter(|member| member.bought_at.is_some() || member.sales != Some(0))
            .map(|member| member.account)
            .collect();
        assert_eq!(responded, [left_alone]);
    });
}

#[test]
fn how_large_an_effect_can_be_proven_is_said_before_the_draw() {
    on_databases(async |company| {
        let accounts = people(&company, 400).await;
        buy(&company, &accounts[..100], "2026-11-10").await;
        // Out of the thirty days before today.
        buy(&company, &accounts[100..], "2026-10-10").await;
        // Nobody the letter is for.
        let firm = |name: &str| values([("name", name.into()), ("kind", "company".into())]);
        create_many(&company, "account", vec![firm("Firm A"), firm("Firm B")]).await;
        let letter = letter(&company, ["2026-12-01", "2026-12-30"]).await;
        company.engine.run_due_jobs().await.unwrap();
        let before = plan::load(&company.engine, letter.id).await.unwrap().unwrap().body;
        assert_eq!((before.customers, before.bought, before.sales), (400, 0.25, 10.0));
        assert_eq!(
            (before.from, before.until),
            ("2026-10-23".parse().unwrap(), "2026-11-21".parse().unwrap())
        );
        // 100 for 40 and 300 for nothing, around 10.
        let deviation = ((100.0 * 900.0 + 300.0 * 100.0) / 399.0_f64).sqrt();
        assert!((before.deviation - deviation).abs() < 1e-9, "{before:?}");

        let client = company.app.administrator().await;
        let address = format!("/experiment/{}", letter.id);
        // 2.801585 · 17.342 / √(400 · 0.5 · 0.5) = 4.86.
        for (language, said) in [
            (
                "en",
                [
                    "400 customers meet the condition",
                    "50% (this experiment)",
                    "¥4.86",
                    "draw cannot be undone",
                ],
            ),
            ("zh-CN", ["共有 400 位客户符合条件", "50%（本实验）", "¥4.86", "抽取后无法撤销"]),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&address).await.expect(200).body;
            for said in said {
                assert!(page.contains(said), "{said}: {page}");
            }
            assert!(
                !page.contains("The first day,")
                    && !page.contains("已过：可能")
                    && !page.contains("mining.plan"),
                "{page}"
            );
        }
        client.set_cookie("zhike_lang", "en");
        // The number opens those who meet the condition: the 400 people, and neither firm.
        let page = plain(&client.get(&address).await.expect(200).body);
        let (before, _) = page.split_once("\">Who meets the condition<").unwrap();
        let (_, href) = before.rsplit_once("href=\"").unwrap();
        let candidates = paged::records(&company, &client, href).await;
        let candidates: BTreeSet<Id> = candidates.iter().map(|account| account.id).collect();
        assert_eq!(candidates, accounts.iter().copied().collect::<BTreeSet<Id>>());
        let fifth = values([("control_share", Value::Decimal(Decimal::new(2, 1)))]);
        company.update(experiment::ENTITY, letter.id, fifth).await;
        let page = client.get(&address).await.expect(200).body;
        assert!(page.contains("20% (this experiment)") && page.contains("¥6.07"), "{page}");

        // The first day is over: that is said before the draw, with the field and what to do.
        company.update(experiment::ENTITY, letter.id, values([("start_on", date("2026-11-18"))])).await;
        let page = client.get(&address).await.expect(200).body;
        assert!(
            page.contains("The first day, 2026-11-18, is over") && page.contains("Set From to"),
            "{page}"
        );

        // Of those drawn it is told of what they are measured by. Some bought more than others.
        buy(&company, &accounts[..50], "2026-11-12").await;
        company.update(experiment::ENTITY, letter.id, values([("outcome", "sales".into())])).await;
        result::compute(&company.engine, &record(&company, letter.id).await).await.unwrap();
        let page = client.get(&address).await.expect(200).body;
        assert!(
            page.contains("with a standard deviation of") && !page.contains("(this experiment)"),
            "{page}"
        );
    });
}
