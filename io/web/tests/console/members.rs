//! `/organizations/{slug}/members`.

use http::StatusCode;

use crate::browser::Console;

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
    olga.open(&url).await.says(&["An organization always has an Owner."]).says_nothing_of(&["Save role"]);
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
async fn an_owner_who_gives_up_the_role_comes_out_where_they_may_still_be() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    drop(console.member(&olga, "acme", "mia", "owner").await);
    let own = format!("/organizations/acme/members/{}", olga.user_id().await);
    let answer = olga.post(&own, &[("role", "member")]).await;
    assert_eq!(answer.location(), "/organizations/acme/projects");
}

#[tokio::test]
async fn a_removed_member_is_listed_apart_and_can_be_readmitted() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let url = format!("/organizations/acme/members/{}", mia.user_id().await);
    olga.submit(&format!("{url}/removal"), &[]).await;
    olga.open("/organizations/acme/members?filter=removed").await.says(&["mia@example.com", "Re-admit"]);
    olga.open(&url).await.says(&["mia was removed"]).says_nothing_of(&["Save role"]);
    olga.open(&format!("{url}/readmission"))
        .await
        .says(&["Re-admit mia to The acme?", "It makes them no member by itself"]);
    olga.submit(&format!("{url}/readmission"), &[]).await.says(&["They may join again."]);
    olga.open("/organizations/acme/members?filter=removed").await.says(&["Nobody was removed."]);
    assert_eq!(olga.get(&url).await.status, StatusCode::NOT_FOUND);
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
