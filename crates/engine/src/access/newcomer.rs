//! Once a company has roles, a new user must not work on everything because nobody thought of a role for him: he gets the
//! company's role for new users, and without one no password.

use crate::{BoxFuture, Engine, Error, Module, Result, Tx, db::name};
use meta::{Id, Values, label};
use sea_query::{Expr, ExprTrait, Query as Sql};
use serde_json::Value as Json;

/// The setting that holds the id of the role new users get.
pub const NEW_USER_ROLE: &str = "rights.new_user_role";

pub(super) fn add(module: Module) -> Module {
    module
        .before_commit("user", |tx, ids| Box::pin(give_role(tx, ids)))
        .before_setting(NEW_USER_ROLE, |tx, value| check(tx, value))
}

fn check<'t>(tx: &'t mut Tx, value: &'t Json) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        let text = value.as_str().unwrap_or_default();
        if text.is_empty() {
            return Ok(());
        }
        let id = text.parse::<Id>().ok();
        let found = match id {
            Some(id) => tx.get_many("role", &[id]).await?,
            None => vec![],
        };
        if found.iter().any(|role| role.deleted_at.is_none()) {
            return Ok(());
        }
        Err(Error::rule(NEW_USER_ROLE, "is no role: choose one of the list", "没有此角色，请从列表中选择"))
    })
}

/// Users made by this transaction who are no administrators and were given no role.
async fn give_role(tx: &mut Tx, ids: &[Id]) -> Result<()> {
    let new: Vec<Id> = ids.iter().copied().filter(|id| tx.made.contains(id)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let setting = tx.setting(NEW_USER_ROLE).await?;
    let Some(role) = setting.as_ref().and_then(Json::as_str).and_then(|id| id.parse::<Id>().ok()) else {
        return Ok(());
    };
    let live = tx.get_many("role", &[role]).await?.iter().any(|role| role.deleted_at.is_none());
    let users = tx.get_many("user", &new).await?;
    for user in users.iter().filter(|user| live && user.text("role") == "user") {
        let given = Sql::select()
            .column(name("id"))
            .from(name("user_role"))
            .and_where(Expr::col(name("user")).eq(user.id))
            .limit(1)
            .to_owned();
        if tx.fetch(&given).await?.is_empty() {
            let values = [("user", user.id), ("role", role)].map(|(field, id)| (field.to_owned(), id.into()));
            tx.create("user_role", Values::from(values)).await?;
        }
    }
    Ok(())
}

impl Engine {
    /// Refuses to let a user in who would work on everything although the company has roles. Who has a password already stays
    /// as he is.
    pub async fn refuse_without_role(&self, user: Id) -> Result<()> {
        let company = self.company().await?;
        let without =
            company.users.get(&user).is_some_and(|user| !user.administrator && user.roles.is_empty());
        if company.roles.is_empty() || !without {
            return Ok(());
        }
        Err(Error::invalid(
            "role",
            meta::Problem::Rule(label(
                "has no role and would work on everything: give the user a role first, or choose under Security which role new users get",
                "没有角色，将可处理全部数据：请先为该用户分配角色，或在“安全”中设置新用户的默认角色",
            )),
        ))
    }

    /// Names of the roles there are, for a choice.
    pub async fn role_names(&self) -> Result<Vec<(Id, String)>> {
        let company = self.company().await?;
        let mut roles: Vec<(Id, String)> =
            company.roles.iter().map(|(id, role)| (*id, role.name.clone())).collect();
        roles.sort_by(|one, other| one.1.cmp(&other.1));
        Ok(roles)
    }

    /// The lists of networks of the user's roles; he must be within each that is not empty.
    pub async fn networks_of(&self, user: Id) -> Result<Vec<String>> {
        let company = self.company().await?;
        let Some(known) = company.users.get(&user).filter(|known| !known.administrator) else {
            return Ok(vec![]);
        };
        let roles = known.roles.iter().filter_map(|role| company.roles.get(role));
        Ok(roles.map(|role| role.networks.clone()).filter(|list| !list.trim().is_empty()).collect())
    }
}
