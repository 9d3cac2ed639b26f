//! The outbox on a real database: mail leaves with the commit that told it to, once, and survives a mail server that is
//! down (F6).
#![expect(clippy::unwrap_used, reason = "a broken set-up ends the test it was made for, there and then")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use orgate_app::clock::ManualClock;
use orgate_app::entropy::SeededEntropy;
use orgate_app::instance_key::InstanceKey;
use orgate_app::mail::{MailTemplate, MailTransport, MailTransportSettings, Sender};
use orgate_app::outbox::{Outbox, OutboxParts};
use orgate_app::seal::Sealer;
use orgate_app::token::SixDigitCode;
use orgate_core::time::Timestamp;
use orgate_store::{Mail, Store, StoreError, StoreSettings};
use orgate_testkit::MailServer;
use orgate_testkit::mail_server::Mood;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::Instant;

const KEY: [u8; 32] = [7; 32];

struct Scene {
    folder: TempDir,
    store: Store,
    clock: ManualClock,
}

impl Scene {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = ManualClock::starting_at(Timestamp::from_millis(1_795_327_200_000));
        let url = format!("sqlite:{}", folder.path().join("orgate.db").display());
        let store = Store::open(&StoreSettings::parse(&url).unwrap(), Timestamp::from_millis(1)).await.unwrap();
        Self { folder, store, clock }
    }

    async fn outbox(&self, seed: u64, mail: &str) -> Outbox {
        self.outbox_under(Sealer::new(&InstanceKey::from_bytes(KEY)), seed, mail).await
    }

    async fn outbox_under(&self, sealer: Sealer, seed: u64, mail: &str) -> Outbox {
        let settings = MailTransportSettings::parse(mail).unwrap();
        Outbox::new(OutboxParts {
            store: self.store.clone(),
            sealer: Arc::new(sealer),
            clock: Arc::new(self.clock.clone()),
            entropy: Arc::new(SeededEntropy::new(seed)),
            transport: MailTransport::open(&settings, None).await.unwrap(),
            from: Sender::parse_address("no-reply@example.com").unwrap().named("Orgate"),
            product_name: "Orgate".to_owned(),
        })
    }

    fn mailbox(&self) -> String {
        format!("dir:{}", self.folder.path().join("mail").display())
    }

    async fn insert(&self, mail: Mail) {
        self.store
            .write(mail, |tx, mail| Box::pin(async move { tx.instance().insert_mail(mail).await }))
            .await
            .unwrap();
    }

    async fn waiting(&self) -> u64 {
        let count = self.store.read((), |tx, ()| Box::pin(async move { tx.instance().count_waiting_mails().await }));
        Result::<u64, StoreError>::unwrap(count.await)
    }
}

fn code_mail() -> MailTemplate {
    MailTemplate::SignUpCode { code: SixDigitCode::parse("424242").unwrap() }
}

fn messages(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.iter().all(|name| name.extension().is_some_and(|extension| extension == "eml")), "{names:?}");
    names.iter().map(|name| std::fs::read_to_string(name).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_committed_mail_is_in_the_folder_within_a_second_and_gone_from_the_database() {
    let scene = Scene::new().await;
    let outbox = scene.outbox(1, &scene.mailbox()).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = {
        let outbox = outbox.clone();
        tokio::spawn(async move { outbox.run(async { drop(stopped.await) }).await })
    };
    let mail = outbox.prepare("ada@example.org", &code_mail()).unwrap();
    assert!(!mail.sealed_content.windows(6).any(|bytes| bytes == b"424242"));
    scene.insert(mail).await;
    let committed = Instant::now();
    outbox.wake();
    while scene.waiting().await > 0 {
        assert!(committed.elapsed() < Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let found = messages(&scene.folder.path().join("mail"));
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("To: ada@example.org\r\n") && found[0].contains("424242"), "{}", found[0]);
    stop.send(()).unwrap();
    running.await.unwrap();
}

#[tokio::test]
async fn a_stop_waits_for_what_is_on_its_way_and_not_for_all_that_waits() {
    let scene = Scene::new().await;
    let outbox = scene.outbox(1, &scene.mailbox()).await;
    for _ in 0..100 {
        scene.insert(outbox.prepare("ada@example.org", &code_mail()).unwrap()).await;
    }
    // It is told to stop once it has begun to take what is due.
    outbox.run(tokio::task::yield_now()).await;
    let sent = messages(&scene.folder.path().join("mail")).len();
    assert!(sent < 100, "some were on their way then");
    assert_eq!(scene.waiting().await, 100 - u64::try_from(sent).unwrap());
    assert_eq!(outbox.send_due().await.unwrap(), 100 - sent, "nothing is left behind as taken");
}

#[tokio::test]
async fn a_mail_of_a_transaction_that_failed_is_never_sent() {
    let scene = Scene::new().await;
    let outbox = scene.outbox(1, &scene.mailbox()).await;
    let mail = outbox.prepare("ada@example.org", &code_mail()).unwrap();
    let outcome: Result<(), StoreError> = scene
        .store
        .write(mail, |tx, mail| {
            Box::pin(async move {
                tx.instance().insert_mail(mail).await?;
                Err(StoreError::Settings { detail: "the act was refused".to_owned() })
            })
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(outbox.send_due().await.unwrap(), 0);
    assert_eq!(messages(&scene.folder.path().join("mail")).len(), 0);
}

#[tokio::test]
async fn mail_waits_for_a_server_that_is_down_and_then_leaves_once_f6() {
    let scene = Scene::new().await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let down = scene.outbox(1, &format!("smtp://{closed}")).await;
    for _ in 0..20 {
        scene.insert(down.prepare("ada@example.org", &code_mail()).unwrap()).await;
    }
    assert_eq!(down.send_due().await.unwrap(), 0);
    assert_eq!(scene.waiting().await, 20);

    let up = scene.outbox(2, &scene.mailbox()).await;
    assert_eq!(up.send_due().await.unwrap(), 0, "not before the pause is over");
    scene.clock.advance(Duration::from_secs(5));
    assert_eq!(up.send_due().await.unwrap(), 20);
    assert_eq!(up.send_due().await.unwrap(), 0);
    assert_eq!(messages(&scene.folder.path().join("mail")).len(), 20);
}

#[tokio::test]
async fn a_mail_is_given_up_after_a_day_of_failures_and_not_before() {
    let scene = Scene::new().await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let down = scene.outbox(1, &format!("smtp://{closed}")).await;
    scene.insert(down.prepare("ada@example.org", &code_mail()).unwrap()).await;
    for _ in 0..24 * 2 {
        down.send_due().await.unwrap();
        assert_eq!(scene.waiting().await, 1);
        scene.clock.advance(Duration::from_secs(1_800));
    }
    for _ in 0..24 {
        scene.clock.advance(Duration::from_secs(3_600));
        down.send_due().await.unwrap();
    }
    assert_eq!(scene.waiting().await, 0);
    let up = scene.outbox(2, &scene.mailbox()).await;
    assert_eq!(up.send_due().await.unwrap(), 0);
}

#[tokio::test]
async fn a_mail_that_cannot_be_read_or_addressed_is_given_up_and_holds_up_no_other() {
    let scene = Scene::new().await;
    let outbox = scene.outbox(1, &scene.mailbox()).await;
    let mut moved = outbox.prepare("ada@example.org", &code_mail()).unwrap();
    moved.id = outbox.prepare("ada@example.org", &code_mail()).unwrap().id;
    scene.insert(moved).await;
    scene.insert(outbox.prepare("no address", &code_mail()).unwrap()).await;
    scene.insert(outbox.prepare("ada@example.org", &code_mail()).unwrap()).await;
    assert_eq!(outbox.send_due().await.unwrap(), 1);
    assert_eq!(scene.waiting().await, 0);
}

#[tokio::test]
async fn t_sec_1_a_mail_under_a_key_that_a_node_lacks_waits_for_one_that_has_it() {
    let scene = Scene::new().await;
    let keys = Sealer::new(&InstanceKey::from_bytes([8; 32])).with_other(&InstanceKey::from_bytes(KEY));
    let both = scene.outbox_under(keys, 1, &scene.mailbox()).await;
    scene.insert(both.prepare("ada@example.org", &code_mail()).unwrap()).await;
    let lacking = scene.outbox(2, &scene.mailbox()).await;
    assert_eq!((lacking.send_due().await.unwrap(), scene.waiting().await), (0, 1));
    scene.clock.advance(Duration::from_secs(5));
    assert_eq!((both.send_due().await.unwrap(), scene.waiting().await), (1, 0));
    assert!(messages(&scene.folder.path().join("mail"))[0].contains("424242"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_send_each_mail_once() {
    let scene = Scene::new().await;
    let nodes = [scene.outbox(1, &scene.mailbox()).await, scene.outbox(2, &scene.mailbox()).await];
    for _ in 0..50 {
        scene.insert(nodes[0].prepare("ada@example.org", &code_mail()).unwrap()).await;
    }
    let (one, other) = tokio::join!(nodes[0].send_due(), nodes[1].send_due());
    assert_eq!(one.unwrap() + other.unwrap(), 50);
    assert_eq!(messages(&scene.folder.path().join("mail")).len(), 50);
}

#[tokio::test]
async fn mail_leaves_by_smtp() {
    let scene = Scene::new().await;
    let server = MailServer::start();
    let outbox = scene.outbox(1, &format!("smtp://{}", server.address())).await;
    scene.insert(outbox.prepare("ada@example.org", &code_mail()).unwrap()).await;
    assert_eq!(outbox.send_due().await.unwrap(), 1);
    let taken = server.taken();
    assert_eq!(taken.len(), 1);
    assert!(
        taken[0].contains("Subject: Your sign-up code for Orgate\r\n") && taken[0].contains("\r\n    424242\r\n"),
        "{}",
        taken[0]
    );
}

/// How often a mail is tried while the server answers every recipient so, looked at every minute for two hours.
async fn tries_in_two_hours(answer: &'static str) -> (usize, u64) {
    let (scene, server) = (Scene::new().await, MailServer::start());
    server.set(Mood::Answers(answer));
    let outbox = scene.outbox(1, &format!("smtp://{}", server.address())).await;
    scene.insert(outbox.prepare("ada@example.org", &code_mail()).unwrap()).await;
    let mut given_up_after = 0;
    for look in 1..=2 * 60 {
        assert_eq!(outbox.send_due().await.unwrap(), 0);
        if scene.waiting().await == 0 && given_up_after == 0 {
            given_up_after = look * 60;
        }
        scene.clock.advance(Duration::from_secs(60));
    }
    (given_up_after, scene.waiting().await)
}

#[tokio::test]
async fn f6_a_mail_that_is_refused_for_good_ends_after_more_than_an_hour_and_no_other_refusal_does() {
    let (given_up_after, _) = tries_in_two_hours("550 5.1.1 nobody has this address").await;
    assert!((3_600..7_200).contains(&given_up_after), "{given_up_after} s");
    for ours in ["451 try again later", "530 authenticate first", "535 wrong password", "501 what is this"] {
        assert_eq!(tries_in_two_hours(ours).await, (0, 1), "{ours}");
    }
}

#[tokio::test]
async fn f6_one_recipient_that_is_refused_holds_up_nobody_else() {
    let (scene, server) = (Scene::new().await, MailServer::start());
    server.set(Mood::DoesNotKnow("nobody@"));
    let outbox = scene.outbox(1, &format!("smtp://{}", server.address())).await;
    for address in ["nobody@example.org", "ada@example.org", "bob@example.org"] {
        scene.insert(outbox.prepare(address, &code_mail()).unwrap()).await;
    }
    assert_eq!(outbox.send_due().await.unwrap(), 2);
    assert_eq!((server.taken().len(), scene.waiting().await), (2, 1));
}

#[tokio::test]
async fn f6_a_mail_whose_acknowledgement_is_lost_comes_again_as_the_same_message() {
    let (scene, server) = (Scene::new().await, MailServer::start());
    server.set(Mood::Forgets);
    let outbox = scene.outbox(1, &format!("smtp://{}", server.address())).await;
    scene.insert(outbox.prepare("ada@example.org", &code_mail()).unwrap()).await;
    assert_eq!(outbox.send_due().await.unwrap(), 0);
    server.set(Mood::Takes);
    scene.clock.advance(Duration::from_secs(5));
    assert_eq!(outbox.send_due().await.unwrap(), 1);
    scene.clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!(outbox.send_due().await.unwrap(), 0);
    let id = |message: &String| message.lines().find(|line| line.starts_with("Message-ID: ")).unwrap().to_owned();
    let ids: Vec<String> = server.taken().iter().map(id).collect();
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
}
