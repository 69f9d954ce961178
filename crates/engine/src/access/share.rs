//! Single records opened to a user or a team beyond their roles, for a while or for good.

use super::{Action, allow, scope::without_shares, write::among_ids};
use crate::{Actor, Engine, Error, Result, Role, Tx, condition::Condition, db::name, store::number};
use meta::{DateTime, Entity, Id, Problem, Utc, Value, Values, label};
use sea_query::{Cond, Expr, ExprTrait, Order, Query as Sql};

/// Records shared with one user: each stands in the condition of every statement he runs on their entity. Whoever needs
/// more needs a role; the oldest beyond it do not count.
pub(super) const SHARES_LIMIT: u64 = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedWith {
    User(Id),
    /// Everybody in the team and the teams below it.
    Team(Id),
}

#[derive(Clone, Debug)]
pub struct Share {
    pub id: Id,
    pub entity: String,
    pub record: Id,
    pub with: SharedWith,
    /// To change it, not only to see it.
    pub writes: bool,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Those that hold now.
pub(super) async fn shares_of(engine: &Engine, user: Id, teams: &[Id], limit: u64) -> Result<Vec<Share>> {
    let mut whom = Cond::any().add(Expr::col(name("user")).eq(user));
    if !teams.is_empty() {
        whom = whom.add(Expr::col(name("team")).is_in(teams.iter().copied()));
    }
    select(engine, whom.into(), limit).await
}

async fn select(engine: &Engine, which: Expr, limit: u64) -> Result<Vec<Share>> {
    let now = engine.clock().now();
    let select = Sql::select()
        .columns(["id", "entity", "record", "user", "team", "level", "expires_at"].map(name))
        .from(name("record_share"))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .and_where(Expr::col(name("expires_at")).is_null().or(Expr::col(name("expires_at")).gt(now)))
        .and_where(which)
        .order_by(name("id"), Order::Desc)
        .limit(limit)
        .to_owned();
    let mut shares = vec![];
    for row in engine.fetch(&select).await? {
        let with = match (row.opt_id(3)?, row.opt_id(4)?) {
            (Some(user), _) => SharedWith::User(user),
            (None, Some(team)) => SharedWith::Team(team),
            (None, None) => continue,
        };
        let Ok(record) = row.opt_text(2)?.unwrap_or_default().parse() else { continue };
        shares.push(Share {
            id: row.id(0)?,
            entity: row.opt_text(1)?.unwrap_or_default(),
            record,
            with,
            writes: row.opt_text(5)?.as_deref() == Some("write"),
            expires_at: row.opt_instant(6)?,
        });
    }
    Ok(shares)
}

/// Lines go with their parent, and what is for administrators stays so.
fn is_shareable(entity: &Entity) -> bool {
    entity.parent.is_none() && !entity.internal && !entity.admin_only && entity.personal.is_none()
}

impl Engine {
    /// With whom a record is shared now, for those who may see it.
    pub async fn shares(&self, actor: &Actor, entity: &str, id: Id) -> Result<Vec<Share>> {
        if self.get_many(actor, entity, &[id]).await?.is_empty() {
            return Err(Error::NotFound(format!("{entity} {id}")));
        }
        let which = Expr::col(name("record")).eq(id.to_string()).and(Expr::col(name("entity")).eq(entity));
        select(self, which, SHARES_LIMIT).await
    }

    /// Whether the actor may share the record: what he may change by his roles. What was shared with him he may not pass on.
    pub async fn may_share(&self, actor: &Actor, entity: &str, id: Id) -> Result<bool> {
        let entity = self.entity(entity)?;
        if allow(actor, entity, Action::Update).is_err() || !is_shareable(entity) {
            return Ok(false);
        }
        let condition = without_shares(self.registry(), actor, entity, Action::Update);
        if condition == Condition::Always(true) {
            return Ok(true);
        }
        let found = self.fetch(&among_ids(entity, &[id], &condition, self.dialect())).await?;
        Ok(number(&found)? == 1)
    }
}

impl Tx {
    async fn may_share(&mut self, entity: &Entity, id: Id) -> Result<bool> {
        if allow(&self.actor, entity, Action::Update).is_err() || self.whole(entity, &[id]).await?.is_empty()
        {
            return Ok(false);
        }
        let engine = self.engine.clone();
        let condition = without_shares(engine.registry(), &self.actor, entity, Action::Update);
        Ok(condition == Condition::Always(true) || self.all_in(entity, &[id], &condition).await?)
    }

    /// Opens a record to a user or a team.
    pub async fn share(
        &mut self,
        entity: &str,
        id: Id,
        with: SharedWith,
        writes: bool,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<Id> {
        let engine = self.engine.clone();
        let entity = engine.entity(entity)?;
        self.refuse_sharing(entity, id).await?;
        if expires_at.is_some_and(|at| at <= self.clock().now()) {
            return Err(Error::rule("expires_at", "must be in the future", "必须晚于现在"));
        }
        let (field, whom) = match with {
            SharedWith::User(user) => ("user", user),
            SharedWith::Team(team) => ("team", team),
        };
        let values: Values = Values::from([
            ("entity".to_owned(), entity.name.as_str().into()),
            ("record".to_owned(), id.to_string().into()),
            (field.to_owned(), Value::Id(whom)),
            ("level".to_owned(), if writes { "write" } else { "read" }.into()),
            ("expires_at".to_owned(), expires_at.map_or(Value::Null, Value::Instant)),
        ]);
        let role = std::mem::replace(&mut self.actor.role, Role::System);
        let created = self.create("record_share", values).await;
        self.actor.role = role;
        created
    }

    /// Takes a share back.
    pub async fn unshare(&mut self, entity: &str, id: Id, share: Id) -> Result<()> {
        let engine = self.engine.clone();
        let entity = engine.entity(entity)?;
        self.refuse_sharing(entity, id).await?;
        let role = std::mem::replace(&mut self.actor.role, Role::System);
        let known = self.get("record_share", share).await;
        let ended = match known {
            Ok(known) if known.text("record") == id.to_string() && known.text("entity") == entity.name => {
                self.delete("record_share", share, None).await
            }
            Ok(_) => Err(Error::NotFound(format!("record_share {share}"))),
            Err(error) => Err(error),
        };
        self.actor.role = role;
        ended
    }

    async fn refuse_sharing(&mut self, entity: &Entity, id: Id) -> Result<()> {
        if !is_shareable(entity) {
            let text = label("records of this kind are not shared by themselves", "此类数据不能单独共享");
            return Err(Error::invalid("entity", Problem::Rule(text)));
        }
        if self.whole(entity, &[id]).await?.is_empty() {
            return Err(Error::NotFound(format!("{} {id}", entity.name)));
        }
        if self.may_share(entity, id).await? {
            return Ok(());
        }
        let lang = self.actor.lang;
        let what = label(
            format!("{}: share what you may change by your role", entity.label.en),
            format!("{}：只能共享您的角色可以修改的记录", entity.label.zh),
        );
        Err(Error::Forbidden(what.get(lang).to_owned()))
    }
}
