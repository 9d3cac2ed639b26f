//! The mailbox, on messages in the shapes that mailers write.

use std::time::Duration;

use orgate_testkit::Mailbox;

const PLAIN: &str = "From: Orgate <no-reply@orgate.example>\r\nTo: Dana Reyes <Dana@acme.example>, x@acme.example\r\n\
    Subject: =?utf-8?b?WW91ciBjb2RlIOKAkyBPcmdhdGU=?=\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\r\nYour code is 012345, good for 10 minutes =E2=80=93 or use\r\n\
    https://orgate.example/invitations/ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNO=\r\nPQRSTUVWXYZ?a=3D1.\r\n\
    Reference 1234567\r\n";

const MULTIPART: &str = "From: no-reply@orgate.example\r\nTo: kim@acme.example\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nMTExMTExIGFuZCAyMjIyMjI=\r\n--b\r\nContent-Type: text/html; \
    charset=utf-8\r\n\r\n<p>hi</p>\r\n--b--\r\n";

#[tokio::test]
async fn messages_are_decoded_and_give_their_code_and_links() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("1.eml"), PLAIN).unwrap();
    std::fs::write(folder.path().join("2.eml"), MULTIPART).unwrap();
    std::fs::write(folder.path().join("3.txt"), PLAIN).unwrap();
    let mailbox = Mailbox::new(folder.path());
    assert_eq!(mailbox.list().len(), 2);

    let message = mailbox.next("dana@ACME.example").await;
    assert_eq!(message.to, ["Dana@acme.example", "x@acme.example"]);
    assert_eq!(message.subject, "Your code – Orgate");
    assert_eq!(message.code().as_deref(), Some("012345"));
    let link = "https://orgate.example/invitations/ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ?a=1";
    assert_eq!(message.links(), [link]);
    assert_eq!(message.link("/invitations/").as_deref(), Some(link));

    let message = mailbox.next("kim@acme.example").await;
    assert_eq!(message.text, "111111 and 222222");
    assert_eq!(message.html.as_deref().map(str::trim), Some("<p>hi</p>"));
    assert_eq!(message.code(), None, "two runs of six digits are no code");
}

#[tokio::test]
async fn each_message_is_handed_out_once_and_waiting_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::new(folder.path().join("mail"));
    assert!(mailbox.list().is_empty(), "the folder need not exist");
    std::fs::create_dir(folder.path().join("mail")).unwrap();
    std::fs::write(folder.path().join("mail/1.eml"), PLAIN).unwrap();
    assert!(mailbox.take("x@acme.example").is_some());
    assert_eq!(mailbox.next_within("x@acme.example", Duration::from_millis(50)).await, None);

    let later = folder.path().join("mail/2.eml");
    let writer = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        std::fs::write(later, PLAIN).unwrap();
    });
    assert!(mailbox.next("x@acme.example").await.file.ends_with("2.eml"));
    writer.await.unwrap();
    assert_eq!(mailbox.to("x@acme.example").len(), 2, "what was handed out is still there");
}
