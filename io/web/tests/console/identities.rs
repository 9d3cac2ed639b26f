//! `/organizations/{slug}/connections/{id}/identities`, and `/organizations/{slug}/members/{id}/identities`.

use http::StatusCode;
use orgate_app::entropy::Draw as _;
use orgate_app::{organization, session};
use orgate_core::assertion::Subject;
use orgate_core::id::{ConnectionId, Identifier as _};
use orgate_store::Identity;

use crate::browser::{Answer, Browser, Console};

const OVERVIEW: &str = "/organizations/acme/settings/single-sign-on";

fn list(connection: &str) -> String {
    format!("/organizations/acme/connections/{connection}/identities")
}

/// Links the person at this connection under as many clients, beside the use cases.
async fn link(console: &Console, person: &Browser<'_>, connection: &str, clients: u32) {
    let (app, now) = (&console.bed.app, console.bed.now());
    let organization_id = organization::get(app, &person.visitor(), "acme").await.unwrap().id;
    let user_id = session::current(app, &person.visitor()).await.unwrap().user_id;
    let identity = |client: u32| Identity {
        id: app.entropy.id(now),
        organization_id: organization_id.clone(),
        connection_id: ConnectionId::parse(connection).unwrap(),
        issuer: "https://idp.example".to_owned(),
        client_id: format!("client-{client}"),
        subject: Subject::parse("00uOlga").unwrap(),
        user_id: user_id.clone(),
        created_at: now,
        last_sign_in_at: None,
    };
    let identities: Vec<_> = (0..clients).map(identity).collect();
    console
        .bed
        .write((organization_id, identities), |tx, (organization, identities)| {
            Box::pin(async move {
                for identity in identities {
                    tx.organization(organization).insert_identity(identity).await?;
                }
                Ok(())
            })
        })
        .await;
}

#[tokio::test]
async fn who_is_linked_to_a_replacing_connection_is_listed_however_many_the_one_before_has() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    console.connection(&olga, "acme").await;
    let old = olga.open(OVERVIEW).await.id("con_");
    let made = olga.post("/organizations/acme/connections", &[("kind", "okta-oidc")]).await;
    let new = made.location().rsplit('/').next().unwrap().to_owned();
    olga.open(&list(&new)).await.says(&["Nobody is linked yet"]);
    link(&console, &olga, &old, 51).await;
    console.bed.advance(1);
    link(&console, &olga, &new, 1).await;

    olga.open(&list(&new)).await.says(&["00uOlga"]).says_nothing_of(&["Nobody is linked yet", "Next page"]);
    let first = olga.open(&list(&old)).await;
    let second = olga.open(&first.address("cursor=")).await;
    second.says(&["00uOlga", "Back to the first page"]).says_nothing_of(&["Next page"]);
    let rows = |page: &Answer| page.text.matches("00uOlga").count();
    assert_eq!((rows(&first), rows(&second)), (50, 1));
}

#[tokio::test]
async fn r_ui_2_clearing_names_each_person_once_and_says_that_every_connection_is_meant() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    console.connection(&olga, "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let kim = console.member(&olga, "acme", "kim", "member").await;
    console.linked(&mia, "acme", "00uMia").await;
    console.linked(&kim, "acme", "00uKim").await;
    let (mia, kim) = (mia.user_id().await, kim.user_id().await);
    let list = list(&olga.open(OVERVIEW).await.id("con_"));
    let removal = format!("{list}/removal");

    let several = olga.open(&format!("{removal}?identity={mia}&identity={kim}&identity={mia}")).await;
    several.says(&["Clear the links of 2 people?", "<b>2</b>", "mia@example.com", "kim@example.com"]);
    several.says(&["at every connection of this organization"]);
    assert_eq!(several.text.matches(&format!("value=\"{mia}\"")).count(), 1);
    olga.open(&format!("{removal}?identity={mia}&identity={mia}")).await.says(&[
        "Clear the links of mia?",
        "<b>1</b>",
        "person is no longer linked",
    ]);

    let itself = olga.user_id().await;
    for nobody in [
        olga.get(&removal).await,
        olga.get(&format!("{removal}?identity={itself}")).await,
        olga.post(&removal, &[]).await,
    ] {
        assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
        nobody.says(&["Nobody who is linked was chosen.", "00uMia", "00uKim"]);
    }
    olga.submit(&removal, &[("identity", &mia), ("identity", &mia)])
        .await
        .says(&["The links are cleared.", "00uKim"])
        .says_nothing_of(&["00uMia"]);
}

#[tokio::test]
async fn r_lnk_5_the_page_of_a_member_leads_to_the_question_that_clears_their_links() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    console.connection(&olga, "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    console.linked(&mia, "acme", "00uMia").await;
    let member = format!("/organizations/acme/members/{}", mia.user_id().await);
    let page = olga.open(&member).await;
    let removal = page.says(&["00uMia"]).address("/identities/removal");
    olga.open(&removal).await.says(&[
        "Clear the links of mia?",
        "mia@example.com",
        "at every connection of this organization",
    ]);
    assert_eq!(mia.get(&removal).await.status, StatusCode::FORBIDDEN);
    let cleared = olga.submit(&removal, &[]).await;
    cleared.says(&["The links are cleared.", "None. It is linked at their first sign-in"]);
    cleared.says_nothing_of(&["00uMia", "/identities/removal"]);
    assert_eq!(olga.get(&removal).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn r_lnk_1_the_bond_of_somebody_who_was_removed_is_not_cleared() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    console.connection(&olga, "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    console.linked(&mia, "acme", "00uMia").await;
    let id = mia.user_id().await;
    let member = format!("/organizations/acme/members/{id}");
    olga.submit(&format!("{member}/removal"), &[]).await;
    olga.open(&member).await.says(&["00uMia"]).says_nothing_of(&["/identities/removal"]);
    let removal = format!("{member}/identities/removal");
    assert_eq!(olga.get(&removal).await.status, StatusCode::NOT_FOUND);
    assert_eq!(olga.post(&removal, &[]).await.status, StatusCode::NOT_FOUND);
    let linked = list(&olga.open(OVERVIEW).await.id("con_"));
    let asked = olga.get(&format!("{linked}/removal?identity={id}")).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    olga.open(&member).await.says(&["00uMia"]);
}
