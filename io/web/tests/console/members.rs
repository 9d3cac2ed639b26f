//! `/organizations/{slug}/members`.

use http::StatusCode;
use orgate_app::entropy::Draw as _;
use orgate_app::organization;
use orgate_core::assertion::Subject;
use orgate_core::email::EmailAddress;
use orgate_core::id::{Identifier as _, UserId};
use orgate_core::membership::{MembershipOrigin, MembershipState};
use orgate_core::personal::PersonalProvider;
use orgate_core::policy::{AddressState, PolicyEpoch};
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;
use orgate_store::{PersonalIdentity, User};

use crate::browser::{Answer, Browser, Console};

const REMOVED: &str = "/organizations/acme/members?filter=removed";

/// Makes people of these names and removes them from the organization, beside the use cases.
async fn removed(console: &Console, owner: &Browser<'_>, names: &[String]) {
    let (app, now) = (&console.bed.app, console.bed.now());
    let organization = organization::get(app, &owner.visitor(), "acme").await.unwrap().id;
    let user = |name: &String| User {
        id: app.entropy.id(now),
        name: name.clone(),
        email: EmailAddress::parse(&format!("{name}@example.com")).unwrap(),
        address: AddressState::Proven,
        created_at: now,
        closed_at: None,
        sessions_not_before_at: Timestamp::from_millis(0),
        settled_epoch: PolicyEpoch::default(),
        has_second_factor: false,
    };
    let users: Vec<User> = names.iter().map(user).collect();
    console
        .bed
        .write((organization, users, now), |tx, (organization, users, now)| {
            Box::pin(async move {
                for user in users {
                    tx.instance().insert_user(user).await?;
                    let mut view = tx.organization(organization);
                    view.join(&user.id, OrganizationRole::Member, MembershipOrigin::Invitation, *now).await?;
                    view.end_membership(&user.id, MembershipState::Removed, *now).await?;
                }
                Ok(())
            })
        })
        .await;
}

#[tokio::test]
async fn an_owner_makes_an_owner_who_then_takes_the_role_from_the_first() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let (olga_id, mia_id) = (olga.user_id().await, mia.user_id().await);
    let member = |id: &str| format!("/organizations/acme/members/{id}");

    assert_eq!(mia.get("/organizations/acme/members").await.status, StatusCode::FORBIDDEN);
    olga.submit(&member(&mia_id), &[("role", "owner")]).await.says(&["The role is Owner now."]);
    mia.open("/organizations/acme/members?filter=owners").await.says(&["olga", "mia", "2 people belong to The acme."]);
    mia.submit(&member(&olga_id), &[("role", "member")]).await.says(&["The role is Member now."]);
    assert_eq!(olga.get("/organizations/acme/members").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_last_owner_is_told_why_they_stay() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let url = format!("/organizations/acme/members/{}", olga.user_id().await);
    olga.open(&url).await.says(&["An organization always has an Owner."]).says_nothing_of(&["Change role"]);
    for (path, fields) in [
        (url.clone(), vec![("role", "member")]),
        (format!("{url}/removal"), vec![]),
        ("/organizations/acme/departure".to_owned(), vec![]),
    ] {
        let answer = olga.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        answer.says(&["An organization always has an Owner. Make somebody else Owner first."]);
    }
    olga.open(&url).await.says(&["Owner"]);
}

#[tokio::test]
async fn ones_own_page_speaks_to_its_reader() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let page = |id: &str| format!("/organizations/acme/members/{id}");
    let (own, other) = (page(&olga.user_id().await), page(&mia.user_id().await));
    olga.open(&own).await.says(&["you prove who you are again"]).says_nothing_of(&["they prove who they are again"]);
    olga.open(&other).await.says(&["they prove who they are again"]).says_nothing_of(&["you prove who you are again"]);
    let question = olga.open(&format!("{own}/proofs/removal")).await;
    question.says(&["Sign yourself out of The acme?", "you prove again who you are", "Your role, your projects"]);
    olga.open(&format!("{other}/proofs/removal")).await.says(&["Sign mia out of The acme?", "they prove again"]);
}

#[tokio::test]
async fn an_owner_who_gives_up_the_role_comes_out_where_they_may_still_be() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    drop(console.member(&olga, "acme", "mia", "owner").await);
    let own = format!("/organizations/acme/members/{}", olga.user_id().await);
    let answer = olga.post(&own, &[("role", "member")]).await;
    assert_eq!(answer.location(), "/organizations/acme/projects");
}

/// What it says is counted by the use case; its own tests hold that against what is done.
#[tokio::test]
async fn r_ui_2_another_role_is_asked_about_first_with_what_it_gives_or_ends() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let url = format!("/organizations/acme/members/{}", mia.user_id().await);
    let ask = |role: &str| format!("{url}/role?role={role}");
    olga.open(&url).await.says(&["Change role", &format!("method=\"get\" action=\"{url}/role\"")]);
    let made = olga.open(&ask("owner")).await;
    made.says(&["Make mia an Owner of The acme?", "admin in every project", "name=\"role\" value=\"owner\""]);
    olga.open(&url).await.says(&["<option value=\"member\" selected>"]);
    olga.submit(&url, &[("role", "owner")]).await.says(&["The role is Owner now."]);
    assert_eq!(olga.get(&ask("owner")).await.location(), url, "there is nothing to ask");

    for email in ["kim@example.com", "lee@example.com"] {
        mia.post("/organizations/acme/invitations", &[("emails", email), ("role", "member")]).await;
    }
    let taken = olga.open(&ask("member")).await;
    taken.says(&["Make mia a member, where they are an Owner?", "<b>2</b>", "invitations that they sent are revoked"]);
    let own = format!("/organizations/acme/members/{}/role", olga.user_id().await);
    olga.open(&own).await.says(&["Give up your role in The acme?", "Only an Owner can make you one again."]);
    let pending = "/organizations/acme/invitations";
    olga.open(pending).await.says(&["kim@example.com", "lee@example.com"]);
    olga.submit(&url, &[("role", "member")]).await.says(&["The role is Member now."]);
    olga.open(pending).await.says_nothing_of(&["kim@example.com", "lee@example.com"]);
    let last = olga.get(&own).await;
    assert_eq!(last.status, StatusCode::UNPROCESSABLE_ENTITY);
    last.says(&["An organization always has an Owner. Make somebody else Owner first."]);
    assert_eq!(mia.get(&own).await.status, StatusCode::FORBIDDEN);
    console.bed.advance(16);
    assert_eq!(olga.get(&ask("owner")).await.location(), "/account/proof?organization=acme");
}

#[tokio::test]
async fn a_removed_member_is_listed_apart_and_can_be_readmitted() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let url = format!("/organizations/acme/members/{}", mia.user_id().await);
    olga.submit(&format!("{url}/removal"), &[]).await;
    olga.open(REMOVED).await.says(&["mia@example.com", "Re-admit", "No longer"]).says_nothing_of(&["Password</span>"]);
    olga.open(&url)
        .await
        .says(&["mia was removed", "No longer", "Their roles ended when they were removed."])
        .says_nothing_of(&["Change role", "sees the organization and nothing in it"]);
    olga.open(&format!("{url}/readmission"))
        .await
        .says(&["Re-admit mia to The acme?", "It makes them no member by itself"]);
    olga.submit(&format!("{url}/readmission"), &[]).await.says(&["They may join again."]);
    olga.open(REMOVED).await.says(&["Nobody was removed."]);
    assert_eq!(olga.get(&url).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn many_who_were_removed_are_paged_and_searched() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mut names: Vec<String> = (0..50).map(|number| format!("p{number:02}")).collect();
    names.push("zoe".to_owned());
    removed(&console, &olga, &names).await;
    let first = olga.open(REMOVED).await;
    first.says_nothing_of(&["Back to the first page"]);
    let second = olga.open(&first.address("cursor=")).await;
    second.says(&["Back to the first page", "aria-current=\"page\">Removed</a>"]).says_nothing_of(&["Next page"]);
    let named = |page: &Answer, name: &str| page.text.contains(&format!(">{name}</a>"));
    assert!(names.iter().all(|name| named(&first, name) != named(&second, name)), "each stands on one of the pages");

    olga.open(&format!("{REMOVED}&q=ZOE")).await.says(&["zoe@example.com"]).says_nothing_of(&["p00@example.com"]);
    let none = olga.open("/organizations/acme/members?filter=owners&q=zoe").await;
    none.says(&["Nobody matches", "from anywhere in them"]);
}

#[tokio::test]
async fn every_way_that_a_member_signs_in_is_named_and_what_they_see_without_a_project() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let kim = console.born_by_sso(&olga, "acme", "kim").await;
    let page = |id: &str| format!("/organizations/acme/members/{id}");
    let (olga_id, mia_id, kim_id) = (olga.user_id().await, mia.user_id().await, kim.user_id().await);
    let user_id = UserId::parse(&mia_id).unwrap();
    console.bed.passkey(&user_id, 3).await;
    let now = console.bed.now();
    let account = PersonalIdentity {
        id: console.bed.app.entropy.id(now),
        provider: PersonalProvider::GitHub,
        subject: Subject::parse("7").unwrap(),
        user_id,
        email: None,
        created_at: now,
        last_sign_in_at: None,
    };
    console
        .bed
        .write(account, |tx, account| Box::pin(async move { tx.instance().insert_personal_identity(account).await }))
        .await;

    olga.open("/organizations/acme/members").await.says(&["Password, Passkey, GitHub", "SSO, at their next sign-in"]);
    olga.open(&page(&mia_id))
        .await
        .says(&["Password, Passkey, GitHub", "mia sees the organization and nothing in it."]);
    olga.open(&page(&kim_id)).await.says(&["SSO, at their next sign-in"]);
    olga.open(&page(&olga_id))
        .await
        .says(&["As an Owner, olga is admin in every project."])
        .says_nothing_of(&["sees the organization and nothing in it"]);
}

#[tokio::test]
async fn removing_oneself_is_leaving_and_reads_so() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let own = format!("/organizations/acme/members/{}", olga.user_id().await);
    let own_removal = format!("{own}/removal");
    let others = format!("/organizations/acme/members/{}/removal", mia.user_id().await);
    let list = olga.open("/organizations/acme/members").await;
    list.says(&["/organizations/acme/departure", others.as_str()]).says_nothing_of(&[own_removal.as_str()]);
    olga.open(&own).await.says(&["Leave The acme"]).says_nothing_of(&[own_removal.as_str()]);
    olga.open(&own_removal)
        .await
        .says(&["Leave The acme?", "Your role here and in its projects ends at once."])
        .says_nothing_of(&["Single sign-on refuses them"]);
}

#[tokio::test]
async fn a_member_whose_proofs_were_ended_confirms_who_they_are_again() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let url = format!("/organizations/acme/members/{}", mia.user_id().await);
    olga.open(&format!("{url}/proofs/removal")).await.says(&["Sign mia out of The acme?"]);
    olga.submit(&format!("{url}/proofs/removal"), &[]).await.says(&["They prove again who they are"]);
    let answer = mia.get("/organizations/acme/projects").await;
    assert_eq!(answer.location(), "/account/proof?organization=acme");
    mia.open("/organizations").await.says(&["Confirm it is you"]);
}

#[tokio::test]
async fn the_list_is_searched_by_name_and_address_and_keeps_what_was_typed() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    drop(console.member(&olga, "acme", "mia", "member").await);
    let found = olga.open("/organizations/acme/members?q=mia").await;
    found.says(&["mia@example.com", "value=\"mia\""]).says_nothing_of(&["olga</a>"]);
    olga.open("/organizations/acme/members?q=%3Cb%3E").await.says(&["Nobody matches"]).says_nothing_of(&["<b>”"]);
    olga.open("/organizations/acme/members?filter=never-used-sso").await.says(&["olga", "mia"]);
    olga.open("/organizations/acme/members?filter=nonsense").await.says(&["olga", "mia"]);
}
