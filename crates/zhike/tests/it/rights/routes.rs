//! Every address that the sources of pages, API, figures, imports and consents name, asked by a rep for what is another branch's.

use super::{Branches, SECRET, asking::leak, branches, modules, user_of};
use crate::pages::create;
use engine::{Actor, Engine, Query};
use meta::{Id, Lang};
use serde_json::json;
use std::{collections::BTreeSet, fs, path::Path};
use testkit::{Answer, TestApp, on_both};

const CRATES: [&str; 4] = ["web", "insight", "import", "customers"];
const METHODS: [&str; 5] = ["get", "post", "patch", "put", "delete"];

/// Not asked, and why.
const EXCEPT: [(&str, &str); 7] = [
    ("/assets/{*name}", "the same files for everybody"),
    ("/events/{entity}", "a stream without end; oracle/live.rs listens to it"),
    ("/events/{entity}/{id}", "the same"),
    ("/metrics", "on an address of its own, without sessions"),
    ("/sign-out", "ends the session the others are asked with"),
    ("/profile/sessions/end-others", "ends sessions"),
    ("/profile/password", "ends sessions"),
];
/// Before somebody is signed in there are no records.
const SIGN_IN: &str = "/sign-in";

pub type Route = (&'static str, String);

/// What stands in `.route("…", …)` of these crates' sources.
pub fn routes_of(crates: &[&str]) -> BTreeSet<Route> {
    let mut routes = BTreeSet::new();
    for name in crates {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
        in_folder(&source, &mut routes);
    }
    routes
}

fn routes() -> BTreeSet<Route> {
    let mut routes = routes_of(&CRATES);
    // Declared beside its limit of bytes.
    routes.insert(("post", "/import".to_owned()));
    routes
}

fn in_folder(folder: &Path, routes: &mut BTreeSet<Route>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            in_folder(&path, routes);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let before = if folder.ends_with("web/src/api") { "/api" } else { "" };
            in_text(&fs::read_to_string(path).unwrap(), before, routes);
        }
    }
}

fn in_text(text: &str, before: &str, routes: &mut BTreeSet<Route>) {
    for call in text.split(".route(").skip(1) {
        let mut depth = 1;
        let end = call.find(|letter: char| {
            depth += i32::from(letter == '(') - i32::from(letter == ')');
            depth == 0
        });
        let call = &call[..end.unwrap()];
        // An address that is a constant is one of signing in.
        let Some(path) = call.trim().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
            continue;
        };
        let named = |method: &&str| {
            let handler = call.split(&format!("{method}(")).next().unwrap_or_default();
            call.contains(&format!("{method}("))
                && !handler.ends_with(|letter: char| letter.is_alphanumeric())
        };
        routes.extend(METHODS.into_iter().filter(named).map(|method| (method, format!("{before}{path}"))));
    }
}

/// Things of the other branch that are no records with an owner.
struct Others {
    role: Id,
    bob: Id,
    view: Id,
    run: Id,
}

async fn others(test: &TestApp) -> Others {
    let bob = user_of(test, "Bob").await;
    let role = test.engine.list(&Actor::system(), &Query::new("role")).await.unwrap().records[0].id;
    let view = [("name", SECRET.into()), ("entity", "account".into()), ("owner", bob.into())];
    let view = create(&test.engine, "saved_view", &view).await;
    let actor = test.engine.actor(bob, Lang::En).await.unwrap();
    let (file, options) = (format!("{SECRET}.csv"), import::Options::default());
    let nowhere = Path::new("nowhere.csv");
    let run = import::create(&test.engine, &actor, import::Kind::Accounts, nowhere, &file, &options).await;
    let Ok(run) = run else { panic!("Bob may import") };
    Others { role, bob, view, run }
}

/// The addresses of a route about these records, each with the record it is about.
fn addresses(route: &str, company: &Branches, others: &Others) -> Vec<(String, &'static str, Id)> {
    let nobody = Id::nil();
    let own_id = match route {
        _ if route.starts_with("/user/") => others.bob,
        _ if route.starts_with("/role/") => others.role,
        _ if route.starts_with("/views/") => others.view,
        _ if route.starts_with("/account/") || route.contains("/v1/account/") => company.theirs[0].1,
        _ if route.starts_with("/contact/") || route.contains("/v1/contact/") => company.theirs[1].1,
        _ => nobody,
    };
    let related = if route.contains("/related/") { "order.account" } else { "description" };
    let fill = |entity: &str, id: Id| {
        route
            .replace("{entity}", entity)
            .replace("{id}", &id.to_string())
            .replace("{run}", &others.run.to_string())
            .replace("{name}", related)
            .replace("{source}", "erp")
            .replace("{number}", "4711")
            .replace("{part}", "product")
            .replace("{account}", &company.theirs[0].1.to_string())
            .replace("{handle}", "x")
            .replace("{share}", &nobody.to_string())
            .replace("{merge}", &nobody.to_string())
    };
    match route.contains("{entity}") {
        true => company.theirs.iter().map(|(entity, id)| (fill(entity, *id), *entity, *id)).collect(),
        false => vec![(fill("", own_id), "account", company.theirs[0].1)],
    }
}

async fn ask(company: &Branches, method: &str, path: &str, theirs: (&str, Id)) -> Answer {
    let account = company.theirs[0].1.to_string();
    let id = theirs.1.to_string();
    let form = [
        ("ids", id.as_str()),
        ("id", &id),
        ("keep", &id),
        ("account", &account),
        ("parent_account", &account),
        ("name", "x"),
        ("subject", "x"),
        ("street", "x"),
        ("kind", "note"),
        ("field", "description"),
        ("description", "x"),
        ("version", "1"),
        ("channel", "email"),
        ("purpose", "marketing"),
        ("decision", "given"),
    ];
    let method = method.to_uppercase();
    match method.as_str() {
        "GET" if path.starts_with("/api/") => company.program.get(path).await,
        "GET" => company.rep.get(path).await,
        _ if path.starts_with("/api/") => {
            let body = json!({ "account": account, "name": "x", "duplicates": [id], "losers": [id] });
            company.program.json(&method, path, &body).await
        }
        "POST" => company.rep.post(path, &form).await,
        _ => company.rep.htmx(&method, path, &form).await,
    }
}

/// Versions of their records, and how many there are of each kind that belong to their customer.
async fn state(engine: &Engine, company: &Branches) -> Vec<(Id, i64, u64)> {
    let system = Actor::system();
    let account = company.theirs[0].1;
    let mut state = vec![];
    for (entity, id) in &company.theirs {
        let record = engine.get(&system, entity, *id).await.expect("their records are there");
        let number = match engine.entity(entity).unwrap().get("account") {
            Some(_) => {
                let query = Query::new(entity).filter(format!("account == '{account}'"));
                engine.count(&system, &query, 100).await.unwrap().number
            }
            None => 0,
        };
        state.push((*id, record.version, number));
    }
    state
}

#[test]
fn no_route_there_is_leads_to_another_branch() {
    on_both(modules, async |test| {
        let company = branches(&test).await;
        let others = others(&test).await;
        let account = company.theirs[0].1;
        let numbers = [("4711".to_owned(), account)];
        test.engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move { tx.set_external_ids("account", "erp", &numbers).await })
            })
            .await
            .unwrap();
        let before = state(&test.engine, &company).await;
        let (mut asked, mut told) = (0, 0);
        for (method, route) in routes() {
            if route.starts_with(SIGN_IN) || EXCEPT.iter().any(|(known, _)| *known == route) {
                continue;
            }
            for (path, entity, id) in addresses(&route, &company, &others) {
                let answer = ask(&company, method, &path, (entity, id)).await;
                let (status, words) = (answer.status, format!("{method} {path}"));
                assert!(status < 500, "{words}: {status} {}", answer.body);
                // What was asked for is said back.
                let echoed = format!("{words} {id} {account}");
                assert_eq!(leak(&company, &echoed, &answer.body), None, "{words}: {}", answer.body);
                assert!(!answer.header("location").contains(SECRET), "{words}");
                if route.contains("{entity}/{id}") || route.contains("{run}") {
                    assert!(status >= 400, "{words}: {status} {}", answer.body);
                }
                asked += 1;
                if method == "get" && !path.starts_with("/api/") {
                    let all = company.admin.get(&path).await.body;
                    told += usize::from(leak(&company, &words, &all).is_some());
                }
            }
        }
        assert!(asked > 250 && told > 30, "{asked} {told}: the routes lead nowhere");
        assert_eq!(state(&test.engine, &company).await, before, "nothing of theirs was changed or added to");
    });
}
