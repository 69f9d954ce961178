//! The customers whose sales fell most: whom to call before they are gone.

use super::{Board, List};
use crate::{
    pages::{
        customer_table::{among, records, table},
        href,
    },
    seven_p::fallen::Fallen,
};
use meta::Id;
use std::collections::BTreeMap;
use web::Answer;

/// What of the archive stands beside the sums.
const FIELDS: [&str; 2] = ["importance", "stage"];

impl Board<'_> {
    /// As far as the reader may see them.
    pub(super) async fn fallen(&self) -> Answer<List> {
        let fallen: BTreeMap<Id, Fallen> =
            self.cut.fallen().await?.into_iter().map(|one| (one.account, one)).collect();
        let ids: Vec<Id> = fallen.keys().copied().collect();
        let filter = among(&ids);
        let mut seen = match ids.len() {
            0 => vec![],
            limit => records(self.words, self.session, (&filter, "-net_sales"), &FIELDS, limit).await?,
        };
        // Who is not in the list any more was deleted or merged since.
        let by = |id: Id| fallen.get(&id).map_or(0, Fallen::by);
        seen.sort_by_key(|account| (std::cmp::Reverse(by(account.id)), account.id));
        let mut listed =
            table(self.words, self.session, &seen, &FIELDS, "fallen", href::list("account", &filter)).await?;
        let told = |of: fn(&Fallen) -> i64| {
            let sums = seen.iter().map(|account| fallen.get(&account.id).map_or(0, of));
            sums.map(|sum| self.money(sum)).collect::<Vec<_>>()
        };
        listed.tell(self.column("sales"), told(|one| one.now));
        listed.tell(self.column("sales_before"), told(|one| one.before));
        listed.tell(self.column("fall"), told(Fallen::by));
        let nobody = if self.filter.is_compared() { "nobody_fell" } else { "fall_not_compared" };
        Ok(List {
            title: self.t("seven.fallen_list", &[]),
            first: self.words.t("value.customer", &[]),
            table: listed,
            nobody: self.t(&format!("seven.{nobody}"), &[]),
        })
    }
}
