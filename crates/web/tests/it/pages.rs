//! Errors in the form their caller understands, modules' own pages, assets.

use crate::shop;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    http::Method,
    routing::get,
};
use engine::Error;
use meta::label;
use std::path::Path;
use testkit::{Modules, on_sqlite};
use web::{Answer, App, Failure, Flash, NavItem, Session, WebModule};

fn with_pages() -> Modules {
    let mut modules = shop::modules();
    let mut web = WebModule::new("shop", routes);
    web.templates = &[("shop/hello.html", HELLO)];
    web.messages = "\"shop.hello\" = { en = \"Hello {name}\", zh = \"{name}，您好\" }";
    web.nav = vec![NavItem {
        label: label("Hello", "问候"),
        href: "/shop/hello",
        icon: "user",
        administrators_only: true,
        is_for: |_| true,
    }];
    modules.web.push(web);
    modules
}

const HELLO: &str = "{% extends 'layout.html' %}{% block title %}x{% endblock %}\
    {% block content %}<p>{{ t('shop.hello', name=who) }}</p>{% endblock %}";

fn routes() -> Router<App> {
    Router::new()
        .route("/shop/hello", get(hello))
        .route(
            "/shop/broken",
            get(async || Err::<String, _>(Failure::from(Error::Internal("secret detail".into())))),
        )
        .route("/shop/strict", get(strict))
        .route(
            "/shop/saved",
            get(async || {
                Flash::success("已保存").on(axum::response::Redirect::to("/shop/hello").into_response())
            }),
        )
}

use axum::response::IntoResponse;

async fn hello(State(app): State<App>, session: Session) -> Answer {
    app.page(&session, "shop/hello.html", minijinja::context! { who => "<b>Li</b>" })
}

async fn strict(State(app): State<App>, session: Session) -> Answer {
    app.page(&session, "shop/hello.html", minijinja::context! {})
}

#[test]
fn a_module_brings_pages_words_and_navigation() {
    on_sqlite(with_pages, async |test| {
        let page = test.administrator().await.get("/shop/hello").await.expect(200).body;
        assert!(page.contains("<p>Hello &lt;b&gt;Li&lt;/b&gt;</p>"), "escaped: {page}");
        assert!(page.contains("aria-current=\"page\""), "{page}");
        let ordinary = test.ordinary().await.get("/shop/hello").await.expect(200).body;
        assert!(!ordinary.contains("href=\"/shop/hello\""), "for administrators only");
        assert!(
            !ordinary.contains("href=\"/user\"") && ordinary.contains("href=\"/customer\""),
            "{ordinary}"
        );
    });
}

#[test]
fn a_note_is_shown_on_the_next_page_only() {
    on_sqlite(with_pages, async |test| {
        let client = test.administrator().await;
        client.get("/shop/saved").await.expect(303);
        assert!(client.get("/shop/hello").await.body.contains("已保存"));
        assert!(!client.get("/shop/hello").await.body.contains("已保存"));
    });
}

#[test]
fn a_fault_of_ours_tells_a_request_id_and_nothing_else() {
    on_sqlite(with_pages, async |test| {
        let client = test.administrator().await;
        for path in ["/shop/broken", "/shop/strict"] {
            let page = client.get(path).await.expect(500);
            assert!(!page.body.contains("secret") && !page.body.contains("undefined"), "{}", page.body);
            assert!(page.body.contains(page.header("x-request-id")), "{}", page.body);
            let fragment = client.fragment(path).await.expect(500);
            assert_eq!(fragment.json()["request_id"], fragment.header("x-request-id"));
        }
    });
}

#[test]
fn an_error_has_the_form_its_caller_understands() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await;
        let page = client.get("/no/such/page/here").await.expect(404);
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(page.body.contains("Not found"), "{}", page.body);
        let api = client.get("/api/v1/nothing").await.expect(404);
        assert_eq!(api.header("content-type"), "application/problem+json");
        assert_eq!(api.json()["type"], "urn:zhike:problem:not_found");
        let zh = test.visitor().with("accept-language", "zh-CN").get("/api/v1/customer").await.expect(401);
        assert!(zh.json()["detail"].as_str().unwrap().contains("请先登录"));
        let method = client.htmx("PATCH", "/profile", &[]).await.expect(405);
        assert_eq!(method.json()["type"], "urn:zhike:problem:method_not_allowed");
    });
}

#[test]
fn scripts_and_styles_have_the_address_of_their_content() {
    on_sqlite(shop::modules, async |test| {
        let visitor = test.visitor().with("accept-encoding", "gzip");
        visitor.get("/assets/no.js").await.expect(404);
        visitor.get("/assets/..%2F..%2FCargo.toml").await.expect(404);
        if visitor.get("/assets/app.css").await.status == 404 {
            eprintln!("left out: script/assets has not built the front end");
            return;
        }
        let page = test.visitor().get("/sign-in").await.expect(200).body;
        let addresses = page.split("href=\"").filter_map(|part| part.split('"').next());
        let is_style = |address: &&str| address.starts_with("/assets/app.") && address.ends_with(".css");
        let address = addresses.into_iter().find(is_style).unwrap();
        let style = visitor.get(address).await.expect(200);
        assert_eq!(style.header("content-type"), "text/css");
        assert_eq!(style.header("content-encoding"), "gzip");
        let version = address.split('.').nth(1).unwrap();
        assert!(style.header("etag").contains(version), "{}", style.header("etag"));
        assert!(!style.header("cache-control").is_empty());
    });
}

#[test]
fn all_that_pages_load_is_at_most_600_kilobytes_on_the_wire() {
    on_sqlite(shop::modules, async |test| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/dist");
        let Ok(files) = std::fs::read_dir(folder.join("gzip")) else {
            eprintln!("left out: script/assets has not built the front end");
            return;
        };
        // Files change under a program that is being developed.
        let kept = if cfg!(debug_assertions) { "no-cache" } else { "public, max-age=31536000, immutable" };
        let visitor = test.visitor();
        let mut sum = 0;
        for file in files {
            let name = file.unwrap().file_name().into_string().unwrap();
            let address = test.app.asset(&name);
            let accepted = [("accept-encoding", "gzip, deflate, br, zstd")];
            let answer = visitor.response(Method::GET, &address, &accepted, Body::empty()).await;
            assert_eq!(answer.status(), 200, "{address}");
            assert_eq!(answer.headers()["content-encoding"], "gzip", "{address}");
            assert_eq!(answer.headers()["cache-control"], kept, "{address}");
            assert_eq!(answer.headers()["vary"], "accept-encoding", "{address}");
            let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            assert!(
                bytes == std::fs::read(folder.join("gzip").join(&name)).unwrap(),
                "{name} as it was made"
            );
            // One page for programmers loads it, and no other.
            if name != "api-docs.js" {
                sum += bytes.len();
            }
            // Who takes no encoding gets the text.
            let plain = visitor.get(&address).await.expect(200);
            assert_eq!(plain.header("content-encoding"), "");
            assert!(plain.body == std::fs::read_to_string(folder.join(&name)).unwrap(), "{name} unpacked");
        }
        assert!((1..=600_000).contains(&sum), "{sum} bytes");
    });
}
