//! Scheduled reports: each reader gets one letter with his own figures, when it is time, and once.

use super::{get, keeping::signed_in, modules, trade};
use crate::{pages::create, workbook};
use chrono::TimeDelta;
use engine::{Actor, Query, Role};
use meta::Id;
use testkit::{Client, MailServer, TestApp, on_both};
use web::App;

const SCHEDULES: &str = "/analysis/schedules";

/// The program with a mail server.
pub fn with_mail(test: &TestApp, url: &str) -> App {
    let options = web::Options {
        mail: Some(web::MailServer::new(url, "Zhike <crm@example.com>").unwrap()),
        public_url: Some("https://crm.example.com".into()),
        ..web::Options::default()
    };
    App::new(test.engine.clone(), modules().web, options).unwrap()
}

async fn question(client: &Client, with: &str) -> String {
    let fields = [("m", "sales"), ("r", "account.province"), ("name", "By province"), ("with", with)];
    let answer = client.post("/analysis/questions", &fields).await.expect(303);
    answer.header("location").split("saved=").nth(1).unwrap().to_owned()
}

/// The form of a daily letter to these; paused unless it is active.
fn every_day<'a>(question: &'a str, readers: &[&'a str], active: bool) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![("name", "Daily"), ("question", question), ("rhythm", "daily"), ("hour", "8")];
    form.extend(readers.iter().map(|reader| ("recipient", *reader)));
    form.extend(active.then_some(("active", "1")));
    form
}

async fn only(test: &TestApp) -> meta::Record {
    test.engine.list(&Actor::system(), &Query::new("scheduled_report")).await.unwrap().records.remove(0)
}

/// Somebody who sees his own customers alone.
async fn limited(test: &TestApp) -> Id {
    let own = test.user("Own Er", "own@example.com", Role::User).await;
    let role = create(&test.engine, "role", &[("name", "own".into())]).await;
    crate::rights::grant(&test.engine, role, &["account", "order"], "own").await;
    create(&test.engine, "user_role", &[("user", own.into()), ("role", role.into())]).await;
    own
}

#[test]
fn each_reader_gets_his_own_figures_once_and_when_it_is_time() {
    on_both(modules, async |test| {
        let own = limited(&test).await;
        trade(&test, Some(own)).await;
        let ann = test.administrator().await;
        let whole = test.user("All Seeing", "all@example.com", Role::User).await;
        let asked = question(&ann, "me").await;
        assert!(
            get(&ann, &format!("{SCHEDULES}/new?question={asked}")).await.contains("No mail server is set")
        );
        let (own, whole) = (own.to_string(), whole.to_string());
        let form = [
            ("name", "Monday figures"),
            ("question", asked.as_str()),
            ("rhythm", "weekly"),
            ("weekday", "1"),
            ("hour", "8"),
            ("recipient", own.as_str()),
            ("recipient", whole.as_str()),
            ("active", "1"),
        ];
        ann.post(SCHEDULES, &form).await.expect(303);
        assert!(get(&ann, SCHEDULES).await.contains("Mondays at 08:00"));
        let server = MailServer::start();
        let app = with_mail(&test, &server.url);
        assert_eq!(analysis::send_due(&app).await.unwrap(), 0);
        let next = only(&test).await.get("next_at").as_instant().unwrap();
        assert!(next > test.clock.now() && next - test.clock.now() <= TimeDelta::days(7), "{next}");
        test.clock.set(next + TimeDelta::seconds(1));
        assert_eq!(analysis::send_due(&app).await.unwrap(), 2);
        let letters = [server.letter(0).await, server.letter(1).await];
        let to = |email: &str| letters.iter().find(|letter| letter.to == email).unwrap();
        let (limited, all) = (to("own@example.com"), to("all@example.com"));
        assert_eq!(all.subject, "Monday figures");
        assert!(
            all.text.contains("四川: ¥1,100.00") && all.text.contains("Total: ¥1,900.00"),
            "{}",
            all.text
        );
        assert!(
            limited.text.contains("Total: ¥800.00") && !limited.text.contains("四川"),
            "{}",
            limited.text
        );
        assert!(all.text.contains("https://crm.example.com/analysis/explore?m=sales"), "{}", all.text);
        let html = all.html.as_ref().unwrap();
        assert!(html.contains("<td align=\"right\">¥1,100.00</td>"), "{html}");
        let head = ["Customer: Province", "Sales"];
        for (letter, rows) in [
            (all, vec![head, ["四川", "1100"], ["山东", "800"], ["Total", "1900"]]),
            (limited, vec![head, ["山东", "800"], ["Total", "800"]]),
        ] {
            let (name, bytes) = &letter.files[0];
            assert_eq!(name, "report.xlsx");
            assert_eq!(workbook::rows(bytes), rows, "to {}", letter.to);
            // What it is of and what it means goes with it.
            let about = workbook::sheet(bytes, Some("2 About"));
            assert_eq!(about[0], ["Sheet", "What", "Meaning"]);
            let html = letter.html.as_ref().unwrap();
            for what in ["Data as of", "From “", "Sales"] {
                let said = about.iter().find(|row| row[0] == "1 By province" && row[1].starts_with(what));
                let [_, what, meaning] = &said.expect(what)[..] else { panic!("{about:?}") };
                assert!(letter.text.contains(&format!("{what}: {meaning}")), "{}", letter.text);
                assert!(html.contains(&format!("<b>{what}</b> ")), "{html}");
            }
        }
        // Not again until the next Monday.
        assert_eq!(analysis::send_due(&app).await.unwrap(), 0);
        let record = only(&test).await;
        assert_eq!(record.get("next_at").as_instant().unwrap() - next, TimeDelta::days(7));
        assert!(record.get("pending").is_null() && record.text("problem").is_empty());
        assert_eq!(server.count(), 2);
    });
}

#[test]
fn a_letter_that_could_not_be_sent_is_tried_again_for_those_without_it() {
    on_both(modules, async |test| {
        trade(&test, None).await;
        let ann = test.administrator().await;
        let asked = question(&ann, "me").await;
        let reader = test.user("All Seeing", "all@example.com", Role::User).await.to_string();
        ann.post(SCHEDULES, &every_day(&asked, &[&reader], true)).await.expect(303);
        let id = only(&test).await.id;
        // However long ago the last one was.
        test.clock.set(test.clock.now() + TimeDelta::days(2));
        let ann = signed_in(&test, "ada@example.com").await;
        ann.post(&format!("{SCHEDULES}/{id}/now"), &[]).await.expect(303);
        // Nobody listens there.
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let broken = with_mail(&test, &format!("smtp://a:b@{nobody}"));
        assert_eq!(analysis::send_due(&broken).await.unwrap(), 0);
        let record = only(&test).await;
        assert!(!record.get("pending").is_null() && record.text("problem") == "mail", "{record:?}");
        assert!(get(&ann, SCHEDULES).await.contains("The mail server did not take the letter"));
        ann.post("/preferences", &[("lang", "zh-CN"), ("return_to", "/")]).await.expect(303);
        assert!(get(&ann, SCHEDULES).await.contains("邮件服务器未能接收邮件"));
        let server = MailServer::start();
        let app = with_mail(&test, &server.url);
        assert_eq!(analysis::send_due(&app).await.unwrap(), 0);
        test.clock.set(test.clock.now() + TimeDelta::minutes(16));
        assert_eq!(analysis::send_due(&app).await.unwrap(), 1);
        assert!(only(&test).await.text("problem").is_empty());
        // For a day, then the next time is as if it had gone out.
        ann.post(&format!("{SCHEDULES}/{id}/now"), &[]).await.expect(303);
        for _ in 0..=24 {
            assert_eq!(analysis::send_due(&broken).await.unwrap(), 0);
            test.clock.set(test.clock.now() + TimeDelta::hours(1));
        }
        let record = only(&test).await;
        assert!(record.get("pending").is_null() && record.text("problem") == "mail", "{record:?}");
        assert_eq!(analysis::send_due(&app).await.unwrap(), 0);
        let ann = signed_in(&test, "ada@example.com").await;
        // As if changed while its last letter was on its way: next time everybody gets one.
        let under_way = meta::Values::from([
            ("due_at".to_owned(), meta::Value::Instant(test.clock.now())),
            ("pending".to_owned(), meta::Value::Json(serde_json::json!([]))),
        ]);
        let system = Actor::system();
        let write = test.engine.write(&system, move |tx| {
            Box::pin(async move { tx.update("scheduled_report", id, None, under_way).await })
        });
        write.await.unwrap();
        // Paused, it stays.
        ann.post(&format!("{SCHEDULES}/{id}"), &every_day(&asked, &[&reader], false)).await.expect(303);
        let record = only(&test).await;
        assert!(record.get("pending").is_null() && record.get("due_at").is_null(), "{record:?}");
        test.clock.set(test.clock.now() + TimeDelta::days(3));
        assert_eq!(analysis::send_due(&app).await.unwrap(), 0);
    });
}

#[test]
fn sent_now_while_it_is_paused_a_report_goes_out_once_and_stays_paused() {
    on_both(modules, async |test| {
        trade(&test, None).await;
        let ann = test.administrator().await;
        let asked = question(&ann, "me").await;
        let reader = test.user("All Seeing", "all@example.com", Role::User).await.to_string();
        ann.post(SCHEDULES, &every_day(&asked, &[&reader], false)).await.expect(303);
        let id = only(&test).await.id;
        let server = MailServer::start();
        let app = with_mail(&test, &server.url);
        assert_eq!(analysis::send_due(&app).await.unwrap(), 0);
        ann.post(&format!("{SCHEDULES}/{id}/now"), &[]).await.expect(303);
        // Nobody listens there: it is tried again like any other.
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let broken = with_mail(&test, &format!("smtp://a:b@{nobody}"));
        assert_eq!(analysis::send_due(&broken).await.unwrap(), 0);
        assert!(get(&ann, SCHEDULES).await.contains("Paused"));
        test.clock.set(test.clock.now() + TimeDelta::minutes(16));
        assert_eq!(analysis::send_due(&app).await.unwrap(), 1);
        let record = only(&test).await;
        assert_eq!(record.get("active").as_bool(), Some(false));
        assert!(record.get("next_at").is_null() && !record.get("last_sent_at").is_null(), "{record:?}");
        test.clock.set(test.clock.now() + TimeDelta::days(3));
        assert_eq!(analysis::send_due(&app).await.unwrap(), 0);
        assert_eq!(server.count(), 1);
    });
}

/// A daily letter to these, due now.
async fn daily(test: &TestApp, readers: &[&str]) {
    let ann = test.administrator().await;
    let asked = question(&ann, "me").await;
    ann.post(SCHEDULES, &every_day(&asked, readers, true)).await.expect(303);
    let id = only(test).await.id;
    ann.post(&format!("{SCHEDULES}/{id}/now"), &[]).await.expect(303);
}

#[test]
fn two_servers_send_each_letter_once() {
    on_both(modules, async |test| {
        trade(&test, None).await;
        let mut readers = vec![];
        for number in 0..4 {
            let email = format!("reader{number}@example.com");
            readers.push(test.user("All Seeing", &email, Role::User).await.to_string());
        }
        daily(&test, &readers.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let other = test.again(modules()).await;
        let server = MailServer::start();
        let apps = [with_mail(&test, &server.url), with_mail(&other, &server.url)];
        let (here, there) = tokio::join!(analysis::send_due(&apps[0]), analysis::send_due(&apps[1]));
        assert_eq!((here.unwrap() + there.unwrap(), server.count()), (4, 4));
        let record = only(&test).await;
        assert!(record.get("pending").is_null() && record.text("problem").is_empty(), "{record:?}");
    });
}

#[test]
fn after_a_server_died_with_a_letter_on_its_way_the_others_get_theirs_and_nobody_two() {
    on_both(modules, async |test| {
        trade(&test, None).await;
        let first = test.user("First", "first@example.com", Role::User).await.to_string();
        let second = test.user("Second", "second@example.com", Role::User).await.to_string();
        daily(&test, &[&first, &second]).await;
        let (id, now) = (only(&test).await.id, test.clock.now());
        // The letter to the first was on its way.
        let left = meta::Values::from([
            ("next_at".to_owned(), meta::Value::Instant(now + TimeDelta::minutes(15))),
            ("due_at".to_owned(), meta::Value::Instant(now)),
            ("pending".to_owned(), meta::Value::Json(serde_json::json!([second]))),
            ("problem".to_owned(), "unsure".into()),
        ]);
        let lease = engine::sea_query::Query::insert()
            .into_table(engine::name("lease"))
            .columns(["name", "holder", "until"].map(engine::name))
            .values_panic([
                "scheduled reports".into(),
                id.into(),
                (now + TimeDelta::minutes(15) + TimeDelta::seconds(20)).into(),
            ])
            .to_owned();
        let system = Actor::system();
        let died = test.engine.write(&system, move |tx| {
            Box::pin(async move {
                tx.update("scheduled_report", id, None, left).await?;
                tx.execute(&lease).await
            })
        });
        died.await.unwrap();
        let server = MailServer::start();
        let app = with_mail(&test, &server.url);
        test.clock.set(now + TimeDelta::minutes(15) + TimeDelta::seconds(1));
        let soon = std::time::Duration::from_millis(500);
        assert!(tokio::time::timeout(soon, analysis::send_due(&app)).await.is_err(), "somebody sends");
        test.clock.set(now + TimeDelta::minutes(16));
        assert_eq!(analysis::send_due(&app).await.unwrap(), 1);
        assert_eq!((server.letter(0).await.to.as_str(), server.count()), ("second@example.com", 1));
        let record = only(&test).await;
        assert!(record.get("pending").is_null() && record.text("problem") == "unsure", "{record:?}");
        let ann = signed_in(&test, "ada@example.com").await;
        assert!(get(&ann, SCHEDULES).await.contains("stopped in the middle"));
    });
}

#[test]
fn a_dashboard_is_mailed_whole_and_schedules_are_their_owners() {
    on_both(modules, async |test| {
        trade(&test, None).await;
        let ann = test.administrator().await;
        let bob = test.ordinary().await;
        let asked = question(&ann, "me").await;
        let made = ann.post("/analysis/dashboards", &[("name", "Board"), ("with", "me")]).await.expect(303);
        let board = made.header("location").split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
        for _ in 0..2 {
            let edit = get(&ann, &format!("/analysis/dashboards/{board}?edit=1")).await;
            let known: Vec<String> = edit
                .split("name=\"tile\" value=\"")
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap().to_owned())
                .collect();
            let mut fields: Vec<(&str, &str)> = known.iter().map(|tile| ("tile", tile.as_str())).collect();
            fields.extend([("question", asked.as_str()), ("do", "add")]);
            ann.post(&format!("/analysis/dashboards/{board}/tiles"), &fields).await.expect(303);
        }
        let reader = test.user("All Seeing", "all@example.com", Role::User).await.to_string();
        let form = [
            ("name", "Board"),
            ("dashboard", board.as_str()),
            ("rhythm", "monthly"),
            ("day", "1"),
            ("hour", "7"),
            ("recipient", reader.as_str()),
            ("active", "1"),
        ];
        ann.post(SCHEDULES, &form).await.expect(303);
        let id = only(&test).await.id;
        assert!(get(&ann, &format!("{SCHEDULES}/{id}")).await.contains("Mail “Board” regularly"));
        bob.get(&format!("{SCHEDULES}/{id}")).await.expect(404);
        bob.post(&format!("{SCHEDULES}/{id}/now"), &[]).await.expect(404);
        bob.get(&format!("{SCHEDULES}/new?question={asked}")).await.expect(404);
        let nobody = [("name", "x"), ("question", asked.as_str()), ("rhythm", "daily"), ("hour", "7")];
        let refused = ann.post(SCHEDULES, &nobody).await.expect(422).body;
        assert!(refused.contains("recipients"), "{refused}");
        let wrong = [
            ("name", ""),
            ("question", asked.as_str()),
            ("rhythm", "daily"),
            ("hour", "99"),
            ("recipient", reader.as_str()),
        ];
        let refused = ann.post(SCHEDULES, &wrong).await.expect(422).body;
        assert!(refused.contains("Name:") && refused.contains("At:"), "{refused}");
        ann.post(&format!("{SCHEDULES}/{id}/now"), &[]).await.expect(303);
        let server = MailServer::start();
        assert_eq!(analysis::send_due(&with_mail(&test, &server.url)).await.unwrap(), 1);
        let letter = server.letter(0).await;
        assert_eq!(letter.text.matches("Total: ¥1,900.00").count(), 2, "{}", letter.text);
        ann.post(&format!("{SCHEDULES}/{id}/delete"), &[]).await.expect(303);
        assert!(!get(&ann, SCHEDULES).await.contains("Board"));
    });
}
