//! Two companies on one server: nothing of one is reached from the other, by host name or path, by any id.

mod crossing;
mod exported;
mod house;

use crossing::nothing_crosses;
use house::{House, PASSWORD, Server, Visitor};
use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::json;

/// Records of most entities; `word` stands in their texts.
async fn fill(visitor: &Visitor, word: &str) {
    let account =
        visitor.create("account", json!({"name": word, "phone": "13800138000", "city": word})).await;
    visitor.create("contact", json!({"name": word, "account": account})).await;
    visitor.create("address", json!({"street": word, "account": account})).await;
    visitor.create("activity", json!({"subject": word, "kind": "task", "account": account})).await;
    let product = visitor.create("product", json!({"name": word, "code": word})).await;
    let line = json!({"product": product, "quantity": "1", "unit_price": "5"});
    visitor.create("order", json!({"account": account, "currency": "CNY", "lines": [line]})).await;
    visitor.create("saved_view", json!({"name": word, "entity": "account", "shared": true})).await;
    visitor.create("team", json!({"name": word})).await;
    visitor.create("role", json!({"name": word})).await;
}

/// The session of `theirs`, sent by hand to the other host.
async fn a_session_is_of_its_company(server: &Server, host: &str, theirs: &Visitor, company: &str) {
    let csrf = theirs.csrf("/profile").await;
    let http = web::http_client().resolve(host, server.address).redirect(Policy::none()).build().unwrap();
    let email = format!("admin@{company}.example");
    let fresh = web::http_client().redirect(Policy::none()).cookie_store(true);
    let their_host = theirs.base.trim_start_matches("http://").split(':').next().unwrap();
    let fresh = fresh.resolve(their_host, server.address).build().unwrap();
    let page = fresh.get(format!("{}/sign-in", theirs.base)).send().await.unwrap();
    let visitor = page.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = page.text().await.unwrap();
    let field = page.split("name=\"csrf\"").nth(1).unwrap().split("value=\"").nth(1).unwrap();
    let form =
        [("email", email.as_str()), ("password", PASSWORD), ("csrf", field.split('"').next().unwrap())];
    let answer = fresh.post(format!("{}/sign-in", theirs.base)).form(&form).send().await.unwrap();
    let session = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    let session =
        session.filter_map(|cookie| cookie.split(';').next()).find(|one| one.starts_with("zhike_session"));
    let cookies = format!("{visitor}; {}", session.unwrap());
    let address = format!("http://{host}:{}/account", server.address.port());
    let answer =
        http.get(&address).header("cookie", &cookies).header("x-csrf-token", csrf).send().await.unwrap();
    assert!(answer.status().is_redirection(), "another company's session opened {address}");
    let own = http_of(server, their_host);
    let own = own.get(format!("{}/account", theirs.base)).header("cookie", &cookies).send().await.unwrap();
    assert_eq!(own.status(), StatusCode::OK, "the same cookies open their own company");
}

fn http_of(server: &Server, host: &str) -> Client {
    web::http_client().resolve(host, server.address).redirect(Policy::none()).build().unwrap()
}

async fn two_companies(server_url: Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let house = House { folder: folder.path(), server: server_url };
    let unique = folder
        .path()
        .file_name()
        .unwrap()
        .to_string_lossy()
        .to_lowercase()
        .replace(|letter: char| !letter.is_ascii_alphanumeric(), "");
    let (acme, beta, gamma) = (format!("acme-{unique}"), format!("beta-{unique}"), format!("gamma-{unique}"));
    house.create(&acme, Some("acme.test"));
    house.create(&beta, Some("beta.test"));
    house.refused(
        &["company", "create", &acme, "--admin-name", "x", "--admin-email", "x@example.com"],
        "already",
    );
    house.refused(
        &[
            "company",
            "create",
            &gamma,
            "--host",
            "beta.test",
            "--admin-name",
            "x",
            "--admin-email",
            "x@example.com",
        ],
        "its own host name",
    );
    house.refused(
        &["company", "create", "../x", "--admin-name", "x", "--admin-email", "x@example.com"],
        "small letters",
    );
    let server = Server::start(&house);
    let (mut a, mut b) = (server.visitor("acme.test"), server.visitor("beta.test"));
    a.sign_in(&acme).await;
    b.sign_in(&beta).await;
    fill(&a, "Alphaville").await;
    fill(&b, "Betamax").await;
    nothing_crosses(&a, &b, "Betamax").await;
    nothing_crosses(&b, &a, "Alphaville").await;
    a_session_is_of_its_company(&server, "acme.test", &b, &beta).await;
    a_field_is_of_its_company(&a, &b).await;

    // By path, where the host name says nothing.
    let stranger = server.visitor("elsewhere.test");
    assert_eq!(stranger.page("/account").await.0, StatusCode::NOT_FOUND);
    assert_eq!(stranger.page("/healthz").await.0, StatusCode::OK);
    assert_eq!(stranger.page("/readyz").await.0, StatusCode::OK);
    nobodys_answers_are_guarded(&stranger).await;
    figures_are_each_companys_own(&server, &a, &acme, &beta).await;
    let by_path = |token: &str| Visitor {
        token: token.to_owned(),
        http: stranger.http.clone(),
        base: stranger.base.clone(),
    };
    let (status, list) = by_path(&a.token).get(&format!("/c/{acme}/api/v1/account")).await;
    assert!(status == StatusCode::OK && list.contains("Alphaville"), "{list}");
    assert_eq!(by_path(&a.token).get(&format!("/c/{beta}/api/v1/account")).await.0, StatusCode::UNAUTHORIZED);
    for nobody in ["/c/", "/c/nobody/account", "/c/..%2f/account", "/c//evil.test/"] {
        assert_eq!(stranger.page(nobody).await.0, StatusCode::NOT_FOUND, "{nobody}");
    }
    // The host name has the last word.
    let (status, text) = a.get(&format!("/c/{beta}/api/v1/account")).await;
    assert!(!status.is_success() && !text.contains("Betamax"), "{status} {text}");

    // Made while the server runs; a browser keeps what it has chosen.
    house.create(&gamma, None);
    stranger.waits_for(&format!("/c/{gamma}/sign-in?next=/account"), StatusCode::SEE_OTHER).await;
    let mut chosen = server.visitor("elsewhere.test");
    chosen.page(&format!("/c/{gamma}")).await;
    chosen.sign_in(&gamma).await;
    fill(&chosen, "Gammaray").await;
    nothing_crosses(&chosen, &a, "Alphaville").await;

    // A file nobody can read closes its company and no other, until it is mended.
    let file = folder.path().join("data/companies").join(&gamma).join("company.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "hosts = 3").unwrap();
    chosen.waits_for("/account", StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(a.page("/account").await.0, StatusCode::OK);
    assert_eq!(stranger.page("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(stranger.page("/healthz").await.0, StatusCode::OK);
    std::fs::write(&file, good).unwrap();
    chosen.waits_for("/account", StatusCode::OK).await;
    assert_eq!(stranger.page("/readyz").await.0, StatusCode::OK);

    house.refused(&["company", "delete", &beta, "--confirm", &beta], "suspend it first");
    house.done(&["company", "suspend", &beta]);
    b.waits_for("/account", StatusCode::FORBIDDEN).await;
    assert_eq!(b.get("/api/v1/account").await.0, StatusCode::FORBIDDEN);
    assert_eq!(
        stranger.page("/readyz").await.0,
        StatusCode::OK,
        "nobody waits for a company that is suspended"
    );
    house.done(&["company", "resume", &beta]);
    b.waits_for("/account", StatusCode::OK).await;
    exported::keep(&b).await;
    house.done(&["company", "suspend", &beta]);
    b.waits_for("/account", StatusCode::FORBIDDEN).await;
    let zip = folder.path().join("beta.zip");
    house.done(&["company", "export", &beta, zip.to_str().unwrap()]);
    exported::holds(&zip);
    house.refused(&["company", "delete", &beta, "--confirm", &acme], "must repeat");
    assert!(house.has_database(&beta).await, "it was there until now");
    house.done(&["company", "delete", &beta, "--confirm", &beta]);
    assert!(!house.has_database(&beta).await, "nothing of it is left on the server");
    assert!(house.has_database(&acme).await, "the others have theirs");
    assert!(!folder.path().join("data/companies").join(&beta).exists());
    b.waits_for("/account", StatusCode::NOT_FOUND).await;
    assert!(a.get("/api/v1/account").await.1.contains("Alphaville"), "the others are as they were");
    assert!(house.done(&["company", "list"]).contains(&acme));
    // A command for one company alone.
    assert!(house.done(&["audit", "verify", "--company", &acme]).contains("The chain holds."));
    assert!(house.done(&["user", "list", "--company", &acme]).contains(&format!("admin@{acme}.example")));
    for name in [&acme, &gamma] {
        house.done(&["company", "suspend", name]);
        house.done(&["company", "delete", name, "--confirm", name]);
    }
}

/// Taken up by the running server, of the company that declared it alone.
async fn a_field_is_of_its_company(a: &Visitor, b: &Visitor) {
    let filtered = format!("/api/v1/account?filter={}", web::encode("x_dock == 'north'"));
    assert!(a.get(&filtered).await.0.is_client_error());
    a.create("custom_field", json!({"entity": "account", "english_label": "Dock", "kind": "text"})).await;
    a.waits_for(&filtered, StatusCode::OK).await;
    a.create("account", json!({"name": "At the dock", "x_dock": "north"})).await;
    assert!(a.get(&filtered).await.1.contains("At the dock"));
    assert!(b.get(&filtered).await.0.is_client_error(), "another company's field");
}

/// What is said before a company is chosen carries what every answer does.
async fn nobodys_answers_are_guarded(stranger: &Visitor) {
    for path in ["/account", "/api/v1/account", "/c/nobody/account", "/healthz", "/readyz"] {
        let answer = stranger.http.get(format!("{}{path}", stranger.base)).send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        assert!(
            header("content-security-policy").is_some_and(|it| it.contains("script-src 'self'")),
            "{path}"
        );
        assert_eq!(header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(header("referrer-policy"), Some("same-origin"), "{path}");
        assert!(header("x-request-id").is_some_and(|id| !id.is_empty()), "{path}");
    }
}

/// `/NAME/metrics` counts what was asked of this company alone.
async fn figures_are_each_companys_own(server: &Server, a: &Visitor, acme: &str, beta: &str) {
    let figures = async |name: &str| {
        let address = format!("http://{}/{name}/metrics", server.metrics);
        let answer = web::http_client().build().unwrap().get(address).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    assert_eq!(a.page("/order/board").await.0, StatusCode::OK);
    let (status, own) = figures(acme).await;
    assert!(status == StatusCode::OK && own.contains("/board\",status=\"200\"} 1"), "{own}");
    let (status, others) = figures(beta).await;
    assert!(status == StatusCode::OK && others.contains("zhike_requests_total"), "{others}");
    assert!(!others.contains("/board\",status"), "{others}");
    for nobody in ["nobody", "", ".."] {
        assert_eq!(figures(nobody).await.0, StatusCode::NOT_FOUND, "{nobody}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn companies_on_one_server_share_nothing() {
    two_companies(None).await;
    match std::env::var("ZHIKE_TEST_DATABASE_URL") {
        Ok(url) => two_companies(Some(url)).await,
        Err(_) if std::env::var("ZHIKE_TEST_REQUIRE_POSTGRES").is_ok() => {
            panic!("ZHIKE_TEST_REQUIRE_POSTGRES is set but ZHIKE_TEST_DATABASE_URL is not")
        }
        Err(_) => eprintln!("PostgreSQL left out: ZHIKE_TEST_DATABASE_URL is not set"),
    }
}
