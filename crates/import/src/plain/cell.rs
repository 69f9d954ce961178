//! One cell as a value of its field.

use crate::{Layout, RowProblem};
use meta::{Field, Kind, Value};
use rust_decimal::RoundingStrategy::MidpointAwayFromZero;
use tabular::{Row, parse};

/// Words of other systems for our choices, beside the labels.
const WORDS: [(&str, &str, &[&str]); 27] = [
    ("channel", "email", &["mail", "newsletter", "邮箱", "电子邮件"]),
    ("channel", "phone", &["call", "telephone", "tel", "通话"]),
    ("channel", "sms", &["text", "text message", "手机短信"]),
    ("channel", "post", &["letter", "direct mail", "信件"]),
    ("purpose", "marketing", &["advertising", "newsletter", "广告", "推广"]),
    (
        "state",
        "given",
        &["yes", "y", "true", "1", "opt-in", "opted in", "agreed", "subscribed", "是", "订阅"],
    ),
    ("state", "refused", &["no", "n", "false", "0", "declined", "never", "否"]),
    ("state", "withdrawn", &["opt-out", "opted out", "unsubscribed", "revoked", "退订"]),
    ("purpose", "any", &["everything", "*"]),
    ("kind", "company", &["b2b", "企业", "单位", "organisation", "organization", "business", "corporate"]),
    ("kind", "person", &["b2c", "individual", "consumer", "private", "个人客户", "消费者"]),
    ("sex", "male", &["m", "man", "mr", "先生", "男性"]),
    ("sex", "female", &["f", "w", "woman", "ms", "mrs", "女士", "女性"]),
    ("importance_override", "vip", &["vip客户", "a", "重点"]),
    ("importance_override", "key", &["b", "重要", "重要客户", "大客户", "主要"]),
    ("importance_override", "ordinary", &["c", "普通", "一般", "一般客户", "normal"]),
    ("relation", "dealer", &["经销商", "代理商", "渠道", "distributor", "reseller", "channel"]),
    ("relation", "business", &["customer", "客户", "b2b"]),
    ("relation", "supplier", &["vendor", "厂商"]),
    ("relation", "consumer", &["个人", "b2c", "end customer"]),
    ("kind", "call", &["phone", "phone call", "telephone", "通话", "来电", "去电", "外呼"]),
    ("kind", "visit", &["上门", "上门拜访", "site visit", "实地拜访"]),
    ("kind", "meeting", &["会谈", "会面", "meet", "见面"]),
    ("kind", "email", &["e-mail", "mail", "邮箱", "电子邮件"]),
    ("kind", "chat", &["wechat", "微信", "qq", "在线", "im", "whatsapp"]),
    ("kind", "note", &["备注", "记录", "memo", "other", "其他"]),
    ("kind", "task", &["to do", "todo", "待办", "任务"]),
];

pub fn read(layout: &Layout, row: &Row, target: &str, field: &Field) -> Result<Value, RowProblem> {
    let header = layout.header(target);
    match &field.kind {
        Kind::Integer | Kind::Decimal { .. } | Kind::Money | Kind::Percent => {
            let Some(number) = layout.decimal(row, target)? else { return Ok(Value::Null) };
            if field.kind == Kind::Integer {
                let whole = parse::integer(&number.to_string(), &tabular::ColumnStyle::default());
                return whole.map(Value::from).map_err(|error| RowProblem::cell(header, &error));
            }
            let scale = field.scale().unwrap_or_default();
            let number = number.round_dp_with_strategy(scale, MidpointAwayFromZero);
            field.check(number.into()).map_err(|problem| RowProblem::field(header, &problem))
        }
        Kind::Date => Ok(layout.date(row, target)?.into()),
        Kind::Instant => Ok(layout.instant(row, target)?.into()),
        Kind::Choice(_) => match layout.text(row, target)? {
            Some(text) => choice(field, &text).ok_or_else(|| not_a_choice(header, field, &text)),
            None => Ok(Value::Null),
        },
        Kind::Bool => match layout.text(row, target)? {
            Some(text) => yes_or_no(&text).map_err(|error| RowProblem::cell(header, &error)),
            None => Ok(Value::Null),
        },
        _ => match layout.text(row, target)? {
            Some(text) => field.parse_text(&text).map_err(|problem| RowProblem::field(header, &problem)),
            None => Ok(Value::Null),
        },
    }
}

fn yes_or_no(text: &str) -> Result<Value, tabular::CellError> {
    let lower = text.to_lowercase();
    let done = ["done", "completed", "complete", "closed", "finished", "已完成", "完成", "在售", "启用"];
    let open = ["open", "pending", "planned", "in progress", "未完成", "进行中", "待办", "停售", "停用"];
    if done.contains(&lower.as_str()) {
        return Ok(true.into());
    }
    if open.contains(&lower.as_str()) {
        return Ok(false.into());
    }
    Ok(parse::boolean(text)?.into())
}

fn choice(field: &Field, text: &str) -> Option<Value> {
    let lower = text.to_lowercase();
    let exact = field.choices().iter().find(|choice| choice.value == text);
    let own = exact.or_else(|| {
        field.choices().iter().find(|choice| {
            choice.value.to_lowercase() == lower
                || choice.label.en.to_lowercase() == lower
                || choice.label.zh == text
        })
    });
    let known = |value: &str| field.choices().iter().any(|choice| choice.value == value);
    own.map(|choice| choice.value.as_str().into()).or_else(|| {
        let word = WORDS.iter().find(|(name, value, words)| {
            *name == field.name && known(value) && words.contains(&lower.as_str())
        });
        word.map(|(_, value, _)| (*value).into())
    })
}

fn not_a_choice(header: &str, field: &Field, text: &str) -> RowProblem {
    let list = |lang| field.choices().iter().map(|c| c.label.get(lang).to_owned()).collect::<Vec<_>>();
    RowProblem::new(
        header,
        format!("“{text}” is not one of the choices: use {}", list(meta::Lang::En).join(", ")),
        format!("“{text}”不在可选值中，可选：{}", list(meta::Lang::Zh).join("、")),
    )
}
