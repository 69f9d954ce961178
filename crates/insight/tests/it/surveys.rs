//! Survey answers as a fact: what can be asked of them, against numbers worked by hand.

use crate::{
    company::{Company, on_databases, values},
    satisfaction::answer,
    warehouse::{SMALL, refresh},
};
use engine::{Actor, Query};
use meta::{Decimal, Id};
use warehouse::semantic::{self, Cut, Level, Period, Question, Within};

async fn asked(company: &Company, question: &Question) -> semantic::AnswerTable {
    semantic::ask(&company.engine, &Actor::system(), question).await.unwrap()
}

fn question(measures: &[&str]) -> Question {
    Question { measures: measures.iter().map(|name| (*name).to_owned()).collect(), ..Question::default() }
}

fn decimal(text: &str) -> Option<Decimal> {
    text.parse().ok()
}

/// Two customers; what they said of two dimensions and of loyalty in two quarters.
async fn said(company: &Company) -> [Id; 2] {
    let [one, other] = [company.customer("A").await, company.customer("B").await];
    company.update("account", one, values([("province", "山东".into())])).await;
    company.update("account", other, values([("province", "四川".into())])).await;
    answer(company, one, "2026-06-30", "product", &[("expected", 8), ("perceived", 6)]).await;
    answer(company, one, "2026-07-01", "product", &[("expected", 10), ("perceived", 10)]).await;
    answer(company, other, "2026-07-02", "delivery", &[("expected", 3), ("perceived", 2)]).await;
    answer(company, one, "2026-07-02", "overall", &[("recommend", 10), ("repurchase", 8)]).await;
    answer(company, other, "2026-07-03", "overall", &[("recommend", 6), ("first_choice", 5)]).await;
    answer(company, other, "2026-08-03", "overall", &[("recommend", 9)]).await;
    answer(company, other, "2026-08-04", "overall", &[("recommend", 7)]).await;
    [one, other]
}

#[test]
fn measures_of_surveys_are_those_worked_by_hand() {
    on_databases(async |company| {
        said(&company).await;
        refresh(&company, SMALL).await;
        let all = [
            "satisfaction",
            "satisfaction_answers",
            "nps",
            "promoters",
            "passives",
            "detractors",
            "survey_answers",
            "surveyed_customers",
            "recommendation",
            "repurchase",
            "first_choice",
            "price_tolerance",
        ];
        let total = asked(&company, &question(&all)).await.total;
        let found: Vec<Option<Decimal>> =
            total.iter().map(|cell| cell.value.map(|value| value.round_dp(4).normalize())).collect();
        // C: (0.75 + 1 + 0.667) / 3, each in thousandths. Of four asked to recommend two promote, one detracts: 25 points; mean 8.
        let expected = ["0.8057", "3", "25", "2", "1", "1", "7", "2", "8", "8", "5"]
            .map(decimal)
            .into_iter()
            .chain([None]);
        assert_eq!(found, expected.collect::<Vec<_>>());
        // As worked out by hand from the answers: 0.75, 1 and 0.667; promoters ½, detractors ¼; 10, 6, 9 and 7. One answer has no spread.
        let ends = |at: usize| {
            let interval = total[at].interval?;
            Some([interval.low, interval.high].map(|end| end.round_dp(2).normalize().to_string()))
        };
        let of_all: Vec<_> = (0..all.len()).map(ends).collect();
        let some = |low: &str, high: &str| Some([low.to_owned(), high.to_owned()]);
        assert_eq!((&of_all[0], &of_all[2]), (&some("0.61", "1"), &some("-56.26", "100")));
        assert_eq!(of_all[8], some("6.21", "9.79"));
        assert_eq!((&of_all[9], &of_all[1], &of_all[11]), (&None, &None, &None));
        assert_eq!(total[2].interval.map(|interval| interval.cases), Some(4));

        let by = |cuts: Vec<Cut>| Question { cuts, ..question(&["satisfaction", "nps", "survey_answers"]) };
        let rows = async |question: Question| -> Vec<(String, Vec<Option<Decimal>>)> {
            let table = asked(&company, &question).await;
            let mut rows: Vec<_> = table
                .rows
                .iter()
                .map(|line| {
                    let cells =
                        line.cells.iter().map(|cell| cell.value.map(|value| value.round_dp(3).normalize()));
                    (serde_json::to_value(&line.members[0]).unwrap()["value"].to_string(), cells.collect())
                })
                .collect();
            rows.sort();
            rows
        };
        assert_eq!(
            rows(by(vec![Cut::new("dimension", None)])).await,
            [
                ("\"delivery\"".to_owned(), vec![decimal("0.667"), None, decimal("1")]),
                ("\"overall\"".to_owned(), vec![None, decimal("25"), decimal("4")]),
                ("\"product\"".to_owned(), vec![decimal("0.875"), None, decimal("2")]),
            ]
        );
        assert_eq!(
            rows(by(vec![Cut::new("account.province", None)])).await,
            [
                ("\"四川\"".to_owned(), vec![decimal("0.667"), decimal("0"), decimal("4")]),
                ("\"山东\"".to_owned(), vec![decimal("0.875"), decimal("100"), decimal("3")]),
            ]
        );
        assert_eq!(
            rows(by(vec![Cut::new("day", Some(Level::Quarter))])).await,
            [
                ("\"2026-04-01\"".to_owned(), vec![decimal("0.75"), None, decimal("1")]),
                ("\"2026-07-01\"".to_owned(), vec![decimal("0.834"), decimal("25"), decimal("6")]),
            ]
        );
    });
}

#[test]
fn a_figure_of_surveys_leads_to_its_answers() {
    on_databases(async |company| {
        said(&company).await;
        refresh(&company, SMALL).await;
        let within = |dimension: &str, level, value: &str| Within {
            dimension: dimension.to_owned(),
            level,
            value: value.into(),
        };
        let july = Period::Between { from: "2026-07-01".parse().unwrap(), to: "2026-07-31".parse().unwrap() };
        for (within, period, expected) in [
            (vec![], None, 7),
            (vec![], Some(july), 4),
            (vec![within("day", Some(Level::Month), "2026-08-01")], None, 2),
            (
                vec![within("dimension", None, "overall"), within("account.province", None, "四川")],
                Some(july),
                1,
            ),
        ] {
            let question = Question { within, period, ..question(&["survey_answers"]) };
            let through = semantic::through(&company.engine, &Actor::system(), &question).await.unwrap();
            let [one] = through.as_slice() else { panic!("{through:?}") };
            assert_eq!((one.fact.as_str(), one.entity.as_str()), ("surveys", "survey_answer"));
            let query = Query::new("survey_answer").filter(one.filter.as_deref().unwrap());
            let listed = company.engine.list(&Actor::system(), &query).await.unwrap().records.len();
            let limits = warehouse::Limits::PAGE;
            let rows = semantic::rows(&company.engine, &Actor::system(), &question, "surveys", limits).await;
            assert_eq!((listed, rows.unwrap().rows.len()), (expected, expected), "{question:?}");
        }
    });
}
