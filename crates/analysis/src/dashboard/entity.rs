//! A dashboard. `tiles` is the list of its questions in their order, each with its width.

use super::{ENTITY, tiles::read};
use meta::{Draft, Entity, Problem, Value, boolean, json, long_text, reference, text};

pub fn entity() -> Entity {
    Entity::new(ENTITY)
        .labels("Dashboard", "Dashboards", "仪表板")
        .icon("layout-dashboard")
        .hint(
            "Saved questions beside each other, under one set of filters.",
            "将多个已存分析放在一起，并使用同一组筛选条件。",
        )
        .field(text("name").label("Name", "名称").required().indexed())
        .field(long_text("description").label("Note", "说明"))
        .field(json("tiles").label("Tiles", "卡片"))
        .field(boolean("shared").label("For everybody", "所有人可用").default_value(false).help(
            "Others see the dashboard; its figures are made with their own rights.",
            "其他人可以看到此仪表板，数据按各自的权限计算。",
        ))
        .field(reference("team", "team").label("For a team", "团队可用"))
        .field(reference("owner", "user").label("Owner", "所有者"))
        .list(["name", "shared", "team", "owner"])
        .sort("name")
        .personal("owner", "shared")
}

/// What are no tiles is not kept.
pub fn check(draft: &mut Draft<'_>) {
    let Some(Value::Json(tiles)) = draft.values.get("tiles") else { return };
    if let Err(engine::Error::Invalid(problems)) = read(tiles) {
        for problem in problems {
            if let Problem::Rule(text) = problem.problem {
                draft.reject("tiles", text);
            }
        }
    }
}
