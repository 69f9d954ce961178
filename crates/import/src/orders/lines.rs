//! Which line of a known document a row of the file is: the same, a changed one, or a new one. Pure.
//!
//! Equal lines of one document are real lines, so each known line stands for one row only. A row is first compared with the
//! known lines as a whole, then by product; what remains is new. Lines the file does not name stay.

use crate::store::changes;
use meta::{Id, Record, Value, Values};

#[derive(Debug, PartialEq)]
pub enum Matched {
    Same,
    Changed(Id, Values),
    New,
}

/// Takes the recognised lines out of `known`.
pub fn match_lines(known: &mut Vec<Record>, rows: &[Values]) -> Vec<Matched> {
    let mut matched: Vec<Option<Matched>> = rows
        .iter()
        .map(|values| {
            let at = known.iter().position(|line| is_same(line, values))?;
            known.remove(at);
            Some(Matched::Same)
        })
        .collect();
    for (values, matched) in rows.iter().zip(&mut matched) {
        if matched.is_none()
            && let Some(at) = known.iter().position(|line| same_product(line, values))
        {
            let line = known.remove(at);
            *matched = Some(Matched::Changed(line.id, changes(&line, values.clone())));
        }
    }
    matched.into_iter().map(|matched| matched.unwrap_or(Matched::New)).collect()
}

fn is_same(line: &Record, values: &Values) -> bool {
    values.iter().all(|(field, value)| equal(line.get(field), value))
}

/// A discount of 0 may be stored as none.
fn equal(stored: &Value, given: &Value) -> bool {
    stored == given || (stored.is_null() && given.as_decimal().is_some_and(|number| number.is_zero()))
}

fn same_product(line: &Record, values: &Values) -> bool {
    match values.get("product") {
        Some(product) => line.get("product") == product,
        None => line.get("product").is_null() && Some(line.get("description")) == values.get("description"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::{DateTime, Decimal};

    fn values(product: u128, quantity: i64) -> Values {
        let quantity = Value::Decimal(Decimal::from(quantity));
        [("product".to_owned(), Id::from_u128(product).into()), ("quantity".to_owned(), quantity)].into()
    }

    fn line(id: u128, product: u128, quantity: i64) -> Record {
        Record {
            entity: "order_line".into(),
            id: Id::from_u128(id),
            version: 1,
            created_at: DateTime::default(),
            updated_at: DateTime::default(),
            created_by: None,
            deleted_at: None,
            values: values(product, quantity),
        }
    }

    #[test]
    fn equal_lines_are_matched_one_to_one() {
        let mut known = vec![line(1, 7, 5), line(2, 7, 5)];
        let rows = [values(7, 5), values(7, 5), values(7, 5)];
        assert_eq!(match_lines(&mut known, &rows), [Matched::Same, Matched::Same, Matched::New]);
        assert!(known.is_empty());
    }

    #[test]
    fn a_changed_cell_finds_its_line_by_product_after_the_equal_ones_are_taken() {
        let mut known = vec![line(1, 7, 5), line(2, 7, 6), line(3, 8, 1)];
        let matched = match_lines(&mut known, &[values(7, 9), values(7, 5), values(9, 1)]);
        let changed: Values = [("quantity".to_owned(), Value::Decimal(Decimal::from(9)))].into();
        assert_eq!(matched, [Matched::Changed(Id::from_u128(2), changed), Matched::Same, Matched::New]);
        assert_eq!(known.len(), 1, "the line the file does not name stays");
    }

    #[test]
    fn no_discount_and_a_discount_of_nothing_are_the_same() {
        let mut row = values(7, 5);
        row.insert("discount", Value::Decimal(Decimal::ZERO));
        assert_eq!(match_lines(&mut vec![line(1, 7, 5)], &[row]), [Matched::Same]);
    }
}
