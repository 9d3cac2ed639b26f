//! A closed sign-up is asked again at each step (R-ORG-2).

use orgate_app::invitation::{self, Invited, NewInvitations};
use orgate_app::sign_up::{self, NewSignUp};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use super::invitations::token;
use crate::support::{Bed, PASSWORD, Person, refused};

const CLOSED: [(&str, &str); 1] = [("ORGATE_SIGN_UP", "closed")];

fn typed(email: &str, invitation: Option<&str>) -> NewSignUp {
    NewSignUp {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        name: "New".to_owned(),
        invitation: invitation.map(str::to_owned),
    }
}

async fn invite(bed: &Bed, sam: &Person, email: &str) -> Invited {
    let new = NewInvitations { emails: vec![email.to_owned()], role: OrganizationRole::Member, projects: Vec::new() };
    invitation::invite(&bed.app, &sam.visitor, "acme", new).await.unwrap()
}

#[tokio::test]
async fn r_org_2_an_invitation_that_is_revoked_meanwhile_opens_no_sign_up_any_more() {
    let open = Bed::sqlite().await;
    let sam = open.person("sam").await;
    open.organization(&sam, "Acme").await;
    let kims = invite(&open, &sam, "kim@example.com").await;
    let bos = invite(&open, &sam, "bo@example.com").await;
    let closed = open.reopened(&CLOSED).await;
    let (app, visitor) = (&closed.app, closed.stranger());
    let begin = async |email: &str, invited: &Invited| {
        let typed = typed(email, Some(token(&invited.items[0].link)));
        let begun = sign_up::begin(app, &visitor, typed).await.unwrap();
        (begun.id, closed.next_code(email).await)
    };
    let (kim, code) = begin("kim@example.com", &kims).await;
    let id = kims.items[0].invitation.id.as_str();
    invitation::revoke(app, &sam.visitor, "acme", id).await.unwrap();
    assert_eq!(refused(sign_up::resend(app, &visitor, kim.as_str()).await), Refusal::SignUpClosed);
    let made = sign_up::verify(app, &visitor, kim.as_str(), &code).await;
    assert_eq!(refused(made), Refusal::SignUpClosed, "with the right code");

    let (bo, _) = begin("bo@example.com", &bos).await;
    let again = sign_up::resend(app, &visitor, bo.as_str()).await.unwrap();
    let code = closed.next_code("bo@example.com").await;
    sign_up::verify(app, &visitor, again.id.as_str(), &code).await.unwrap();
}

#[tokio::test]
async fn r_org_2_what_was_begun_while_sign_up_was_open_ends_when_it_is_closed() {
    let open = Bed::sqlite().await;
    let visitor = open.stranger();
    let begun = sign_up::begin(&open.app, &visitor, typed("kim@example.com", None)).await.unwrap();
    let code = open.next_code("kim@example.com").await;
    let closed = open.reopened(&CLOSED).await;
    for _ in 0..2 {
        let made = sign_up::verify(&closed.app, &visitor, begun.id.as_str(), &code).await;
        assert_eq!(refused(made), Refusal::SignUpClosed);
    }
}
