//! Settings of the company, kept in the database: currency, time zone, as-of date of figures, stage rule …

use crate::{Actor, Engine, Error, Result, Tx, db::name};
use chrono_tz::Tz;
use sea_query::{Expr, ExprTrait, OnConflict, Query as Sql, SelectStatement};
use serde_json::Value as Json;
use std::{collections::HashMap, sync::Arc};

/// The currency totals are compared in, until the company chooses another.
pub const DEFAULT_CURRENCY: &str = "CNY";
/// Where the company's days begin and end, until it chooses another.
pub const DEFAULT_TIME_ZONE: Tz = Tz::Asia__Shanghai;

const SETTING: &str = "setting";

fn select(key: &str) -> SelectStatement {
    let mut select = Sql::select();
    select.column(name("value")).from(name("setting")).and_where(Expr::col(name("key")).eq(key));
    select
}

fn text(setting: Option<Json>) -> Option<String> {
    setting.and_then(|value| value.as_str().map(str::to_owned))
}

impl Engine {
    pub async fn setting(&self, key: &str) -> Result<Option<Json>> {
        Ok(self.settings().await?.get(key).cloned())
    }

    /// All of them. What the program keeps for itself stands among them; secrets do not.
    pub async fn settings(&self) -> Result<Arc<HashMap<String, Json>>> {
        let read = async { self.read_settings().await.map(Arc::new) };
        self.recent_settings().or_read((), self.changes_to(SETTING), read).await
    }

    async fn read_settings(&self) -> Result<HashMap<String, Json>> {
        let all = Sql::select().columns(["key", "value"].map(name)).from(name("setting")).to_owned();
        let rows = self.fetch(&all).await?;
        rows.iter().map(|row| Ok((row.text(0)?, serde_json::from_str(&row.text(1)?)?))).collect()
    }

    /// Changes settings as a page of them does: all or none.
    pub async fn change_settings(&self, actor: &Actor, values: Vec<(&'static str, String)>) -> Result<()> {
        self.write(actor, move |tx| {
            Box::pin(async move {
                for (key, value) in values {
                    tx.change_setting(key, &Json::from(value)).await?;
                }
                Ok(())
            })
        })
        .await
    }

    pub async fn company_currency(&self) -> Result<String> {
        Ok(text(self.setting("company.currency").await?).unwrap_or_else(|| DEFAULT_CURRENCY.to_owned()))
    }

    /// The zone whose calendar days purchases fall on, and in which files without a zone tell their times.
    pub async fn time_zone(&self) -> Result<Tz> {
        let setting = text(self.setting("company.time_zone").await?);
        Ok(setting.and_then(|zone| zone.parse().ok()).unwrap_or(DEFAULT_TIME_ZONE))
    }
}

impl Tx {
    pub async fn time_zone(&mut self) -> Result<Tz> {
        let setting = text(self.setting("company.time_zone").await?);
        Ok(setting.and_then(|zone| zone.parse().ok()).unwrap_or(DEFAULT_TIME_ZONE))
    }

    pub async fn setting(&mut self, key: &str) -> Result<Option<Json>> {
        let rows = self.conn.fetch(&select(key)).await?;
        rows.first().map(|row| Ok(serde_json::from_str(&row.text(0)?)?)).transpose()
    }

    pub async fn set_setting(&mut self, key: &str, value: &Json) -> Result<()> {
        let insert = Sql::insert()
            .into_table(name("setting"))
            .columns([name("key"), name("value")])
            .values_panic([key.to_owned().into(), value.to_string().into()])
            .on_conflict(OnConflict::column(name("key")).update_column(name("value")).to_owned())
            .to_owned();
        self.mark_changed(SETTING);
        self.conn.execute(&insert).await.map(drop)
    }

    /// Changes a setting as an administrator, if the modules' rules allow it.
    pub async fn change_setting(&mut self, key: &str, value: &Json) -> Result<()> {
        if !self.actor.is_administrator() {
            return Err(Error::Forbidden(key.to_owned()));
        }
        if self.setting(key).await?.as_ref() == Some(value) {
            return Ok(());
        }
        let engine = self.engine.clone();
        for (_, rule) in engine.registry().before_setting.iter().filter(|(rule_key, _)| *rule_key == key) {
            rule(self, value).await?;
        }
        self.note_setting(key, None).await?;
        self.set_setting(key, value).await
    }

    pub async fn company_currency(&mut self) -> Result<String> {
        Ok(text(self.setting("company.currency").await?).unwrap_or_else(|| DEFAULT_CURRENCY.to_owned()))
    }
}
