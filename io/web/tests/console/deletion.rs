//! `/organizations/{slug}/deletion`.

use http::StatusCode;

use crate::browser::Console;
use crate::support::PASSWORD;

const URL: &str = "/organizations/acme/deletion";

#[tokio::test]
async fn r_org_5_an_owner_deletes_by_typing_the_name_and_any_owner_undoes_it() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    olga.submit("/organizations/acme/projects", &[("name", "Falcon")]).await;

    olga.open(URL).await.says(&["<b>2</b>", "members lose their roles", "mia@example.com", "project is deleted"]);
    let wrong = olga.post(URL, &[("confirmation", "acne")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&["Type acme to confirm.", "value=\"acne\""]);
    olga.submit(URL, &[("confirmation", "acme")])
        .await
        .says(&["The deletion of The acme is under way.", "Keep the organization"]);
    mia.open("/organizations/acme/projects")
        .await
        .says(&["will be deleted"])
        .says_nothing_of(&["Keep the organization"]);
    olga.open("/organizations").await.says(&["Being deleted"]);

    assert_eq!(mia.post(&format!("{URL}/removal"), &[]).await.status, StatusCode::FORBIDDEN);
    olga.submit(&format!("{URL}/removal"), &[])
        .await
        .says(&["The organization stays."])
        .says_nothing_of(&["Keep the organization"]);
}

#[tokio::test]
async fn r_in_8_deleting_asks_for_a_proof_before_anything_is_typed_and_comes_back() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    console.bed.advance(16);
    for answer in [olga.get(URL).await, olga.post(URL, &[("confirmation", "acme")]).await] {
        assert_eq!(answer.location(), "/account/proof?organization=acme");
    }
    let proven = olga.post("/account/proof?organization=acme", &[("method", "password"), ("password", PASSWORD)]).await;
    assert_eq!(proven.location(), URL);
    olga.open(URL).await.says(&["Delete The acme?"]).says_nothing_of(&["Keep the organization"]);
}
