//! What is wrong with a question, said where it is, with what can be asked instead.

use super::{EXPLORE, answer, get, modules, trade};
use testkit::{on_both, on_sqlite};

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
