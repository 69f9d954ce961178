//! Roles, what they allow, who has them, and records shared with somebody.

use super::{Action, Level};
use crate::Module;
use meta::{Draft, Entity, Field, choice, instant, label, long_text, reference, text};
use std::net::IpAddr;

pub(crate) fn add(module: Module) -> Module {
    module
        .before_save("role", check_networks)
        .entity(role())
        .entity(user_role())
        .entity(role_right())
        .entity(field_right())
        .entity(record_share())
}

/// A list nobody can read would let nobody in.
fn check_networks(draft: &mut Draft<'_>) {
    let text = draft.get("networks").as_text().unwrap_or_default().to_owned();
    let words = text.split(|letter: char| letter.is_whitespace() || ",;，；、".contains(letter));
    if let Some(word) = words.filter(|word| !word.is_empty()).find(|word| !is_network(word)) {
        draft.reject(
            "networks",
            label(
                format!("“{word}” is not a network: write 203.0.113.0/24 or a single address"),
                format!("“{word}”不是网段，请写成 203.0.113.0/24 或单个地址"),
            ),
        );
    }
}

fn is_network(word: &str) -> bool {
    let (address, bits) = match word.split_once('/') {
        Some((address, bits)) => (address, bits.parse::<u8>().ok()),
        None => (word, Some(0)),
    };
    match (address.parse::<IpAddr>(), bits) {
        (Ok(IpAddr::V4(_)), Some(bits)) => bits <= 32,
        (Ok(IpAddr::V6(_)), Some(bits)) => bits <= 128,
        _ => false,
    }
}

fn role() -> Entity {
    Entity::new("role")
        .labels("Role", "Roles", "角色")
        .icon("shield-lock")
        .hint(
            "What people with a certain task may see and do. Whoever has no role works on everything.",
            "承担某项工作的人可以看什么、做什么。没有任何角色的用户可以处理全部数据。",
        )
        .field(text("name").zh("名称").required().unique().searched().indexed())
        .field(long_text("description").zh("说明"))
        .field(
            long_text("networks")
                .label("Works only from", "仅可从以下地址使用")
                .help(
                    "Networks such as 203.0.113.0/24, one a line; empty: from anywhere. Whoever has several roles must be within the list of each.",
                    "每行一个网段，如 203.0.113.0/24；不填则不限制。有多个角色的用户须同时满足各角色的限制。",
                ),
        )
        .list(["name", "description"])
        .sort("name")
        .secret()
}

/// Edited as lines of the user.
fn user_role() -> Entity {
    Entity::new("user_role")
        .labels("Role", "Roles", "角色")
        .field(reference("user", "user").zh("用户").required())
        .field(reference("role", "role").zh("角色").required())
        .title("role")
        .list(["role"])
        .parent("user")
        .secret()
}

fn levels(action: Action) -> Field {
    let levels: Vec<_> = Level::ALL.iter().map(|level| (level.name(), level.label())).collect();
    let mut field = choice(action.name(), &[]).default_value(Level::None.name());
    field.kind = meta::Kind::Choice(
        levels
            .into_iter()
            .map(|(value, label)| meta::Choice { value: value.to_owned(), label, colour: "grey" })
            .collect(),
    );
    let verb = action.label();
    let mut letters = verb.en.chars();
    let first = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
    field.label = label(first.unwrap_or_default(), verb.zh);
    field
}

fn role_right() -> Entity {
    Entity::new("role_right")
        .labels("Right", "Rights", "权限")
        .icon("shield-check")
        .field(reference("role", "role").zh("角色").required())
        .field(text("entity").label("Records", "数据").required().indexed())
        .fields(Action::ALL.map(levels))
        .title("entity")
        .secret()
}

fn field_right() -> Entity {
    Entity::new("field_right")
        .labels("Field right", "Field rights", "字段权限")
        .icon("eye-off")
        .field(reference("role", "role").zh("角色").required())
        .field(text("entity").label("Records", "数据").required().indexed())
        .field(text("field").label("Field", "字段").required())
        .field(
            choice(
                "level",
                &[
                    ("hidden", "Hidden", "隐藏", "red"),
                    ("masked", "Masked", "脱敏", "orange"),
                    ("read_only", "Read only", "只读", "yellow"),
                ],
            )
            .label("Level", "级别")
            .required(),
        )
        .title("field")
        .secret()
}

fn record_share() -> Entity {
    Entity::new("record_share")
        .labels("Share", "Shares", "共享")
        .icon("share")
        .hint(
            "Records opened to a user or a team beyond their roles.",
            "在角色之外开放给某人或某团队的记录。",
        )
        .field(text("entity").label("Records", "数据").required())
        .field(text("record").label("Record", "记录").required().indexed())
        .field(reference("user", "user").zh("用户"))
        .field(reference("team", "team").zh("团队"))
        .field(
            choice("level", &[("read", "See", "查看", "blue"), ("write", "Change", "修改", "green")])
                .label("May", "可以")
                .required()
                .default_value("read"),
        )
        .field(instant("expires_at").label("Ends", "到期时间"))
        .title("record")
        .secret()
}
