//! What single cells leave open the column decides.

use tabular::{ColumnStyle, ReadOptions, StyleObserver, style};

use crate::made_files::{Folder, xlsx};

fn style_of(cells: &[&str]) -> ColumnStyle {
    let mut observer = StyleObserver::new(false);
    cells.iter().for_each(|cell| observer.observe(cell));
    observer.finish()
}

#[test]
fn the_decimal_mark_is_that_of_the_clear_cells() {
    for (cells, comma) in [
        (&["1,234", "12,5"][..], true),
        (&["1.234,56"], true),
        (&["1.234.567"], true),
        (&["0,125", "1,250"], true),
        (&["1,234", "12.5"], false),
        (&["1,234,567"], false),
        (&["1,234"], false),
        (&["12", "abc", "", "2010-01-01"], false),
        (&["¥12,50", "€ 3,20"], true),
    ] {
        assert_eq!(style_of(cells).decimal_comma, comma, "{cells:?}");
    }
}

#[test]
fn the_order_of_dates_is_that_of_the_clear_cells() {
    for (cells, day_first, unsure) in [
        (&["1/2/2010", "13/2/2010"][..], true, false),
        (&["1/2/2010", "2/13/2010"], false, false),
        (&["01.02.2010"], true, true),
        (&["12/1/2010", "12/2/2010", "12/3/2010"], false, true),
        (&["1/12/2010", "2/12/2010", "3/12/2010"], true, true),
        (&["2010-01-02"], false, false),
    ] {
        let style = style_of(cells);
        assert_eq!((style.day_first, style.date_order_unsure), (day_first, unsure), "{cells:?}");
    }
}

#[test]
fn whole_numbers_written_as_fractions_are_seen_only_if_all_are() {
    assert!(style_of(&["17850.0", "", "13047.0"]).fractional_ids);
    assert!(!style_of(&["17850.0", "13047"]).fractional_ids);
    assert!(!style_of(&["", ""]).fractional_ids);
}

#[test]
fn a_survey_reads_on_until_the_dates_are_clear() {
    let folder = Folder::new();
    let mut text = String::from("InvoiceNo,InvoiceDate,UnitPrice,CustomerID\n");
    for n in 0..20_000 {
        text += &format!("{n},{}/12/2010 8:26,\"2,55\",17850.0\n", if n < 19_000 { n % 12 + 1 } else { 13 });
    }
    let path = folder.file("orders.csv", text.as_bytes());
    let styles = style::survey(&path, &ReadOptions::default(), u64::MAX).unwrap();
    assert!(styles[1].day_first && !styles[1].date_order_unsure);
    assert!(styles[2].decimal_comma && styles[3].fractional_ids && !styles[0].excel_serial);
    let hasty = style::survey(&path, &ReadOptions::default(), 100).unwrap();
    assert!(hasty[1].date_order_unsure);
}

#[test]
fn columns_of_workbooks_may_hold_day_counts() {
    let folder = Folder::new();
    let path = folder.file("x", &xlsx(&[&["SKU", "Price"], &["1", "2"]]));
    assert!(style::survey(&path, &ReadOptions::default(), 10).unwrap()[0].excel_serial);
}
