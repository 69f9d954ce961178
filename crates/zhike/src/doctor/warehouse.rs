//! The place of the warehouse's files, if it is not the data folder, and the workers.

use super::Finding;
use crate::config::{Config, warehouse::place};

pub async fn examine(config: &Config) -> Vec<Finding> {
    let Some(storage) = &config.warehouse_storage else { return vec![] };
    let filled = match place(config) {
        Ok(place) => ::warehouse::look_at(&place, config.warehouse_folder.as_deref()).await,
        Err(error) => {
            return vec![Finding::problem("warehouse", format!("{error:#}"), "Correct the setting")];
        }
    };
    let findings = vec![match filled {
        Ok(true) => Finding::ok("warehouse", storage),
        Ok(false) => Finding::ok("warehouse", format!("{storage}, not filled yet")),
        Err(error) => Finding::warning(
            "warehouse",
            error.to_string(),
            "Look at warehouse_storage, s3_endpoint, s3_region and the key; the pages that ask the warehouse stand still until then",
        ),
    }];
    #[cfg(feature = "cluster")]
    let findings = [findings, crate::worker::examine(config).await].concat();
    findings
}
