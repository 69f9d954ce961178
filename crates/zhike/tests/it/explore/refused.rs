//! What is wrong with a question, said where it is, with what can be asked instead; and of what no file is offered.

use super::{EXPLORE, answer, get, modules, order, trade};
use crate::pages::create;
use engine::Actor;
use meta::{Value, Values};
use testkit::{on_both, on_sqlite};
use warehouse::Manner;

#[test]
fn what_is_wrong_with_a_question_is_said_of_its_field() {
    on_sqlite(modules, async |test| {
        trade(&test, None).await;
        let client = test.administrator().await;
        for (parameters, field, word) in [
            ("m=beauty", "Measures:", "beauty"),
            ("m=sales&r=beauty", "Dimensions:", "beauty"),
            ("m=activities&r=product", "Dimensions:", "“Product”: take one of them out"),
            ("m=sales&filter=beauty == 1", "Filter:", "beauty"),
            ("m=sales&filter=channel ==", "Filter:", "cannot be read"),
            ("m=sales&r=channel&top=0", "Top:", "1 to 1000"),
            ("m=sales&r=channel&sort=beauty", "Sort:", "beauty"),
            ("m=sales&w=channel=7", "Within:", "channel"),
            ("m=sales&period=between&from=2026-03-01&to=2026-01-01", "Period:", "before it begins"),
        ] {
            let page = client
                .get(&answer(&parameters.replace(' ', "%20").replace("==", "%3D%3D")))
                .await
                .expect(422)
                .body;
            let said = page.split("role=\"alert\">").skip(1).any(|note| {
                let note = note.split("</div>").next().unwrap_or_default();
                note.contains(field) && note.contains(word)
            });
            assert!(said, "{parameters}: {page}");
        }
        let page = client.get(&format!("{EXPLORE}?m=sales&top=many&period=soon")).await.expect(422).body;
        assert!(page.contains("Top:") && page.contains("many") && page.contains("Period:"), "{page}");
    });
}

#[test]
fn what_cannot_be_cut_says_because_of_what_and_what_can_be_asked_instead() {
    on_both(modules, async |test| {
        trade(&test, None).await;
        let client = test.administrator().await;
        // Contacts are with customers, and nothing says of which channel.
        for (asked, language, said) in [
            (
                "m=net_profit&r=channel",
                "en",
                "“Contribution after cost to serve” cannot be cut by “Channel”, which is not known of “Cost of contacts”. \
                 By “Channel” can be asked: “Contribution”, “Cost of handling orders”, “Cost of handling returns”",
            ),
            (
                "m=cost_to_serve_rate&m=sales&w=channel%3D%22online%22",
                "en",
                "By “Channel” can be asked: “Cost of handling orders”, “Cost of handling returns”, “Net sales”",
            ),
            (
                "m=net_profit&r=channel",
                "zh-CN",
                "“服务后贡献（净利润）”不能按“渠道”分析，因为其中的“客户接触成本”没有该维度。\
                 可按“渠道”分析的有：“贡献毛益”、“订单处理成本”、“退货处理成本”",
            ),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&answer(asked)).await.expect(422).body;
            assert!(page.contains(said), "{said}: {page}");
        }
        get(&client, &answer("m=contribution&m=handling_cost&m=return_cost&r=channel")).await;
    });
}

#[test]
fn no_file_is_offered_of_more_columns_than_it_may_have() {
    on_sqlite(modules, async |test| {
        let account = create(&test.engine, "account", &[("name", "Acme".into())]).await;
        for day in 1..=25 {
            order(&test, account, None, &format!("2026-03-{day:02}T02:00:00Z"), "online", 10).await;
        }
        warehouse::refresh(&test.engine, Manner::default(), None).await.unwrap();
        let client = test.administrator().await;
        for (across, status) in [("day:month", 200), ("day:day", 413)] {
            let page = get(&client, &answer(&format!("m=sales&r=account&c={across}"))).await;
            assert_eq!(page.contains("aria-describedby=\"no-file\""), status != 200, "{across}: {page}");
            assert_eq!(page.contains("more rows than a file may have"), status != 200, "{across}");
            let file = [("m", "sales"), ("r", "account"), ("c", across), ("format", "csv")];
            client.post(&format!("{EXPLORE}/export"), &file).await.expect(status);
        }
    });
}

#[test]
fn of_more_rows_than_are_shown_it_is_said_how_many_there_are() {
    on_both(modules, async |test| {
        let call: Values = [
            ("subject", "Call".into()),
            ("kind", "call".into()),
            ("happened_at", Value::Instant("2026-02-10T02:00:00Z".parse().unwrap())),
        ]
        .into_iter()
        .map(|(name, value): (&str, Value)| (name.to_owned(), value))
        .collect();
        let calls = vec![call; 301];
        let system = Actor::system();
        let written = test
            .engine
            .write(&system, move |tx| Box::pin(async move { tx.create_many("activity", calls).await }));
        written.await.unwrap();
        warehouse::refresh(&test.engine, Manner::default(), None).await.unwrap();
        let client = test.administrator().await;
        for (language, said) in [
            ("en", ["The newest 300 of 301 rows", "The file has all of them."]),
            ("zh-CN", ["共 301 行，仅显示最新的 300 行", "导出文件包含全部行"]),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = get(&client, &format!("{EXPLORE}/rows?m=activities&fact=activities")).await;
            assert!(said.iter().all(|said| page.contains(said)), "{page}");
            assert!(!page.contains("aria-describedby=\"no-file\""), "{page}");
        }
        let file = [("m", "activities"), ("fact", "activities"), ("format", "csv")];
        let file = client.post("/analysis/explore/rows/export", &file).await.expect(200).body;
        assert_eq!(file.lines().count(), 302);
    });
}
