//! Satisfaction and loyalty: what customers answered, C per dimension, the net promoter score, one loyalty index per customer.

mod answers;
mod entity;
mod figures;
mod heard;
mod page;
pub(crate) mod panel;
mod report;
mod rules;
mod shown;

pub use answers::{Answers, add_of, add_of_everybody, add_of_in};
pub use entity::entity;
pub use figures::{fields, loyalty, values};
pub use heard::{GroupShown, Heard, Sums};
pub use report::{Period, REPORT, Report, by_place, compute};
pub use rules::check;
pub(crate) use shown::{enough, recent};

use crate::pages::scope;
use axum::{Router, routing::get};
use engine::{Action, Actor};
use meta::label;
use web::{NavItem, WebModule};

pub const ENTITY: &str = "survey_answer";

pub fn web_module() -> WebModule {
    WebModule {
        templates: &[("insight/satisfaction.html", include_str!("satisfaction.html"))],
        messages: include_str!("messages.toml"),
        nav: vec![NavItem {
            label: label("Satisfaction", "满意与忠诚"),
            href: "/value/satisfaction",
            icon: "heart-handshake",
            administrators_only: false,
            is_for: sees_answers,
        }],
        ..WebModule::new("insight", || Router::new().route("/value/satisfaction", get(page::page)))
    }
}

/// What is summed over all answers is for whoever may see all of them.
pub(crate) fn sees_answers(actor: &Actor) -> bool {
    scope::sees_the_company(actor) && actor.has(ENTITY, Action::Read) && actor.sees_all(ENTITY)
}
