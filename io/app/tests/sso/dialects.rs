//! Honest providers that do what the standards leave to them: each is accepted, from the settings to the session.

use orgate_app::sign_in::sso::begin::organization_of_tile;
use orgate_core::refusal::Refusal;
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::Mischief;
use orgate_testkit::hostile_idp::catalogue;

use crate::support::refused;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_conf_1_every_honest_dialect_is_accepted_from_the_settings_to_the_session() {
    let world = World::sqlite().await;
    for (number, dialect) in catalogue::dialects().into_iter().enumerate() {
        let idp = world.provider_with(dialect.set_up);
        idp.set(dialect.mischief);
        let site = world.site_by_issuer(&format!("Dialect{number}"), &idp).await;
        // A first contact, which reads UserInfo, a known person, and one of whom a fresh proof is asked.
        let mut known = None;
        for fresh in [false, false, dialect.name != "no auth_time and no amr"] {
            idp.sign_in_as(Subject::new("00uDana", format!("dana{number}@acme.example")));
            let visitor = world.bed.stranger();
            let url = world.begin_asking(&visitor, &site, fresh).await;
            let outcome = world.come_back(&visitor, &site.connection, &idp.authorize(&url)).await;
            let dana = world.signed_in(outcome.unwrap_or_else(|error| panic!("{}: {error:?}", dialect.name)), &visitor);
            assert_eq!(*known.get_or_insert(dana.id.clone()), dana.id, "{}", dialect.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_id_01_an_issuer_with_a_slash_at_its_end_is_compared_with_the_slash() {
    let world = World::sqlite().await;
    let idp = world.provider_with(|setup| setup.issuer_path = "/");
    let site = world.site_by_issuer("Acme", &idp).await;
    let (issuer, bare) = (idp.issuer(), idp.issuer().trim_end_matches('/').to_owned());
    assert_eq!(issuer, format!("{bare}/"));
    let arrive = async || {
        idp.sign_in_as(Subject::new("00uDana", "dana@acme.example"));
        let outcome = world.sign_in(&world.bed.stranger(), &site, &idp).await;
        world.code(&site, &outcome).await
    };
    idp.set(Mischief::none().claim("iss", bare.clone()));
    assert_eq!(arrive().await, "id-token-issuer");
    idp.set(Mischief::none().callback_parameter("iss", bare.clone()));
    assert_eq!(arrive().await, "callback-issuer-mismatch");
    idp.set(Mischief::none().signed_user_info_claim("iss", bare.clone()));
    assert_eq!(arrive().await, "userinfo-signature");
    let app = &world.bed.app;
    assert!(organization_of_tile(app, &site.connection, Some(&issuer)).await.is_ok());
    assert_eq!(refused(organization_of_tile(app, &site.connection, Some(&bare)).await), Refusal::NotFound);
}
