//! Whom a campaign may reach and whom it leaves alone: as lists and as files, on both databases, as far as the reader may see them.

use crate::{
    company::{Company, at, on_databases, values},
    paged,
    questions::rep,
};
use engine::{Actor, Role};
use insight::mining::experiment::{self, candidates, members, result};
use meta::{Decimal, Id, Value};
use std::collections::BTreeSet;

const PEOPLE: usize = 260;
const SIDES: [(&str, bool); 2] = [("reached", false), ("left-alone", true)];

fn on_side(sides: &[(Id, bool)], control: bool, among: &BTreeSet<Id>) -> Vec<Id> {
    let there = sides.iter().filter(|(id, side)| *side == control && among.contains(id));
    there.map(|(id, _)| *id).collect()
}

async fn drawn(company: &Company, owner: Id) -> (Id, BTreeSet<Id>) {
    let people = (0..PEOPLE).map(|number| {
        let mut fields = values([("name", format!("Person {number:03}").into()), ("kind", "person".into())]);
        if number % 5 == 0 {
            fields.insert("owner".to_owned(), owner.into());
        }
        fields
    });
    let people = people.collect();
    let accounts: Vec<Id> = company
        .engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.create_many("account", people).await }))
        .await
        .unwrap();
    let date = |day: &str| Value::Date(day.parse().unwrap());
    let fields = values([
        ("name", "Spring letter".into()),
        ("population", "kind == 'person'".into()),
        ("control_share", Value::Decimal(Decimal::new(3, 1))),
        ("start_on", date("2026-03-01")),
        ("end_on", date("2026-03-31")),
    ]);
    let id = company.create(experiment::ENTITY, fields).await;
    let owned = accounts.into_iter().step_by(5).collect();
    (id, owned)
}

#[test]
fn both_sides_are_listed_and_exported_to_whoever_may_see_the_customers() {
    on_databases(async |company| {
        let (ann, _) = rep(&company, "ann", "own").await;
        let (id, hers) = drawn(&company, ann).await;
        let roles = company.those_of("user_role", "user", ann).await;
        let role = roles[0].reference("role").unwrap();
        let right = [("role", role.into()), ("entity", "experiment".into()), ("read", "all".into())];
        company.create("role_right", values(right)).await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        client.get(&format!("/analysis/experiment/{id}/sides/reached")).await.expect(404);
        let record = company.engine.get(&Actor::system(), experiment::ENTITY, id).await.unwrap();
        let found = result::compute(&company.engine, &record).await.unwrap();
        let sides = members::of(&company.engine, id).await.unwrap();
        let everybody: BTreeSet<Id> = sides.iter().map(|(id, _)| *id).collect();
        assert_eq!(everybody.len(), PEOPLE);
        let figures = client.get(&format!("/experiment/{id}")).await.expect(200).body;

        let mut other = company.app.visitor();
        other.sign_in("ann@example.com", testkit::PASSWORD).await;
        other.set_cookie("zhike_lang", "en");
        let panel = other.get(&format!("/experiment/{id}")).await.expect(200).body;
        assert!(panel.contains("Whom to reach") && !panel.contains("No effect shown"), "{panel}");

        for (side, control) in SIDES {
            let address = format!("/analysis/experiment/{id}/sides/{side}");
            let count = if control { found.control } else { found.treated };
            assert!(figures.replace("&#x2f;", "/").contains(&address), "{figures}");
            assert!(figures.contains(&format!("of {count} customers")), "{figures}");
            let (listed, pages) = paged::customers(&client, &address).await;
            assert_eq!(listed, on_side(&sides, control, &everybody), "{side}");
            assert_eq!((listed.len() as u64, pages), (count, count.div_ceil(50) as usize), "{side}");
            let page = client.get(&address).await.expect(200).body;
            assert!(page.contains(&format!("{count} were drawn")), "{page}");
            let file = client.get(&format!("{address}/export")).await.expect(200).body;
            let lines: BTreeSet<&str> = file.lines().skip(1).map(|line| &line[..10]).collect();
            assert_eq!(lines.len() as u64, count, "{file}");

            let (seen, _) = paged::customers(&other, &address).await;
            assert_eq!(seen, on_side(&sides, control, &hers), "{side}");
            assert!(!seen.is_empty(), "chance leaves out none of 52 once in a hundred million times");
            let page = other.get(&address).await.expect(200).body;
            assert!(page.contains("Only customers you may see") && !page.contains("were drawn"), "{page}");
            let file = other.get(&format!("{address}/export")).await.expect(200).body;
            assert_eq!(file.lines().count() - 1, seen.len(), "{file}");
        }

        // Who is deleted or erased is not reached.
        let reached = on_side(&sides, false, &everybody);
        company.delete("account", reached[0]).await.unwrap();
        company.engine.erase(&Actor::system(), "account", reached[1], "asked for it").await.unwrap();
        let (listed, _) =
            paged::customers(&client, &format!("/analysis/experiment/{id}/sides/reached")).await;
        assert_eq!(listed, reached[2..]);

        // In which group or region somebody was is not told to who sees a part.
        for address in ["?group=1", "/export?group=1", "?region=Bayern", "/export?region=Bayern", "?fifth=1"]
        {
            let of_part = format!("/analysis/experiment/{id}/sides/reached{address}");
            other.get(&of_part).await.expect(403);
            client.get(&of_part).await.expect(200);
        }
        client.get(&format!("/analysis/experiment/{id}/sides/other")).await.expect(404);
        let looks = company.create("role", values([("name", "Looks".into())])).await;
        for entity in ["account", "experiment"] {
            let right = [("role", looks.into()), ("entity", entity.into()), ("read", "all".into())];
            company.create("role_right", values(right)).await;
        }
        let user = company.app.user("Looks", "looks@example.com", Role::User).await;
        company.create("user_role", values([("user", user.into()), ("role", looks.into())])).await;
        let mut looks = company.app.visitor();
        looks.sign_in("looks@example.com", testkit::PASSWORD).await;
        looks.set_cookie("zhike_lang", "en");
        let address = format!("/analysis/experiment/{id}/sides/reached");
        let page = looks.get(&address).await.expect(200).body.replace("&#x2f;", "/");
        assert!(!page.contains(&format!("{address}/export")), "{page}");
        let refused = looks.get(&format!("{address}/export")).await.expect(403).body;
        assert!(refused.contains("the right to export “Customers”"), "{refused}");
        let nothing = company.create("role", values([("name", "Sees nothing".into())])).await;
        let user = company.app.user("None", "none@example.com", Role::User).await;
        company.create("user_role", values([("user", user.into()), ("role", nothing.into())])).await;
        let mut none = company.app.visitor();
        none.sign_in("none@example.com", testkit::PASSWORD).await;
        for address in ["", "/export"] {
            none.get(&format!("/analysis/experiment/{id}/sides/reached{address}")).await.expect(403);
        }
    });
}

/// Whoever said no to the medium is on neither side, and neither is who was erased before the draw.
#[test]
fn who_may_not_be_addressed_is_not_drawn() {
    on_databases(async |company| {
        let (ann, _) = rep(&company, "ann", "own").await;
        let (id, _) = drawn(&company, ann).await;
        let everybody: Vec<Id> = company.everybody().await.iter().map(|record| record.id).collect();
        let decide = async |account: Id, channel: &str, purpose: &str, state: &str, ends: Option<&str>| {
            let mut fields = values([
                ("account", account.into()),
                ("channel", channel.into()),
                ("purpose", purpose.into()),
                ("state", state.into()),
                ("decided_at", at("2026-10-01")),
            ]);
            if let Some(ends) = ends {
                fields.insert("expires_at".to_owned(), at(ends));
            }
            company.create("consent", fields).await
        };
        let [refused, withdrew, expired, erased, gave, another, service, person] = everybody[..8] else {
            panic!()
        };
        decide(refused, "email", "marketing", "refused", None).await;
        decide(withdrew, "any", "any", "withdrawn", None).await;
        decide(expired, "email", "marketing", "given", Some("2026-11-01")).await;
        company.engine.erase(&Actor::system(), "account", erased, "asked for it").await.unwrap();
        decide(gave, "email", "marketing", "given", None).await;
        decide(another, "phone", "marketing", "refused", None).await;
        decide(service, "email", "service", "refused", None).await;
        // What somebody who works there decided is his own.
        let contact = values([("name", "Lee".into()), ("account", person.into())]);
        let contact = company.create("contact", contact).await;
        let own = values([
            ("account", person.into()),
            ("contact", contact.into()),
            ("channel", "email".into()),
            ("purpose", "marketing".into()),
            ("state", "refused".into()),
        ]);
        company.create("consent", own).await;

        company.update(experiment::ENTITY, id, values([("medium", "email".into())])).await;
        let record = company.engine.get(&Actor::system(), experiment::ENTITY, id).await.unwrap();
        let planned = candidates::everybody(&company.engine, &record).await.unwrap();
        let found = result::compute(&company.engine, &record).await.unwrap();
        assert_eq!(found.left_out, 4);
        let sides = members::of(&company.engine, id).await.unwrap();
        let there: BTreeSet<Id> = sides.iter().map(|(id, _)| *id).collect();
        let left_out = BTreeSet::from([refused, withdrew, expired, erased]);
        let expected: BTreeSet<Id> = everybody.iter().copied().filter(|id| !left_out.contains(id)).collect();
        assert_eq!(there, expected);
        assert_eq!(planned, expected.iter().copied().collect::<Vec<_>>());
        // Compared again, it is still said.
        assert_eq!(result::compute(&company.engine, &record).await.unwrap().left_out, 4);
        let client = company.app.administrator().await;
        for (language, said) in
            [("en", "4 customers meet the condition but said no"), ("zh-CN", "另有 4 位客户符合条件")]
        {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&format!("/experiment/{id}")).await.expect(200).body;
            assert!(page.contains(said), "{page}");
        }

        // Who says no after the draw is still compared and told apart.
        let [Some(later), Some(phone)] = [0, 1].map(|place| {
            let reached = sides.iter().filter(|(_, control)| !control).map(|(id, _)| *id);
            reached.filter(|id| ![gave, another, service, person].contains(id)).nth(place)
        }) else {
            panic!("{sides:?}")
        };
        decide(later, "email", "any", "withdrawn", None).await;
        decide(phone, "phone", "any", "withdrawn", None).await;
        let name = async |account: Id| company.account(account).await.text("name").to_owned();
        let path = format!("/analysis/experiment/{id}/sides");
        for (language, heading, no) in [("en", "May be reached", "No"), ("zh-CN", "可触达", "否")] {
            client.set_cookie("zhike_lang", language);
            let file = client.get(&format!("{path}/reached/export")).await.expect(200).body;
            assert!(file.lines().next().unwrap().contains(heading), "{file}");
            let cells = file.lines().map(|line| line.split(',').collect::<Vec<_>>());
            let refused: Vec<&str> =
                cells.filter(|cells| cells.contains(&no)).map(|cells| cells[0]).collect();
            assert_eq!(refused, [name(later).await], "{file}");
            let left_alone = client.get(&format!("{path}/left-alone/export")).await.expect(200).body;
            assert!(!left_alone.contains(heading), "{left_alone}");
            let page = client.get(&format!("{path}/reached")).await.expect(200).body;
            assert!(page.contains(heading) && page.contains(&format!("{no}</span>")), "{page}");
        }
        assert_eq!(members::of(&company.engine, id).await.unwrap(), sides);
    });
}

/// Without a medium, or with one of which nobody is asked, it is left out who said no to all of them.
#[test]
fn who_wants_nothing_at_all_is_drawn_for_no_medium() {
    on_databases(async |company| {
        let (ann, _) = rep(&company, "ann", "own").await;
        let (id, _) = drawn(&company, ann).await;
        let everybody: Vec<Id> = company.everybody().await.iter().map(|record| record.id).collect();
        let [nothing, no_email, back, each] = everybody[..4] else { panic!() };
        let decisions = [
            (nothing, "any", "refused"),
            (no_email, "email", "refused"),
            (back, "any", "refused"),
            (back, "any", "given"),
        ];
        let channels = ["email", "sms", "phone", "post", "visit", "wechat"];
        let one_by_one = channels.map(|channel| (each, channel, "refused"));
        for (day, (account, channel, state)) in (1..).zip(decisions.into_iter().chain(one_by_one)) {
            let fields = values([
                ("account", account.into()),
                ("channel", channel.into()),
                ("purpose", "marketing".into()),
                ("state", state.into()),
                ("decided_at", at(&format!("2026-10-{day:02}"))),
            ]);
            company.create("consent", fields).await;
        }
        let without = |left_out: &[Id]| -> Vec<Id> {
            let rest: BTreeSet<Id> = everybody.iter().copied().filter(|id| !left_out.contains(id)).collect();
            rest.into_iter().collect()
        };
        for (medium, left_out) in [
            (Value::Null, vec![nothing, each]),
            ("event".into(), vec![nothing, each]),
            ("email".into(), vec![nothing, no_email, each]),
            // Of whom an advertisement reaches nobody is addressed by name.
            ("advertising".into(), vec![]),
        ] {
            company.update(experiment::ENTITY, id, values([("medium", medium.clone())])).await;
            let record = company.engine.get(&Actor::system(), experiment::ENTITY, id).await.unwrap();
            let found = candidates::everybody(&company.engine, &record).await.unwrap();
            assert_eq!(found, without(&left_out), "{medium:?}");
        }
    });
}
