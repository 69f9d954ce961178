//! Small pieces of HTML that pages have by the dozen. A template spends several times as long on each.

use crate::templates::write_escaped;

pub fn escaped(html: &mut String, text: &str) {
    // A String takes everything.
    let _ = write_escaped(html, text);
}

/// With a space before it; `value` in pieces.
pub fn attribute(html: &mut String, name: &str, value: &[&str]) {
    html.push(' ');
    html.push_str(name);
    html.push_str("=\"");
    value.iter().for_each(|part| escaped(html, part));
    html.push('"');
}

/// `sprite` is the address of all icons.
pub fn icon(sprite: &str, name: &str, class: Option<&str>) -> String {
    let mut html = String::with_capacity(128);
    html.push_str("<svg");
    attribute(&mut html, "class", &["icon", class.map_or("", |_| " "), class.unwrap_or_default()]);
    html.push_str(" aria-hidden=true><use");
    attribute(&mut html, "href", &[sprite, "#", name]);
    html.push_str("/></svg>");
    html
}

/// A state is a dot and a word. Colours: grey blue green yellow orange red purple pink cyan teal; grey if none is given.
pub fn dot(text: &str, colour: Option<&str>) -> String {
    let colour = colour.filter(|colour| !colour.is_empty()).unwrap_or("grey");
    let mut html = String::with_capacity(64 + text.len());
    html.push_str("<span class=\"state\"><i");
    attribute(&mut html, "class", &["dot dot-", colour]);
    html.push_str("></i>");
    escaped(&mut html, text);
    html.push_str("</span>");
    html
}

/// Initials in a circle; decorative, the name stands beside it.
pub fn avatar(initials: &str, class: Option<&str>) -> String {
    let mut html = String::from("<span");
    attribute(&mut html, "class", &["avatar-initials ", class.unwrap_or_default()]);
    html.push_str(" aria-hidden=\"true\">");
    escaped(&mut html, initials);
    html.push_str("</span>");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_say_what_they_are_given_and_nothing_harmful() {
        assert_eq!(
            icon("/a.svg", "x\"", Some("big")),
            "<svg class=\"icon big\" aria-hidden=true><use href=\"/a.svg#x&quot;\"/></svg>"
        );
        assert_eq!(
            icon("/a.svg", "x", None),
            "<svg class=\"icon\" aria-hidden=true><use href=\"/a.svg#x\"/></svg>"
        );
        assert_eq!(dot("<b>", None), "<span class=\"state\"><i class=\"dot dot-grey\"></i>&lt;b&gt;</span>");
        assert_eq!(
            dot("On", Some("green")),
            "<span class=\"state\"><i class=\"dot dot-green\"></i>On</span>"
        );
        assert_eq!(avatar("李", None), "<span class=\"avatar-initials \" aria-hidden=\"true\">李</span>");
    }
}
