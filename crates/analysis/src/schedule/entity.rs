//! What is mailed when to whom. When it goes out next, and how the last time went, is written by the program.

use super::{ENTITY, next::Rhythm};
use meta::{
    Draft, Entity, Id, Label, Record, Value, boolean, choice, instant, integer, json, label, reference, text,
};

/// Who gets one letter; a list for more people is not this program's to keep.
pub const RECIPIENTS_LIMIT: usize = 50;

const RHYTHMS: [(&str, &str, &str, &str); 3] = [
    ("daily", "Daily", "每天", "grey"),
    ("weekly", "Weekly", "每周", "grey"),
    ("monthly", "Monthly", "每月", "grey"),
];

/// While a letter is on its way; it stays if the program died meanwhile.
pub const UNSURE: &str = "unsure";

/// Why the last letter did not reach everybody; what exactly happened is in the log.
pub const PROBLEMS: [(&str, &str, &str, &str); 5] = [
    ("mail", "The mail server did not take the letter", "邮件服务器未能接收邮件", "red"),
    ("data", "The data could not be asked", "数据暂时无法查询", "orange"),
    (
        "gone",
        "Question, dashboard or owner are deleted, or the owner may no longer see them",
        "分析、仪表板或所有者已删除，或所有者已无权查看",
        "red",
    ),
    (
        UNSURE,
        "Being sent, or stopped in the middle: one recipient may not have got it",
        "正在发送，或发送中途中断：可能有一位收件人未收到",
        "orange",
    ),
    ("fault", "Something went wrong on our side; the log says more", "系统内部出错，详见日志", "red"),
];

pub fn entity() -> Entity {
    Entity::new(ENTITY)
        .labels("Scheduled report", "Scheduled reports", "定时报表")
        .icon("mail-forward")
        .hint(
            "Saved questions and dashboards that are mailed regularly.",
            "定期通过邮件发送的已存分析与仪表板。",
        )
        .field(text("name").label("Name", "名称").required().indexed())
        .field(reference("question", "question").label("Question", "分析").in_example())
        .field(reference("dashboard", "dashboard").label("Dashboard", "仪表板"))
        .field(choice("rhythm", &RHYTHMS).label("How often", "频率").required().default_value("weekly"))
        .field(integer("day").label("Day", "日期").help(
            "Of a week from 1 (Monday) to 7, of a month from 1 to 28.",
            "每周填 1（星期一）至 7，每月填 1 至 28。",
        ))
        .field(
            integer("hour")
                .label("Hour", "时刻")
                .help("0 to 23, by the company's clock.", "0 至 23，按公司时区。"),
        )
        .field(json("recipients").label("Recipients", "收件人"))
        .field(boolean("active").label("Active", "启用").default_value(true).indexed())
        .field(boolean("shared").label("For everybody", "所有人可见").default_value(false))
        .field(reference("owner", "user").label("Owner", "所有者"))
        .field(instant("next_at").label("Next", "下次发送").figure().indexed())
        .field(instant("last_sent_at").label("Last sent", "上次发送").figure())
        .field(instant("due_at").label("Due since", "应发时间").figure())
        .field(json("pending").label("Still to be sent to", "待发送").figure())
        .field(choice("problem", &PROBLEMS).label("Problem", "问题").figure())
        .list(["name", "rhythm", "active", "next_at", "last_sent_at", "owner"])
        .sort("name")
        .personal("owner", "shared")
}

/// The users in a list of ids.
pub fn users_in(value: &Value) -> Option<Vec<Id>> {
    match value {
        // The API's example of JSON is an empty object: nobody.
        Value::Json(none) if *none == serde_json::json!({}) => Some(vec![]),
        Value::Json(list) => serde_json::from_value(list.clone()).ok(),
        _ => Some(vec![]),
    }
}

pub fn rhythm_of(record: &Record) -> (Rhythm, u32) {
    let number = |field: &str, otherwise: u32| {
        record.get(field).as_int().and_then(|number| u32::try_from(number).ok()).unwrap_or(otherwise)
    };
    let rhythm = match record.text("rhythm") {
        "daily" => Rhythm::Daily,
        "monthly" => Rhythm::Monthly(number("day", 1)),
        _ => Rhythm::Weekly(number("day", 1)),
    };
    (rhythm, number("hour", 8).min(23))
}

pub fn check(draft: &mut Draft<'_>) {
    let mut wrong: Vec<(&str, Label)> = vec![];
    match ["question", "dashboard"].map(|field| !draft.get(field).is_null()) {
        [true, true] => wrong.push((
            "dashboard",
            label("stands beside a question: mail one of them", "与分析不能同时选择，请只选其一"),
        )),
        [false, false] => wrong.push((
            "question",
            label(
                "is missing: name the saved question or the dashboard to mail",
                "未填写：请指定要发送的已存分析或仪表板",
            ),
        )),
        _ => {}
    }
    if draft.changes("recipients") {
        match users_in(draft.get("recipients")) {
            None => wrong.push(("recipients", label("is a list of users' ids", "应为用户标识列表"))),
            Some(users) if users.len() > RECIPIENTS_LIMIT => wrong.push((
                "recipients",
                label(format!("are at most {RECIPIENTS_LIMIT}"), format!("最多 {RECIPIENTS_LIMIT} 人")),
            )),
            _ => {}
        }
    }
    let days = match draft.get("rhythm").as_text() {
        Some("monthly") => 1..=28,
        _ => 1..=7,
    };
    if draft.get("day").as_int().is_some_and(|day| !days.contains(&day)) {
        wrong.push((
            "day",
            label(format!("is from 1 to {}", days.end()), format!("应为 1 至 {}", days.end())),
        ));
    }
    if draft.get("hour").as_int().is_some_and(|hour| !(0..=23).contains(&hour)) {
        wrong.push(("hour", label("is from 0 to 23", "应为 0 至 23")));
    }
    for (field, text) in wrong {
        draft.reject(field, text);
    }
    // When it goes out next is found anew, and then to everybody: not to those alone whom a letter under way has not reached.
    if ["rhythm", "day", "hour", "active"].iter().any(|field| draft.changes(field)) {
        for field in ["next_at", "due_at", "pending"] {
            draft.set(field, Value::Null);
        }
    }
}
