//! The mailbox's pages, from outside.

use orgate_demo_idp::mailbox::Mailbox;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const CODE: &str = "From: Orgate <orgate@demo.example>\r\nTo: dana@acme.example\r\nSubject: Your code\r\n\
                    Date: Sun, 22 Nov 2026 07:10:00 +0000\r\nContent-Type: text/plain\r\n\r\nCode:\r\n\r\n    123456\r\n";
const LINK: &str = "From: Orgate <orgate@demo.example>\r\nTo: sam@acme.example\r\nSubject: <b>An invitation</b>\r\n\
                    Date: Sun, 22 Nov 2026 07:11:00 +0000\r\nContent-Type: text/plain\r\n\r\n<script>\r\n\r\n\
                    http://localhost:8080/invitations/abc?x=1&y=2\r\n";

async fn get(mailbox: &Mailbox, path: &str, host: Option<&str>) -> String {
    let url = mailbox.url();
    let authority = url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(authority).await.unwrap();
    let host = host.unwrap_or(authority);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn started() -> (tempfile::TempDir, Mailbox) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mai_1.eml"), CODE).unwrap();
    std::fs::write(folder.path().join("mai_2.eml"), LINK).unwrap();
    let mailbox = Mailbox::start(([127, 0, 0, 1], 0).into(), folder.path().to_owned()).await.unwrap();
    (folder, mailbox)
}

#[tokio::test]
async fn the_list_shows_the_newest_first_and_can_be_one_persons() {
    let (_folder, mailbox) = started().await;
    let all = get(&mailbox, "/", None).await;
    let place = |text: &str| all.find(text).unwrap();
    assert!(place("/mails/mai_2") < place("/mails/mai_1") && all.contains("123456"), "{all}");
    let danas = get(&mailbox, "/?to=dana%40acme.example", None).await;
    assert!(danas.contains("/mails/mai_1") && !danas.contains("/mails/mai_2"), "{danas}");
}

#[tokio::test]
async fn a_code_is_a_field_to_copy_and_a_link_can_be_followed() {
    let (_folder, mailbox) = started().await;
    assert!(get(&mailbox, "/mails/mai_1", None).await.contains("<input readonly value=\"123456\">"));
    let link = "<a href=\"http://localhost:8080/invitations/abc?x=1&#38;y=2\">";
    assert!(get(&mailbox, "/mails/mai_2", None).await.contains(link));
}

#[tokio::test]
async fn what_a_mail_says_is_text_and_loads_nothing() {
    let (_folder, mailbox) = started().await;
    let page = get(&mailbox, "/mails/mai_2", None).await;
    assert!(!page.contains("<script>") && !page.contains("<b>An"), "{page}");
    assert!(page.contains("content-security-policy: default-src 'none'"), "{page}");
}

const BOTH: &str = "From: Orgate <orgate@demo.example>\r\nTo: sam@acme.example\r\nSubject: Two forms\r\n\
                    Date: Sun, 22 Nov 2026 07:12:00 +0000\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n\
                    --x\r\nContent-Type: text/plain\r\n\r\nplain words\r\n--x\r\nContent-Type: text/html\r\n\r\n\
                    <p>marked words</p><script>alert(1)</script>\r\n--x--\r\n";

#[tokio::test]
async fn the_html_of_a_mail_is_shown_in_a_frame_that_runs_and_loads_nothing() {
    let (folder, mailbox) = started().await;
    std::fs::write(folder.path().join("mai_3.eml"), BOTH).unwrap();
    let text = get(&mailbox, "/mails/mai_3", None).await;
    assert!(text.contains("plain words") && text.contains("?view=html") && !text.contains("<iframe"), "{text}");
    let page = get(&mailbox, "/mails/mai_3?view=html", None).await;
    assert!(
        page.contains("<iframe") && page.contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\""),
        "{page}"
    );
    assert!(!page.contains("<p>marked words"), "{page}");
    let frame = get(&mailbox, "/mails/mai_3/html", None).await;
    assert!(frame.contains("<p>marked words"), "{frame}");
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; \
                  frame-ancestors 'self'; sandbox allow-popups";
    assert!(frame.contains(policy) && !frame.contains("allow-scripts"), "{frame}");
    assert!(!get(&mailbox, "/mails/mai_1", None).await.contains("?view=html"), "a mail of one form");
    assert!(get(&mailbox, "/mails/mai_1/html", None).await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn other_names_and_other_hosts_are_refused() {
    let (folder, mailbox) = started().await;
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    for path in ["/mails/mai_9", "/mails/secret", "/mails/..%2fsecret", "/elsewhere"] {
        assert!(get(&mailbox, path, None).await.starts_with("HTTP/1.1 404 "), "{path}");
    }
    let elsewhere = get(&mailbox, "/", Some("evil.example")).await;
    assert!(elsewhere.starts_with("HTTP/1.1 421 ") && elsewhere.contains("<a href=\"http://127.0.0.1:"), "{elsewhere}");
    assert!(!elsewhere.contains("evil"), "{elsewhere}");
    assert!(Mailbox::start(([192, 0, 2, 1], 0).into(), folder.path().to_owned()).await.is_err());
}
