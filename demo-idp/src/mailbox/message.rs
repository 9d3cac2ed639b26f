//! Owns reading mails back from a folder of `.eml` files.

use std::io;
use std::path::Path;

use mailparse::{MailHeaderMap as _, ParsedMail};

/// How wide the product writes its mails. *Units*: characters.
const LINE_WIDTH: usize = 72;

/// One mail, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The name of its file without `.eml`.
    pub name: String,
    /// Whom it is from.
    pub from: String,
    /// Whom it is to.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// When it was written. *Units*: UTC seconds since 1970.
    pub at: i64,
    /// The same as the mail says it.
    pub date: String,
    /// The text part, its paragraphs in one line each.
    pub text: String,
    /// The HTML part, if there is one.
    pub html: Option<String>,
    /// The whole message as it was sent.
    pub source: String,
}

impl Mail {
    fn parse(name: &str, bytes: &[u8]) -> Option<Self> {
        let parsed = mailparse::parse_mail(bytes).ok()?;
        let header = |name: &str| parsed.headers.get_first_value(name).unwrap_or_default();
        let date = header("Date");
        Some(Self {
            name: name.to_owned(),
            from: header("From"),
            to: header("To"),
            subject: header("Subject"),
            at: mailparse::dateparse(&date).unwrap_or_default(),
            date: date.replace(" +0000", " UTC"),
            text: unwrapped(&part(&parsed, "text/plain")?.replace("\r\n", "\n")),
            html: part(&parsed, "text/html"),
            source: String::from_utf8_lossy(bytes).replace("\r\n", "\n"),
        })
    }

    /// The six-digit code, if there is exactly one.
    pub fn code(&self) -> Option<&str> {
        let mut runs = self.text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 6);
        let code = runs.next()?;
        runs.next().is_none().then_some(code)
    }
}

/// The text without the line breaks that only keep lines short: where the next word would not have fitted. Lines that
/// are links or indented begin where they were meant to.
fn unwrapped(text: &str) -> String {
    let mut unwrapped = String::with_capacity(text.len());
    let mut width = 0;
    for line in text.lines() {
        let word = line.split(' ').next().unwrap_or_default();
        let is_wrapped = width > 0 && !word.is_empty() && !word.contains("://");
        if is_wrapped && width + 1 + word.chars().count() > LINE_WIDTH {
            unwrapped.push(' ');
        } else if !unwrapped.is_empty() {
            unwrapped.push('\n');
        }
        unwrapped.push_str(line);
        width = line.chars().count();
    }
    unwrapped
}

/// The first part of this type.
fn part(parsed: &ParsedMail<'_>, mimetype: &str) -> Option<String> {
    if parsed.subparts.is_empty() {
        return (parsed.ctype.mimetype == mimetype).then(|| parsed.get_body().ok()).flatten();
    }
    parsed.subparts.iter().find_map(|inner| part(inner, mimetype))
}

/// Every mail of a folder, newest first. A folder that is not there yet has none.
///
/// *Errors*: a folder or file that cannot be read.
pub fn list(folder: &Path) -> io::Result<Vec<Mail>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut mails = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_whole = path.extension().is_some_and(|extension| extension == "eml");
        if let Some(name) = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_whole) {
            mails.extend(Mail::parse(name, &std::fs::read(&path)?));
        }
    }
    // Names begin with the moment too, and tell mails of one second apart.
    mails.sort_by(|left, right| (right.at, &right.name).cmp(&(left.at, &left.name)));
    Ok(mails)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "From: Orgate <a@demo.example>\r\nTo: dana@acme.example\r\nSubject: =?utf-8?b?WsO8Z2U=?=\r\n\
                         Date: Sun, 22 Nov 2026 07:10:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
                         Your code:\r\n\r\n    123456\r\n";

    #[test]
    fn a_mail_is_decoded_and_its_code_found() {
        let mail = Mail::parse("mail_1", PLAIN.as_bytes()).unwrap();
        assert_eq!((mail.subject.as_str(), mail.to.as_str()), ("Züge", "dana@acme.example"));
        assert_eq!((mail.at, mail.date.as_str()), (1_795_331_400, "Sun, 22 Nov 2026 07:10:00 UTC"));
        assert_eq!(mail.code(), Some("123456"));
    }

    #[test]
    fn paragraphs_become_one_line_and_links_keep_theirs() {
        let (long, link) = ("word ".repeat(14).trim_end().to_owned(), format!("http://a.example/{}", "x".repeat(80)));
        let text = format!("{long}\nmore\n\nshort\nline\n\n    123456\n\n{long}:\n{link}\n");
        assert_eq!(unwrapped(&text), format!("{long} more\n\nshort\nline\n\n    123456\n\n{long}:\n{link}"));
    }

    #[test]
    fn two_runs_of_six_digits_are_no_code() {
        let mail = Mail::parse("mail_1", PLAIN.replace("Your code", "654321").as_bytes()).unwrap();
        assert_eq!(mail.code(), None);
    }

    #[test]
    fn the_text_of_a_mail_in_two_forms_is_its_plain_part() {
        let both = "To: a@b.example\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n\
                    Content-Type: text/plain\r\n\r\nplain\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--x--\r\n";
        let mail = Mail::parse("mail_1", both.as_bytes()).unwrap();
        assert_eq!((mail.text.trim(), mail.html.as_deref().map(str::trim)), ("plain", Some("<p>html</p>")));
        assert_eq!(Mail::parse("mail_1", PLAIN.as_bytes()).unwrap().html, None);
    }

    #[test]
    fn a_folder_is_listed_newest_first_and_mails_half_written_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for (name, minute) in [("mail_2.eml", "11"), ("mail_1.eml", "12"), (".mail_3.part", "13")] {
            let text = PLAIN.replace("07:10:00", &format!("07:{minute}:00"));
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let names: Vec<String> = list(folder.path()).unwrap().into_iter().map(|mail| mail.name).collect();
        assert_eq!(names, ["mail_1", "mail_2"]);
        assert_eq!(list(&folder.path().join("missing")).unwrap(), []);
    }
}
