//! Mappings, remembered per kind and source, so that the next file of the same system needs no correcting.

use crate::{Kind, Layout, Options, own};
use engine::{Engine, Result, Tx};
use std::collections::BTreeMap;

fn key(kind: Kind, source: &str) -> String {
    format!("import.mapping.{}.{source}", kind.name())
}

/// Fills in what was remembered for the source; what the user says now goes first.
pub async fn recall(engine: &Engine, kind: Kind, options: &mut Options) -> Result<()> {
    let Some(saved) = engine.setting(&key(kind, &options.source)).await? else { return Ok(()) };
    let saved: BTreeMap<String, String> = serde_json::from_value(saved).unwrap_or_default();
    let own = own::fields(engine, kind)?;
    let known = |target: &str| {
        kind.targets().iter().any(|known| known.key == target) || own.iter().any(|own| own.key == target)
    };
    for (header, target) in saved {
        let free = !options.mapping.values().any(|given| !given.is_empty() && *given == target);
        if free && (target.is_empty() || known(&target)) {
            options.mapping.entry(header).or_insert(target);
        }
    }
    Ok(())
}

pub async fn remember(tx: &mut Tx, layout: &Layout, source: &str) -> Result<()> {
    let key = key(layout.kind, source);
    let mut mapping: BTreeMap<String, String> = match tx.setting(&key).await? {
        Some(saved) => serde_json::from_value(saved).unwrap_or_default(),
        None => BTreeMap::new(),
    };
    for (header, target) in layout.headers.iter().zip(&layout.targets) {
        mapping.insert(header.clone(), target.unwrap_or_default().to_owned());
    }
    tx.set_setting(&key, &serde_json::to_value(mapping)?).await
}
