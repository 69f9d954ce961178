//! Two branches of one company: no road of pages, API, files or live pages leads a rep of one to customers of the other.
//! Long because one company of two branches serves all of it.

pub mod asking;
mod figures;
mod oracle;
pub mod routes;

use crate::pages::create;
use engine::{Engine, Role};
use meta::{Id, Lang, Value};
use serde_json::json;
use std::time::Duration;
use testkit::{Client, Modules, PASSWORD, TestApp, on_both};

/// Stands in every text field of the records of branch B.
const SECRET: &str = "Betamax";
const OWN: &str = "Alphaville";

pub fn modules() -> Modules {
    Modules {
        engine: vec![
            customers::module(),
            sales::module(),
            insight::module(),
            import::module(),
            warehouse::module(),
            analysis::module(),
        ],
        web: insight::web_modules()
            .into_iter()
            .chain([import::web_module(), analysis::web_module()])
            .collect(),
    }
}

struct Branches {
    rep: Client,
    program: Client,
    admin: Client,
    own: Vec<(&'static str, Id)>,
    theirs: Vec<(&'static str, Id)>,
}

/// Lets `role` do everything with these entities on the records of the team.
pub async fn grant(engine: &Engine, role: Id, entities: &[&'static str], level: &'static str) {
    for entity in entities {
        let mut right: Vec<(&str, Value)> = vec![("role", role.into()), ("entity", (*entity).into())];
        right.extend(engine::Action::ALL.map(|action| (action.name(), level.into())));
        create(engine, "role_right", &right).await;
    }
}

async fn records(engine: &Engine, owner: Id, word: &str) -> Vec<(&'static str, Id)> {
    let text = |field: &'static str| (field, Value::from(format!("{word} {field}")));
    let number = |prefix: &str| ("number", Value::from(format!("{prefix}-{word}")));
    let account = create(
        engine,
        "account",
        &[
            ("name", word.into()),
            text("city"),
            text("postcode"),
            ("owner", owner.into()),
            ("phone", "13800138000".into()),
        ],
    )
    .await;
    let of = ("account", Value::Id(account));
    let contact = create(engine, "contact", &[text("name"), of.clone(), ("owner", owner.into())]).await;
    let address = create(engine, "address", &[text("street"), of.clone()]).await;
    let activity = create(
        engine,
        "activity",
        &[text("subject"), of.clone(), ("kind", "task".into()), ("owner", owner.into())],
    )
    .await;
    let answer = [
        text("survey"),
        of.clone(),
        ("dimension", "product".into()),
        ("recommend", Value::Int(5)),
        ("asked_on", Value::Date("2026-05-05".parse().unwrap())),
    ];
    let answer = create(engine, "survey_answer", &answer).await;
    let order = create(engine, "order", &[number("SO"), of.clone(), text("description")]).await;
    let line = [
        ("order", order.into()),
        text("description"),
        ("quantity", Value::Int(1)),
        ("unit_price", Value::Int(5)),
    ];
    let line = create(engine, "order_line", &line).await;
    let returned = create(engine, "return", &[number("RT"), of, ("order", order.into())]).await;
    let back = [
        ("return", returned.into()),
        text("description"),
        ("quantity", Value::Int(1)),
        ("unit_price", Value::Int(5)),
    ];
    let back = create(engine, "return_line", &back).await;
    vec![
        ("account", account),
        ("contact", contact),
        ("address", address),
        ("activity", activity),
        ("order", order),
        ("order_line", line),
        ("return", returned),
        ("return_line", back),
        ("survey_answer", answer),
    ]
}

/// Ann and Bob, each of a branch of her or his own.
async fn reps(engine: &Engine) -> Vec<Id> {
    let mut reps = vec![];
    for name in ["Ann", "Bob"] {
        let email = format!("{name}@example.com");
        let rep = web::auth::create_user(engine, name, &email, PASSWORD, Role::User, Lang::En).await.unwrap();
        let team = create(engine, "team", &[("name", format!("Branch of {name}").into())]).await;
        engine
            .write(&engine::Actor::system(), move |tx| {
                let values = [("team".to_owned(), Value::Id(team))].into();
                Box::pin(async move { tx.update("user", rep, None, values).await })
            })
            .await
            .unwrap();
        reps.push(rep);
    }
    let role = create(engine, "role", &[("name", "Rep".into())]).await;
    let entities = ["account", "contact", "address", "activity", "survey_answer", "order", "return"];
    grant(engine, role, &entities, "team").await;
    for rep in &reps {
        create(engine, "user_role", &[("user", (*rep).into()), ("role", role.into())]).await;
    }
    reps
}

async fn branches(test: &TestApp) -> Branches {
    let engine = &test.engine;
    let reps = reps(engine).await;
    let own = records(engine, reps[0], OWN).await;
    let theirs = records(engine, reps[1], SECRET).await;
    let token = web::tokens::create(engine, reps[0], "test", None).await.unwrap();
    let mut rep = test.visitor();
    rep.sign_in("Ann@example.com", PASSWORD).await;
    Branches { rep, program: test.visitor().bearer(&token), admin: test.administrator().await, own, theirs }
}

/// Everything that can be asked about lists and searches.
fn wide_roads() -> Vec<String> {
    let mut roads = vec!["/".to_owned(), format!("/search?q={SECRET}"), format!("/search?q={OWN}")];
    let mut any = |road: String| roads.push(road);
    for entity in ["account", "contact", "address", "activity", "order", "return"] {
        for road in ["", "/export", "?q=Betamax", "?q=Alphaville", "?sort=-created_at", "?deleted=true"] {
            any(format!("/{entity}{road}"));
        }
        any(format!("/lookup/{entity}?q={SECRET}"));
        any(format!("/lookup/{entity}"));
        any(format!("/{entity}/new"));
    }
    any("/order/board".to_owned());
    any("/order?filter=account.city.contains('Betamax')".to_owned());
    any("/import".to_owned());
    roads
}

fn wide_roads_of_programs() -> Vec<String> {
    let mut roads = vec![];
    for entity in
        ["account", "contact", "address", "activity", "order", "order_line", "return", "return_line"]
    {
        for road in ["?limit=1000&count=true", "?sort=-id", "/export?format=csv", "/export", "?deleted=true"]
        {
            roads.push(format!("/api/v1/{entity}{road}"));
        }
    }
    roads.push(format!("/api/v1/search?q={SECRET}"));
    roads.push("/api/v1/meta".to_owned());
    roads.push("/api/v1/order?filter=account.name=='Betamax'".to_owned());
    roads.push("/api/v1/user".to_owned());
    roads
}

fn roads_to(entity: &str, id: Id) -> Vec<String> {
    let parts = [
        "",
        "/edit",
        "/history",
        "/panels",
        "/timeline",
        "/field/name",
        "/field/description",
        "/related/contact.account",
        "/related/order.account",
        "/related/order_line.order",
        "/access",
    ];
    parts.iter().map(|part| format!("/{entity}/{id}{part}")).collect()
}

fn program_roads_to(entity: &str, id: Id) -> Vec<String> {
    ["", "/history", "/timeline", "/access"]
        .iter()
        .map(|part| format!("/api/v1/{entity}/{id}{part}"))
        .collect()
}

#[test]
fn no_road_leads_to_the_customers_of_another_branch() {
    on_both(modules, async |test| {
        let company = branches(&test).await;
        let (mut own_seen, mut seen_by_all) = (0, 0);
        let wide = wide_roads().into_iter().map(|road| (false, road));
        for (program, road) in wide.chain(wide_roads_of_programs().into_iter().map(|road| (true, road))) {
            let client = if program { &company.program } else { &company.rep };
            let answer = client.get(&road).await;
            assert!(answer.status < 400, "{road}: {} {}", answer.status, answer.body);
            let asked = road.contains(SECRET);
            // What was asked for is said back.
            assert!(asked || !answer.body.contains(SECRET), "{road}: {}", answer.body);
            for (_, id) in &company.theirs {
                assert!(!answer.body.contains(&id.to_string()), "{road} names a record of the other branch");
            }
            own_seen += usize::from(company.own.iter().any(|(_, id)| answer.body.contains(&id.to_string())));
            let all = company.admin.get(&road).await.body;
            seen_by_all += usize::from(company.theirs.iter().any(|(_, id)| all.contains(&id.to_string())));
        }
        assert!(own_seen > 40 && seen_by_all > 30, "{own_seen} {seen_by_all}: the roads lead nowhere");
        for (entity, id) in &company.theirs {
            for road in roads_to(entity, *id) {
                let answer = company.rep.get(&road).await;
                assert!(
                    [403, 404, 422].contains(&answer.status),
                    "{road}: {} {}",
                    answer.status,
                    answer.body
                );
                assert!(!answer.body.contains(SECRET), "{road}: {}", answer.body);
            }
            for road in program_roads_to(entity, *id) {
                let answer = company.program.get(&road).await;
                assert!([403, 404].contains(&answer.status), "{road}: {} {}", answer.status, answer.body);
            }
        }
        for (entity, id) in company.own.iter().filter(|(entity, _)| !entity.ends_with("line")) {
            company.rep.get(&format!("/{entity}/{id}")).await.expect(200);
            company.program.get(&format!("/api/v1/{entity}/{id}")).await.expect(200);
        }
        writes_are_refused(&company).await;
        nothing_is_told(&company).await;
        sums_are_refused(&company).await;
    });
}

async fn writes_are_refused(company: &Branches) {
    for (entity, id) in &company.theirs {
        let path = format!("/api/v1/{entity}/{id}");
        for method in ["PATCH", "PUT", "DELETE"] {
            let answer = company.program.json(method, &path, &json!({})).await;
            assert!([403, 404, 422].contains(&answer.status), "{method} {path}: {}", answer.body);
            assert!(!answer.body.contains(SECRET));
        }
        let batch = json!({"operations": [{"op": "delete", "id": id}]});
        let answer = company.program.json("POST", &format!("/api/v1/{entity}/batch"), &batch).await;
        assert!(answer.status >= 400 || !answer.body.contains("\"status\":2"), "{}", answer.body);
        company.admin.get(&format!("/api/v1/{entity}/{id}")).await;
        let token = format!("/{entity}/{id}/delete");
        let answer = company.rep.post(&token, &[]).await;
        assert!([403, 404].contains(&answer.status), "{token}: {} {}", answer.status, answer.body);
    }
    // Nothing of ours can be tied to theirs.
    let (_, account) = company.theirs[0];
    for (entity, body) in [
        ("order", json!({"account": account})),
        ("contact", json!({"name": "x", "account": account})),
        ("activity", json!({"subject": "x", "account": account})),
        ("account", json!({"name": "x", "parent_account": account})),
    ] {
        let answer = company.program.json("POST", &format!("/api/v1/{entity}"), &body).await;
        assert_eq!(answer.status, 422, "{entity}: {}", answer.body);
    }
}

async fn nothing_is_told(company: &Branches) {
    const MOMENT: Duration = Duration::from_millis(1_500);
    let (_, theirs) = company.theirs[0];
    assert!(company.rep.events(&format!("/events/account/{theirs}")).await.is_err());
    let mut events = company.rep.events("/events/account").await.unwrap();
    let path = format!("/account/{theirs}/field/description");
    company.admin.htmx("PATCH", &path, &[("description", "anything"), ("version", "1")]).await.expect(200);
    assert_eq!(events.next(MOMENT).await, None, "a change in the other branch is no news");
    let (_, own) = company.own[0];
    let path = format!("/account/{own}/field/description");
    company.admin.htmx("PATCH", &path, &[("description", "anything"), ("version", "1")]).await.expect(200);
    assert_eq!(events.next(Duration::from_secs(5)).await.as_deref(), Some("changed"));
}

/// What is summed over the company would tell of the others.
async fn sums_are_refused(company: &Branches) {
    for road in ["/value", "/api/v1/value/models", "/api/v1/value/pareto", "/api/v1/value/customers"] {
        let answer = company.rep.get(road).await;
        assert_eq!(answer.status, 403, "{road}: {}", answer.body);
    }
    let page = company.rep.get("/account").await.body;
    assert!(!page.contains("href=\"/value\""), "what is refused is not offered");
    assert!(company.admin.get("/account").await.body.contains("href=\"/value\""));
}

async fn user_of(test: &TestApp, name: &str) -> Id {
    let query = engine::Query::new("user").filter(format!("name == '{name}'"));
    test.engine.list(&engine::Actor::system(), &query).await.unwrap().records[0].id
}

#[test]
fn a_role_is_a_table_that_holds_at_once() {
    on_both(modules, async |test| {
        let company = branches(&test).await;
        let query = engine::Query::new("role");
        let role = test.engine.list(&engine::Actor::system(), &query).await.unwrap().records[0].id;
        let page = format!("/role/{role}/rights");
        company.rep.get(&page).await.expect(403);
        company.admin.get(&format!("/role/{role}")).await.expect(303);
        let shown = company.admin.get(&page).await.expect(200).body;
        assert!(shown.contains("name=\"account.read\"") && shown.contains("name=\"order_line.cost.field\""));
        assert!(!shown.contains("name=\"product.read\""), "what everybody may see is no choice");
        let fields = [
            ("account.read", "own"),
            ("account.update", "none"),
            ("account.phone.field", "masked"),
            ("account.city.field", "hidden"),
        ];
        company.admin.post(&page, &fields).await.expect(303);
        let (_, own) = company.own[0];
        let record = company.program.get(&format!("/api/v1/account/{own}")).await.expect(200).json();
        assert_eq!((&record["phone"], record.get("city")), (&json!("+86138****8000"), None));
        let seen = company.rep.get(&format!("/account/{own}")).await.expect(200).body;
        assert!(seen.contains("138 **** 8000") && !seen.contains("13800138000") && !seen.contains("City"));
        assert!(!seen.contains(&format!("/account/{own}/edit")), "what may not be changed offers no change");
        company.rep.get(&format!("/account/{own}/edit")).await.expect(403);
        company.rep.get("/contact").await.expect(403);
        company.rep.get("/account/export").await.expect(403);
        let meta = company.program.get("/api/v1/meta").await.expect(200).body;
        assert!(!meta.contains("\"name\":\"order\"") && meta.contains("\"name\":\"product\""));
        let refused = [("account.read", "own"), ("account.income.field", "masked")];
        let answer = company.admin.post(&page, &refused).await.expect(422);
        assert!(answer.body.contains("account.income"), "{}", answer.body);
    });
}

#[test]
fn an_administrator_is_told_why_somebody_sees_a_record() {
    on_both(modules, async |test| {
        let company = branches(&test).await;
        let (ann, (_, theirs), (_, own)) = (user_of(&test, "Ann").await, company.theirs[0], company.own[0]);
        let page = format!("/account/{theirs}/access");
        company.rep.get(&page).await.expect(403);
        let record = company.admin.get(&format!("/account/{theirs}")).await.expect(200).body;
        assert!(record.contains(&page), "the record leads there");
        let all = company.admin.get(&page).await.expect(200).body;
        assert!(all.contains("Ann") && all.contains("Bob"));
        let said = company.admin.get(&format!("{page}?user={ann}")).await.expect(200).body;
        assert!(said.contains("Bob (Branch of Bob) – of another team"), "{said}");
        let said = company.admin.get(&format!("/account/{own}/access?user={ann}")).await.expect(200).body;
        assert!(said.contains("Ann (Branch of Ann) – his own"), "{said}");
        let program = test.api().await;
        let told =
            program.get(&format!("/api/v1/account/{theirs}/access?user={ann}")).await.expect(200).json();
        assert_eq!((&told["nearest"], &told["rights"][0]["allowed"]), (&json!("all"), &json!(false)));
        assert_eq!(
            (&told["rights"][0]["action"], &told["rights"][0]["roles"]),
            (&json!("read"), &json!(["Rep"]))
        );
        company.program.get(&format!("/api/v1/account/{own}/access")).await.expect(403);
    });
}

#[test]
fn a_record_is_shared_and_handed_over_by_pages() {
    on_both(modules, async |test| {
        let company = branches(&test).await;
        let (ann, bob) = (user_of(&test, "Ann").await, user_of(&test, "Bob").await);
        let (_, theirs) = company.theirs[0];
        let share = format!("/account/{theirs}/share");
        company.rep.get(&share).await.expect(404);
        company.admin.post(&share, &[("level", "read")]).await.expect(422);
        let fields = [("user", ann.to_string()), ("level", "read".into()), ("until", "2026-12-31".into())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        company.admin.post(&share, &fields).await.expect(303);
        let listed = company.admin.get(&share).await.expect(200).body;
        let end = listed.split("action=\"").find(|part| part.contains("/end\"")).unwrap();
        let end = end.split('"').next().unwrap().to_owned();
        let seen = company.rep.get(&format!("/account/{theirs}")).await.expect(200).body;
        assert!(seen.contains(SECRET) && !seen.contains(&format!("/account/{theirs}/edit")));
        company.rep.get(&share).await.expect(403);
        let (_, order) = company.theirs[4];
        company.rep.get(&format!("/order/{order}")).await.expect(200);
        company.admin.post(&end, &[]).await.expect(303);
        company.rep.get(&format!("/account/{theirs}")).await.expect(404);

        let page = format!("/user/{bob}/hand-over");
        company.rep.get(&page).await.expect(403);
        assert!(company.admin.get(&page).await.expect(200).body.contains("value=\"account\""));
        company.admin.post(&page, &[("to", "")]).await.expect(422);
        let to = ann.to_string();
        let fields =
            [("to", to.as_str()), ("entities", "account"), ("entities", "contact"), ("deactivate", "true")];
        company.admin.post(&page, &fields).await.expect(303);
        while test.engine.run_due_jobs().await.unwrap() > 0 {}
        company.rep.get(&format!("/account/{theirs}")).await.expect(200);
        let gone = test.visitor();
        let refused = gone.post("/sign-in", &[("email", "Bob@example.com"), ("password", PASSWORD)]).await;
        assert!(refused.status >= 400, "{}", refused.status);
        gone.get("/account").await;
    });
}
