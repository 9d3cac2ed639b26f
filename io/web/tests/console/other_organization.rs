//! T-ORG-2: another organization's things are not found, whatever the verb, and nothing tells that they are there.

use http::StatusCode;

use crate::browser::Console;

#[tokio::test]
async fn another_organizations_ids_are_not_found_under_ones_own_and_its_pages_not_at_all() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let zoe = console.owner("zoe", "zeta").await;
    let project = zoe.submit("/organizations/zeta/projects", &[("name", "Falcon")]).await.id("prj_");
    zoe.post("/organizations/zeta/invitations", &[("emails", "kim@example.com"), ("role", "member")]).await;
    let invitation = zoe.open("/organizations/zeta/invitations").await.id("inv_");
    let user = zoe.user_id().await;

    for slug in ["acme", "zeta", "never-was"] {
        for (path, get) in [
            (format!("projects/{project}"), true),
            (format!("projects/{project}/edit"), true),
            (format!("projects/{project}/removal"), true),
            (format!("projects/{project}/members/{user}/removal"), true),
            (format!("members/{user}"), true),
            (format!("members/{user}/removal"), true),
            (format!("members/{user}/proofs/removal"), true),
            (format!("members/{user}/identities/removal"), true),
            (format!("members/{user}/readmission"), true),
            (format!("invitations/{invitation}/removal"), true),
            (format!("invitations/{invitation}/mails"), false),
            (format!("invitations/{invitation}/links"), false),
        ] {
            let url = format!("/organizations/{slug}/{path}");
            if get {
                let answer = olga.get(&url).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "GET {url}");
                answer.says_nothing_of(&["Falcon", "zoe", "kim@example.com"]);
            }
            let fields: &[(&str, &str)] = match path.split('/').count() {
                2 if path.starts_with("projects") => &[("name", "Mine")],
                2 => &[("role", "member")],
                _ => &[],
            };
            if !path.ends_with("/edit") {
                assert_eq!(olga.post(&url, fields).await.status, StatusCode::NOT_FOUND, "POST {url}");
            }
        }
    }
    zoe.open("/organizations/zeta/projects").await.says(&["Falcon"]);
    zoe.open("/organizations/zeta/invitations").await.says(&["kim@example.com"]);
}

#[tokio::test]
async fn a_stranger_to_the_organization_finds_none_of_its_pages() {
    let console = Console::new().await;
    drop(console.owner("zoe", "zeta").await);
    let olga = console.owner("olga", "acme").await;
    for page in [
        "projects",
        "projects/new",
        "members",
        "invitations",
        "invitations/new",
        "settings",
        "departure",
        "deletion",
        "audit-log",
        "audit-log.csv",
    ] {
        let answer = olga.get(&format!("/organizations/zeta/{page}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{page}");
        answer.says(&["Nothing is here"]).says_nothing_of(&["The zeta"]);
    }
}
