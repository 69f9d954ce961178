//! Pages of lists of customers: each begins after the last customer of the page before, never after a number of rows, so that who buys
//! meanwhile neither stands on two pages nor pushes another off both.

use engine::{Error, Result};
use meta::Id;
use std::{fmt, str::FromStr};

/// Customers on a page.
pub const ROWS: usize = 50;
/// As many are read: one more tells that another page follows.
pub const READ: usize = ROWS + 1;

/// After whom a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After<K> {
    /// Customers on the pages that led here.
    pub shown: usize,
    /// Of the last of them, what the list is ordered by.
    pub key: K,
}

impl<K: fmt::Display> fmt::Display for After<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.shown, self.key)
    }
}

impl<K: FromStr> After<K> {
    /// As it stands in an address; nothing does where the list begins.
    ///
    /// # Errors
    /// If this list gives out no such marker.
    pub fn read(text: &str) -> Result<Option<Self>> {
        marker(text, |text| {
            let (shown, key) = text.split_once('_')?;
            let shown = usize::try_from(shown.parse::<u32>().ok()?).ok()?;
            Some(After { shown, key: key.parse().ok()? }).filter(|after| after.shown > 0)
        })
    }
}

/// After what a page begins, as it stands in an address; nothing does where the list begins.
///
/// # Errors
/// If `read` finds no such marker in it.
pub fn marker<M>(text: &str, read: impl FnOnce(&str) -> Option<M>) -> Result<Option<M>> {
    if text.is_empty() {
        return Ok(None);
    }
    read(text).map(Some).ok_or_else(Error::stale_page)
}

/// The first place to read of a list that is kept as a whole: that of the last customer of the page before.
pub fn first_place(after: Option<After<Id>>) -> usize {
    after.map_or(0, |after| after.shown.saturating_sub(1))
}

/// A page of a list that is kept as a whole, of what it has from [`first_place`] on.
///
/// # Errors
/// If somebody else stands there: the list was made anew since the marker was given out.
pub fn of_kept(after: Option<After<Id>>, mut from_there: impl Iterator<Item = Id>) -> Result<Page<Id>> {
    if let Some(after) = after
        && from_there.next() != Some(after.key)
    {
        return Err(Error::stale_page());
    }
    Ok(Page::new(after, from_there.take(READ).collect()))
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<K> {
    pub rows: Vec<K>,
    /// Customers on the pages that led here.
    pub before: usize,
    /// The marker of the next page; `None` on the last.
    pub next: Option<String>,
}

impl<K: Copy + fmt::Display> Page<K> {
    /// Of the first [`READ`] rows that follow.
    pub fn new(after: Option<After<K>>, mut rows: Vec<K>) -> Self {
        let more = rows.len() > ROWS;
        rows.truncate(ROWS);
        let before = after.map_or(0, |after| after.shown);
        let last = rows.last().filter(|_| more).copied();
        let next = last.map(|key| After { shown: before + rows.len(), key }.to_string());
        Page { rows, before, next }
    }
}

impl<K> Page<K> {
    /// The same page with the customers its rows are of.
    pub fn with(self, customers: Vec<Id>) -> Page<Id> {
        Page { rows: customers, before: self.before, next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: std::ops::Range<u128>) -> Vec<Id> {
        numbers.map(Id::from_u128).collect()
    }

    #[test]
    fn a_marker_is_read_as_it_was_written_and_nothing_else_is() {
        let after = After { shown: 50, key: Id::from_u128(7) };
        assert_eq!(After::read(&after.to_string()).ok(), Some(Some(after)));
        assert_eq!(After::<Id>::read("").ok(), Some(None));
        let own = Id::from_u128(7);
        let beside = ["0", "-1", "4294967296", "x", ""].map(|shown| format!("{shown}_{own}"));
        let incomplete = ["50", "x", "50_", "50_x"].map(str::to_owned);
        for wrong in beside.iter().chain(&incomplete) {
            let refused = After::<Id>::read(wrong).err();
            assert_eq!(refused.map(|error| error.status()), Some(422), "{wrong}");
        }
    }

    #[test]
    fn pages_of_a_kept_list_have_everybody_once() {
        for many in [0, 1, 50, 51, 100, 120] {
            let all = ids(0..many);
            let (mut walked, mut after, mut pages) = (vec![], None, 0);
            loop {
                let from_there = all.iter().copied().skip(first_place(after));
                let page = of_kept(after, from_there).unwrap_or_else(|error| panic!("{many}: {error}"));
                assert_eq!(page.before, walked.len());
                walked.extend(page.rows);
                pages += 1;
                let Some(next) = page.next else { break };
                after = After::read(&next).ok().flatten();
                assert!(after.is_some(), "{next}");
            }
            assert_eq!((walked.len(), pages), (all.len(), all.len().div_ceil(ROWS).max(1)));
            assert_eq!(walked, all);
        }
    }

    #[test]
    fn a_marker_of_a_list_that_was_made_anew_is_refused() {
        let after = Some(After { shown: 50, key: Id::from_u128(49) });
        let place = first_place(after);
        let same = of_kept(after, ids(0..60).into_iter().skip(place));
        assert_eq!(same.map(|page| page.rows.len()).ok(), Some(10));
        // Others are in it; it ends before his place; there is none any more.
        for now in [ids(100..160), ids(0..49), vec![]] {
            assert!(of_kept(after, now.into_iter().skip(place)).is_err());
        }
    }
}
