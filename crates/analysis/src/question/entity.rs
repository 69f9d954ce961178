//! A saved question. `definition` holds what is asked and what stands in columns, as the explorer writes it.

use super::ENTITY;
use crate::explore::View;
use meta::{Draft, Entity, Problem, Value, boolean, choice, json, long_text, reference, text};

/// How it is drawn, in the explorer's words.
const CHARTS: [(&str, &str, &str, &str); 7] = [
    ("auto", "Automatic", "自动", "grey"),
    ("table", "Table", "表格", "grey"),
    ("bar", "Bars", "柱状图", "grey"),
    ("line", "Line", "折线图", "grey"),
    ("heat", "Heat map", "热力图", "grey"),
    ("treemap", "Treemap", "矩形树图", "grey"),
    ("map", "Map", "地图", "grey"),
];

pub fn entity() -> Entity {
    Entity::new(ENTITY)
        .labels("Saved question", "Saved questions", "已存分析")
        .icon("bookmark")
        .hint("Questions put together in the explorer, kept under a name.", "在自助分析中保存的问题。")
        .field(text("name").label("Name", "名称").required().indexed())
        .field(long_text("description").label("Note", "说明"))
        .field(json("definition").label("Question", "问题"))
        .field(choice("chart", &CHARTS).label("Shown as", "展示方式").default_value("auto"))
        .field(boolean("shared").label("For everybody", "所有人可用").default_value(false).help(
            "Others see the question; its answer is made with their own rights.",
            "其他人可以看到此问题，结果按各自的权限计算。",
        ))
        .field(reference("team", "team").label("For a team", "团队可用"))
        .field(reference("owner", "user").label("Owner", "所有者"))
        .list(["name", "chart", "shared", "team", "owner"])
        .sort("name")
        .personal("owner", "shared")
}

/// What is no question is not kept.
pub fn check(draft: &mut Draft<'_>) {
    let Some(Value::Json(definition)) = draft.values.get("definition") else { return };
    if let Err(engine::Error::Invalid(problems)) = View::of_kept(definition) {
        for problem in problems {
            if let Problem::Rule(text) = problem.problem {
                draft.reject("definition", text);
            }
        }
    }
}
