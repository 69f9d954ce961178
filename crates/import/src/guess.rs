//! Which kind of list a file is, told from its headers.

use crate::{FileProblem, Kind};
use std::path::Path;
use tabular::{How, ReadOptions, headers};

/// What having all required columns is worth against recognised headers. Little: an order export with one column of an
/// unknown name is still an order export, and the page asks for that column.
const COMPLETE: f64 = 2.0;

/// The kind that explains most headers, rather one whose required columns are all there.
pub fn guess_kind(path: &Path) -> Result<Kind, FileProblem> {
    let table =
        tabular::open(path, &ReadOptions { targets: Kind::Orders.targets(), ..ReadOptions::default() })?;
    let mut best = (Kind::Orders, f64::MIN);
    for kind in Kind::ALL {
        let guesses = headers::recognise(&table.headers, kind.targets());
        let has = |key: &str| guesses.iter().any(|guess| guess.target == Some(key));
        let complete = kind.required().iter().all(|group| group.iter().any(|key| has(key)));
        let explained: f64 = guesses
            .iter()
            .map(
                |guess| if guess.how == Some(How::Exact) { guess.confidence } else { guess.confidence / 2.0 },
            )
            .sum();
        let score = explained + if complete { COMPLETE } else { 0.0 };
        if score > best.1 {
            best = (kind, score);
        }
    }
    Ok(best.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(header: &str) -> Kind {
        let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        std::fs::write(
            file.path(),
            format!("{header}\n{}\n", "1,".repeat(header.matches(',').count()) + "1"),
        )
        .unwrap();
        guess_kind(file.path()).unwrap()
    }

    #[test]
    fn an_order_export_with_a_column_of_an_unknown_name_is_still_one() {
        let header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,Rate each,CustomerID,Country";
        assert_eq!(guessed(header), Kind::Orders);
    }

    #[test]
    fn plain_lists_are_told_apart() {
        assert_eq!(guessed("Code,Product,Price,Unit,Category"), Kind::Products);
        assert_eq!(guessed("客户编号,客户名称,行业,电话,城市"), Kind::Accounts);
        assert_eq!(guessed("First name,Last name,Company,Job title,E-mail"), Kind::Contacts);
    }
}
