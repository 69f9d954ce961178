//! The cells of a list's row as HTML. A list has hundreds of them, so they say only what cannot be derived: the browser
//! knows a cell's field from its column and its record from its row. Written here rather than in a template because a
//! template spends more time on a cell than the database. `templates/cells.html` shows single values elsewhere.

use crate::{pages::cell::Cell, templates::write_escaped};

/// One `td` for each cell; class `e` marks what can be edited in place.
pub fn cells_html(cells: &[Cell]) -> String {
    let mut html = String::with_capacity(cells.len() * 64);
    for cell in cells {
        td(&mut html, cell);
    }
    html
}

fn td(html: &mut String, cell: &Cell) {
    let number = ["integer", "decimal", "money", "percent"].contains(&cell.kind);
    html.push_str(match (cell.editable, number) {
        (true, true) => "<td class=\"e num\"",
        (true, false) => "<td class=e",
        (false, true) => "<td class=num",
        (false, false) => "<td",
    });
    if let Some(title) = cell.title.as_ref().filter(|title| **title != cell.text) {
        attribute(html, "title", &["", title]);
    }
    html.push('>');
    match (cell.kind, &cell.href) {
        _ if cell.text.is_empty() => {}
        ("email", _) => link(html, &["mailto:", &cell.raw], &cell.text),
        ("phone", _) => link(html, &["tel:", &cell.raw], &cell.text),
        ("url", _) => {
            html.push_str("<a target=_blank rel=\"noopener noreferrer\"");
            attribute(html, "href", &["", cell.href.as_ref().unwrap_or(&cell.raw)]);
            html.push('>');
            escaped(html, &cell.text);
            html.push_str("</a>");
        }
        (_, Some(href)) => link(html, &["", href], &cell.text),
        (_, None) => {
            if let Some(color) = cell.color {
                html.push_str("<i class=\"dot dot-");
                html.push_str(color);
                html.push_str("\"></i>");
            }
            escaped(html, &cell.text);
        }
    }
    html.push_str("</td>");
}

fn link(html: &mut String, href: &[&str], text: &str) {
    html.push_str("<a");
    attribute(html, "href", href);
    html.push('>');
    escaped(html, text);
    html.push_str("</a>");
}

fn attribute(html: &mut String, name: &str, value: &[&str]) {
    html.push(' ');
    html.push_str(name);
    html.push_str("=\"");
    value.iter().for_each(|part| escaped(html, part));
    html.push('"');
}

fn escaped(html: &mut String, text: &str) {
    // A String takes everything.
    let _ = write_escaped(html, text);
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
}
