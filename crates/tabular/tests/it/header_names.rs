//! Names of columns are recognised in both languages and in the spellings of real exports.

use tabular::headers::recognise;
use tabular::orders_headers::ORDER_LINES;
use tabular::plain_headers::{ACCOUNTS, ACTIVITIES, CONTACTS, PRODUCTS};
use tabular::{How, Target};

fn guessed(headers: &[&str], targets: &[Target]) -> Vec<&'static str> {
    let headers: Vec<String> = headers.iter().map(|h| h.to_string()).collect();
    recognise(&headers, targets).iter().map(|guess| guess.target.unwrap_or("")).collect()
}

fn check(pairs: &[(&str, &'static str)], targets: &[Target]) {
    let (headers, wanted): (Vec<&str>, Vec<&str>) = pairs.iter().copied().unzip();
    assert_eq!(guessed(&headers, targets), wanted);
}

#[test]
fn the_layout_of_the_british_shop_is_recognised() {
    check(
        &[
            ("InvoiceNo", "order_number"),
            ("StockCode", "product_code"),
            ("Description", "product_name"),
            ("Quantity", "quantity"),
            ("InvoiceDate", "ordered_on"),
            ("UnitPrice", "unit_price"),
            ("CustomerID", "customer_number"),
            ("Country", "country"),
        ],
        ORDER_LINES,
    );
    let second =
        ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"];
    assert!(guessed(&second, ORDER_LINES).iter().all(|key| !key.is_empty()));
}

#[test]
fn the_layout_of_the_chinese_superstore_is_recognised() {
    check(
        &[
            ("行 ID", ""),
            ("订单 ID", "order_number"),
            ("订单日期", "ordered_on"),
            ("发货日期", "shipped_on"),
            ("邮寄方式", "ship_mode"),
            ("客户 ID", "customer_number"),
            ("客户名称", "customer_name"),
            ("细分", "customer_segment"),
            ("城市", "city"),
            ("省/自治区", "province"),
            ("国家", "country"),
            ("地区", "region"),
            ("产品 ID", "product_code"),
            ("类别", "product_category"),
            ("子类别", "product_subcategory"),
            ("产品名称", "product_name"),
            ("销售额", "amount"),
            ("数量", "quantity"),
            ("折扣", "discount"),
            ("利润", "profit"),
        ],
        ORDER_LINES,
    );
}

#[test]
fn the_layout_of_the_english_superstore_is_recognised() {
    check(
        &[
            ("Row ID", ""),
            ("Order ID", "order_number"),
            ("Order Date", "ordered_on"),
            ("Ship Date", "shipped_on"),
            ("Ship Mode", "ship_mode"),
            ("Customer ID", "customer_number"),
            ("Customer Name", "customer_name"),
            ("Segment", "customer_segment"),
            ("Country/Region", "country"),
            ("City", "city"),
            ("State/Province", "province"),
            ("Postal Code", "postcode"),
            ("Region", "region"),
            ("Product ID", "product_code"),
            ("Category", "product_category"),
            ("Sub-Category", "product_subcategory"),
            ("Product Name", "product_name"),
            ("Sales", "amount"),
            ("Quantity", "quantity"),
            ("Discount", "discount"),
            ("Profit", "profit"),
        ],
        ORDER_LINES,
    );
}

#[test]
fn spelling_units_width_and_case_do_not_matter() {
    check(
        &[
            ("ＯＲＤＥＲ＿ＮＯ．", "order_number"),
            ("单价(元)", "unit_price"),
            ("销售金额（含税）", "amount"),
            ("*商品编码【必填】", "product_code"),
            ("  customer   name ", "customer_name"),
            ("orderDate", "ordered_on"),
            ("QTY", "quantity"),
            ("客户订单编号", ""),
        ],
        ORDER_LINES,
    );
    check(
        &[("客户订单编号", "order_number"), ("Quantitiy", "quantity"), ("Custumer Name", "customer_name")],
        ORDER_LINES,
    );
}

#[test]
fn a_longer_word_is_not_taken_for_a_shorter_one_inside() {
    check(
        &[("利润率", ""), ("数量单位", ""), ("Reorder level", ""), ("Pricelist", ""), ("", "")],
        ORDER_LINES,
    );
    check(&[("Update", ""), ("折扣金额", "discount_amount")], ORDER_LINES);
}

#[test]
fn one_target_goes_to_the_best_column() {
    let headers = ["Total price".to_owned(), "Amount".to_owned(), "客户实付金额".to_owned()];
    let guesses = recognise(&headers, ORDER_LINES);
    let taken: Vec<_> = guesses.iter().filter(|g| g.target == Some("amount")).collect();
    assert_eq!((taken.len(), taken[0].how, taken[0].confidence), (1, Some(How::Exact), 1.0));
}

#[test]
fn plain_lists_are_recognised() {
    check(
        &[
            ("公司名称", "name"),
            ("所属行业", "industry"),
            ("员工人数", "employees"),
            ("网址", "website"),
            ("省份", "province"),
            ("详细地址", "street"),
            ("邮政编码", "postcode"),
            ("出生日期", "birth_on"),
            ("性别", "sex"),
            ("年收入", "revenue"),
            ("职业", "occupation"),
            ("客户编号", "number"),
        ],
        ACCOUNTS,
    );
    check(
        &[
            ("Company", "name"),
            ("Phone Number", "phone"),
            ("E-mail", "email"),
            ("ZIP", "postcode"),
            ("Account Type", "kind"),
        ],
        ACCOUNTS,
    );
    check(
        &[
            ("姓名", "name"),
            ("单位", "account"),
            ("职务", "job_title"),
            ("手机号", "mobile"),
            ("微信号", "wechat"),
            ("邮箱", "email"),
        ],
        CONTACTS,
    );
    check(
        &[
            ("First Name", "first_name"),
            ("Last Name", "last_name"),
            ("Job Title", "job_title"),
            ("Company", "account"),
        ],
        CONTACTS,
    );
    check(
        &[
            ("货号", "code"),
            ("品名", "name"),
            ("计量单位", "unit"),
            ("售价", "price"),
            ("进价", "unit_cost"),
            ("规格型号", "specification"),
        ],
        PRODUCTS,
    );
    check(
        &[
            ("跟进方式", "kind"),
            ("客户名称", "account"),
            ("跟进时间", "happened_at"),
            ("跟进内容", "body"),
            ("主题", "subject"),
        ],
        ACTIVITIES,
    );
}

#[test]
fn every_synonym_leads_to_its_own_target() {
    for targets in [ORDER_LINES, ACCOUNTS, CONTACTS, PRODUCTS, ACTIVITIES] {
        for target in targets {
            for synonym in target.synonyms.iter().chain([&target.key]) {
                let guess = &recognise(&[synonym.trim_start_matches('=').to_owned()], targets)[0];
                assert_eq!((guess.target, guess.how), (Some(target.key), Some(How::Exact)), "{synonym}");
            }
        }
    }
}
