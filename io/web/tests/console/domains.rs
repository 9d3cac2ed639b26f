//! `/organizations/{slug}/settings/domains`.

use http::StatusCode;
use orgate_testkit::Dns;

use crate::browser::Console;
use crate::support::{Bed, PASSWORD};

const PAGE: &str = "/organizations/acme/settings/domains";
const RECORD: &str = "_orgate-challenge.acme.example";

async fn console() -> (Console, Dns) {
    let dns = Dns::start();
    let bed = Bed::sqlite_with(&[("ORGATE_DNS_SERVERS", &dns.address().to_string())]).await;
    (Console::over(bed), dns)
}

/// The value to copy on the page.
fn value(page: &str) -> String {
    let start = page.find("orgate-domain-verification=").unwrap();
    page[start..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_owner_adds_a_domain_copies_its_record_and_verifies_it() {
    let (console, dns) = console().await;
    let olga = console.owner("olga", "acme").await;
    olga.open(PAGE).await.says(&["Show which domains are yours", "aria-current=\"page\">Domains</a>"]);
    let added = olga.submit(PAGE, &[("name", "Acme.example")]).await;
    added.says(&["acme.example is added", RECORD, "Waiting for the record", "Add a domain"]);
    let (id, record) = (added.id("dom_"), value(&added.text));
    let verify = format!("{PAGE}/{id}/verification");

    let missing = olga.post(&verify, &[]).await;
    assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
    missing.says(&["There is no TXT record at", RECORD, "Publish it where"]);
    dns.texts(RECORD, &["<script>other</script>"]);
    let other = olga.post(&verify, &[]).await;
    other.says(&["but not this one", "expected", "received", "&#60;script"]).says_nothing_of(&["<script>other"]);
    dns.texts(RECORD, &[&record]);
    olga.submit(&verify, &[]).await.says(&["acme.example is verified.", "Verified", "Record last seen", "Look now"]);
    olga.open("/organizations/acme/audit-log").await.says(&["verified the domain acme.example"]);
}

#[tokio::test]
async fn what_is_no_domain_of_ones_own_is_said_at_the_field() {
    let (console, _dns) = console().await;
    let olga = console.owner("olga", "acme").await;
    let refused = olga.post(PAGE, &[("name", "gmail.com")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.says(&["id=\"name-error\"", "Anybody can have an address at this domain", "value=\"gmail.com\""]);
    olga.submit(PAGE, &[("name", "acme.example")]).await;
    let twice = olga.post(PAGE, &[("name", "acme.example")]).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    twice.says(&["The domain is in the list already."]);
}

#[tokio::test]
async fn r_in_8_a_domain_sent_without_a_fresh_proof_is_said_to_be_unsaved_and_its_page_come_back_to() {
    let (console, _dns) = console().await;
    let olga = console.owner("olga", "acme").await;
    let prove = async || {
        let proof = [("method", "password"), ("password", PASSWORD)];
        olga.post("/account/proof", &proof).await.location().to_owned()
    };
    console.bed.advance(16);
    let sent = olga.post(PAGE, &[("name", "acme.example")]).await;
    assert_eq!(sent.location(), "/account/proof?organization=acme");
    olga.open(sent.location()).await.says(&["Confirm it is you", "Nothing you sent was saved yet."]);
    assert_eq!(prove().await, PAGE);
    olga.open(PAGE).await.says(&["Nothing you sent was saved yet. Send it again now."]);
    olga.open(PAGE).await.says_nothing_of(&["Nothing you sent"]);

    let added = olga.submit(PAGE, &[("name", "acme.example")]).await;
    console.bed.advance(16);
    let verification = format!("{PAGE}/{}/verification", added.id("dom_"));
    olga.post(&verification, &[]).await;
    assert_eq!(prove().await, verification, "the page that has the button");

    console.bed.advance(16);
    let asked = olga.get("/organizations/acme/deletion").await;
    olga.open(asked.location()).await.says(&["Confirm it is you"]).says_nothing_of(&["Nothing you sent"]);
}

/// Whether another organization holds it is not for who shows no record to know: it is said in general (R-LNK-7).
#[tokio::test]
async fn r_ui_2_verifying_a_domain_is_asked_about_first_alike_whoever_holds_it() {
    let (console, dns) = console().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let added = olga.submit(PAGE, &[("name", "example.com")]).await;
    let verification = format!("{PAGE}/{}/verification", added.id("dom_"));
    added.says(&[&format!("href=\"{verification}\""), ">Verify<"]);
    let alone = olga.open(&verification).await;
    alone.says(&["Verify example.com?", "<b>2</b>", "members have an address in it", "without a mailed code"]);
    alone.says(&["proves it again", &format!("action=\"{verification}\"")]);
    olga.open(PAGE).await.says(&["Waiting for the record"]);
    assert_eq!(mia.get(&verification).await.status, StatusCode::FORBIDDEN);

    let rita = console.owner("rita", "rival").await;
    let rivals = "/organizations/rival/settings/domains";
    let held = rita.submit(rivals, &[("name", "example.com")]).await;
    dns.texts("_orgate-challenge.example.com", &[&value(&held.text)]);
    let verified = rita.submit(&format!("{rivals}/{}/verification", held.id("dom_")), &[]).await;
    verified.says(&["example.com is verified.", "Look now"]).says_nothing_of(&[">Verify<"]);
    assert_eq!(olga.open(&verification).await.text, alone.text, "a rival that holds it is not told");
    let held = rita.open(&format!("{rivals}/{}/verification", held.id("dom_"))).await;
    held.says(&["Look at the record of example.com now?", "lapses at once"]).says_nothing_of(&["proves it again"]);
}

#[tokio::test]
async fn removing_a_domain_says_what_ends_and_a_member_sees_none() {
    let (console, dns) = console().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let added = olga.submit(PAGE, &[("name", "example.com")]).await;
    let (id, record) = (added.id("dom_"), value(&added.text));
    let removal = format!("{PAGE}/{id}/removal");
    olga.open(&removal).await.says(&["Remove example.com?", "The claim and its record", "All Owners are mailed"]);
    dns.texts("_orgate-challenge.example.com", &[&record]);
    olga.submit(&format!("{PAGE}/{id}/verification"), &[]).await;
    olga.open(&removal).await.says(&["<b>2</b>", "members have an address in it", "mailed code first"]);
    for path in [PAGE, &removal] {
        assert_eq!(mia.get(path).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(mia.post(PAGE, &[("name", "x.example")]).await.status, StatusCode::FORBIDDEN);
    mia.open("/organizations/acme/settings").await.says_nothing_of(&["Domains</a>"]);
    olga.submit(&removal, &[]).await.says(&["The domain is removed.", "Show which domains are yours"]);
}

#[tokio::test]
async fn t_web_11_the_sign_in_page_answers_by_the_domain_alike_for_known_and_unknown_addresses() {
    let (console, dns) = console().await;
    let olga = console.owner("olga", "acme").await;
    console.connection(&olga, "acme").await;
    let stranger = console.browser();
    let ask = async |address: &str| stranger.post("/sign-in/sso", &[("identifier", address)]).await;
    let (known, unknown) = (ask("olga@example.com").await, ask("nono@example.com").await);
    assert_eq!((known.status, unknown.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(known.text.replace("olga@", "nono@"), unknown.text);

    let added = olga.submit(PAGE, &[("name", "example.com")]).await;
    dns.texts("_orgate-challenge.example.com", &[&value(&added.text)]);
    olga.submit(&format!("{PAGE}/{}/verification", added.id("dom_")), &[]).await;
    let (known, unknown) = (ask("olga@example.com").await, ask("nono@example.com").await);
    assert_eq!((known.status, unknown.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    assert_eq!((known.location(), known.text.as_str()), (unknown.location(), unknown.text.as_str()));
    assert_eq!(known.location(), "/sign-in/acme");
    assert_eq!(ask("nono@other.example").await.status, StatusCode::OK);
}
