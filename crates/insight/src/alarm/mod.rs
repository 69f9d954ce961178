//! Alarms: a core customer turns, a purchase is due, a group shrinks, a region falls behind. Each goes to somebody's work list with
//! its reason, is not repeated while it is open, and what became of it is recorded.

mod behind;
mod core_customer;
mod entity;
mod fall;
mod follow_up;
mod forecast_missed;
mod group;
mod page;
mod raise;
mod receiver;
mod reorder;
mod rule;
mod run;
mod settings_page;
mod signal;

pub use entity::entity;
pub(crate) use page::sees_alarms;
pub use rule::{AlarmSettings, SETTING};
pub use run::run;
pub use signal::Signal;

use axum::{
    Router,
    routing::{get, post},
};
use meta::label;
use web::{NavItem, RecordPanel, WebModule};

pub const ENTITY: &str = "alarm";

pub fn web_module() -> WebModule {
    WebModule {
        templates: &[
            ("insight/alarms.html", include_str!("alarms.html")),
            ("insight/alarm_panel.html", include_str!("alarm_panel.html")),
            ("insight/alarm_settings.html", include_str!("alarm_settings.html")),
        ],
        messages: include_str!("messages.toml"),
        nav: vec![NavItem {
            label: label("Alarms", "预警"),
            href: "/value/alarms",
            icon: "alert-triangle",
            administrators_only: false,
            is_for: page::sees_alarms,
        }],
        record_panels: vec![RecordPanel { entity: "activity", render: behind::panel }],
        ..WebModule::new("insight", || {
            Router::new()
                .route("/value/alarms", get(page::page))
                .route("/value/alarms/run", post(page::begin))
                .route("/value/alarms/settings", get(settings_page::page).post(settings_page::save))
        })
    }
}
