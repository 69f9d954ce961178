//! The search box: the newest matches of every entity.

use super::{query::LIMIT_MAXIMUM, road::Source};
use crate::{
    Action, Actor, Dialect, Engine, Error, Result, Rights, access, allow,
    condition::{plain, to_test},
    db::name,
    search,
};
use meta::{Entity, Id, label};
use sea_query::{Expr, ExprTrait, Order, Query as Sql, SelectStatement, UnionType};
use std::sync::Arc;

impl Engine {
    /// Records of any (or one) entity whose searched fields have every word of `text`.
    pub async fn search(
        &self,
        actor: &Actor,
        text: &str,
        entity: Option<&str>,
        limit: usize,
    ) -> Result<Vec<search::Hit>> {
        if limit == 0 || limit > LIMIT_MAXIMUM {
            return Err(Error::Limit(label("Too many results asked for at once.", "一次请求的结果太多。")));
        }
        let searched = self.registry().entities().filter(|candidate| {
            search::is_searched(candidate)
                && entity.is_none_or(|entity| entity == candidate.name)
                && allow(actor, candidate, Action::Read).is_ok()
        });
        let mut found = match actor.limits() {
            None => self.matching_any(&searched.collect::<Vec<_>>(), text, limit).await?,
            Some(rights) => {
                let looks = searched.map(|entity| self.matching(actor, rights, entity, text, limit));
                futures::future::try_join_all(looks).await?.concat()
            }
        };
        // Newest first, as ids say: what a user looks for is mostly recent.
        found.sort_by_key(|(_, id)| std::cmp::Reverse(*id));
        found.truncate(limit);
        let wanted: Vec<(&str, Id)> = found.iter().map(|(entity, id)| (entity.as_str(), *id)).collect();
        let mut titles = self.titles(actor, &wanted).await?;
        Ok(found
            .into_iter()
            .filter_map(|(entity, id)| titles.remove(&id).map(|title| search::Hit { entity, id, title }))
            .collect())
    }

    /// Ids of the newest matches the actor may see.
    fn matching_of(&self, actor: &Actor, entity: &Entity, text: &str, limit: u64) -> SelectStatement {
        let id = || Expr::col((name(&entity.name), name("id")));
        let found = search::matching_ids(&entity.name, text, self.dialect(), search::MATCH_LIMIT);
        let scope = access::scope(self.registry(), actor, entity, Action::Read);
        let by_id = if self.dialect() == Dialect::Sqlite { plain(id()) } else { id() };
        Sql::select()
            .column((name(&entity.name), name("id")))
            .from(name(&entity.name))
            .and_where(id().in_subquery(found))
            .and_where(Expr::col((name(&entity.name), name("deleted_at"))).is_null())
            .and_where(to_test(&scope, &entity.name, self.dialect()))
            .order_by_expr(by_id, Order::Desc)
            .limit(limit)
            .to_owned()
    }

    /// The newest records of one entity that match. Where the actor may not see all, the newest matches are no help: they
    /// may be other people's.
    async fn matching(
        &self,
        actor: &Actor,
        rights: &Rights,
        entity: &Entity,
        text: &str,
        limit: usize,
    ) -> Result<Vec<(String, Id)>> {
        let select = self.matching_of(actor, entity, text, limit as u64);
        let rows = self.fetch(&select).await?;
        let mut ids: Vec<Id> = rows.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
        if rights.searches_withheld(&entity.name) {
            let mut records = self.get_many(actor, &entity.name, &ids).await?;
            let seen = self.entity(&entity.name)?;
            search::keep_matching(&mut Source::Engine(self), actor.view(seen), text, &mut records).await?;
            ids.retain(|id| records.iter().any(|record| record.id == *id));
        }
        Ok(ids.into_iter().map(|id| (entity.name.clone(), id)).collect())
    }

    /// The newest records of each entity that match, for who may see all of them: by one statement, since to begin one takes as
    /// long as most of them look.
    async fn matching_any(
        &self,
        entities: &[&Arc<Entity>],
        text: &str,
        limit: usize,
    ) -> Result<Vec<(String, Id)>> {
        let of = |(place, entity): (usize, &&Arc<Entity>)| {
            let found = search::matching_ids(&entity.name, text, self.dialect(), limit as u64);
            let mut select = Sql::select();
            select
                .expr(Expr::val(place as i64))
                .column(name("record_id"))
                .from_subquery(found, name("found"));
            select
        };
        let all = entities.iter().enumerate().map(of);
        let Some(any) = all.reduce(|mut any, one| any.union(UnionType::All, one).to_owned()) else {
            return Ok(vec![]);
        };
        let mut found = vec![];
        for row in self.fetch_by_kept_plan(&any).await? {
            let entity = usize::try_from(row.int(0)?).ok().and_then(|place| entities.get(place));
            if let Some(entity) = entity {
                found.push((entity.name.clone(), row.id(1)?));
            }
        }
        Ok(found)
    }
}
