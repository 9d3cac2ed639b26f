//! `/organizations/{slug}/projects`.

use http::StatusCode;

use crate::browser::{Answer, Console};

#[tokio::test]
async fn a_name_that_cannot_be_is_shown_again_with_the_reason() {
    let console = Console::new().await;
    let owner = console.owner("olga", "acme").await;
    let answer = owner.post("/organizations/acme/projects", &[("name", " \u{202e}x")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.says(&["aria-invalid=\"true\"", "value=\" \u{202e}x\"", "Create project"]);
    owner.open("/organizations/acme/projects").await.says(&["No project yet"]);
}

#[tokio::test]
async fn an_owner_renames_a_project_and_deletes_it_after_reading_who_loses_access() {
    let console = Console::new().await;
    let owner = console.owner("olga", "acme").await;
    drop(console.member(&owner, "acme", "mia", "member").await);
    let id = owner.submit("/organizations/acme/projects", &[("name", "Falcon")]).await.id("prj_");
    let url = format!("/organizations/acme/projects/{id}");
    owner
        .submit(&format!("{url}/members"), &[("email", "mia@example.com"), ("role", "read_only")])
        .await
        .says(&["mia@example.com has access now."]);

    owner.open(&format!("{url}/edit")).await.says(&["value=\"Falcon\"", "Delete project"]);
    let wrong = owner.post(&url, &[("name", "")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&["aria-invalid"]);
    owner.submit(&url, &[("name", "Eagle")]).await.says(&["The new name is saved.", "<h1>Eagle</h1>"]);

    owner.open(&format!("{url}/removal")).await.says(&[
        "Delete Eagle?",
        "<b>1</b>",
        "person loses access at once",
        "mia",
    ]);
    owner.submit(&format!("{url}/removal"), &[]).await.says(&["The project is deleted.", "No project yet"]);
    assert_eq!(owner.get(&url).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_project_admin_manages_its_people_but_not_the_organization() {
    let console = Console::new().await;
    let owner = console.owner("olga", "acme").await;
    let mia = console.member(&owner, "acme", "mia", "member").await;
    let kim = console.member(&owner, "acme", "kim", "member").await;
    let (mia_id, kim_id) = (mia.user_id().await, kim.user_id().await);
    let id = owner.submit("/organizations/acme/projects", &[("name", "Falcon")]).await.id("prj_");
    let url = format!("/organizations/acme/projects/{id}");
    let add = format!("{url}/members");
    owner.submit(&add, &[("email", "mia@example.com"), ("role", "admin")]).await;

    mia.submit(&add, &[("email", "kim@example.com"), ("role", "read_only")])
        .await
        .says(&["kim@example.com has access now."]);
    mia.submit(&add, &[("email", "lee@example.com"), ("role", "read_only")])
        .await
        .says(&["lee@example.com was mailed an invitation", "Invited"])
        .says_nothing_of(&["Revoke"]);
    let wrong = mia.post(&add, &[("email", "lee@"), ("role", "read_write")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&["value=\"lee@\"", "aria-invalid", "<option value=\"read_write\" selected>"]);
    mia.open(&format!("{url}/edit")).await.says(&["value=\"Falcon\""]).says_nothing_of(&["Delete project"]);
    for forbidden in [format!("{url}/removal"), "/organizations/acme/projects/new".to_owned()] {
        assert_eq!(mia.get(&forbidden).await.status, StatusCode::FORBIDDEN, "{forbidden}");
    }
    assert_eq!(mia.post(&format!("{url}/removal"), &[]).await.status, StatusCode::FORBIDDEN);

    for forbidden in [format!("{url}/edit"), format!("{url}/members/{mia_id}/removal")] {
        assert_eq!(kim.get(&forbidden).await.status, StatusCode::FORBIDDEN, "{forbidden}");
    }
    assert_eq!(kim.post(&format!("{add}/{kim_id}"), &[("role", "admin")]).await.status, StatusCode::FORBIDDEN);
    kim.open(&url).await.says(&["Leave project", &format!("{add}/{kim_id}/removal")]).says_nothing_of(&[">Remove</a>"]);
    kim.open(&format!("{add}/{kim_id}/removal")).await.says(&[
        "Leave Falcon?",
        "Your access to Falcon ends at once.",
        "You stay a member",
    ]);
    mia.open(&url).await.says(&["Leave project", ">Remove</a>"]);
    owner.open(&url).await.says_nothing_of(&["Leave project"]);
    mia.open(&format!("{url}/members/{kim_id}/removal")).await.says(&["Remove kim from Falcon?", "They stay a member"]);
    mia.submit(&format!("{url}/members/{kim_id}/removal"), &[]).await.says(&["has ended"]).says_nothing_of(&["kim@"]);
    assert_eq!(kim.get(&url).await.status, StatusCode::NOT_FOUND);

    let left = mia.post(&format!("{url}/members/{mia_id}/removal"), &[]).await;
    assert_eq!(left.location(), "/organizations/acme/projects", "who is out of a project has no page of it");
}

#[tokio::test]
async fn r_ui_2_another_role_in_a_project_is_asked_about_first_with_what_ends() {
    let console = Console::new().await;
    let owner = console.owner("olga", "acme").await;
    let mia = console.member(&owner, "acme", "mia", "member").await;
    let mia_id = mia.user_id().await;
    let id = owner.submit("/organizations/acme/projects", &[("name", "Falcon")]).await.id("prj_");
    let add = format!("/organizations/acme/projects/{id}/members");
    owner.submit(&add, &[("email", "mia@example.com"), ("role", "admin")]).await;
    mia.submit(&add, &[("email", "kim@example.com"), ("role", "read_only")]).await;
    let one = format!("{add}/{mia_id}");
    let ask = |role: &str| format!("{one}/role?role={role}");
    let project = owner.open(&format!("/organizations/acme/projects/{id}")).await;
    project.says(&[&format!("method=\"get\" action=\"{one}/role\""), "Change the role of mia"]);

    let less = owner.open(&ask("read_write")).await;
    less.says(&["Change the role of mia in Falcon to read and write?", "<b>1</b>", "that they sent is revoked"]);
    less.says(&[&format!("action=\"{one}\""), "name=\"role\" value=\"read_write\"", "whichever project it was for"]);
    mia.open(&ask("read_only")).await.says(&["Change your role in Falcon to read only?", "that you sent"]);
    let added_again = owner.post(&add, &[("email", "MIA@example.com"), ("role", "read_only")]).await;
    assert_eq!(added_again.location(), ask("read_only"), "it would be the same");
    owner.open("/organizations/acme/invitations").await.says(&["kim@example.com"]);
    assert!(owner.get(&ask("admin")).await.location().ends_with(&id), "they have it");
    owner.submit(&one, &[("role", "read_write")]).await.says(&["The role is read and write now."]);
    owner.open("/organizations/acme/invitations").await.says_nothing_of(&["kim@example.com"]);
    let more = owner.open(&ask("admin")).await;
    more.says(&["decide who else is in it"]).says_nothing_of(&["revoked", "whichever project"]);
    assert_eq!(mia.get(&ask("admin")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_role_that_the_form_does_not_offer_is_no_form_of_ours() {
    let console = Console::new().await;
    let owner = console.owner("olga", "acme").await;
    let id = owner.submit("/organizations/acme/projects", &[("name", "Falcon")]).await.id("prj_");
    let add = format!("/organizations/acme/projects/{id}/members");
    let answer = owner.post(&add, &[("email", "kim@example.com"), ("role", "king")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_long_list_goes_on_and_back() {
    let console = Console::new().await;
    let owner = console.owner("olga", "acme").await;
    for number in 0..51 {
        owner.post("/organizations/acme/projects", &[("name", &format!("Project {number:02}"))]).await;
    }
    let first = owner.open("/organizations/acme/projects").await;
    first.says(&["Next page"]).says_nothing_of(&["Back to the first page"]);
    let next = first.text.split("href=\"").find(|piece| piece.contains("cursor=")).unwrap().split('"').next().unwrap();
    let second = owner.open(next).await;
    second.says(&["Back to the first page"]).says_nothing_of(&["Next page"]);
    let named = |page: &Answer, number| page.text.contains(&format!(">Project {number:02}</a>"));
    assert!((0..51).all(|number| named(&first, number) != named(&second, number)), "each stands on one of the pages");
}
