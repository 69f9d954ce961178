//! The deep check says nothing of figures in order, and names every customer whose figures are not what his orders make.

use crate::company::{Company, on_both};
use engine::{
    Actor, SqlStatement, Verdict, name,
    sea_query::{Expr, ExprTrait, Query as Sql, UpdateStatement},
};
use insight::refit;
use meta::{DateTime, Id, Utc};

/// What the checks `figures` and `refit` find.
async fn found(company: &Company) -> [Verdict; 2] {
    let all = company.engine.examine().await.unwrap();
    ["figures", "refit"].map(|check| {
        let found = all.iter().find(|verdict| verdict.check == check);
        found.unwrap_or_else(|| panic!("no check {check}")).clone()
    })
}

/// Changes a table behind the back of everybody who keeps it in order.
async fn damage(company: &Company, statement: impl SqlStatement + Send + 'static) {
    let system = Actor::system();
    let write =
        company.engine.write(&system, move |tx| Box::pin(async move { tx.execute(&statement).await }));
    assert!(write.await.unwrap() > 0, "nothing was damaged");
}

/// 777.00 in company currency.
fn wrong_net_sales(account: Id) -> UpdateStatement {
    Sql::update()
        .table(name("account_figures"))
        .value(name("net_sales"), 7_770_000i64)
        .and_where(Expr::col(name("id")).eq(account))
        .to_owned()
}

#[test]
fn figures_that_the_orders_do_not_make_are_named() {
    on_both(async |company| {
        let (spoiled, robbed) = (company.customer("Spoiled").await, company.customer("Robbed").await);
        company.order(Some(company.customer("Whole").await), "2026-09-01", "20", None).await;
        company.order(Some(spoiled), "2026-09-01", "100", Some("60")).await;
        company.order(Some(spoiled), "2026-10-01", "50", Some("30")).await;
        company.order(Some(robbed), "2026-09-01", "100", Some("60")).await;
        let lost = company.order(Some(robbed), "2026-10-01", "50", Some("30")).await;
        company.settle().await;
        let [figures, early] = found(&company).await;
        assert_eq!(
            (figures.checked, figures.wrong, figures.under_way),
            (3, 0, None),
            "{:?}",
            figures.examples
        );
        assert_eq!((early.checked, early.wrong, early.under_way), (3, 0, None), "{:?}", early.examples);

        damage(&company, wrong_net_sales(spoiled)).await;
        let [figures, _] = found(&company).await;
        // 100 + 50.
        let told = format!("account {spoiled} has net_sales \"777\", a fresh computation gives \"150\"");
        assert_eq!(figures.examples, [told]);

        let lines = Sql::delete()
            .from_table(name("order_line"))
            .and_where(Expr::col(name("order")).eq(lost))
            .to_owned();
        damage(&company, lines).await;
        let order =
            Sql::delete().from_table(name("order")).and_where(Expr::col(name("id")).eq(lost)).to_owned();
        damage(&company, order).await;
        let [figures, early] = found(&company).await;
        assert_eq!((figures.wrong, figures.under_way, early.wrong), (2, None, 0), "{:?}", figures.examples);
        let of_robbed = |example: &String| example.starts_with(&format!("account {robbed} has "));
        assert!(figures.examples.iter().any(of_robbed), "{:?}", figures.examples);
    });
}

#[test]
fn figures_of_yesterday_are_early_and_damaged_ones_are_wrong_among_them() {
    on_both(async |company| {
        let accounts = company.regulars().await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        let [figures, early] = found(&company).await;
        assert_eq!((figures.checked, figures.wrong), (40, 0), "{:?}", figures.examples);
        assert_eq!((early.wrong, early.under_way), (0, None), "{:?}", early.examples);

        // A day later nobody has been scored yet: chances that move with time are those of yesterday.
        company.clock.set(company.clock.now() + chrono::Duration::days(1));
        let [figures, early] = found(&company).await;
        assert_eq!(figures.wrong, 0, "{:?}", figures.examples);
        assert!(early.wrong > 0, "nobody has figures of the earlier day");
        assert!(early.examples[0].ends_with("has figures of an earlier fit"), "{:?}", early.examples);
        assert_eq!(early.under_way.as_deref(), Some("a refit is due: the day or a setting has changed"));

        // What no fit ever made is damage on such a day, too.
        damage(&company, wrong_net_sales(accounts[6])).await;
        let [figures, _] = found(&company).await;
        assert_eq!(figures.wrong, 1, "{:?}", figures.examples);
        assert!(figures.examples[0].starts_with(&format!("account {} has ", accounts[6])), "{figures:?}");

        // The remedy both name.
        refit::refit(&company.engine, None).await.unwrap();
        let [figures, early] = found(&company).await;
        assert_eq!((figures.wrong, early.wrong), (0, 0), "{figures:?} {early:?}");
        assert_eq!(early.under_way, None);
    });
}

/// Everybody is fitted, then the clock goes a day ahead and a customer who buys on that day is scored; the day before is what is told.
async fn a_day_ahead(company: &Company) -> DateTime<Utc> {
    company.regulars().await;
    company.settle().await;
    refit::refit(&company.engine, None).await.unwrap();
    let today = company.clock.now();
    let tomorrow = today + chrono::Duration::days(1);
    company.clock.set(tomorrow);
    let early = company.customer("Early").await;
    company.order(Some(early), &tomorrow.date_naive().to_string(), "20", None).await;
    company.settle().await;
    today
}

/// A minute later, for none is due right after another.
async fn the_fit_that_is_due_puts_all_right(company: &Company, today: DateTime<Utc>) {
    company.clock.set(today + chrono::Duration::minutes(1));
    insight::live::queue_if_due(&company.engine).await.unwrap();
    company.engine.run_due_jobs().await.unwrap();
    let [figures, early] = found(company).await;
    assert_eq!((figures.wrong, early.wrong, early.under_way), (0, 0, None), "{:?}", figures.examples);
}

/// The clock was ahead while a customer was scored, and is right again.
#[test]
fn figures_of_a_day_that_is_not_yet_are_put_right_by_the_next_fit() {
    on_both(async |company| {
        let today = a_day_ahead(&company).await;
        company.clock.set(today);
        assert_eq!(found(&company).await[0].wrong, 1);
        the_fit_that_is_due_puts_all_right(&company, today).await;
    });
}

/// Read on one day and kept on the day before, because the clock was set back meanwhile.
#[test]
fn a_fit_of_another_day_than_it_was_made_on_is_early_and_due() {
    on_both(async |company| {
        let today = a_day_ahead(&company).await;
        let everybody = refit::read(&company.engine, None).await.unwrap();
        company.clock.set(today);
        refit::complete(&company.engine, everybody, None).await.unwrap();
        let [figures, early] = found(&company).await;
        assert_eq!((figures.wrong, early.wrong > 0), (0, true), "{:?}", figures.examples);
        assert_eq!(early.under_way.as_deref(), Some("a refit is due: the day or a setting has changed"));
        the_fit_that_is_due_puts_all_right(&company, today).await;
    });
}
