//! The explorer, saved questions, dashboards, reports by mail and SQL: no road leads a rep of one branch to records or figures of the other.

use super::{Branches, OWN, SECRET, branches, modules};
use crate::{explore::with_mail, pages::create};
use axum::{
    body::{Body, to_bytes},
    http::Method,
};
use chrono::TimeDelta;
use engine::{Actor, Engine};
use meta::{Id, Value};
use serde_json::json;
use std::{collections::BTreeSet, io::Read};
use testkit::{Client, MailServer, PASSWORD, TestApp, on_both};
use warehouse::Manner;

/// What stands in the figures of the other branch alone.
const THEIR_PRICE: i64 = 777_777_000;
const THEIR_DIGITS: &str = "777777";

pub async fn refresh(engine: &Engine) {
    warehouse::refresh(engine, Manner::default(), None).await.unwrap();
}

/// A request and what is in its answer.
struct Road {
    method: &'static str,
    path: String,
    form: Vec<(&'static str, String)>,
}

fn get(path: impl Into<String>) -> Road {
    Road { method: "GET", path: path.into(), form: vec![] }
}

fn post(path: impl Into<String>, form: &[(&'static str, &str)]) -> Road {
    let form = form.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Road { method: "POST", path: path.into(), form }
}

impl Road {
    /// The status and everything that can be read in the answer, workbooks unpacked.
    async fn go(&self, client: &Client) -> (u16, String) {
        let csrf = ("csrf", client.csrf.clone());
        let pairs =
            self.form.iter().chain([&csrf]).map(|(name, value)| format!("{name}={}", web::encode(value)));
        let form = pairs.collect::<Vec<_>>().join("&");
        let (method, body) = match self.method {
            "GET" => (Method::GET, Body::empty()),
            _ => (Method::POST, Body::from(form)),
        };
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let (parts, body) = client.response(method, &self.path, &headers, body).await.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let place = parts.headers.get("location").and_then(|place| place.to_str().ok()).unwrap_or_default();
        (parts.status.as_u16(), format!("{place}\n{}", readable(&bytes)))
    }
}

pub fn readable(bytes: &[u8]) -> String {
    if !bytes.starts_with(b"PK") {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let mut book = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    for at in 0..book.len() {
        book.by_index(at).unwrap().read_to_string(&mut text).unwrap();
    }
    text
}

/// What an answer tells of the other branch; what was asked for is said back.
pub fn leak(company: &Branches, asked: &str, answer: &str) -> Option<String> {
    let ids = company.theirs.iter().map(|(_, id)| id.to_string());
    let mut words: Vec<String> = ids.chain([SECRET.to_owned()]).collect();
    words.retain(|word| !asked.contains(word.as_str()));
    words.push(THEIR_DIGITS.to_owned());
    let plain = answer.replace(',', "");
    words.into_iter().find(|word| plain.contains(word.as_str()))
}

/// Roads on which a reader finds records or figures of what he may see.
fn roads(company: &Branches) -> Vec<Road> {
    const EXPLORE: &str = "/analysis/explore";
    let (_, account) = company.theirs[0];
    let all = "m=sales&m=orders&m=customers";
    let theirs = [
        format!("a=account%3D%22{account}%22"),
        format!("a=account.city%3D%22{SECRET}%20city%22"),
        format!("a=account.postcode%3D%22{SECRET}%20postcode%22"),
        format!("filter=account.city.contains('{SECRET}')"),
    ];
    let mut roads = vec![get(EXPLORE), get(format!("{EXPLORE}/fields?m=sales"))];
    // Charts draw what the table has: every cut as a table, and in one of them.
    for (cut, drawn) in [
        ("account", "bar"),
        ("account.city", "map"),
        ("account.postcode", "treemap"),
        ("account.owner", "bar"),
        ("day:day", "line"),
    ] {
        for chart in ["table", drawn] {
            roads.push(get(format!("{EXPLORE}/answer?{all}&r={cut}&chart={chart}")));
        }
    }
    roads.push(get(format!("{EXPLORE}/answer?m=sales&r=account&c=account.owner&chart=heat")));
    roads.push(get(format!("{EXPLORE}/answer?m=sales&r=account&top=1&share=1&running=1")));
    roads.push(get(format!("{EXPLORE}?{all}&r=account&w=account%3D%22{account}%22")));
    let facts = [
        ("sales", "sales"),
        ("returned", "returns"),
        ("activities", "activities"),
        ("survey_answers", "surveys"),
        ("campaign_touches", "campaign_touches"),
        ("sales_52w", "account_figures"),
    ];
    for (number, (measure, fact)) in facts.into_iter().enumerate() {
        let to = |at: &str| {
            [
                format!("{EXPLORE}/answer?m={measure}&r=account&{at}"),
                format!("{EXPLORE}/cell?m={measure}&{at}"),
                format!("{EXPLORE}/rows?m={measure}&fact={fact}&{at}"),
            ]
        };
        roads.extend(to("").map(get));
        // Whatever leads to theirs in each fact, and on each of the three.
        for (place, at) in theirs.iter().enumerate() {
            roads.push(get(to(at)[(number + place) % 3].as_str()));
        }
        for format in ["csv", "xlsx"] {
            let asked = [("m", measure), ("r", "account"), ("fact", fact), ("format", format)];
            roads.push(post(format!("{EXPLORE}/export"), &asked));
            roads.push(post(format!("{EXPLORE}/rows/export"), &asked));
        }
    }
    for table in [
        "sales",
        "returns",
        "activities",
        "account",
        "order",
        "order_line",
        "contact",
        "address",
        "survey_answer",
        "surveys",
        "campaign_touches",
    ] {
        let sql = format!("SELECT * FROM \"{table}\"");
        roads.push(post("/analysis/sql", &[("sql", &sql)]));
        for format in ["csv", "xlsx"] {
            roads.push(post("/analysis/sql/export", &[("sql", &sql), ("format", format)]));
        }
    }
    let lists = ["/analysis/catalog", "/api/v1/analysis/catalog", "/analysis/sql", "/analysis/questions"];
    roads.extend(lists.into_iter().chain(["/analysis/dashboards", "/analysis/schedules"]).map(get));
    for entity in ["question", "dashboard", "scheduled_report"] {
        for road in ["", "/export", &format!("?q={SECRET}"), "?sort=-created_at", "?deleted=true"] {
            roads.push(get(format!("/{entity}{road}")));
        }
        roads.push(get(format!("/lookup/{entity}?q={SECRET}")));
    }
    roads
}

/// What Bob keeps: a question, a dashboard of it and a report, for himself, for his branch, and for everybody.
struct Kept {
    question: Id,
    dashboard: Id,
    report: Id,
}

async fn keep(engine: &Engine, bob: Id, with: &[(&str, Value)], name: &str) -> Kept {
    let fields = |name: String, more: Vec<(&'static str, Value)>| {
        let own = [("name", Value::from(name.as_str())), ("owner", bob.into())];
        own.into_iter()
            .chain(with.iter().map(|(key, value)| (*key, value.clone())))
            .chain(more)
            .collect::<Vec<_>>()
    };
    let asked =
        json!({ "question": { "measures": ["sales"], "cuts": [{ "dimension": "account" }] }, "across": 0 });
    let definition = vec![("definition", Value::Json(asked))];
    let question = create(engine, "question", &fields(format!("{name} question"), definition)).await;
    let tiles = vec![("tiles", Value::Json(json!([{ "question": question }])))];
    let dashboard = create(engine, "dashboard", &fields(format!("{name} dashboard"), tiles)).await;
    let mailed = vec![
        ("dashboard", dashboard.into()),
        ("rhythm", "daily".into()),
        ("recipients", Value::Json(json!([bob]))),
    ];
    let mut report = fields(format!("{name} report"), mailed);
    // Reports are shared with everybody or with nobody.
    report.retain(|(field, _)| *field != "team");
    let report = create(engine, "scheduled_report", &report).await;
    Kept { question, dashboard, report }
}

/// Every road to something one keeps.
fn roads_to(kept: &Kept) -> Vec<Road> {
    let Kept { question, dashboard, report } = kept;
    let name = [("name", "Mine"), ("with", "me")];
    let mut roads = vec![
        get(format!("/analysis/questions/{question}")),
        post(format!("/analysis/questions/{question}"), &name),
        post(format!("/analysis/questions/{question}/delete"), &[]),
        get(format!("/analysis/dashboards/{dashboard}")),
        get(format!("/analysis/dashboards/{dashboard}/tile/0")),
        post(format!("/analysis/dashboards/{dashboard}"), &name),
        post(format!("/analysis/dashboards/{dashboard}/tiles"), &[]),
        post(format!("/analysis/dashboards/{dashboard}/delete"), &[]),
        get(format!("/analysis/schedules/new?question={question}")),
        get(format!("/analysis/schedules/new?dashboard={dashboard}")),
        get(format!("/analysis/schedules/{report}")),
        post(format!("/analysis/schedules/{report}/now"), &[]),
        post(format!("/analysis/schedules/{report}/delete"), &[]),
    ];
    for (entity, id) in [("question", question), ("dashboard", dashboard), ("scheduled_report", report)] {
        roads.extend(["", "/history", "/timeline", "/edit"].map(|part| get(format!("/{entity}/{id}{part}"))));
    }
    roads
}

#[test]
fn no_road_of_the_analysis_leads_to_another_branch() {
    on_both(modules, async |test| {
        let company = branches(&test).await;
        let engine = &test.engine;
        let (_, order) = company.theirs[4];
        let large = [
            ("order", order.into()),
            ("description", SECRET.into()),
            ("unit_price", Value::Int(THEIR_PRICE)),
        ];
        create(engine, "order_line", &large).await;
        let bob = super::user_of(&test, "Bob").await;
        let team = engine.get(&Actor::system(), "user", bob).await.unwrap().reference("team");
        let own = keep(engine, bob, &[], SECRET).await;
        let of_branch = keep(engine, bob, &[("team", team.into())], SECRET).await;
        let everybodys = keep(engine, bob, &[("shared", true.into())], "Shared").await;
        refresh(engine).await;
        let (mut own_seen, mut seen_by_all) = (0, 0);
        let shared = [
            get(format!("/analysis/questions/{}", everybodys.question)),
            get(format!("/analysis/dashboards/{}", everybodys.dashboard)),
            get(format!("/analysis/dashboards/{}/tile/0", everybodys.dashboard)),
            get(format!("/analysis/schedules/new?dashboard={}", everybodys.dashboard)),
        ];
        let walked: Vec<Road> = roads(&company).into_iter().chain(shared).collect();
        for road in &walked {
            let asked = format!("{} {:?}", road.path, road.form);
            let (status, answer) = road.go(&company.rep).await;
            assert!(status < 400 || [403, 422].contains(&status), "{asked}: {status} {answer}");
            assert_eq!(leak(&company, &asked, &answer), None, "{asked}: {answer}");
            own_seen += usize::from(status < 400 && answer.contains(OWN));
            let (_, all) = road.go(&company.admin).await;
            seen_by_all += usize::from(leak(&company, &asked, &all).is_some());
        }
        assert!(own_seen > 24 && seen_by_all > 40, "{own_seen} {seen_by_all}: the roads lead nowhere");
        for kept in [&own, &of_branch] {
            for road in roads_to(kept) {
                let (status, answer) = road.go(&company.rep).await;
                assert!([403, 404].contains(&status), "{} {}: {status} {answer}", road.method, road.path);
                assert_eq!(leak(&company, &road.path, &answer), None, "{}: {answer}", road.path);
            }
            programs_are_refused(&company, kept).await;
        }
        questions_as_json(&company).await;
        every_route_is_walked(walked.iter().chain(&roads_to(&own)));
        letters(&test, &company, &everybodys).await;
    });
}

async fn programs_are_refused(company: &Branches, kept: &Kept) {
    for (entity, id) in
        [("question", kept.question), ("dashboard", kept.dashboard), ("scheduled_report", kept.report)]
    {
        let list =
            company.program.get(&format!("/api/v1/{entity}?limit=1000&count=true")).await.expect(200).body;
        assert!(!list.contains(SECRET) && !list.contains(&id.to_string()), "{list}");
        for method in ["GET", "PATCH", "PUT", "DELETE"] {
            let path = format!("/api/v1/{entity}/{id}");
            let body = if method == "GET" { json!(null) } else { json!({ "name": "Mine" }) };
            let answer = company.program.json(method, &path, &body).await;
            assert!([403, 404, 422].contains(&answer.status), "{method} {path}: {}", answer.status);
            assert!(!answer.body.contains(SECRET), "{method} {path}: {}", answer.body);
        }
    }
}

/// `POST /api/v1/analysis/question`.
async fn questions_as_json(company: &Branches) {
    for cut in ["account", "account.city"] {
        let question = json!({ "measures": ["sales", "orders"], "cuts": [{ "dimension": cut }] });
        let ask = async |client: &Client| {
            let token = [("x-csrf-token", client.csrf.as_str())];
            client.json_with("POST", "/api/v1/analysis/question", &token, &question).await.expect(200).body
        };
        let answer = ask(&company.rep).await;
        assert!(leak(company, "", &answer).is_none() && answer.contains("\"5\""), "{answer}");
        assert!(leak(company, "", &ask(&company.admin).await).is_some());
    }
}

/// Whatever `crates/analysis` answers is among these roads, or changes only what is one's own.
fn every_route_is_walked<'r>(walked: impl Iterator<Item = &'r Road>) {
    /// Makes something new, which is one's own, or says nothing of records.
    const OTHERS: [(&str, &str); 6] = [
        ("POST", "/analysis/questions"),
        ("POST", "/analysis/dashboards"),
        ("POST", "/analysis/schedules"),
        ("POST", "/analysis/schedules/{id}"),
        ("POST", "/analysis/catalog/refresh"),
        ("POST", "/api/v1/analysis/question"),
    ];
    let walked: BTreeSet<(&str, String)> = walked
        .map(|road| {
            let path = road.path.split('?').next().unwrap_or_default();
            let part = |part: &str| match (part.parse::<Id>().is_ok(), part == "0") {
                (true, _) => "{id}".to_owned(),
                (_, true) => "{at}".to_owned(),
                _ => part.to_owned(),
            };
            (road.method, path.split('/').map(part).collect::<Vec<_>>().join("/"))
        })
        .collect();
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../analysis/src");
    let mut routes = 0;
    for file in ["lib.rs", "explore/mod.rs", "question/mod.rs", "dashboard/mod.rs", "schedule/mod.rs"] {
        let text = std::fs::read_to_string(source.join(file)).unwrap();
        let own = text.split("const PATH: &str = \"").nth(1).and_then(|rest| rest.split('"').next());
        for line in text.lines().filter_map(|line| line.split_once(".route(")).map(|(_, rest)| rest) {
            let (path, methods) = line.split_once(',').unwrap();
            let path = if path == "PATH" { own.unwrap() } else { path.trim_matches('"') };
            for (word, method) in [("get(", "GET"), ("post(", "POST")] {
                if !methods.contains(word) || OTHERS.contains(&(method, path)) {
                    continue;
                }
                routes += 1;
                assert!(walked.contains(&(method, path.to_owned())), "{method} {path} is not walked");
            }
        }
    }
    assert!(routes > 20, "{routes}");
}

/// The letter of a dashboard everybody sees tells each reader of his own branch.
async fn letters(test: &TestApp, company: &Branches, everybodys: &Kept) {
    let ann = super::user_of(test, "Ann").await;
    let bob = super::user_of(test, "Bob").await;
    let mut client = test.visitor();
    client.sign_in("Bob@example.com", PASSWORD).await;
    let (dashboard, ann, bob) = (everybodys.dashboard.to_string(), ann.to_string(), bob.to_string());
    let form = [
        ("name", "To both branches"),
        ("dashboard", dashboard.as_str()),
        ("rhythm", "daily"),
        ("hour", "8"),
        ("recipient", ann.as_str()),
        ("recipient", bob.as_str()),
        ("active", "1"),
    ];
    let report = format!("/analysis/schedules/{}", everybodys.report);
    client.post(&report, &form).await.expect(303);
    client.post(&format!("{report}/now"), &[]).await.expect(303);
    let server = MailServer::start();
    test.clock.set(test.clock.now() + TimeDelta::seconds(1));
    assert_eq!(analysis::send_due(&with_mail(test, &server.url)).await.unwrap(), 2);
    for letter in [server.letter(0).await, server.letter(1).await] {
        let html = letter.html.clone().unwrap_or_default();
        let files: String = letter.files.iter().map(|(_, bytes)| readable(bytes)).collect();
        for part in [&letter.text, &html, &files] {
            match letter.to.to_lowercase().as_str() {
                "ann@example.com" => {
                    assert!(leak(company, "", part).is_none() && part.contains(OWN), "{part}");
                }
                _ => assert!(leak(company, "", part).is_some() && !part.contains(OWN), "{part}"),
            }
        }
    }
}
