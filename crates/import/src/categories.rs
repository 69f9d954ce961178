//! Product categories by name; a subcategory lies inside the category of its row.

use crate::{
    cache::Cache,
    store::{Store, put},
};
use engine::Result;
use meta::{Id, Values};
use std::collections::HashSet;

/// Brings every (category, subcategory) into `known`, made if there was none.
pub async fn ensure(
    store: &mut Store<'_>,
    known: &mut Cache<String, Id>,
    rows: &[(Option<&str>, Option<&str>)],
) -> Result<()> {
    let mut levels: [Vec<(&str, Option<&str>)>; 2] = [vec![], vec![]];
    let mut seen = HashSet::new();
    for (category, subcategory) in rows {
        if let Some(name) = category.filter(|name| seen.insert(*name)) {
            levels[0].push((name, None));
        }
        if let Some(name) = subcategory.filter(|name| seen.insert(*name)) {
            levels[1].push((name, category.filter(|parent| *parent != name)));
        }
    }
    for mut level in levels {
        level.retain(|(name, _)| known.get(*name).is_none());
        let names: Vec<String> = level.iter().map(|(name, _)| (*name).to_owned()).collect();
        for (name, id) in store.by_text("product_category", "name", &names).await? {
            known.insert(name, id);
        }
        level.retain(|(name, _)| known.get(*name).is_none());
        let mut values = vec![];
        for (name, parent) in &level {
            store.would_exist("product_category", "name", name);
            let parent = parent.and_then(|parent| known.get(parent).copied());
            let mut category = Values::from([("name".to_owned(), (*name).into())]);
            put(&mut category, "parent_category", parent);
            values.push(category);
        }
        let ids = store.create_plain("product_category", values).await?;
        for ((name, _), id) in level.into_iter().zip(ids) {
            known.insert(name.to_owned(), id);
        }
    }
    Ok(())
}
