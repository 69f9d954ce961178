//! Groups of those who buy alike: what they are called from night to night, and who is told that one shrinks.

use crate::{
    alarms::{all, day, look, opened},
    company::{Company, on_databases, on_one, values},
    mining::shop as two_kinds,
    paged,
    questions::rep,
    warehouse::{SMALL, refresh as refresh_warehouse},
};
use engine::Actor;
use insight::{
    after_fit, alarm,
    mining::{group_names::Names, groups, refresh},
    refit,
};
use meta::{Id, Record, Value};
use std::collections::{BTreeMap, BTreeSet};
use warehouse::semantic::{self, Cut, Question, Sort};

pub async fn set_features(company: &Company, wanted: serde_json::Value) {
    company
        .engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { tx.set_setting(groups::SETTING, &wanted).await })
        })
        .await
        .unwrap();
}

/// What marks each group by now.
async fn marks(company: &Company) -> BTreeMap<u32, Vec<String>> {
    let kept = groups::load(&company.engine).await.unwrap().unwrap();
    let marks = |group: &groups::Group| {
        group.profile.marks.iter().map(|mark| format!("{} {}", mark.feature, mark.high)).collect()
    };
    kept.body.as_ref().unwrap().groups.iter().map(|group| (group.number, marks(group))).collect()
}

#[test]
fn a_group_keeps_its_name_while_it_is_the_same_and_can_be_given_one() {
    on_databases(async |company| {
        two_kinds(&company).await;
        company.hold("2026-04-12").await;
        set_features(&company, serde_json::json!({ "features": ["sales", "products"], "number": 2 })).await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let before = marks(&company).await;
        assert_eq!(before.keys().copied().collect::<Vec<_>>(), [1, 2]);
        let first = Names::load(&company.engine).await.unwrap();

        // Groups made of something else, with the same customers: other marks, the same names.
        set_features(&company, serde_json::json!({ "features": ["orders", "order_amount"], "number": 2 }))
            .await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let after = marks(&company).await;
        assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
        assert_ne!(after, before);
        assert_eq!(Names::load(&company.engine).await.unwrap(), first);
        let client = company.app.administrator().await;
        // Companies buy much, persons little.
        for (language, name, now) in [("en", "large sales", "now: "), ("zh-CN", "高消费", "目前特征：")]
        {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/analysis/groups").await.expect(200).body;
            assert!(page.contains(name) && page.contains(now), "{name}: {page}");
        }

        // A name of the company's own, in both languages, for as long as the group is the same.
        let page = "/analysis/groups/name";
        client.post(page, &[("number", "1"), ("name", "  Stationery   shops ")]).await.expect(303);
        client.post(page, &[("number", "2"), ("name", "Stationery shops")]).await.expect(422);
        client.post(page, &[("number", "9"), ("name", "Nobody")]).await.expect(422);
        client.post(page, &[("number", "2"), ("name", &"x".repeat(41))]).await.expect(422);
        refresh::refresh(&company.engine, None).await.unwrap();
        for language in ["en", "zh-CN"] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/analysis/groups").await.expect(200).body;
            assert!(page.contains("Stationery shops"), "{language}: {page}");
        }
        // Other groups of other customers do not inherit it, and numbers are not used again.
        set_features(&company, serde_json::json!({ "features": ["recency_days"], "number": 8 })).await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let names = Names::load(&company.engine).await.unwrap();
        let numbers: Vec<u32> = marks(&company).await.into_keys().collect();
        assert_eq!(names.of.keys().copied().collect::<Vec<_>>(), numbers);
        assert!(numbers.iter().all(|number| *number > 2 && *number < names.next), "{numbers:?}");
        assert!(names.of.values().all(|name| name.given.is_none()));

        // An empty name is the first one back.
        let number = numbers[0].to_string();
        client.post(page, &[("number", &number), ("name", "Mine")]).await.expect(303);
        assert_eq!(Names::load(&company.engine).await.unwrap().given(numbers[0]), Some("Mine"));
        client.post(page, &[("number", &number), ("name", " ")]).await.expect(303);
        assert_eq!(Names::load(&company.engine).await.unwrap().given(numbers[0]), None);

        // Who named what is in the audit log, each time; what changed nothing and what was refused is not.
        client.post(page, &[("number", &number), ("name", " ")]).await.expect(303);
        company.engine.write_notes().await.unwrap();
        for (language, told) in [
            ("en", ["Name of customer group 1: empty → Stationery shops", "empty → Mine", "Mine → empty"]),
            ("zh-CN", ["客户分群名称 1: 未填 → Stationery shops", "未填 → Mine", "Mine → 未填"]),
        ] {
            client.set_cookie("zhike_lang", language);
            let log = client.get("/audit?action=settings").await.expect(200).body;
            for told in told {
                assert_eq!(log.matches(told).count(), 1, "{told}: {log}");
            }
            assert!(!log.contains("Nobody"), "{log}");
        }
        let noted = client.get("/api/v1/audit?limit=200&action=settings").await.expect(200).json();
        let noted = noted["data"].as_array().unwrap_or_else(|| panic!("{noted}"));
        let names: Vec<_> =
            noted.iter().filter(|entry| entry["details"]["key"] == "mining.group_names").collect();
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(names.iter().all(|entry| entry["user"].is_string()), "{names:?}");
    });
}

/// What the members of the groups are called in an answer, and what they are filtered by.
async fn members(company: &Company) -> Vec<(String, String, serde_json::Value)> {
    let group = "account.customer_group";
    let question = Question {
        measures: vec!["sales".to_owned()],
        cuts: vec![Cut::new(group, None)],
        sort: Some(Sort { by: group.to_owned(), descending: false }),
        ..Question::default()
    };
    let answer = semantic::ask(&company.engine, &Actor::system(), &question).await.unwrap();
    let first = |line: semantic::Line| line.members.into_iter().next().unwrap();
    let told = answer.rows.into_iter().map(first);
    told.map(|member| (member.label.en, member.label.zh, member.value)).collect()
}

#[test]
fn figures_cut_by_group_call_it_as_its_page_does() {
    on_one(async |company| {
        two_kinds(&company).await;
        company.hold("2026-04-12").await;
        set_features(&company, serde_json::json!({ "features": ["sales", "products"], "number": 2 })).await;
        refresh::refresh(&company.engine, None).await.unwrap();
        refresh_warehouse(&company, SMALL).await;
        let names = members(&company).await;
        let numbers: Vec<_> = names.iter().map(|(.., value)| value.clone()).collect();
        assert_eq!(numbers, [1, 2].map(serde_json::Value::from));
        let client = company.app.administrator().await;
        for (language, told) in [("en", 0), ("zh-CN", 1)] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/analysis/groups").await.expect(200).body;
            for (en, zh, _) in &names {
                assert!(page.contains([en, zh][told]), "{en} {zh}: {page}");
            }
        }
        assert!(
            names.iter().any(|(en, zh, _)| en.ends_with("large sales") || zh.contains("高消费")),
            "{names:?}"
        );
        // A name people give is told at once, without a new refresh.
        client.post("/analysis/groups/name", &[("number", "2"), ("name", "Tea & co")]).await.expect(303);
        let renamed = members(&company).await;
        assert_eq!(renamed[0], names[0]);
        assert_eq!(
            renamed[1],
            ("2: Tea & co".to_owned(), "2：Tea & co".to_owned(), serde_json::Value::from(2))
        );
        client.post("/analysis/groups/name", &[("number", "2"), ("name", "")]).await.expect(303);
        assert_eq!(members(&company).await, names);
    });
}

#[test]
fn groups_newer_than_what_was_counted_are_not_shown_with_its_numbers() {
    on_databases(async |company| {
        two_kinds(&company).await;
        company.hold("2026-04-12").await;
        set_features(&company, serde_json::json!({ "features": ["sales", "products"], "number": 2 })).await;
        refresh::refresh(&company.engine, None).await.unwrap();
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let (whole, of_province) =
            ("/value/seven-p/profiling", "/value/seven-p/profiling?region=%E6%B5%99%E6%B1%9F");
        let shows = async |address: &str| {
            let page = client.get(address).await.expect(200).body;
            (page.contains("groups of customers who buy alike"), page.contains("by group with the next"))
        };
        assert_eq!((shows(whole).await, shows(of_province).await), ((true, false), (true, false)));
        // Other groups: nobody of the province was counted by their numbers yet.
        set_features(&company, serde_json::json!({ "features": ["recency_days"], "number": 8 })).await;
        refresh::refresh(&company.engine, None).await.unwrap();
        assert_eq!((shows(whole).await, shows(of_province).await), ((true, false), (false, true)));
        after_fit::compute(&company.engine, None).await.unwrap();
        assert_eq!(shows(of_province).await, (true, false));
    });
}

#[test]
fn who_may_change_all_customers_names_groups() {
    on_databases(async |company| {
        two_kinds(&company).await;
        company.hold("2026-04-12").await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let form = "action=\"/analysis/groups/name\"";
        // Without a role everything is allowed; with one that sees a part only, nothing.
        let other = company.app.ordinary().await;
        assert!(other.get("/analysis/groups").await.expect(200).body.contains(form));
        rep(&company, "ann", "own").await;
        let mut ann = company.app.visitor();
        ann.sign_in("ann@example.com", testkit::PASSWORD).await;
        ann.post("/analysis/groups/name", &[("number", "1"), ("name", "Mine")]).await.expect(403);
        // Who sees everything and changes nothing does not name it either.
        let reader = company.app.user("Reader", "reader@example.com", engine::Role::User).await;
        let role = company.create("role", values([("name", "Reads all".into())])).await;
        for entity in ["account", "order", "return"] {
            let right = values([("role", role.into()), ("entity", entity.into()), ("read", "all".into())]);
            company.create("role_right", right).await;
        }
        company.create("user_role", values([("user", reader.into()), ("role", role.into())])).await;
        let mut client = company.app.visitor();
        client.sign_in("reader@example.com", testkit::PASSWORD).await;
        assert!(!client.get("/analysis/groups").await.expect(200).body.contains(form));
        client.post("/analysis/groups/name", &[("number", "1"), ("name", "Mine")]).await.expect(403);
        assert_eq!(Names::load(&company.engine).await.unwrap().given(1), None);
    });
}

/// Sixty who bought once for little, and forty who bought for much every month, of whom twenty have been silent since August.
async fn shop(company: &Company) -> Vec<Id> {
    let (mut silent, mut bought) = (vec![], vec![]);
    for number in 0..100_i64 {
        let account = company.customer(&format!("Shop {number}")).await;
        let (first, orders, amount) = match number {
            0..20 => ("2026-04-17", 5, "1000"),
            20..40 => ("2026-04-17", 8, "1000"),
            _ => ("2026-01-05", 1, "10"),
        };
        for order in 0..orders {
            let at = day(first) + chrono::Duration::days(30 * order + number % 3);
            bought.push((account, at.to_string(), amount.to_owned(), "1"));
        }
        if number < 20 {
            silent.push(account);
        }
    }
    company.orders(bought).await;
    set_features(company, serde_json::json!({ "features": ["recency_days", "sales"], "number": 3 })).await;
    silent
}

#[test]
fn a_group_of_those_who_buy_alike_that_loses_members_is_told_and_ends() {
    on_databases(async |company| {
        company.app.user("Boss", "boss@example.com", engine::Role::Administrator).await;
        let silent = shop(&company).await;
        company.settle().await;
        refresh::refresh(&company.engine, None).await.unwrap();
        look(&company).await;
        let kept = groups::load(&company.engine).await.unwrap().unwrap();
        let sizes: Vec<usize> =
            kept.body.as_ref().unwrap().groups.iter().map(|group| group.profile.customers).collect();
        assert_eq!(sizes, [60, 20, 20]);
        // Those who still buy: twenty of forty. That the small ones are as many as ever, and the silent more, is no alarm.
        let buying = company.account(*silent.last().unwrap()).await.get(groups::FIELD).clone();
        let raised = all(&company, "alarm", "rule == 'group_shrinking'").await;
        assert_eq!(raised.len(), 1, "{raised:?}");
        let alarm = &raised[0];
        let number: u32 = alarm.text("name").rsplit(' ').next().unwrap().parse().unwrap();
        assert_ne!(buying, Value::Int(i64::from(number)), "the silent are in another group by now");
        let members = all(&company, "account", &format!("{} == {number}", groups::FIELD)).await;
        assert_eq!(members.len(), 20);
        assert_eq!(alarm.text("customers"), format!("{} == {number}", groups::FIELD));
        let Value::Json(json) = alarm.get("signals") else { panic!("{alarm:?}") };
        let signals: Vec<alarm::Signal> = serde_json::from_value(json.clone()).unwrap();
        let [alarm::Signal::FewerMembers { before: 40, now: 20, z }] = signals.as_slice() else {
            panic!("{signals:?}")
        };
        // Twenty left and nobody came.
        assert!((z + 20.0_f64.sqrt()).abs() < 1e-9, "{z}");
        let task = company.engine.get(&Actor::system(), "activity", alarm.reference("task").unwrap()).await;
        let body = task.unwrap().text("body").to_owned();
        assert!(
            body.contains("20 customers buy as this group does, 40 did 13 weeks ago: 50% fewer"),
            "{body}"
        );
        let client = company.app.administrator().await;
        for (language, text) in
            [("en", "40 did 13 weeks ago"), ("zh-CN", "该分群现有 20 位客户，13 周前 40 位")]
        {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/alarms").await.expect(200).body;
            assert!(page.contains(text) && page.contains(alarm.text("name")), "{page}");
        }
        // Who is told opens its members, the twenty that are left; on the page of alarms name and reason do.
        let task = format!("/activity/{}", alarm.reference("task").unwrap());
        for (page, lists) in [(task.as_str(), 1), ("/value/alarms", 2)] {
            let opened = opened(&company, &client, page, "account").await;
            assert_eq!(opened.len(), lists, "{page}");
            let is_member = |one: &Record| members.iter().any(|member| member.id == one.id);
            for list in opened {
                assert!(list.len() == 20 && list.iter().all(is_member), "{page}: {list:?}");
            }
        }
        // Told once, under the name people give it meanwhile.
        client.set_cookie("zhike_lang", "en");
        let of = number.to_string();
        for name in ["Monthly shops", "Regular · shops"] {
            client.post("/analysis/groups/name", &[("number", &of), ("name", name)]).await.expect(303);
            look(&company).await;
            let open = all(&company, "alarm", "rule == 'group_shrinking'").await;
            let expected = format!("{name} · 客户分群 {number} Customer group {number}");
            assert_eq!((open.len(), open[0].text("name"), open[0].text("state")), (1, &*expected, "open"));
            assert!(client.get("/value/alarms").await.expect(200).body.contains(&expected));
        }
        // And raised under it from the beginning, where it has one by then.
        company.delete("alarm", alarm.id).await.unwrap();
        look(&company).await;
        let raised = all(&company, "alarm", "rule == 'group_shrinking'").await;
        assert_eq!(raised.len(), 1, "{raised:?}");
        let task =
            company.engine.get(&Actor::system(), "activity", raised[0].reference("task").unwrap()).await;
        let subject = task.unwrap().text("subject").to_owned();
        assert!(subject.contains("Regular · shops"), "{subject}");
        // And over when they buy again.
        for account in silent {
            company.order(Some(account), "2026-11-15", "1000", Some("1")).await;
        }
        // There are two kinds of them again.
        set_features(&company, serde_json::json!({ "features": ["recency_days", "sales"], "number": 2 }))
            .await;
        company.settle().await;
        refresh::refresh(&company.engine, None).await.unwrap();
        look(&company).await;
        let past = all(&company, "alarm", "rule == 'group_shrinking'").await;
        assert_eq!((past.len(), past[0].text("state"), past[0].text("outcome")), (1, "closed", "recovered"));
    });
}

/// Whoever is on the pages behind a number, and the number they say it is.
pub async fn behind(client: &testkit::Client, address: &str) -> (Vec<Id>, usize) {
    let body = client.get(address).await.expect(200).body;
    let shown = body.split(" of ").find_map(|part| part.split_once("</span>")?.0.parse().ok());
    let total = shown.unwrap_or_else(|| panic!("{address}: {body}"));
    let (ids, _) = paged::walked(client, address, "class=\"row-title\" href=\"/account/", "\"").await;
    (ids.iter().map(|id| id.parse().unwrap()).collect(), total)
}

#[test]
fn every_number_of_the_movement_opens_the_customers_it_counts() {
    on_databases(async |company| {
        let silent = shop(&company).await;
        company.settle().await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let kept = groups::load(&company.engine).await.unwrap().unwrap();
        let found = kept.body.as_ref().unwrap();
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let table = client.get("/analysis/groups").await.expect(200).body;
        let table = table.replace("&#x2f;", "/").replace("&amp;", "&");
        let mut seen = vec![];
        for one in &found.moves {
            let part = |name: &str, group: Option<u32>| group.map(|number| format!("{name}={number}"));
            let parts: Vec<String> =
                [part("from", one.from), part("to", one.to)].into_iter().flatten().collect();
            let address = format!("/analysis/groups/customers?{}", parts.join("&"));
            assert!(table.contains(&format!("href=\"{address}\"")), "{address}: {table}");
            let (ids, total) = behind(&client, &address).await;
            assert_eq!((ids.len(), total), (one.customers, one.customers), "{address}");
            for id in &ids {
                let group = company.account(*id).await.get(groups::FIELD).clone();
                assert_eq!(group, one.to.map_or(Value::Null, |number| Value::Int(i64::from(number))));
            }
            // The twenty who have been silent are those who moved between groups.
            if one.from.is_some() && one.from != one.to {
                let (these, those): (BTreeSet<&Id>, BTreeSet<&Id>) =
                    (ids.iter().collect(), silent.iter().collect());
                assert_eq!(these, those, "{address}");
            }
            seen.extend(ids);
        }
        assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (100, 100));
        // Of nobody there is nothing to open.
        client.get("/analysis/groups/customers").await.expect(303);
        client.get("/analysis/groups/customers?from=99").await.expect(200);
        rep(&company, "ann", "own").await;
        let mut ann = company.app.visitor();
        ann.sign_in("ann@example.com", testkit::PASSWORD).await;
        ann.get("/analysis/groups/customers?to=1").await.expect(403);
    });
}
