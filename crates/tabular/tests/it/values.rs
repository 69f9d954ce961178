//! Cells become values, or say precisely why not.

use chrono::{FixedOffset, NaiveDate};
use rust_decimal::Decimal;
use tabular::{CellError, ColumnStyle, Language, parse};

const POINT: ColumnStyle = ColumnStyle {
    decimal_comma: false,
    day_first: false,
    date_order_unsure: false,
    fractional_ids: false,
    excel_serial: false,
};
const COMMA: ColumnStyle = ColumnStyle { decimal_comma: true, ..POINT };
const DAY_FIRST: ColumnStyle = ColumnStyle { day_first: true, ..POINT };
const EXCEL: ColumnStyle = ColumnStyle { excel_serial: true, ..POINT };

fn number(cell: &str, style: &ColumnStyle) -> String {
    match parse::decimal(cell, style) {
        Ok(Some(number)) => number.to_string(),
        Ok(None) => "nothing".into(),
        Err(e) => format!("{e:?}"),
    }
}

#[test]
fn numbers_are_read_in_many_spellings() {
    for (cell, wanted) in [
        ("12", "12"),
        ("-12.50", "-12.50"),
        ("+3", "3"),
        (" 1,234.56 ", "1234.56"),
        ("12,34,567.8", "1234567.8"),
        ("1.234,56", "1234.56"),
        ("1 234 567", "1234567"),
        ("1\u{A0}234.5", "1234.5"),
        ("1'234.50", "1234.5"),
        ("¥1,234", "1234"),
        ("￥1，234．5", "1234.5"),
        ("$-5", "-5"),
        ("-$5", "-5"),
        ("€ 5", "5"),
        ("5 €", "5"),
        ("£3.39", "3.39"),
        ("USD 12", "12"),
        ("12元", "12"),
        ("(12.5)", "-12.5"),
        ("(¥1,200.00)", "-1200"),
        ("12.5-", "-12.5"),
        ("−7", "-7"),
        ("15%", "0.15"),
        ("-2.5 %", "-0.025"),
        ("１２３．４", "123.4"),
        ("1.2万", "12000"),
        ("3万元", "30000"),
        ("2.5亿", "250000000"),
        ("1万亿", "1000000000000"),
        ("1.5E+3", "1500"),
        ("2e-2", "0.02"),
        (".5", "0.5"),
        ("5.", "5"),
        ("", "nothing"),
        ("  ", "nothing"),
        ("-", "nothing"),
        ("NULL", "nothing"),
        ("N/A", "nothing"),
    ] {
        assert_eq!(number(cell, &POINT), wanted, "{cell:?}");
    }
    for (cell, wanted) in [
        ("12,5", "12.5"),
        ("1.234", "1234"),
        ("1.234.567,8", "1234567.8"),
        ("1,234", "1.234"),
        ("1,234.5", "1234.5"),
        ("12", "12"),
    ] {
        assert_eq!(number(cell, &COMMA), wanted, "{cell:?}");
    }
}

#[test]
fn what_is_no_number_says_why() {
    for cell in ["abc", "12abc", "1-2", "--5", "1.2.3a", "¥", "2010-12-01", "1e2e3", "%"] {
        assert!(matches!(parse::decimal(cell, &POINT), Err(CellError::NotANumber(_))), "{cell}");
    }
    for cell in ["12,5", "1,23,4", "1.2.3", "1234,567,89"] {
        assert!(matches!(parse::decimal(cell, &POINT), Err(CellError::BadGrouping(_))), "{cell}");
    }
    assert!(matches!(parse::decimal("1.5", &COMMA), Err(CellError::BadGrouping(_))));
    assert!(matches!(parse::decimal("1e99", &POINT), Err(CellError::NumberOutOfRange(_))));
    assert!(matches!(parse::decimal(&"9".repeat(40), &POINT), Err(CellError::NumberOutOfRange(_))));
    assert_eq!(parse::decimal("#N/A", &POINT), Err(CellError::SpreadsheetError("#N/A".into())));
}

#[test]
fn whole_numbers_may_be_written_with_a_fraction_of_zero() {
    assert_eq!(parse::integer("6.0", &POINT), Ok(Some(6)));
    assert_eq!(parse::integer("-1,200", &POINT), Ok(Some(-1200)));
    assert_eq!(parse::integer("6.5", &POINT), Err(CellError::NotWhole("6.5".into())));
    assert!(matches!(parse::integer("99999999999999999999", &POINT), Err(CellError::NumberOutOfRange(_))));
}

fn moment(cell: &str, style: &ColumnStyle) -> String {
    match parse::moment(cell, style) {
        Ok(Some(m)) if m.has_time => m.local.to_string(),
        Ok(Some(m)) => m.local.date().to_string(),
        Ok(None) => "nothing".into(),
        Err(e) => format!("{e:?}"),
    }
}

#[test]
fn dates_are_read_in_many_spellings() {
    let day = "2010-12-01";
    for cell in [
        "2010-12-01",
        "2010/12/1",
        "2010.12.1",
        "2010-12-1",
        "12/1/2010",
        "12/1/10",
        "12-01-2010",
        "20101201",
        "2010年12月1日",
        "2010年12月01号",
        "２０１０／１２／１",
        "1-Dec-10",
        "1 Dec 2010",
        "01-DEC-2010",
        "Dec 1, 2010",
        "December 1 2010",
        "Wed, 1 Dec 2010",
        "1st December 2010",
        "2010-Dec-01",
        "2010年12月1日 星期三",
        "1Dec2010",
        "1-十二月-10",
    ] {
        assert_eq!(moment(cell, &POINT), day, "{cell}");
    }
    for cell in ["1/12/2010", "01.12.2010", "1.12.10", "2010-12-01", "2010/12/1"] {
        assert_eq!(moment(cell, &DAY_FIRST), day, "{cell}");
    }
    assert_eq!(moment("1/1/69", &POINT), "1969-01-01");
    assert_eq!(moment("1/1/68", &POINT), "2068-01-01");
    assert_eq!(moment("", &POINT), "nothing");
}

#[test]
fn instants_are_read_in_many_spellings() {
    for cell in [
        "2010-12-01 08:26:00",
        "2010-12-01T08:26:00",
        "2010/12/1 8:26",
        "12/1/2010 8:26",
        "12/1/2010 8:26:00 AM",
        "12/1/2010 08:26 am",
        "2010年12月1日 8时26分",
        "2010年12月1日 上午8:26",
        "2010年12月1日8:26:00",
        "20101201082600",
        "201012010826",
        "20101201 08:26",
        "1-Dec-10 8:26",
        "Dec 1, 2010 8:26 AM",
        "2010-12-01 08:26:00.000",
        "2010-12-01T08:26:00Z",
        "2010-12-01T08:26:00+08:00",
        "2010-12-01 08:26:00 +0800",
        "2010-12-01 08:26:00 UTC",
    ] {
        assert_eq!(moment(cell, &POINT), "2010-12-01 08:26:00", "{cell}");
    }
    assert_eq!(moment("12/1/2010 8:26 PM", &POINT), "2010-12-01 20:26:00");
    assert_eq!(moment("2010年12月1日 下午8点26分", &POINT), "2010-12-01 20:26:00");
    assert_eq!(moment("12/1/2010 12:05 AM", &POINT), "2010-12-01 00:05:00");
    assert_eq!(moment("12/1/2010 12:05 PM", &POINT), "2010-12-01 12:05:00");
    assert_eq!(moment("2010-12-01 08:26:00.25", &POINT), "2010-12-01 08:26:00.250");
}

#[test]
fn the_offset_counts_towards_utc() {
    let shanghai = FixedOffset::east_opt(8 * 3600).unwrap();
    let utc = |cell: &str| parse::moment(cell, &POINT).unwrap().unwrap().to_utc(shanghai).to_string();
    assert_eq!(utc("2010-12-01 08:26:00"), "2010-12-01 00:26:00 UTC");
    assert_eq!(utc("2010-12-01T08:26:00Z"), "2010-12-01 08:26:00 UTC");
    assert_eq!(utc("2010-12-01T08:26:00-05:30"), "2010-12-01 13:56:00 UTC");
}

#[test]
fn day_counts_are_dates_only_in_workbooks() {
    assert_eq!(moment("40513", &EXCEL), "2010-12-01");
    assert_eq!(moment("40513.5", &EXCEL), "2010-12-01 12:00:00");
    assert!(matches!(parse::moment("40513", &POINT), Err(CellError::NotADate(_))));
    assert!(matches!(parse::moment("12", &EXCEL), Err(CellError::NotADate(_))));
}

#[test]
fn what_is_no_date_says_why() {
    for cell in ["tomorrow", "2010", "2010-12", "12", "1/2", "abc/def/ghi", "1/2/3", "12345678901"] {
        assert!(
            matches!(parse::date(cell, &POINT), Err(CellError::NotADate(_))),
            "{cell}: {:?}",
            parse::date(cell, &POINT)
        );
    }
    for cell in ["2010-02-30", "2/30/2010", "2010-13-01", "20100230", "0000-01-01", "31 Apr 2010"] {
        assert!(
            matches!(parse::date(cell, &POINT), Err(CellError::NoSuchDay(_))),
            "{cell}: {:?}",
            parse::date(cell, &POINT)
        );
    }
    for cell in
        ["2010-12-01 25:00", "2010-12-01 8:61", "2010-12-01 noon", "2010-12-01 8:00 +aé1", "2010-12-01 12"]
    {
        assert!(
            matches!(parse::moment(cell, &POINT), Err(CellError::NotATime(_))),
            "{cell}: {:?}",
            parse::moment(cell, &POINT)
        );
    }
    let wrong_order = CellError::MonthOutOfRange { cell: "13/1/2010".into(), day_first: false, month: 13 };
    assert_eq!(parse::date("13/1/2010", &POINT), Err(wrong_order));
    assert_eq!(parse::date("13/1/2010", &DAY_FIRST).unwrap(), NaiveDate::from_ymd_opt(2010, 1, 13));
}

#[test]
fn yes_and_no_are_read_in_both_languages() {
    for cell in ["是", "Yes", "Y", "TRUE", "1", "有", "√", "on"] {
        assert_eq!(parse::boolean(cell), Ok(Some(true)), "{cell}");
    }
    for cell in ["否", "no", "N", "false", "0", "无", "×"] {
        assert_eq!(parse::boolean(cell), Ok(Some(false)), "{cell}");
    }
    assert_eq!(parse::boolean(" "), Ok(None));
    assert_eq!(parse::boolean("maybe"), Err(CellError::NotABoolean("maybe".into())));
}

#[test]
fn identifiers_lose_the_fraction_only_where_the_column_has_it() {
    let pandas = ColumnStyle { fractional_ids: true, ..POINT };
    let id = |cell: &str, style: &ColumnStyle| parse::identifier(cell, style).unwrap();
    assert_eq!(id("17850.0", &pandas), Some("17850".into()));
    assert_eq!(id("17850.0", &POINT), Some("17850.0".into()));
    assert_eq!(id(" 007 ", &POINT), Some("007".into()));
    assert_eq!(id("'00123", &POINT), Some("00123".into()));
    assert_eq!(id("=\"6901234567890\"", &POINT), Some("6901234567890".into()));
    assert_eq!(id("\t6901234567890", &POINT), Some("6901234567890".into()));
    assert_eq!(id("nan", &pandas), None);
    assert_eq!(id("", &pandas), None);
}

#[test]
fn text_is_trimmed_and_garbled_text_refused() {
    assert_eq!(parse::text(" \u{3000}龙口 果蔬\u{A0}"), Ok(Some("龙口 果蔬".into())));
    assert_eq!(parse::text("\u{FEFF}"), Ok(None));
    assert!(matches!(parse::text("龙\u{FFFD}"), Err(CellError::UnreadableCharacters(_))));
}

#[test]
fn reasons_are_given_in_both_languages_and_quote_the_cell_shortly() {
    let reason = parse::decimal(&"长".repeat(100), &POINT).unwrap_err();
    let (english, chinese) = (reason.message(Language::English), reason.message(Language::Chinese));
    assert!(english.ends_with("is not a number") && english.chars().count() < 70, "{english}");
    assert!(chinese.ends_with("不是数字"), "{chinese}");
    assert_eq!(
        parse::date("13/1/2010", &POINT).unwrap_err().to_string(),
        "“13/1/2010”: the column's other dates have the month first, which here makes month 13; write it like 2024-05-31"
    );
}

#[test]
fn decimals_keep_every_digit() {
    assert_eq!(
        parse::decimal("0.1234567890123456789", &POINT),
        Ok(Some(Decimal::from_str_exact("0.1234567890123456789").unwrap()))
    );
}

#[test]
fn a_disarmed_cell_is_the_text_it_was() {
    for (cell, text) in [
        ("'=1+1", "=1+1"),
        ("'@SUM(A1)", "@SUM(A1)"),
        ("''=1", "'=1"),
        ("'=\"007\"", "=\"007\""),
        ("'-", "-"),
        ("'t Hoofd", "'t Hoofd"),
        ("''quoted''", "''quoted''"),
        ("'＝1", "＝1"),
    ] {
        assert_eq!(parse::text(cell), Ok(Some(text.into())), "{cell}");
    }
    assert_eq!(parse::decimal("'-12.5", &POINT), Ok(Some(Decimal::from_str_exact("-12.5").unwrap())));
    assert_eq!(parse::identifier("'-7", &POINT), Ok(Some("-7".into())));
}
