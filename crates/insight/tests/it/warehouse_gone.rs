//! The warehouse cannot be asked while figures are computed: figures of orders do not wait for it, what rests on it stays as it was and
//! says so, and the next run recovers.

use crate::{
    company::{Company, on_databases, on_one},
    warehouse::{FULL, refresh},
};
use engine::{Actor, JobState, Role};
use insight::{after_fit, cycle, kept, live, past, refit, seven_p, store};
use meta::{Id, Value};
use std::{fs, path::PathBuf};

fn folder(company: &Company) -> PathBuf {
    company.engine.data_dir().join("warehouse")
}

/// A file stands where the folder was.
fn take_away(company: &Company) {
    let folder = folder(company);
    fs::rename(&folder, folder.with_extension("away")).unwrap();
    fs::write(&folder, "no folder").unwrap();
}

fn bring_back(company: &Company) {
    let folder = folder(company);
    fs::remove_file(&folder).unwrap();
    fs::rename(folder.with_extension("away"), &folder).unwrap();
}

fn later(company: &Company, seconds: i64) {
    company.clock.set(company.clock.now() + chrono::Duration::seconds(seconds));
}

/// Runs what is due, and what waits for the end of an outage; how often it waited.
async fn run(company: &Company) -> usize {
    let mut waited = 0;
    loop {
        company.engine.run_due_jobs().await.unwrap();
        if company.engine.job_under_way(after_fit::JOB).await.unwrap().is_none() {
            return waited;
        }
        waited += 1;
        later(company, 11);
    }
}

/// A refit, which must not fail, and what follows it.
async fn fit(company: &Company) -> usize {
    later(company, 1);
    let system = Actor::system();
    let queued = company.engine.write(&system, |tx| Box::pin(async move { refit::queue(tx).await }));
    let id = queued.await.unwrap();
    let waited = run(company).await;
    let refit = company.engine.job(id).await.unwrap();
    assert_eq!((refit.state, refit.error), (JobState::Done, None));
    waited
}

/// Why what rests on the fit failed.
async fn failed(company: &Company) -> Option<String> {
    company.engine.failure(after_fit::JOB).await.unwrap().map(|failure| failure.error)
}

/// When each report was made, and what it says.
async fn reports(company: &Company) -> Vec<String> {
    let mut found = vec![];
    for report in [cycle::REPORT, seven_p::REPORT] {
        let kept = kept::find::<serde_json::Value>(&company.engine, report).await.unwrap().unwrap();
        found.push(format!("{} {} {}", kept.as_of, kept.made_at, kept.body));
    }
    found
}

/// Everybody's figures that rest on orders.
async fn figures(company: &Company) -> Vec<(Id, Vec<Value>)> {
    const FIGURES: [&str; 6] = ["orders", "net_sales", "margin", "p_alive", "clv_52w", "value_quadrant"];
    let everybody = company.everybody().await;
    everybody.iter().map(|one| (one.id, FIGURES.map(|figure| one.get(figure).clone()).to_vec())).collect()
}

/// What became of customers, computed now.
async fn looked_back(company: &Company) -> String {
    past::compute(&company.engine).await.unwrap();
    let past = past::newest(&company.engine).await.unwrap().unwrap();
    format!("{:?} {} {:?} {:?}", past.as_of, past.customers, past.matrix, past.life)
}

#[test]
fn figures_do_not_wait_for_the_warehouse_and_what_rests_on_it_stays() {
    on_databases(async |company| {
        let accounts = company.regulars().await;
        // Samples, returns and orders of the deleted are read in both ways, too.
        company.order(Some(accounts[5]), "2026-03-02", "0", Some("3")).await;
        company.give_back(accounts[6], "2026-05-02", "7.25", Some("3")).await;
        company.delete("account", accounts[13]).await.unwrap();
        assert_eq!((fit(&company).await, failed(&company).await), (0, None));
        let before = reports(&company).await;
        let mut client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value").await.expect(200).body;
        assert!(!page.contains("could not be computed") && !page.contains("fit failed"), "{page}");

        take_away(&company);
        later(&company, 86_400);
        company.order(Some(accounts[3]), "2026-11-20", "500", Some("300")).await;
        company.settle().await;
        let fitted = store::newest_id(&company.engine).await.unwrap();
        // What rests on it waits for the warehouse, and then says what is wrong.
        assert_eq!(fit(&company).await, 4);
        let error = failed(&company).await.unwrap();
        assert!(error.starts_with("unavailable: the warehouse"), "{error}");
        assert!(store::newest_id(&company.engine).await.unwrap() > fitted);
        let walked = (figures(&company).await, looked_back(&company).await);
        assert_eq!(reports(&company).await, before);
        // Nobody is signed in for a whole day.
        client.sign_in("ada@example.com", testkit::PASSWORD).await;
        for (language, said, cause) in [
            ("en", "Pages show what was computed before", "Cause: unavailable: the warehouse"),
            ("zh-CN", "页面显示此前的结果", "原因：unavailable: the warehouse"),
        ] {
            client.set_cookie("zhike_lang", language);
            for page in ["/value", "/value/refit", "/value/backtest"] {
                let body = client.get(page).await.expect(200).body;
                assert!(body.contains(said) && body.contains(cause), "{page}: {body}");
            }
        }
        company.app.user("Eve", "eve@example.com", Role::User).await;
        let mut eve = company.app.visitor();
        eve.sign_in("eve@example.com", testkit::PASSWORD).await;
        eve.set_cookie("zhike_lang", "en");
        let body = eve.get("/value").await.expect(200).body;
        assert!(
            body.contains("Administrators see the cause here") && !body.contains("unavailable:"),
            "{body}"
        );

        // What failed is tried again after a while, without another fit, and after it failed again not as soon.
        let is_queued = async || {
            live::queue_if_due(&company.engine).await.unwrap();
            company.engine.job_under_way(after_fit::JOB).await.unwrap().is_some()
        };
        assert!(!is_queued().await);
        later(&company, 601);
        assert!(is_queued().await);
        assert_eq!(run(&company).await, 4);
        later(&company, 601);
        assert!(!is_queued().await);

        // It is there again.
        bring_back(&company);
        assert!(!is_queued().await);
        let fitted = store::newest_id(&company.engine).await.unwrap();
        later(&company, 600);
        assert!(is_queued().await);
        assert_eq!((run(&company).await, failed(&company).await), (0, None));
        assert_eq!(store::newest_id(&company.engine).await.unwrap(), fitted);
        assert!(reports(&company).await.iter().zip(&before).all(|(now, before)| now != before));
        client.set_cookie("zhike_lang", "en");
        let page = client.get("/value").await.expect(200).body;
        assert!(!page.contains("could not be computed"), "{page}");
        // The warehouse tells the same as the orders one by one.
        refit::refit(&company.engine, None).await.unwrap();
        assert_eq!((figures(&company).await, looked_back(&company).await), walked);
    });
}

#[test]
fn a_file_that_cannot_be_read_fails_what_rests_on_it_until_it_is_made_anew() {
    on_one(async |company| {
        company.regulars().await;
        fit(&company).await;
        let (known, past, before) =
            (figures(&company).await, looked_back(&company).await, reports(&company).await);
        for entry in fs::read_dir(folder(&company).join("tables/order")).unwrap() {
            fs::write(entry.unwrap().path(), "no columns").unwrap();
        }
        assert_eq!(fit(&company).await, 0);
        let error = failed(&company).await.unwrap();
        assert!(error.contains("warehouse"), "{error}");
        assert_eq!((figures(&company).await, looked_back(&company).await), (known, past));
        assert_eq!(reports(&company).await, before);

        refresh(&company, FULL).await;
        later(&company, 601);
        assert_eq!((fit(&company).await, failed(&company).await), (0, None));
        assert!(reports(&company).await.iter().zip(&before).all(|(now, before)| now != before));
    });
}
