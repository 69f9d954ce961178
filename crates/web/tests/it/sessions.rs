//! Where somebody is signed in, and the history of sign-ins.

use crate::shop;
use chrono::TimeDelta;
use testkit::{Client, PASSWORD, TestApp, on_both, on_sqlite, start};

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; rv:150.0) Gecko/20100101 Firefox/150.0";

async fn second_device(test: &TestApp, email: &str) -> Client {
    let address = "198.51.100.7:1234".parse().unwrap();
    let mut phone = test.visitor_with(web::Options::default(), address).with("user-agent", FIREFOX);
    phone.sign_in(email, PASSWORD).await;
    phone
}

/// Where the form stands whose button says this.
fn action(page: &str, mark: &str) -> String {
    let found = page.split("action=\"").skip(1).map(|part| part.split('"').next().unwrap());
    found.filter(|action| action.contains(mark)).last().unwrap_or_default().to_owned()
}

#[test]
fn a_user_sees_his_devices_and_signs_one_out() {
    on_both(shop::modules, async |test| {
        let client = test.administrator().await;
        assert!(!client.get("/profile").await.body.contains("end-others"), "there are no others");
        let phone = second_device(&test, "ada@example.com").await;
        let page = client.get("/profile").await.expect(200).body;
        assert!(page.contains("Firefox, Windows") && page.contains("198.51.100.7"), "{page}");
        assert!(page.contains("This device"), "{page}");
        let end = action(&page, "/end");
        assert!(end.starts_with("/profile/sessions/") && !end.contains("others"), "{end}");
        test.ordinary().await.post(&end, &[]).await.expect(404);
        client.post(&end, &[]).await.expect(303);
        phone.get("/profile").await.expect(303);
        client.get("/profile").await.expect(200);
        let phone = second_device(&test, "ada@example.com").await;
        client.post("/profile/sessions/end-others", &[]).await.expect(303);
        phone.get("/profile").await.expect(303);
        client.get("/profile").await.expect(200);
    });
}

#[test]
fn the_history_tells_of_good_and_failed_attempts_for_half_a_year() {
    on_both(shop::modules, async |test| {
        let client = test.administrator().await;
        let phone = second_device(&test, "ada@example.com").await;
        let mut thief = test.visitor();
        thief.csrf = client.csrf.clone();
        let page = thief.get("/sign-in").await.body;
        thief.csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().into();
        let wrong = [("email", "ada@example.com"), ("password", "guessed it")];
        thief.post("/sign-in", &wrong).await.expect(422);
        thief.post("/sign-in", &[("email", "my secret password"), ("password", "x")]).await.expect(422);
        thief.post("/sign-in", &[("email", "eve@example.com"), ("password", "x")]).await.expect(422);
        let page = phone.get("/profile").await.expect(200).body;
        assert!(page.contains("Wrong password") && page.contains("Signed in"), "{page}");
        assert!(!page.contains("eve@example.com"), "only one's own");
        let all = client.get("/security/sign-ins").await.expect(200).body;
        assert!(all.contains("eve@example.com") && all.contains("198.51.100.7"), "{all}");
        assert!(all.contains("Firefox, Windows") && !all.contains("my secret password"), "{all}");
        test.ordinary().await.get("/security/sign-ins").await.expect(403);
        test.clock.set(start() + TimeDelta::days(181));
        let mut client = test.visitor();
        client.sign_in("ada@example.com", PASSWORD).await;
        let all = client.get("/security/sign-ins").await.expect(200).body;
        assert!(!all.contains("Wrong password") && all.contains("Signed in"), "{all}");
    });
}

#[test]
fn the_history_has_pages_and_can_be_of_one_user() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await;
        test.user("Lin Yue", "lin@example.com", engine::Role::User).await;
        for minutes in 0..51 {
            test.clock.set(start() + TimeDelta::minutes(minutes));
            test.visitor().sign_in("lin@example.com", PASSWORD).await;
        }
        let page = client.get("/security/sign-ins").await.expect(200).body;
        let older = page.split("href=\"").find(|part| part.contains("before=")).unwrap();
        let older = older.split('"').next().unwrap().to_owned();
        let second = client.get(&older).await.expect(200).body;
        assert!(second.contains("Ada Min") && !second.contains(">Older<"), "{second}");
        let of_lin = page.split("href=\"").find(|part| part.contains("sign-ins?user=")).unwrap();
        let of_lin = client.get(of_lin.split('"').next().unwrap()).await.expect(200).body;
        let table = of_lin.split("<table").nth(1).unwrap();
        assert!(table.contains("Lin Yue") && !table.contains("Ada Min"));
    });
}

#[test]
fn the_company_chooses_how_long_a_session_lies_idle() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await;
        let choose = |minutes| [("sign_in.second_factor", "optional"), ("sign_in.idle_minutes", minutes)];
        client.post("/security", &choose("5")).await.expect(422);
        client.post("/security", &choose("30")).await.expect(303);
        test.clock.set(start() + TimeDelta::minutes(29));
        client.get("/profile").await.expect(200);
        test.clock.set(start() + TimeDelta::minutes(58));
        client.get("/profile").await.expect(200);
        test.clock.set(start() + TimeDelta::minutes(88));
        client.get("/profile").await.expect(303);
    });
}
