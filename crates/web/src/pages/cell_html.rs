//! Values as HTML: the cells of a list's row, and one value elsewhere.

use crate::{
    markup::{attribute, dot, escaped},
    pages::{
        Reader,
        cell::Cell,
        list::view::{ColumnView, Row},
    },
};

/// Right-aligned, with digits of one width.
fn is_number(kind: &str) -> bool {
    ["integer", "decimal", "money", "percent"].contains(&kind)
}

/// One `td` for each cell; class `e` marks what can be edited in place. A list has hundreds of them, so they say only what cannot be
/// derived: the browser knows a cell's field from its column and its record from its row.
pub fn cells_html(cells: &[Cell]) -> String {
    let mut html = String::with_capacity(cells.len() * 64);
    for cell in cells {
        td(&mut html, cell);
    }
    html
}

fn td(html: &mut String, cell: &Cell) {
    html.push_str(match (cell.editable, is_number(cell.kind)) {
        (true, true) => "<td class=\"e num\"",
        (true, false) => "<td class=e",
        (false, true) => "<td class=num",
        (false, false) => "<td",
    });
    if let Some(title) = cell.title.as_ref().filter(|title| **title != cell.text) {
        attribute(html, "title", &["", title]);
    }
    html.push('>');
    if !cell.text.is_empty() && !link_of(html, cell) {
        if let Some(colour) = cell.color {
            html.push_str("<i class=\"dot dot-");
            html.push_str(colour);
            html.push_str("\"></i>");
        }
        escaped(html, &cell.text);
    }
    html.push_str("</td>");
}

/// The cells of a record that belongs to another, the first of which leads to it. On a phone each says its column.
pub fn related_html(row: &Row, columns: &[ColumnView]) -> String {
    let mut html = String::with_capacity(row.cells.len() * 128);
    for (index, (cell, column)) in row.cells.iter().zip(columns).enumerate() {
        let number = if is_number(cell.kind) { "num " } else { "" };
        let title = if index == 0 { "title-cell " } else { "" };
        let empty = if cell.text.is_empty() { "is-empty" } else { "" };
        html.push_str("<td");
        attribute(&mut html, "class", &[number, title, empty]);
        attribute(&mut html, "data-label", &[&column.label]);
        html.push('>');
        if index == 0 {
            let text = if cell.text.is_empty() { &row.title } else { &cell.text };
            link(&mut html, "row-title", &[&row.href], text);
        } else {
            value(&mut html, cell);
        }
        html.push_str("</td>");
    }
    html
}

/// A value that stands by itself.
pub fn value_html(cell: &Cell) -> String {
    let mut html = String::with_capacity(64 + cell.text.len());
    value(&mut html, cell);
    html
}

/// The place of a value that can be edited: double click, or Enter when it has the keyboard, GETs `href`/field/`name`.
pub fn editable_html(reader: &Reader, cell: &Cell, href: &str, label: &str) -> String {
    let mut html = String::with_capacity(256 + cell.text.len());
    let hint = reader.say("Double-click to edit", "双击修改");
    let text = if cell.text.is_empty() { reader.say("empty", "未填") } else { &cell.text };
    html.push_str("<div class=\"cell-edit\" tabindex=\"0\"");
    attribute(&mut html, "data-edit", &[href, "/field/", &cell.name]);
    attribute(&mut html, "title", &[cell.title.as_deref().unwrap_or(hint)]);
    attribute(&mut html, "aria-label", &[label, ": ", text]);
    html.push('>');
    value(&mut html, cell);
    html.push_str("</div>");
    html
}

fn value(html: &mut String, cell: &Cell) {
    if cell.text.is_empty() {
        html.push_str("<span class=\"none\" aria-hidden=\"true\">–</span>");
        return;
    }
    if link_of(html, cell) {
        return;
    }
    if let Some(colour) = cell.color {
        html.push_str(&dot(&cell.text, Some(colour)));
        return;
    }
    let tag = if ["date", "instant"].contains(&cell.kind) { "time" } else { "span" };
    html.push('<');
    html.push_str(tag);
    match cell.kind {
        "date" | "instant" => attribute(html, "datetime", &[&cell.raw]),
        "long_text" => attribute(html, "class", &["long-text"]),
        "bool" if cell.raw == "false" => attribute(html, "class", &["muted"]),
        _ => {}
    }
    if let Some(title) = &cell.title {
        attribute(html, "title", &[title]);
    }
    html.push('>');
    escaped(html, &cell.text);
    html.push_str("</");
    html.push_str(tag);
    html.push('>');
}

/// The value as a link, if it is one.
fn link_of(html: &mut String, cell: &Cell) -> bool {
    match (cell.kind, &cell.href) {
        ("email", _) => link(html, "", &["mailto:", &cell.raw], &cell.text),
        ("phone", _) => link(html, "", &["tel:", &cell.raw], &cell.text),
        ("url", href) => {
            html.push_str("<a target=_blank rel=\"noopener noreferrer\"");
            attribute(html, "href", &[href.as_ref().unwrap_or(&cell.raw)]);
            html.push('>');
            escaped(html, &cell.text);
            html.push_str("</a>");
        }
        (_, Some(href)) => link(html, "", &[href], &cell.text),
        (_, None) => return false,
    }
    true
}

fn link(html: &mut String, class: &str, href: &[&str], text: &str) {
    html.push_str("<a");
    if !class.is_empty() {
        attribute(html, "class", &[class]);
    }
    attribute(html, "href", href);
    html.push('>');
    escaped(html, text);
    html.push_str("</a>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_says_what_cannot_be_derived_and_nothing_harmful() {
        let plain = Cell::text("text", "<b>\"&'".into());
        assert_eq!(cells_html(std::slice::from_ref(&plain)), "<td>&lt;b&gt;&quot;&amp;&#39;</td>");
        let amount = Cell { kind: "money", editable: true, ..Cell::text("money", "¥1".into()) };
        let state = Cell { color: Some("green"), ..Cell::text("choice", "Open".into()) };
        let other = Cell { href: Some("/user/1?a=\"".into()), ..Cell::text("reference", "Li".into()) };
        let empty = Cell { editable: true, ..Cell::text("text", String::new()) };
        let html = cells_html(&[amount, state, other, empty]);
        assert_eq!(
            html,
            "<td class=\"e num\">¥1</td><td><i class=\"dot dot-green\"></i>Open</td>\
             <td><a href=\"/user/1?a=&quot;\">Li</a></td><td class=e></td>"
        );
    }

    #[test]
    fn a_value_by_itself_says_its_exact_form_and_where_it_leads() {
        let plain = |kind, text: &str| Cell::text(kind, text.into());
        let cases = [
            (plain("text", ""), "<span class=\"none\" aria-hidden=\"true\">–</span>"),
            (plain("text", "<b>"), "<span>&lt;b&gt;</span>"),
            (plain("long_text", "a"), "<span class=\"long-text\">a</span>"),
            (plain("email", "a@b.cn"), "<a href=\"mailto:a@b.cn\">a@b.cn</a>"),
            (
                Cell { color: Some("green"), ..plain("choice", "Open") },
                "<span class=\"state\"><i class=\"dot dot-green\"></i>Open</span>",
            ),
            (
                Cell { title: Some("2026-11-30".into()), raw: "2026-11-30".into(), ..plain("date", "today") },
                "<time datetime=\"2026-11-30\" title=\"2026-11-30\">today</time>",
            ),
            (
                Cell { href: Some("https://b.cn/\"".into()), ..plain("url", "b.cn") },
                "<a target=_blank rel=\"noopener noreferrer\" href=\"https://b.cn/&quot;\">b.cn</a>",
            ),
        ];
        for (cell, html) in cases {
            assert_eq!(value_html(&cell), html);
        }
    }
}
