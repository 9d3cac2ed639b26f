//! Owns how a mail looks: one [`Letter`] is printed as text and as plain HTML. All foreign text passes through
//! `foreign`, so that a name cannot add lines, hide text or bring its own markup (T-IDP-3).

use std::fmt::Write as _;

use crate::token::SixDigitCode;

/// The width of a line of text. *Units*: characters. Links are never broken.
const LINE_WIDTH: usize = 72;
/// The longest foreign text that is shown. *Units*: characters.
const LONGEST_FOREIGN: usize = 100;
/// The longest run of digits that foreign text may bring into a mail with a code. An encoded byte before it can add two.
const LONGEST_RUN_BESIDE_CODE: usize = 3;

/// Colours are the reader's own, light or dark. Nothing is loaded: no picture, no font, no style of another place.
const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
    <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
    <meta name=\"supported-color-schemes\" content=\"light dark\">\n";
const BODY: &str = "<body style=\"margin: 0; padding: 24px 16px; font: 16px/1.5 system-ui, -apple-system, sans-serif; \
    overflow-wrap: anywhere\">\n<div style=\"max-width: 560px; margin: 0 auto\">\n";
/// Opens beside what the person reads, and tells the page nothing about where they came from.
const LINK: &str = "target=\"_blank\" rel=\"noopener noreferrer\" style=\"font-weight: 600\"";

/// A mail before it is printed.
#[derive(Debug, Clone)]
pub struct Letter {
    pub(super) subject: String,
    pub(super) blocks: Vec<Block>,
    /// A mail with a code is text only, so that the code is in it once.
    pub(super) carries_code: bool,
}

/// A part of a letter.
#[derive(Debug, Clone)]
pub(super) enum Block {
    Paragraph(String),
    Code(String),
    Links(Vec<(String, String)>),
}

impl Letter {
    pub(super) fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), blocks: Vec::new(), carries_code: false }
    }

    pub(super) fn paragraph(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Paragraph(text.into()));
        self
    }

    pub(super) fn code(mut self, code: &SixDigitCode) -> Self {
        self.blocks.push(Block::Code(code.reveal().to_string()));
        self.carries_code = true;
        self
    }

    pub(super) fn link(self, label: impl Into<String>, url: impl Into<String>) -> Self {
        self.links(vec![(label.into(), url.into())])
    }

    pub(super) fn links(mut self, links: Vec<(String, String)>) -> Self {
        self.blocks.push(Block::Links(links));
        self
    }

    /// The text part.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        for block in &self.blocks {
            if !text.is_empty() {
                text.push('\n');
            }
            match block {
                Block::Paragraph(paragraph) => push_wrapped(&mut text, paragraph),
                Block::Code(code) => push(&mut text, format_args!("    {code}")),
                Block::Links(links) => {
                    for (label, url) in links {
                        push_wrapped(&mut text, &format!("{label}:"));
                        push(&mut text, format_args!("{url}"));
                    }
                }
            }
        }
        text
    }

    /// The HTML part; none for a mail with a code.
    pub(super) fn to_html(&self) -> Option<String> {
        if self.carries_code {
            return None;
        }
        let mut html = format!("{HEAD}<title>{}</title>\n{BODY}", escape(&foreign(&self.subject)));
        for block in &self.blocks {
            match block {
                Block::Paragraph(paragraph) => push(&mut html, format_args!("<p>{}</p>", escape(paragraph))),
                Block::Code(code) => push(&mut html, format_args!("<p><strong>{}</strong></p>", escape(code))),
                Block::Links(links) => {
                    for (label, url) in links {
                        let (label, url) = (escape(label), escape(url));
                        push(&mut html, format_args!("<p><a {LINK} href=\"{url}\">{label}</a></p>"));
                    }
                }
            }
        }
        html.push_str("</div>\n</body>\n</html>\n");
        Some(html)
    }
}

/// Text that somebody else chose: one line, no control or direction characters, not too long.
pub(super) fn foreign(text: &str) -> String {
    let visible =
        text.chars().map(|c| if c.is_control() || changes_direction(c) { ' ' } else { c }).collect::<String>();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST_FOREIGN {
        return line;
    }
    line.chars().take(LONGEST_FOREIGN).chain(['…']).collect()
}

/// Foreign text in a mail with a code: no run of digits that could be taken for the code.
pub(super) fn foreign_beside_code(text: &str) -> String {
    let line = foreign(text);
    let mut kept = String::with_capacity(line.len());
    let mut run = 0;
    for c in line.chars() {
        run = if c.is_numeric() { run + 1 } else { 0 };
        if run <= LONGEST_RUN_BESIDE_CODE {
            kept.push(c);
        } else if run == LONGEST_RUN_BESIDE_CODE + 1 {
            kept.push('…');
        }
    }
    kept
}

/// Whether a name may stand in a header of a mail with a code. One that has to be encoded may not: an encoded word can
/// look like digits.
pub(super) fn fits_header_beside_code(name: &str) -> bool {
    name.is_ascii() && foreign_beside_code(name) == name
}

fn changes_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn push_wrapped(text: &mut String, paragraph: &str) {
    let mut width = 0;
    for word in paragraph.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > LINE_WIDTH {
            text.push('\n');
            width = 0;
        }
        if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
    }
    text.push('\n');
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_and_links_are_not() {
        let url = format!("https://id.example.com/{}", "x".repeat(100));
        let text = Letter::new("s").paragraph("word ".repeat(40)).link("Open", url.clone()).to_text();
        assert!(text.lines().all(|line| line.len() <= LINE_WIDTH || line == url), "{text}");
        assert!(text.contains(&format!("Open:\n{url}\n")));
    }

    #[test]
    fn html_is_escaped_everywhere_t_idp_3() {
        let evil = "<script>alert('x')</script>\"&";
        let html = Letter::new("s").paragraph(evil).link(evil, "https://a.example/?a=1&b=\"2\"").to_html().unwrap();
        assert!(!html.contains("<script>") && html.matches("&lt;script&gt;").count() == 2, "{html}");
        assert!(html.contains("href=\"https://a.example/?a=1&amp;b=&quot;2&quot;\""), "{html}");
        let loads = ["src=", "url(", "<link", "<img", "@import", "http-equiv"];
        assert!(loads.iter().all(|mark| !html.contains(mark)), "a mail that loads something tells that it was read");
    }

    #[test]
    fn foreign_text_is_one_visible_line_t_idp_3() {
        assert_eq!(foreign("a\r\nBcc: b@c.example\u{202e}\u{200b}x\t y"), "a Bcc: b@c.example x y");
        assert_eq!(foreign(&"é".repeat(300)).chars().count(), LONGEST_FOREIGN + 1);
    }

    #[test]
    fn digits_of_others_beside_a_code_are_cut() {
        assert_eq!(foreign_beside_code("Acme 123456 and 12 345"), "Acme 123… and 12 345");
        assert_eq!(foreign_beside_code("٣٣٣٣٣٣"), "٣٣٣…");
    }
}
