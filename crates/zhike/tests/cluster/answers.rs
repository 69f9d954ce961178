//! Three workers answer everything as this process does, to the last digit.

use crate::{
    company::{SMALL, ask, ask_workers, open, questions, trade, traded, values},
    fleet::{Worker, alone, fleet, runtime, urls},
    records,
};
use engine::{Action, Actor};
use meta::{Lang, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::atomic::Ordering,
};
use warehouse::{Limits, Place, here, semantic};

/// What the company has no two members of.
const WITHOUT_MEMBERS: [&str; 10] = [
    // Empty until a campaign has proven that customers respond differently: of two hundred none does.
    "account.contact_advice",
    // Its products are as old as the company.
    "account.new_products",
    "account.new_products_early",
    // Nobody of it buys regularly, nor often enough for a habit.
    "account.next_purchase_on",
    "account.usual_weekday",
    // All came the same way.
    "account.source",
    // None of its campaigns is for the likely buyers of a product.
    "experiment.product",
    "experiment.product.active",
    "experiment.product.category",
    "experiment.product.name",
];

#[test]
fn every_measure_and_every_dimension_is_the_same_on_three_workers() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let (engine, files) = traded(folder.path(), 200).await;
        records::fill(&engine).await;
        let fleet = fleet(3, &files);
        let workers = ask_workers(&engine, &urls(&fleet), true);
        let (mut asked, mut cells) = (0, 0);
        let mut valued = BTreeSet::new();
        let mut members: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for question in questions(&engine) {
            let expected = here(ask(&engine, &question)).await.unwrap();
            let answer =
                ask(&engine, &question).await.unwrap_or_else(|error| panic!("{question:?}: {error}"));
            assert_eq!(answer, expected, "{question:?}");
            asked += question.measures.len();
            cells +=
                answer.rows.iter().flat_map(|row| &row.cells).filter(|cell| cell.value.is_some()).count();
            let has_value = |at: usize| {
                answer.rows.iter().any(|row| row.cells[at].value.is_some_and(|value| !value.is_zero()))
            };
            let measures = question.measures.iter().enumerate();
            valued.extend(measures.filter(|(at, _)| has_value(*at)).map(|(_, name)| name.clone()));
            let named = answer.rows.iter().map(|row| &row.members[0].value).filter(|value| !value.is_null());
            members
                .entry(question.cuts[0].dimension.clone())
                .or_default()
                .extend(named.map(ToString::to_string));
        }
        // Answers are the same, and they say something.
        let model = semantic::model(&engine);
        let empty: Vec<&str> = model
            .measures
            .iter()
            .map(|measure| measure.name)
            .filter(|name| !valued.contains(*name))
            .collect();
        assert!(empty.is_empty(), "measures without a value: {empty:?}");
        let offered: BTreeSet<&str> =
            model.dimensions.values().flatten().map(|dimension| dimension.name.as_str()).collect();
        let has_members = |name: &str| members.get(name).is_some_and(|found| found.len() > 1);
        let lacking: Vec<&str> = offered.into_iter().filter(|name| !has_members(name)).collect();
        let unnamed: Vec<&&str> = lacking.iter().filter(|name| !WITHOUT_MEMBERS.contains(*name)).collect();
        assert!(unnamed.is_empty(), "dimensions without two members: {unnamed:?}");
        let counts = workers.counts();
        assert!(asked > 300 && cells > 1_000, "{asked} measures, {cells} values");
        assert!(counts.answered.load(Ordering::Relaxed) > 50, "{counts:?}");
        // A machine that is overrun may take a worker for lost, but no more than that.
        assert!(counts.anew.load(Ordering::Relaxed) < 5, "{counts:?}");
    });
}

const QUESTIONS: [&str; 9] = [
    "SELECT count(*), sum(net), min(day), max(day), avg(net) FROM sales",
    "SELECT a.province, sum(s.net) AS net, count(DISTINCT s.\"order\") AS orders FROM sales s \
     JOIN account a ON a.key = s.account_key GROUP BY a.province ORDER BY net DESC",
    "SELECT d.year, d.month, sum(s.margin) FROM sales s JOIN \"date\" d ON d.day = s.day GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT name, (SELECT sum(net) FROM sales s WHERE s.account_key = a.key) AS net FROM account a ORDER BY net DESC, name LIMIT 7",
    "SELECT account_key, net, sum(net) OVER (PARTITION BY account_key ORDER BY day, key) AS running FROM \
     (SELECT account_key, net, day, row_number() OVER (ORDER BY day, net, quantity) AS key FROM sales) ORDER BY 1, 3, 2 LIMIT 50",
    "SELECT kind, count(*) FROM (SELECT 'sale' AS kind FROM sales UNION ALL SELECT 'return' FROM returns) GROUP BY kind ORDER BY 1",
    "SELECT id, name FROM account WHERE id = id('00000000-0000-0000-0000-000000000000') OR name LIKE '%1-1' ORDER BY name",
    "SELECT province, net FROM (SELECT a.province, sum(net) AS net FROM sales s LEFT JOIN account a ON a.key = s.account_key \
     GROUP BY 1) WHERE net > (SELECT avg(net) FROM sales) ORDER BY 1",
    "SELECT a.province, count_keys(s.account_key), count_keys(s.product_key) FILTER (WHERE s.net > 100), count(DISTINCT s.account_key) \
     FROM sales s LEFT JOIN account a ON a.key = s.account_key GROUP BY 1 ORDER BY 1",
];

#[test]
fn sql_rights_and_limits_hold_on_workers() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    runtime().block_on(async {
        let engine = open(folder.path(), Place::Folder(files.clone())).await;
        trade(&engine, 60).await;
        let rep = rep(&engine).await;
        warehouse::refresh(&engine, SMALL, None).await.unwrap();
        let fleet = fleet(2, files.to_str().unwrap());
        let workers = ask_workers(&engine, &urls(&fleet), true);
        let rows = async |actor: &Actor, sql: &str, limits: Limits| {
            let answer = warehouse::query(&engine, actor, sql, limits).await?;
            Ok::<_, engine::Error>((answer.values().collect::<engine::Result<Vec<_>>>()?, answer.more))
        };
        let system = Actor::system();
        for sql in QUESTIONS {
            let expected =
                here(rows(&system, sql, Limits::PAGE)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            let answer =
                rows(&system, sql, Limits::PAGE).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            assert_eq!(answer, expected, "{sql}");
        }
        assert!(workers.counts().answered.load(Ordering::Relaxed) >= 6, "{:?}", workers.counts());
        // What a rep may see, masked where it is masked.
        let all = rows(&system, "SELECT name FROM account", Limits::PAGE).await.unwrap().0.len();
        let own = rows(&rep, "SELECT name, phone FROM account ORDER BY name", Limits::PAGE).await.unwrap().0;
        assert_eq!(own.len(), 1, "of {all}");
        assert_eq!(own[0][0], Value::from("Own Ltd"));
        assert!(own[0][1].as_text().is_some_and(|phone| !phone.contains("13800138000")), "{own:?}");
        let sums = rows(&rep, "SELECT count(*), sum(net) FROM sales", Limits::PAGE).await.unwrap().0;
        assert_eq!(sums[0][0], Value::Int(0), "{sums:?}");
        // Limits of rows and time; what is wrong with a question is said as in process.
        let few = Limits { rows: 5, ..Limits::PAGE };
        let (rows_seen, more) = rows(&system, "SELECT * FROM sales", few).await.unwrap();
        assert!(rows_seen.len() == 5 && more);
        let soon = Limits { time: std::time::Duration::from_millis(1), ..Limits::PAGE };
        let late = rows(&system, QUESTIONS[1], soon).await.unwrap_err();
        assert!(matches!(late, engine::Error::Limit(_)), "{late}");
        let wrong = "SELECT id('no id at all'), sum(net) FROM sales GROUP BY name";
        let (there, here) =
            (rows(&system, wrong, Limits::PAGE).await, here(rows(&system, wrong, Limits::PAGE)).await);
        assert_eq!(there.unwrap_err().to_string(), here.unwrap_err().to_string());
        let failing =
            "SELECT sum(cast(description AS bigint)) FROM (SELECT 'x' || net AS description FROM sales)";
        let before = workers.counts().anew.load(Ordering::Relaxed);
        let failed = rows(&system, failing, Limits::PAGE).await.unwrap_err();
        assert!(matches!(failed, engine::Error::Invalid(_)), "{failed:?}");
        assert_eq!(
            workers.counts().anew.load(Ordering::Relaxed),
            before,
            "a wrong question is not asked anew"
        );
    });
}

/// Somebody who sees his own customers only, and their telephones in part.
async fn rep(engine: &engine::Engine) -> Actor {
    let email = "rep@example.com";
    let user = web::auth::create_user(engine, "Rep", email, testkit::PASSWORD, engine::Role::User, Lang::En);
    let user = user.await.unwrap();
    engine.write(&Actor::system(), move |tx| Box::pin(rights_of(tx, user))).await.unwrap();
    engine.actor(user, Lang::En).await.unwrap()
}

async fn rights_of(tx: &mut engine::Tx, user: meta::Id) -> engine::Result<()> {
    let role = tx.create("role", values([("name", "rep".into())])).await?;
    for entity in ["account", "order", "order_line"] {
        let mut right = values([("role", role.into()), ("entity", entity.into())]);
        right.extend(Action::ALL.map(|action| (action.name().to_owned(), "own".into())));
        tx.create("role_right", right).await?;
    }
    let masked = [("role", role.into()), ("entity", "account".into()), ("field", "phone".into())];
    let mut masked = values(masked);
    masked.insert("level", "masked".into());
    tx.create("field_right", masked).await?;
    tx.create("user_role", values([("user", user.into()), ("role", role.into())])).await?;
    let own = [("name", "Own Ltd".into()), ("phone", "13800138000".into()), ("owner", user.into())];
    tx.create("account", values(own)).await?;
    Ok(())
}

#[test]
fn the_command_line_asks_workers_too() {
    const REQUIRED: &[&str] = &["--workers-required"];
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let (data, files) = (folder.path().to_str().unwrap(), folder.path().join("files"));
    runtime().block_on(async {
        let engine = open(folder.path(), Place::Folder(files.clone())).await;
        trade(&engine, 20).await;
        warehouse::refresh(&engine, SMALL, None).await.unwrap();
    });
    let fleet = [Worker::start(files.to_str().unwrap())];
    let query = |workers: &str, secret: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zhike"));
        command.env_clear().args(["query", QUESTIONS[1], "--json", "--data", data]);
        command.args(["--warehouse-storage", files.to_str().unwrap(), "--warehouse-workers", workers]);
        command.env("ZHIKE_WORKER_SECRET", secret).args(more);
        let output = command.output().unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (done, alone, said) = query("", crate::company::SECRET, &[]);
    assert!(done && alone.lines().count() == 4, "{alone}{said}");
    let (done, rows, said) = query("", crate::company::SECRET, REQUIRED);
    assert!(!done && rows.is_empty() && said.contains("warehouse_workers names none"), "{rows}{said}");
    let (done, asked, said) = query(&fleet[0].url(), crate::company::SECRET, REQUIRED);
    assert!(done, "{said}");
    assert_eq!(asked, alone);
    let wrong = "wrong wrong wrong wrong wrong wrong ".replace(' ', "-");
    let (done, rows, said) = query(&fleet[0].url(), &wrong, REQUIRED);
    assert!(
        !done && rows.is_empty() && said.contains("worker_secret") && !said.contains(&wrong),
        "{rows}{said}"
    );
}
