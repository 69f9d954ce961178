//! Campaign touches in the warehouse: who was drawn for a campaign, on which side, on which day, and what he bought; with the campaign
//! they go and come back.

use crate::{
    claims::campaign,
    company::{Company, on_databases, values},
    warehouse::{SMALL, ask, refresh},
};
use engine::{Actor, Role};
use insight::mining::experiment;
use meta::{Decimal, Lang, Value};
use warehouse::semantic::{self, Cut, Question};

async fn counted(company: &Company, measure: &str, dimension: &str) -> Vec<(String, Option<Decimal>)> {
    let question = Question {
        measures: vec![measure.into()],
        cuts: vec![Cut::new(dimension, None)],
        ..Question::default()
    };
    let answer = semantic::ask(&company.engine, &Actor::system(), &question).await.unwrap();
    answer.rows.iter().map(|row| (row.members[0].label.en.clone(), row.cells[0].value)).collect()
}

#[test]
fn touches_are_counted_by_campaign_and_by_customer() {
    on_databases(async |company| {
        refresh(&company, SMALL).await;
        let id = campaign(&company, 40).await;
        refresh(&company, SMALL).await;
        let sides = experiment::members::of(&company.engine, id).await.unwrap();
        let left_alone = sides.iter().filter(|(_, control)| *control).count();
        let [reached, left] =
            [sides.len() - left_alone, left_alone].map(|number| Some(Decimal::from(number)));
        let spring = |number| vec![("Spring letter".to_owned(), number)];
        assert_eq!(counted(&company, "campaign_touches", "experiment").await, spring(reached));
        assert_eq!(counted(&company, "campaign_left_alone", "experiment").await, spring(left));
        let by_kind = counted(&company, "campaign_customers", "account.kind").await;
        assert_eq!(by_kind, [("Person".to_owned(), Some(Decimal::from(400)))]);

        let days = ask(&company, "SELECT DISTINCT day FROM campaign_touches").await;
        assert_eq!(days, [[Value::Date("2026-03-01".parse().unwrap())]]);

        // Nothing is said of what they bought before it was compared; then of everybody on both sides.
        let responses = async || {
            ask(&company, "SELECT DISTINCT bought_on, sales FROM campaign_touches ORDER BY sales").await
        };
        assert_eq!(responses().await, [[Value::Null, Value::Null]]);
        let record = company.engine.get(&Actor::system(), experiment::ENTITY, id).await.unwrap();
        let found = experiment::result::compute(&company.engine, &record).await.unwrap();
        refresh(&company, SMALL).await;
        let day = Value::Date("2026-03-10".parse().unwrap());
        let [nothing, forty] = [0, 40].map(|sales| Value::Decimal(Decimal::from(sales)));
        assert_eq!(responses().await, [[Value::Null, nothing], [day, forty]]);
        let effect = found.bought();
        for (side, share, customers) in
            [("", effect.treated, found.treated), ("left_alone_", effect.control, found.control)]
        {
            let buyers = Decimal::from((share * customers as f64).round() as i64);
            assert!(buyers > Decimal::ZERO);
            let buyers_of = counted(&company, &format!("campaign_{side}buyers"), "experiment").await;
            assert_eq!(buyers_of, spring(Some(buyers)));
            let sales = counted(&company, &format!("campaign_{side}sales"), "experiment").await;
            assert_eq!(sales, spring(Some(buyers * Decimal::from(40))));
        }

        // Behind a figure stand its rows: the list of customers cannot say who was reached.
        let question = Question { measures: vec!["campaign_touches".into()], ..Question::default() };
        let through = semantic::through(&company.engine, &Actor::system(), &question).await.unwrap();
        assert_eq!((through[0].fact.as_str(), &through[0].filter), ("campaign_touches", &None));
        let limits = warehouse::Limits::PAGE;
        let system = Actor::system();
        let rows = semantic::rows(&company.engine, &system, &question, "campaign_touches", limits);
        let rows = rows.await.unwrap();
        let labels: Vec<&str> = rows.columns.iter().map(|column| column.label.en.as_str()).collect();
        assert_eq!(
            labels,
            ["Customer", "Experiment", "Day", "Left alone", "Bought on", "Sales within the days"]
        );

        // To see customers, or one's own campaigns, is not enough.
        for (name, level, seen) in [("none", "none", false), ("own", "own", false), ("all", "all", true)] {
            let user = company.app.user(name, &format!("{name}@example.com"), Role::User).await;
            let role = company.create("role", values([("name", name.into())])).await;
            company.create("user_role", values([("user", user.into()), ("role", role.into())])).await;
            for (entity, level) in [("account", "all"), (experiment::ENTITY, level)] {
                let right = [("role", role.into()), ("entity", entity.into()), ("read", level.into())];
                company.create("role_right", values(right)).await;
            }
            let actor = company.engine.actor(user, Lang::En).await.unwrap();
            let asked = semantic::ask(&company.engine, &actor, &question).await;
            assert_eq!(asked.is_ok(), seen, "{name}: {asked:?}");
            let sql = "SELECT account, control FROM campaign_touches";
            assert_eq!(warehouse::query(&company.engine, &actor, sql, limits).await.is_ok(), seen, "{name}");
        }

        // A deleted campaign has reached nobody until it is restored.
        company.delete(experiment::ENTITY, id).await.unwrap();
        refresh(&company, SMALL).await;
        assert_eq!(ask(&company, "SELECT count(*) FROM campaign_touches").await, [[Value::from(0)]]);
        company.restore(experiment::ENTITY, id).await.unwrap();
        refresh(&company, SMALL).await;

        // Who is deleted is in it no more.
        company.delete("account", sides[0].0).await.unwrap();
        refresh(&company, SMALL).await;
        assert_eq!(ask(&company, "SELECT count(*) FROM campaign_touches").await, [[Value::from(399)]]);
    });
}
