//! What the explorer answers of such a company: every measure there is, and every way of looking at it, asked for what can
//! be undefined: rates of nothing, shares of a total below zero, changes against nothing, days far ahead.

use super::shown;
use testkit::Client;
use warehouse::semantic::Model;

/// As many measures as may be asked at once.
const TOGETHER: usize = 12;
const ALWAYS: &str = "period=between&from=2000-01-01&to=2999-12-31";
const WAYS: [&str; 12] = [
    "m=net_sales&m=margin_rate&m=return_rate&r=day:month&share=1&running=1&period=last_12_months&compare=last_year",
    "m=net_sales&m=margin&r=day:year&share=1&running=1&period=this_year&compare=previous",
    "m=margin_rate&m=discount_rate&r=account&top=3&sort=-margin_rate&share=1",
    "m=net_sales&r=account&top=2&sort=-net_sales&share=1&running=1",
    "m=net_sales&r=account.province&chart=treemap",
    "m=net_sales&r=account.province&c=account.relation&chart=heat",
    "m=margin&r=account.province&chart=map",
    "m=net_sales&r=account.province&chart=bar&share=1",
    "m=net_sales&r=day:month&chart=line&running=1",
    "m=orders&m=customers&r=product&c=day:year&chart=table",
    "m=net_sales&r=day:day&period=between&from=2999-01-01&to=2999-12-31",
    "m=sales&r=account.province&filter=account.province%20%3D%3D%20'nowhere'&share=1",
];

/// Asks, and says what is wrong with the answers.
pub async fn ask(client: &Client, model: &Model, wrong: &mut Vec<String>) {
    let names: Vec<&str> = model.measures.iter().map(|measure| measure.name).collect();
    let everything = names.chunks(TOGETHER).map(|names| {
        let measures: Vec<String> = names.iter().map(|name| format!("m={name}")).collect();
        format!("{}&{ALWAYS}&compare=last_year", measures.join("&"))
    });
    for question in everything.chain(WAYS.map(str::to_owned)) {
        let path = format!("/analysis/explore/answer?{question}");
        let answer = client.get(&path).await;
        if answer.status != 200 {
            wrong.push(format!("{path}: {} {}", answer.status, answer.body));
        }
        shown(&path, &answer.body, wrong);
    }
}
