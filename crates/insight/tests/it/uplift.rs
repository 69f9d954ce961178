//! Who responds to a campaign, on both databases: learned, shown, told of customers, or refused.

use crate::{
    company::{Company, on_databases, values},
    paged,
    seven_p_behind::{between, plain},
};
use engine::{Actor, Merging, Query, Role};
use insight::mining::{
    experiment::{
        self,
        uplift::{
            self, State,
            scores::{self, ADVICE, WORTH},
        },
    },
    refresh,
};
use meta::{Decimal, Id, Record, Value, Values};
use mining::effect::uplift::policy::Advice;
use std::collections::{BTreeMap, BTreeSet};

const PEOPLE: usize = 1_400;
const HOME: &str = "浙江";
const AWAY: &str = "四川";

async fn create_many(company: &Company, entity: &'static str, records: Vec<Values>) -> Vec<Id> {
    company
        .engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.create_many(entity, records).await }))
        .await
        .unwrap()
}

fn person(round: &str, number: usize, province: &str) -> Values {
    values([
        ("name", format!("{round} {number:04}").into()),
        ("kind", "person".into()),
        ("province", province.into()),
    ])
}

/// Of the people of one round.
async fn experiment(company: &Company, round: &str) -> Record {
    let date = |day: &str| Value::Date(day.parse().unwrap());
    let fields = values([
        ("name", format!("Letter to {round}").into()),
        ("population", format!("kind == 'person' && name.startsWith('{round}')").into()),
        ("control_share", Value::Decimal(Decimal::new(5, 1))),
        ("start_on", date("2026-03-01")),
        ("end_on", date("2026-03-31")),
        ("contact_cost", Value::Decimal(Decimal::ONE)),
    ]);
    let id = company.create(experiment::ENTITY, fields).await;
    company.engine.get(&Actor::system(), experiment::ENTITY, id).await.unwrap()
}

/// People of two provinces; of every hundred so many buy: at home reached, at home left alone, away reached, away left alone.
async fn campaign(company: &Company, round: &str, shares: [u64; 4]) -> (Record, Vec<Id>) {
    // Where all are to respond alike nobody is away: ids are random, and chance shall not make a difference.
    let alike = shares[..2] == shares[2..];
    let place = |number: usize| if alike || number.is_multiple_of(2) { HOME } else { AWAY };
    let people = (0..PEOPLE).map(|number| person(round, number, place(number))).collect();
    let accounts = create_many(company, "account", people).await;
    company.customer("A company, not reached").await;
    let experiment = experiment(company, round).await;
    assert_eq!(
        experiment::members::draw(&company.engine, &experiment).await.unwrap().customers,
        PEOPLE as u64
    );
    let sides = experiment::members::of(&company.engine, experiment.id).await.unwrap();
    let control: std::collections::HashMap<Id, bool> = sides.into_iter().collect();
    let mut seen = [0_u64; 4];
    let mut heads = vec![];
    for (number, account) in accounts.iter().enumerate() {
        let cell = 2 * (number % 2) + usize::from(control[account]);
        seen[cell] += 1;
        // Spread evenly: whether the whole number of buyers rises with this one.
        if seen[cell] * shares[cell] / 100 > (seen[cell] - 1) * shares[cell] / 100 {
            let at = crate::company::at("2026-03-10");
            heads.push(values([("account", (*account).into()), ("ordered_at", at)]));
        }
    }
    let orders = create_many(company, "order", heads).await;
    let line = |order: &Id| {
        values([
            ("order", (*order).into()),
            ("description", "goods".into()),
            ("unit_price", Value::Decimal(Decimal::from(40))),
            ("unit_cost", Value::Decimal(Decimal::from(30))),
        ])
    };
    create_many(company, "order_line", orders.iter().map(line).collect()).await;
    (experiment, accounts)
}

async fn advised(company: &Company, advice: &str) -> Vec<Record> {
    let query = Query::new("account")
        .filter(format!("{ADVICE} == '{advice}'"))
        .sort(format!("-{WORTH}"))
        .limit(1_000)
        .fields(&["name", "province", ADVICE, WORTH]);
    let page = company.engine.list(&Actor::system(), &query).await.unwrap();
    assert!(page.next.is_none());
    page.records
}

#[test]
fn who_responds_is_shown_and_listed_and_only_to_those_who_may_see_it() {
    on_databases(async |company| {
        company.hold("2026-04-12").await;
        let (experiment, accounts) = campaign(&company, "Spring", [60, 30, 10, 30]).await;
        let id = experiment.id;
        experiment::result::compute(&company.engine, &experiment).await.unwrap();
        let kept = uplift::load(&company.engine, id).await.unwrap().unwrap();
        let State::Learned(learned) = &kept.body else { panic!("{:?}", kept.body) };
        let proven = learned.found.proven.as_ref().expect("a difference of fifty points");
        // A quarter of the price is margin; those away are better left alone.
        assert_eq!(
            (learned.money.margin, learned.money.per_buyer, learned.money.cost),
            (Some(0.25), 40.0, 1.0)
        );
        assert!(proven.policy.gain.interval().0 > 0.0, "{:?}", proven.policy);
        let differences: Vec<f64> = proven.fifths.iter().map(|fifth| fifth.effect.difference).collect();
        assert!(differences[0] > 0.1 && differences[4] < 0.0, "{differences:?}");
        assert_eq!(learned.features[proven.traits[0].feature].name, "region", "{:?}", proven.traits);
        assert_eq!(scores::in_use(&company.engine).await.unwrap(), Some(id));

        // The lists are what is kept, of exactly those whom the condition finds.
        let told = scores::advised(&company.engine, id).await.unwrap().unwrap().body;
        let (mut all, mut right) = (0, 0);
        for (advice, customers) in Advice::ALL.iter().zip(told.customers) {
            let listed = advised(&company, advice.name()).await;
            assert_eq!(listed.len() as u64, customers, "{advice:?}");
            all += listed.len();
            let place = match advice {
                Advice::Reach => HOME,
                _ => AWAY,
            };
            right += listed.iter().filter(|account| account.text("province") == place).count();
            let worth: Vec<&Value> = listed.iter().map(|account| account.get(WORTH)).collect();
            assert!(
                worth
                    .iter()
                    .all(|worth| (worth.as_decimal() > Some(Decimal::ZERO)) == (*advice == Advice::Reach))
            );
        }
        assert_eq!((all, right), (PEOPLE, PEOPLE), "nobody else, and everybody as his province is");

        // Page and API say what is kept.
        let client = company.app.administrator().await;
        let reach = told.customers[0];
        for (language, verdict, list) in [
            ("en", "Customers respond differently, beyond chance", format!("Worth reaching: {reach}")),
            ("zh-CN", "客户的反应确有差别", format!("值得触达：{reach}")),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&format!("/experiment/{id}")).await.expect(200).body;
            assert!(page.contains(verdict) && page.contains(&list), "{list}: {page}");
            assert!(page.contains("data-chart=\"line\"") && page.contains("data-chart=\"bars\""));
            assert!(!page.contains("NaN") && !page.contains("mining.uplift"), "{page}");
            let place = if language == "en" {
                format!("Region {HOME}: more effect")
            } else {
                format!("地区“{HOME}”：效果更大")
            };
            assert!(page.contains(&place) || page.contains(AWAY), "{page}");
        }
        // Each number of the fifths opens as many, on their side and nobody twice: half live at home, so that all of the best fifth do, and of
        // the worst nobody.
        client.set_cookie("zhike_lang", "en");
        let page = plain(&client.get(&format!("/experiment/{id}")).await.expect(200).body);
        let sides: BTreeMap<Id, bool> =
            experiment::members::of(&company.engine, id).await.unwrap().into_iter().collect();
        // The difference says of how many customers it is.
        let control = sides.values().filter(|control| **control).count();
        let difference = between(&page, "<strong>Difference</strong>", "</details>");
        let reached = format!("<dt>To be reached</dt><dd>{}</dd>", PEOPLE - control);
        let alone = format!("<dt>To be left alone</dt><dd>{control}</dd>");
        assert!(difference.contains(&reached) && difference.contains(&alone), "{difference}");
        let mut judged = BTreeSet::new();
        for (number, fifth) in (1..).zip(&proven.fifths) {
            for (side, control, count) in
                [("reached", false, fifth.treated), ("left-alone", true, fifth.control)]
            {
                let address = format!("/analysis/experiment/{id}/sides/{side}?fifth={number}");
                assert!(page.contains(&format!("<a href=\"{address}\">of {count}</a>")), "{address}: {page}");
                let (listed, _) = paged::customers(&client, &address).await;
                assert_eq!(listed.len(), count, "{address}");
                assert!(listed.iter().all(|one| sides[one] == control && judged.insert(*one)), "{address}");
                let list = client.get(&address).await.expect(200).body;
                assert!(list.contains(&format!("{count} were drawn")), "{list}");
                for one in listed.iter().filter(|_| [1, 5].contains(&number)) {
                    let place = if number == 1 { HOME } else { AWAY };
                    assert_eq!(company.account(*one).await.text("province"), place, "{address}");
                }
            }
        }
        assert_eq!(judged.len(), learned.found.judged);
        let json = client.get(&format!("/api/v1/analysis/experiment/{id}/uplift")).await.expect(200).json();
        assert_eq!(json["proven"], true);
        assert_eq!(json["advised"]["reach"], reach);
        assert_eq!(json["proof"]["fifths"].as_array().unwrap().len(), 5);
        let qini = json["tried"][0]["qini"]["value"].as_f64().unwrap();
        assert!((qini - learned.found.tried[0].qini.value).abs() < 1e-12);

        // Who may not see the company's figures is told none of it.
        let clerk = company.app.user("Clerk", "clerk@example.com", Role::User).await;
        let role = company.create("role", values([("name", "Sees nothing".into())])).await;
        company.create("user_role", values([("user", clerk.into()), ("role", role.into())])).await;
        let mut other = company.app.visitor();
        other.sign_in("clerk@example.com", testkit::PASSWORD).await;
        other.get(&format!("/api/v1/analysis/experiment/{id}/uplift")).await.expect(403);
        other.post(&format!("/analysis/experiment/{id}/use"), &[]).await.expect(403);

        // The next time: who was not there is told of, too, by what mining does every few hours.
        let newcomer = create_many(&company, "account", vec![person("Spring", 9_999, AWAY)]).await[0];
        refresh::refresh(&company.engine, None).await.unwrap();
        assert_eq!(company.account(newcomer).await.text(ADVICE), "leave_alone");
        assert_eq!(company.account(accounts[0]).await.text(ADVICE), "reach");

        // Computing again changes nothing, in whatever order the customers came.
        experiment::result::compute(&company.engine, &experiment).await.unwrap();
        let again = uplift::load(&company.engine, id).await.unwrap().unwrap();
        assert_eq!(serde_json::to_string(&again.body).unwrap(), serde_json::to_string(&kept.body).unwrap());

        // Without the experiment nobody is told of any more.
        company.delete(experiment::ENTITY, id).await.unwrap();
        refresh::refresh(&company.engine, None).await.unwrap();
        assert_eq!(scores::in_use(&company.engine).await.unwrap(), None);
        for advice in Advice::ALL {
            assert_eq!(advised(&company, advice.name()).await.len(), 0);
        }
    });
}

#[test]
fn one_effect_for_all_is_no_ground_to_choose() {
    on_databases(async |company| {
        company.hold("2026-04-12").await;
        let (experiment, _) = campaign(&company, "Spring", [40, 25, 40, 25]).await;
        experiment::result::compute(&company.engine, &experiment).await.unwrap();
        let kept = uplift::load(&company.engine, experiment.id).await.unwrap().unwrap();
        assert!(
            matches!(&kept.body, State::Learned(learned) if learned.found.proven.is_none() && learned.found.smallest_spread > 0.0),
            "{:?}",
            kept.body
        );
        let client = company.app.administrator().await;
        // A quarter of the difference in sales is margin; each contact costs one.
        let compared = experiment::result::load(&company.engine, experiment.id).await.unwrap().unwrap();
        let (sales, reached) = (compared.body.sales(), compared.body.treated as f64);
        let [at, lower, upper] = [sales.difference, sales.lower, sales.upper].map(|difference| {
            let earned = (difference * 0.25 * reached - reached) / reached;
            // Shares below one hundredth are shown with a decimal more.
            let decimals = if (0.0..0.01).contains(&earned) { 100.0 } else { 10.0 };
            // Of what is hardly less than nothing no page says “-0%”.
            format!("{}%", (earned * 100.0 * decimals).round() / decimals + 0.0)
        });
        client.set_cookie("zhike_lang", "en");
        let page = client.get(&format!("/experiment/{}", experiment.id)).await.expect(200).body;
        for text in ["Extra contribution", &format!("¥{reached}.00"), &at, &lower, &upper] {
            assert!(page.contains(text), "{text}: {page}");
        }
        for (language, text) in [
            ("en", "No reliable difference between customers: reach everybody or nobody"),
            ("zh-CN", "客户之间没有可靠的差别"),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&format!("/experiment/{}", experiment.id)).await.expect(200).body;
            assert!(page.contains(text) && !page.contains("NaN"), "{page}");
            assert!(!page.contains(ADVICE), "no list is offered");
        }
        assert_eq!(advised(&company, "reach").await.len(), 0);
        client.post(&format!("/analysis/experiment/{}/use", experiment.id), &[]).await.expect(422);
    });
}

#[test]
fn too_few_or_too_early_is_said_with_the_number_or_the_day() {
    on_databases(async |company| {
        company.hold("2026-04-12").await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let people = (0..60).map(|number| person("Small", number, HOME)).collect();
        create_many(&company, "account", people).await;
        let experiment = experiment(&company, "Small").await;
        experiment::result::compute(&company.engine, &experiment).await.unwrap();
        let address = format!("/experiment/{}", experiment.id);
        let page = client.get(&address).await.expect(200).body;
        assert!(page.contains("Not told: no effect is proven") && !page.contains("Extra contribution"));
        assert!(
            page.contains("Too few customers to learn who responds") && page.contains("it takes 225"),
            "{page}"
        );
        client.set_cookie("zhike_lang", "zh-CN");
        let chinese = client.get(&address).await.expect(200).body;
        for (page, text) in
            [(&page, "None of these customers bought"), (&chinese, "这些客户都没有购买。以现有客户数")]
        {
            assert!(page.contains(text) && !page.contains("– customers") && !page.contains("– 位"), "{page}");
        }
        client.set_cookie("zhike_lang", "en");
        company.hold("2026-03-10").await;
        experiment::result::compute(&company.engine, &experiment).await.unwrap();
        let page = client.get(&address).await.expect(200).body;
        assert!(page.contains("Too early to learn who responds") && page.contains("2026-04-01"), "{page}");
        let json =
            client.get(&format!("/api/v1/analysis/experiment/{}/uplift", experiment.id)).await.expect(200);
        assert_eq!(json.json()["too_early_until"], "2026-04-01");
    });
}

#[test]
fn erased_people_and_merged_records_are_told_of_no_more() {
    on_databases(async |company| {
        company.hold("2026-04-12").await;
        let (experiment, accounts) = campaign(&company, "Spring", [60, 30, 10, 30]).await;
        experiment::result::compute(&company.engine, &experiment).await.unwrap();
        let (erased, winner, loser) = (accounts[0], accounts[2], accounts[4]);
        company.engine.erase(&Actor::system(), "account", erased, "asked for it").await.unwrap();
        assert!(advised(&company, "reach").await.iter().all(|account| account.id != erased));
        let merging = Merging {
            entity: "account".to_owned(),
            winner,
            losers: vec![loser],
            version: None,
            values: Values::new(),
        };
        company
            .engine
            .write(&Actor::system(), move |tx| Box::pin(async move { tx.merge(merging).await }))
            .await
            .unwrap();
        let sides = experiment::members::of(&company.engine, experiment.id).await.unwrap();
        assert_eq!(sides.len(), PEOPLE - 2, "one is gone, two are one");
        experiment::result::compute(&company.engine, &experiment).await.unwrap();
        let told = scores::advised(&company.engine, experiment.id).await.unwrap().unwrap().body;
        assert_eq!(told.customers.iter().sum::<u64>(), PEOPLE as u64 - 2);
        let listed = advised(&company, "reach").await;
        assert!(listed.iter().any(|account| account.id == winner));
        assert!(listed.iter().all(|account| account.id != erased && account.id != loser));
    });
}

#[test]
fn the_model_of_another_experiment_can_be_chosen() {
    on_databases(async |company| {
        company.hold("2026-04-12").await;
        let (first, _) = campaign(&company, "First", [60, 30, 10, 30]).await;
        experiment::result::compute(&company.engine, &first).await.unwrap();
        let (second, _) = campaign(&company, "Second", [60, 30, 10, 30]).await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        experiment::result::compute(&company.engine, &second).await.unwrap();
        let kept = uplift::load(&company.engine, second.id).await.unwrap().unwrap();
        assert!(
            matches!(&kept.body, State::Learned(learned) if learned.found.proven.is_some()),
            "{:?}",
            kept.body
        );
        let address = format!("/experiment/{}", second.id);
        let page = client.get(&address).await.expect(200).body;
        assert!(
            page.contains("model of another experiment")
                && page.contains(&format!("/experiment/{}", first.id))
        );
        client.post(&format!("/analysis/experiment/{}/use", second.id), &[]).await.expect(303);
        company.engine.run_due_jobs().await.unwrap();
        assert_eq!(scores::in_use(&company.engine).await.unwrap(), Some(second.id));
        let page = client.get(&address).await.expect(200).body;
        assert!(page.contains("Worth reaching:"), "{page}");
    });
}

#[test]
fn a_cost_below_zero_is_refused() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let fields = [
            ("name", "x"),
            ("control_share", "20"),
            ("start_on", "2026-03-01"),
            ("end_on", "2026-03-31"),
            ("outcome", "bought"),
            ("contact_cost", "-1"),
        ];
        let page = client.post("/experiment/new", &fields).await.expect(422).body;
        assert!(page.contains("Must not be below zero"), "{page}");
    });
}
