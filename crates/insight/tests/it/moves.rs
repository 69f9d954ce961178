//! Moves between stages over any period and group, and what goes with the break-up: held to a walk through the records, to a world
//! whose numbers are known by hand, and shown in both languages.
//!
//! Long because the worlds whose numbers are known are made here.

use crate::{
    company::{Company, on_one, values},
    models::two_years,
    warehouse::{SMALL, refresh},
};
use chrono::{Duration, NaiveDate};
use engine::{Action, Actor};
use insight::{
    moves::{
        Asked, Asking, LOST, Moved, broken_up,
        drivers::{Found, Line, Why},
        traits::Trait,
    },
    past::{self, life::STAGES},
    refit,
    settings::{Settings, day_number},
    store::{self, StoredModel},
};
use meta::{Id, Record, Value};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{collections::BTreeMap, sync::Arc};
use value::{
    history::{Purchase, Summary},
    life_cycle::Standing,
    markov::Transitions,
};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn computed(company: &Company) -> (Settings, Arc<StoredModel>) {
    refit::refit(&company.engine, None).await.unwrap();
    past::compute(&company.engine).await.unwrap();
    company.settle().await;
    refresh(company, SMALL).await;
    let settings = Settings::load(&company.engine).await.unwrap();
    (settings, store::newest_model(&company.engine).await.unwrap().unwrap())
}

/// What an administrator sees.
async fn moved(
    company: &Company,
    (settings, stored): &(Settings, Arc<StoredModel>),
    asked: &Asked,
) -> Arc<Moved> {
    let actor = Actor::system();
    let asking = Asking { engine: &company.engine, actor: &actor, settings, stored };
    asking.moved(asked).await.unwrap().unwrap()
}

async fn drivers(
    company: &Company,
    (settings, stored): &(Settings, Arc<StoredModel>),
    asked: &Asked,
) -> Arc<Found> {
    let actor = Actor::system();
    let asking = Asking { engine: &company.engine, actor: &actor, settings, stored };
    let moved = asking.moved(asked).await.unwrap().unwrap();
    asking.drivers(asked, &moved).await.unwrap()
}

/// Everybody's days of purchase, by a walk through the records.
async fn walked(company: &Company) -> Vec<(Record, Vec<Purchase>)> {
    let mut found = vec![];
    for record in company.everybody().await {
        let orders = company.those_of("order", "account", record.id).await;
        // Noon in Greenwich is the same day in Shanghai.
        let counts = |order: &&Record| ["confirmed", "shipped", "completed"].contains(&order.text("status"));
        let day = |order: &Record| day_number(order.get("ordered_at").as_instant().unwrap().date_naive());
        let purchase = |order: &Record| Purchase { day: day(order), amount: 1 };
        found.push((record, orders.iter().filter(counts).map(purchase).collect()));
    }
    found
}

/// The first and the last day anybody bought.
fn ends(walked: &[(Record, Vec<Purchase>)]) -> (i32, i32) {
    let days = walked.iter().flat_map(|of| &of.1).map(|purchase| purchase.day);
    days.fold((i32::MAX, 0), |(first, last), day| (first.min(day), last.max(day)))
}

fn stage(purchases: &[Purchase], day: i32, (settings, stored): &(Settings, Arc<StoredModel>)) -> usize {
    let until: Vec<Purchase> = purchases.iter().copied().filter(|purchase| purchase.day <= day).collect();
    let standing = Summary::of(&until).map_or(Standing::prospect(), |summary| {
        let p_alive = stored.fitted.model.p_alive(&summary.observe(day));
        Standing::of(&summary, day, p_alive)
    });
    let found = settings.stage_rule.stage(&standing);
    STAGES.iter().position(|stage| *stage == found).unwrap()
}

#[test]
fn moves_are_those_of_a_walk_through_the_records() {
    on_one(async |company| {
        two_years(&company).await;
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let records = company.everybody().await;
        let boss = company.app.user("Boss", "boss@example.com", engine::Role::User).await;
        for (at, record) in records.iter().enumerate() {
            let relation = ["dealer", "consumer", "business"][at % 3];
            let owner: Value = if at % 2 == 0 { boss.into() } else { Value::Null };
            let fields = [
                ("relation", relation.into()),
                ("province", ["山东", ""][at % 2].into()),
                ("owner", owner),
                ("size_employees", Value::Int([5, 20, 70][at % 3])),
            ];
            company.update("account", record.id, values(fields)).await;
        }
        // Who is deleted is nobody's customer, and an order that was cancelled is none. The history begins and ends with the orders of
        // the company, so it is somebody who bought in between.
        let before = walked(&company).await;
        let (first, last) = ends(&before);
        let between =
            |of: &&(Record, Vec<Purchase>)| of.1.iter().all(|one| (first + 1..last).contains(&one.day));
        let deleted = before.iter().filter(between).nth(7).unwrap().0.id;
        company.delete("account", deleted).await.unwrap();
        let other = records.iter().find(|record| record.id != deleted).unwrap();
        let cancelled = company.those_of("order", "account", other.id).await[0].id;
        company.update("order", cancelled, values([("status", "cancelled".into())])).await;
        company.customer("Never bought").await;
        let known = computed(&company).await;
        let walked = walked(&company).await;
        let (first, last) = ends(&walked);
        for round in 0..10 {
            let from = random.random_range(first..last);
            let to = random.random_range(from + 1..=last);
            let on = |day: i32| Some(insight::settings::date_of(day));
            let (filter, by) = match round % 5 {
                0 => (String::new(), None),
                1 => (String::new(), Some("relation")),
                2 => ("relation == 'dealer' && orders >= 2".to_owned(), Some("province")),
                3 => ("size_employees > 0".to_owned(), Some("size_employees")),
                _ => (format!("owner == '{boss}' && owner.name == 'Boss'"), Some("owner")),
            };
            let asked =
                Asked { from: on(from), to: on(to), filter: filter.clone(), by: by.map(str::to_owned) };
            let found = moved(&company, &known, &asked).await;
            assert_eq!((found.from, found.to, found.first, found.last), (from, to, first, last));
            let (mut all, mut groups) = (Transitions::new(STAGES.len()), BTreeMap::new());
            for (record, purchases) in &walked {
                let is = |field: &str, value: &str| record.text(field) == value;
                let chosen = match round % 5 {
                    2 => {
                        is("relation", "dealer")
                            && record.get("orders").as_int().is_some_and(|orders| orders >= 2)
                    }
                    4 => record.get("owner").as_id() == Some(boss),
                    _ => true,
                };
                if !chosen || !purchases.iter().any(|purchase| purchase.day <= to) {
                    continue;
                }
                let moves = (stage(purchases, from, &known), stage(purchases, to, &known));
                all.add(moves.0, moves.1);
                let group = match by {
                    // By the first number of its band.
                    Some("size_employees") => match record.get("size_employees").as_int() {
                        Some(..10) => "1".to_owned(),
                        Some(..50) => "10".to_owned(),
                        _ => "50".to_owned(),
                    },
                    Some(by) => record.text(by).to_owned(),
                    None => String::new(),
                };
                let group: &mut Transitions =
                    groups.entry(group).or_insert_with(|| Transitions::new(STAGES.len()));
                group.add(moves.0, moves.1);
            }
            assert!(all.total() > 5);
            assert_eq!(found.all, all, "{asked:?}");
            assert_eq!(found.members.len() as u64, all.total());
            if by.is_some_and(|by| by != "owner") {
                let told: BTreeMap<String, Transitions> = found
                    .groups
                    .iter()
                    .map(|group| (group.value.clone().unwrap_or_default(), group.moves.clone()))
                    .collect();
                assert_eq!(told, groups, "{asked:?}");
            } else {
                assert_eq!(found.groups.len(), usize::from(by.is_some()));
            }
        }
        // An order that comes later is there with the next refresh.
        let before = moved(&company, &known, &Asked::default()).await;
        company.order(Some(records[3].id), "2026-11-20", "20", None).await;
        refresh(&company, SMALL).await;
        let after = moved(&company, &known, &Asked::default()).await;
        assert_eq!(after.last, day_number(date("2026-11-20")));
        assert!(before.last < after.last && before.refreshed_at <= after.refreshed_at);
    });
}

/// 160 customers buy three times in 60 days; on the 50th every other one is called. A quarter of the called and three quarters of the
/// others buy no more, the others go on for a year. Of each eight the first four answered, as satisfied as they expected.
async fn called(company: &Company) -> Vec<Id> {
    let begin = date("2025-08-01");
    let mut accounts = vec![];
    for number in 0..160_i64 {
        let account = company.customer(&format!("Customer {number}")).await;
        let (is_called, place) = (number % 2 == 0, number / 2 % 4);
        let stays = if is_called { place != 0 } else { place == 0 };
        let later: &[i64] = if stays { &[120, 180, 240, 300, 360, 400] } else { &[] };
        for day in [0, 30, 60].iter().chain(later) {
            company.order(Some(account), &(begin + Duration::days(*day)).to_string(), "80", Some("30")).await;
        }
        if is_called {
            company.contact(account, &(begin + Duration::days(50)).to_string(), "call", 5).await;
        } else {
            // A note reaches nobody, and this call was after the day.
            company.contact(account, &(begin + Duration::days(50)).to_string(), "note", 5).await;
            company.contact(account, &(begin + Duration::days(75)).to_string(), "call", 5).await;
        }
        if number % 16 < 8 {
            let asked_on = Value::Date(begin + Duration::days(40));
            let answer = [
                ("account", account.into()),
                ("asked_on", asked_on),
                ("dimension", "overall".into()),
                ("expected", Value::Int(8)),
                ("perceived", Value::Int(8)),
            ];
            company.create("survey_answer", values(answer)).await;
        }
        if number < 10 {
            company.give_back(account, &(begin + Duration::days(65)).to_string(), "10", None).await;
        }
        accounts.push(account);
    }
    accounts
}

const PERIOD: &str = "from=2025-10-10&to=2026-09-05";

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
}

#[test]
fn drivers_are_adjusted_and_lead_to_their_customers() {
    on_one(async |company| {
        let accounts = called(&company).await;
        let known = computed(&company).await;
        let asked =
            Asked { from: Some(date("2025-10-10")), to: Some(date("2026-09-05")), ..Asked::default() };
        let found = moved(&company, &known, &asked).await;
        assert_eq!(
            (broken_up(&found.all), found.all.count(2, LOST), found.all.count(2, 3)),
            ((160, 80), 80, 80)
        );
        let found = drivers(&company, &known, &asked).await;
        assert_eq!((found.active, found.cases, found.lost), (160, 160, 80));
        let line =
            |what: Trait| -> Line { found.lines.iter().find(|line| line.what == what).unwrap().clone() };
        let contact = line(Trait::Contact);
        assert_eq!((contact.with, contact.without), ((80, 20), (80, 60)));
        // Odds of 1/3 against 3; probabilities of a quarter and three quarters.
        let effect = contact.adjusted.unwrap();
        near(effect.odds_ratio, 1.0 / 9.0);
        near(effect.change, -0.5);
        let error = (1.0_f64 / 20.0 + 1.0 / 60.0 + 1.0 / 60.0 + 1.0 / 20.0).sqrt();
        near(effect.high, (value::proportion::Z_95 * error).exp() / 9.0);
        assert_eq!(contact.raises(), Some(false));
        // Of those who answered half broke up, as of the others.
        let satisfied = line(Trait::Satisfied);
        assert_eq!((satisfied.with, satisfied.without, satisfied.raises()), ((80, 40), (80, 40), None));
        near(satisfied.adjusted.unwrap().odds_ratio, 1.0);
        assert_eq!(line(Trait::Returned).adjusted, Err(Why::Few));
        assert_eq!(line(Trait::Returned).with.0, 10);
        for same in [
            Trait::Silence,
            Trait::Orders,
            Trait::Tenure,
            Trait::Amount,
            Trait::Discount,
            Trait::Dissatisfied,
        ] {
            assert_eq!(line(same.clone()).adjusted, Err(Why::Same), "{same:?}");
        }
        near(found.concordance.unwrap(), 0.75);

        let client = company.app.administrator().await;
        for (language, parts) in [
            (
                "en",
                [
                    "not proven to cause it",
                    "goes with fewer break-ups",
                    "too few to adjust",
                    "active now, without it",
                ],
            ),
            ("zh-CN", ["并未证明因果", "与流失较少相关", "人数太少，无法调整", "当前活跃但无此情况"]),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&format!("/value/life-cycle/drivers?{PERIOD}")).await.expect(200).body;
            for part in parts {
                assert!(page.contains(part), "{part}: {page}");
            }
            assert!(page.contains("× 0.11") && page.contains("-50") && !page.contains("NaN"), "{page}");
        }
        client.set_cookie("zhike_lang", "en");
        let list = async |more: &str| {
            client.get(&format!("/value/life-cycle/customers?{PERIOD}&{more}")).await.expect(200).body
        };
        let page = list("driver=contact&has=1").await;
        assert!(page.contains("Contacted: active on 2025-10-10") && page.contains("1–50 of 80"), "{page}");
        let (next, _) = page.split_once("\" rel=\"next\"").unwrap();
        let (_, after) = next.rsplit_once("after=").unwrap();
        let last = list(&format!("driver=contact&has=1&after={after}")).await;
        assert!(
            last.contains("51–80 of 80") && last.contains(">First page<") && !last.contains("rel=\"next\""),
            "{last}"
        );
        for wrong in ["1", "50_1", "50_0_1_x", "50_0_1_1_1"] {
            let address = format!("/value/life-cycle/customers?{PERIOD}&was=2&is=5&after={wrong}");
            let refused = client.get(&address).await.expect(422).body;
            assert!(refused.contains("this page marker is not valid"), "{wrong}: {refused}");
        }
        for (number, id) in accounts.iter().enumerate() {
            let listed = page.matches(&format!("href=\"/account/{id}\"")).count()
                + last.matches(&format!("href=\"/account/{id}\"")).count();
            assert_eq!(listed > 0, number % 2 == 0, "customer {number}");
        }
        // Nobody was called of late: all who are still active lack it.
        let now = list("driver=contact&has=0&now=1").await;
        assert!(now.contains("Not “Contacted”: active on 2026-09-05") && now.contains("1–50 of 80"), "{now}");
        assert!(list("driver=contact&has=1&now=1").await.contains("Nobody."));
        let lost = list("was=2&is=5").await;
        assert!(lost.contains("From Formation on 2025-10-10 to") && lost.contains("1–50 of 80"), "{lost}");
        for wrong in ["was=6", "driver=fate", "driver=channel:none"] {
            client.get(&format!("/value/life-cycle/customers?{PERIOD}&{wrong}")).await.expect(404);
        }
    });
}

#[test]
fn the_page_says_what_was_asked_what_was_taken_and_what_is_wrong() {
    on_one(async |company| {
        called(&company).await;
        computed(&company).await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let address =
            format!("/value/life-cycle?{PERIOD}&by=province&filter={}", web::encode("name != 'Customer 0'"));
        for (language, parts) in [
            (
                "en",
                [
                    "49.7% of active customers broke up",
                    "Break-up by",
                    "Every number opens",
                    "not filled in",
                    "From orders as of",
                ],
            ),
            ("zh-CN", ["49.7% 的活跃客户流失", "看流失", "点击数字可查看", "未填写", "数据截至"]),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&address).await.expect(200).body;
            for part in parts {
                assert!(page.contains(part), "{part}: {page}");
            }
            assert!(!page.contains("NaN"));
        }
        client.set_cookie("zhike_lang", "en");
        // Every list behind a number of the matrix has as many customers.
        let page = client.get(&address).await.expect(200).body;
        let mut lists = 0;
        for cell in page.split("<a href=\"/value/life-cycle/customers?").skip(1) {
            let (href, rest) = cell.split_once('"').unwrap();
            let count = rest.split_once('>').unwrap().1.split_once('<').unwrap().0;
            let href = href.replace("&amp;", "&").replace("&#x2f;", "/");
            let list = client.get(&format!("/value/life-cycle/customers?{href}")).await.expect(200).body;
            assert!(list.contains(&format!(" of {count}</span>")), "{href}: {count}: {list}");
            lists += 1;
        }
        assert_eq!(lists, 3, "the row and its two cells");
        for (address, part) in [
            ("from=1990-01-01&to=2060-01-01", "from 2025-08-01 to 2026-09-05 was taken"),
            ("from=tomorrow", "“tomorrow” is no day"),
            ("filter=beauty%20%3D%3D%201", "beauty"),
            ("by=name", "choose from the list"),
            ("by=nothing", "choose from the list"),
            ("filter=net_sales%20%3C%200", "– of active customers broke up"),
        ] {
            let page = client.get(&format!("/value/life-cycle?{address}")).await.expect(200).body;
            assert!(page.contains(part), "{address}: {page}");
            assert!(page.contains("Best rule:"), "{address}: the worth is shown all the same");
        }
    });
}

#[test]
fn who_may_not_see_contacts_is_told_that_they_are_left_out() {
    on_one(async |company| {
        called(&company).await;
        let user = company.app.user("Carl", "carl@example.com", engine::Role::User).await;
        let role = company.create("role", values([("name", "Analyst".into())])).await;
        for entity in ["account", "order", "order_line", "return", "return_line"] {
            let mut right = values([("role", role.into()), ("entity", entity.into())]);
            right.extend(Action::ALL.map(|action| (action.name().to_owned(), Value::from("all"))));
            company.create("role_right", right).await;
        }
        company.create("user_role", values([("user", user.into()), ("role", role.into())])).await;
        computed(&company).await;
        let mut client = company.app.visitor();
        client.sign_in("carl@example.com", testkit::PASSWORD).await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get(&format!("/value/life-cycle/drivers?{PERIOD}")).await.expect(200).body;
        assert!(page.contains("may not see all of it") && page.contains("Contacted"), "{page}");
        assert!(!page.contains("driver=contact") && !page.contains("driver=satisfied"), "{page}");
        client.get(&format!("/value/life-cycle/customers?{PERIOD}&driver=contact&has=1")).await.expect(404);
        let olive = company.app.user("Olive", "olive2@example.com", engine::Role::User).await;
        let own = company.create("role", values([("name", "Own".into())])).await;
        let right = [("role", own.into()), ("entity", "account".into()), ("read", "own".into())];
        company.create("role_right", values(right)).await;
        company.create("user_role", values([("user", olive.into()), ("role", own.into())])).await;
        let mut client = company.app.visitor();
        client.sign_in("olive2@example.com", testkit::PASSWORD).await;
        for address in ["", "/drivers", "/customers"] {
            client.get(&format!("/value/life-cycle{address}?{PERIOD}&was=2")).await.expect(403);
        }
    });
}
