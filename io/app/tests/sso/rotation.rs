//! Replacing the secret key while nodes serve: T-SEC-1, REL-3.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use futures_util::future::join_all;
use orgate_app::App;
use orgate_app::account::closing::close;
use orgate_app::audit_chain::{self, Question, erase, examine};
use orgate_app::audit_log;
use orgate_app::boot::BootError;
use orgate_app::error::{Error, Fault};
use orgate_app::instance_key::{InstanceKey, KeyId};
use orgate_app::log_out::leave::sign_out;
use orgate_app::seal::{Place, SealError, Sealer};
use orgate_app::second_factor::totp;
use orgate_app::secret_key::{self, End, KeyError, Rotated, Survey, Unreadables, rotate, survey};
use orgate_app::sign_in::password::{self, Credentials, Entry};
use orgate_app::sign_in::second_factor::{self, Promoted};
use orgate_app::sign_up::{self, NewSignUp};
use orgate_app::visitor::Visitor;
use orgate_app::{connection_test, passwords};
use orgate_core::id::{ConnectionTestId, SignInId};
use orgate_core::role::OrganizationRole;
use orgate_store::{SealedColumn, SealedValue};
use orgate_testkit::Person as Subject;

use crate::support::{Authenticator, PASSWORD, Person};
use crate::world::{Site, World, parameter};

/// The key of every bed.
const OLD: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
const NEW: &str = "6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b";
const THIRD: [u8; 32] = [0x7c; 32];

fn id(hex: &str) -> KeyId {
    InstanceKey::parse(hex).unwrap().id()
}

/// A node that seals with the first key and opens with the other as well.
async fn node(world: &World, seals: &str, opens: &str) -> App {
    world.node(&[("ORGATE_SECRET_KEY", seals), ("ORGATE_OTHER_SECRET_KEYS", opens)]).await.unwrap()
}

/// Why a node with this key alone does not start.
async fn stopped(world: &World, key: &str) -> Option<KeyError> {
    match world.node(&[("ORGATE_SECRET_KEY", key)]).await {
        Ok(_) => None,
        Err(BootError::WrongKey(reason)) => Some(reason),
        Err(other) => panic!("{other}"),
    }
}

/// What was begun under one key, to be gone on with under another.
struct Begun {
    site: Site,
    kim: Person,
    authenticator: Authenticator,
    waiting: (Visitor, SignInId),
    /// A sign-in that waits for the provider: whose browser, and where the provider sends it.
    at_provider: (Visitor, String),
    /// Who came by SSO.
    dana: Person,
    test: ConnectionTestId,
    /// Who has a secret that waits for its first code.
    pending: Person,
    pending_secret: String,
    /// Whose code is mailed under the first key.
    early: (Visitor, String),
    erased_events: u64,
}

/// A value in every sealed column, by use cases alone, and erased fields in the audit log.
async fn begun(world: &World) -> Begun {
    let site = world.site("Acme", &world.idp).await;
    let owner = world.with_password(&site.owner).await;
    let test = world.test(&owner, site.slug(), &site.connection, &world.idp).await;
    let gone = world.member(&site, "gone", OrganizationRole::Member).await;
    close(&world.bed.app, &gone.visitor, &gone.email).await.unwrap();
    let erased_events = erase(&world.bed.app, &gone.id, &[]).await.unwrap().events;
    assert!(erased_events > 0);

    let dana = world.enter(&site, Subject::new("00uDana", "dana@acme.example")).await;
    let browser = world.bed.stranger();
    let url = world.begin(&browser, &site).await;
    world.idp.sign_in_as(Subject::new("00uKai", "kai@acme.example"));
    let location = world.idp.authorize(&url);

    let kim = world.bed.person("kim").await;
    let authenticator = world.bed.authenticator(&kim.id).await;
    let waiting = held(world, &kim).await;
    let pending = enrolling(world, "pia").await;
    let pending_secret = totp::begin(&world.bed.app, &pending.visitor).await.unwrap().secret.to_string();
    let early = signing_up(world, "early").await;
    Begun {
        site,
        kim,
        authenticator,
        waiting,
        at_provider: (browser, location),
        dana,
        test: test.test.id,
        pending,
        pending_secret,
        early,
        erased_events,
    }
}

/// Somebody who may set a factor up.
async fn enrolling(world: &World, name: &str) -> Person {
    let person = world.person(name).await;
    world.bed.confirmed_by_mail(&person).await
}

/// A right password, after which the second factor is waited for.
async fn held(world: &World, person: &Person) -> (Visitor, SignInId) {
    let visitor = world.bed.stranger();
    let typed = Credentials { email: person.email.clone(), password: passwords::Password::from_typed(PASSWORD) };
    match password::enter(&world.bed.app, &visitor, typed, None).await.unwrap().0 {
        Entry::SecondFactor(waiting) => (visitor, waiting.sign_in_id),
        Entry::SignedIn(_) | Entry::Blocked(_) => panic!("it does not wait"),
    }
}

/// A sign-up whose code is mailed and not typed yet.
async fn signing_up(world: &World, name: &str) -> (Visitor, String) {
    let visitor = world.bed.stranger();
    let typed = NewSignUp {
        email: format!("{name}@example.com"),
        password: PASSWORD.to_owned(),
        name: name.to_owned(),
        invitation: None,
    };
    let begun = sign_up::begin(&world.bed.app, &visitor, typed).await.unwrap();
    (visitor, begun.id.to_string())
}

async fn typed(world: &World, name: &str, (visitor, id): &(Visitor, String)) -> bool {
    let code = world.bed.next_code(&format!("{name}@example.com")).await;
    sign_up::verify(&world.bed.app, visitor, id, &code).await.is_ok()
}

async fn all(app: &App) -> Rotated {
    rotate(app, Unreadables::Refuse, || ControlFlow::Continue(())).await.unwrap()
}

fn columns(sealed: &BTreeMap<SealedColumn, u64>) -> Vec<SealedColumn> {
    sealed.keys().copied().collect()
}

fn key(survey: &Survey, id: KeyId) -> secret_key::KeyUse {
    survey.keys.iter().find(|key| key.id == id).unwrap().clone()
}

/// The journey goes on from where it stood.
async fn go_on(world: &World, begun: &Begun) {
    let app = &world.bed.app;
    let (browser, location) = &begun.at_provider;
    let outcome = world.come_back(browser, &begun.site.connection, location).await.unwrap();
    world.signed_in(outcome, browser);
    world.enter(&begun.site, Subject::new("00uLee", "lee@acme.example")).await;
    let (visitor, id) = &begun.waiting;
    let factor = begun.authenticator.typed(world.bed.now());
    assert!(matches!(second_factor::verify(app, visitor, id, factor).await, Ok(Promoted::SignedIn { .. })));
    world.advance(std::time::Duration::from_secs(60));
    let (visitor, id) = held(world, &begun.kim).await;
    let factor = begun.authenticator.typed(world.bed.now());
    assert!(matches!(second_factor::verify(app, &visitor, &id, factor).await, Ok(Promoted::SignedIn { .. })));
    let pending = totp::find(app, &begun.pending.visitor).await.unwrap();
    assert_eq!(*pending.secret, begun.pending_secret);
    let owner = world.with_password(&begun.site.owner).await;
    let (slug, connection) = (begun.site.slug(), begun.site.connection.as_str());
    let test = connection_test::get(app, &owner.visitor, slug, connection, begun.test.as_str()).await.unwrap();
    assert!(test.result.is_some_and(|result| result.failure.is_none()));
    let leave = sign_out(app, &begun.dana.visitor).await.unwrap().unwrap();
    assert!(parameter(&leave.url, "id_token_hint").starts_with("eyJ"));
    audit_chain::seal(app).await.unwrap();
    let examined = examine(app, &Question::default()).await.unwrap().unwrap();
    assert!(examined.iter().all(|one| one.report.is_whole() && one.report.waiting == 0), "{examined:?}");
    assert_eq!(examined.iter().map(|one| one.report.erased).sum::<u64>(), begun.erased_events);
}

async fn t_sec_1_everything_moves_to_the_new_key_and_goes_on_without_the_former_one(mut world: World) {
    let begun = begun(&world).await;
    // The next key is known everywhere before anybody seals with it.
    let before = node(&world, OLD, NEW).await;
    assert_eq!(all(&before).await.sealed, BTreeMap::new(), "nothing is under another key than the one in use");
    assert_eq!(stopped(&world, OLD).await, None);

    world.bed.app = node(&world, NEW, OLD).await;
    let late = signing_up(&world, "late").await;
    assert_eq!(stopped(&world, NEW).await, Some(KeyError::Missing(vec![id(OLD)])), "values are under it");
    let both = stopped(&world, &data_encoding::HEXLOWER.encode(&THIRD)).await;
    assert!(matches!(both, Some(KeyError::Missing(ids)) if ids.len() == 2));
    let found = survey(&world.bed.app).await.unwrap();
    let former = key(&found, id(OLD));
    assert_eq!(columns(&former.sealed), SealedColumn::ALL, "a value in every column");
    assert!(former.is_needed && !former.seals && former.heads > 0 && former.codes == 1, "{former:?}");
    assert_eq!(former.erasures, begun.erased_events);

    let rotated = all(&world.bed.app).await;
    assert_eq!(rotated.end, End::Done);
    assert_eq!(columns(&rotated.sealed), SealedColumn::ALL);
    assert_eq!(rotated.sealed, former.sealed);
    assert!(key(&rotated.survey, id(NEW)).heads >= former.heads, "signed anew, or because the chain went on");
    assert_eq!((rotated.erasures, rotated.released), (begun.erased_events, vec![id(OLD)]));
    assert_eq!(
        rotated.survey,
        survey(&world.bed.app)
            .await
            .map(|found| Survey {
                keys: found.keys.into_iter().map(|key| secret_key::KeyUse { waiting: 0, ..key }).collect(),
                ..found
            })
            .unwrap()
    );
    assert_eq!(stopped(&world, OLD).await, Some(KeyError::Missing(vec![id(NEW)])));
    assert_eq!(all(&world.bed.app).await.released, [], "once");

    assert!(typed(&world, "early", &begun.early).await, "a code of before counts while its key is known");
    let tardy = signing_up(&world, "tardy").await;
    world.bed.app = world.node(&[("ORGATE_SECRET_KEY", NEW)]).await.unwrap();
    assert!(typed(&world, "late", &late).await && typed(&world, "tardy", &tardy).await);
    go_on(&world, &begun).await;
    let log = audit_log::export_by_operator(&world.bed.app, None, None).await.unwrap().items;
    let told: Vec<_> = log.iter().filter(|event| event.action == "secret-key.rotated").collect();
    assert_eq!((told.len(), told[0].actor.as_str()), (1, "operator"));
    assert_eq!(
        audit_log::sentence(told[0]),
        format!("The operator replaced the secret key {} by {}", id(OLD), id(NEW))
    );
}

async fn rel_3_a_replacement_that_ends_after_any_transaction_goes_on_and_nodes_serve_meanwhile(mut world: World) {
    let begun = begun(&world).await;
    let serving = node(&world, OLD, NEW).await;
    let mut stops = 0;
    loop {
        // As after a kill: a process of its own, which knows nothing of the one before.
        let app = node(&world, NEW, OLD).await;
        let mut left = 1;
        let rotated = rotate(&app, Unreadables::Refuse, || {
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let rotated = rotated.await.unwrap();
        for node in [&app, &serving] {
            let found = survey(node).await.unwrap();
            assert_eq!(found.unreadable, [], "after {stops}");
            assert!(key(&found, id(OLD)).is_needed || rotated.end == End::Done);
        }
        let examined = examine(&serving, &Question::default()).await.unwrap().unwrap();
        assert!(examined.iter().all(|one| one.report.is_whole()), "after {stops}: {examined:?}");
        if rotated.end == End::Done {
            break;
        }
        assert_eq!(rotated.end, End::Stopped);
        stops += 1;
    }
    assert!(stops > SealedColumn::ALL.len(), "each column, the erasures, and heads: {stops}");
    world.bed.app = world.node(&[("ORGATE_SECRET_KEY", NEW)]).await.unwrap();
    go_on(&world, &begun).await;
}

async fn t_sec_1_what_changes_meanwhile_is_neither_lost_nor_left_behind(mut world: World) {
    let begun = begun(&world).await;
    let nodes = [node(&world, OLD, NEW).await, node(&world, NEW, OLD).await];
    let mut people = Vec::new();
    for number in 0..6 {
        people.push(enrolling(&world, &format!("p{number}")).await);
    }
    let moving = async {
        let mut turns = 0;
        for _ in 0..8 {
            let rotated = all(&nodes[1]).await;
            assert_ne!(rotated.end, End::Refused, "{:?}", rotated.survey.unreadable);
            turns += 1;
            tokio::task::yield_now().await;
        }
        turns
    };
    let changing = join_all(people.iter().enumerate().map(|(number, person)| {
        let nodes = &nodes;
        async move {
            let mut last = String::new();
            for round in 0..8 {
                let app = &nodes[(number + round) % 2];
                last = totp::begin(app, &person.visitor).await.unwrap().secret.to_string();
                let shown = totp::find(&nodes[(number + round + 1) % 2], &person.visitor).await.unwrap();
                assert_eq!(*shown.secret, last, "what was answered is what is there, on either node");
            }
            last
        }
    }));
    let (turns, secrets) = tokio::join!(moving, changing);
    assert_eq!(turns, 8);
    let [former, present] = nodes;
    drop(former);
    let rotated = all(&present).await;
    assert_eq!((rotated.end, rotated.survey.unreadable.len()), (End::Done, 0));
    world.bed.app = world.node(&[("ORGATE_SECRET_KEY", NEW)]).await.unwrap();
    for (person, secret) in people.iter().zip(secrets) {
        assert_eq!(*totp::find(&world.bed.app, &person.visitor).await.unwrap().secret, secret);
    }
    go_on(&world, &begun).await;
}

async fn t_sec_1_what_no_key_opens_is_named_and_nothing_is_begun(world: World) {
    let begun = begun(&world).await;
    let other = enrolling(&world, "ola").await;
    totp::begin(&world.bed.app, &other.visitor).await.unwrap();
    let swap = format!(
        "update totp_credentials set sealed_secret = (select t.sealed_secret from totp_credentials t
            where t.user_id = '{}') where user_id = '{}'",
        begun.kim.id, other.id
    );
    world.bed.sabotage(&swap).await;
    let app = node(&world, NEW, OLD).await;
    let before = survey(&app).await.unwrap();
    let told: Vec<String> = before.unreadable.iter().map(ToString::to_string).collect();
    let expected = format!("totp_credentials.sealed_secret of {}: changed, or moved from another place", other.id);
    assert_eq!(told, [expected]);
    let refused = all(&app).await;
    assert_eq!((refused.end, refused.sealed, refused.survey), (End::Refused, BTreeMap::new(), before.clone()));
    assert_eq!(survey(&app).await.unwrap(), before, "nothing was begun");
    let left = rotate(&app, Unreadables::Leave, || ControlFlow::Continue(())).await.unwrap();
    assert_eq!((left.end, left.survey.unreadable), (End::Done, before.unreadable), "it stays, and all else is moved");
    assert_eq!(stopped(&world, NEW).await, None);

    // What was sealed with a key that nobody gave.
    let third = node(&world, &data_encoding::HEXLOWER.encode(&THIRD), NEW).await;
    totp::begin(&third, &other.visitor).await.unwrap();
    drop(third);
    let key = format!("delete from secret_keys where id = {}", bytes(&world, InstanceKey::from_bytes(THIRD).id()));
    world.bed.sabotage(&key).await;
    let app = node(&world, NEW, OLD).await;
    let lost = all(&app).await;
    assert_eq!(lost.end, End::Refused);
    let told: Vec<String> = lost.survey.unreadable.iter().map(ToString::to_string).collect();
    let secret = format!("totp_credentials.sealed_secret of {}: sealed with a key that is not here", other.id);
    assert_eq!(told, [secret], "what it marked waits for nobody for long: no node has the key");
    world.bed.advance(6);
    audit_chain::seal(&app).await.unwrap();
    let examined = examine(&app, &Question::default()).await.unwrap().unwrap();
    assert!(examined.iter().all(|one| one.report.waiting == 0), "it is chained, as what no Orgate vouches for");
}

/// Bytes in the words of the engine.
fn bytes(world: &World, id: KeyId) -> String {
    if world.bed.is_postgres() { format!("'\\x{id}'") } else { format!("x'{id}'") }
}

async fn t_sec_1_a_node_that_goes_on_with_the_former_key_is_noticed(world: World) {
    begun(&world).await;
    let (former, present) = (node(&world, OLD, NEW).await, node(&world, NEW, OLD).await);
    assert_eq!(all(&present).await.end, End::Done);
    assert_eq!(secret_key::insist(&present).await.unwrap(), 0);
    let someone = enrolling(&world, "uma").await;
    let secret = totp::begin(&former, &someone.visitor).await.unwrap().secret.to_string();
    assert_eq!((secret_key::insist(&former).await.unwrap(), secret_key::insist(&former).await.unwrap()), (1, 0));
    assert_eq!(stopped(&world, NEW).await, Some(KeyError::Missing(vec![id(OLD)])));
    drop(former);
    let rotated = all(&present).await;
    assert_eq!((rotated.end, rotated.released), (End::Done, vec![id(OLD)]));
    let alone = world.node(&[("ORGATE_SECRET_KEY", NEW)]).await.unwrap();
    assert_eq!(*totp::find(&alone, &someone.visitor).await.unwrap().secret, secret);
}

/// A node that was not told of the new key serves on beside one that makes everything with it.
async fn t_sec_1_what_a_node_finds_that_lacks_its_key_waits_for_one_that_has_it(mut world: World) {
    let lacking = world.node(&[("ORGATE_SECRET_KEY", OLD)]).await.unwrap();
    assert_eq!(secret_key::insist(&lacking).await.unwrap(), 0);
    world.bed.app = node(&world, NEW, OLD).await;
    let uma = signing_up(&world, "uma").await;
    assert_eq!(lacking.outbox.send_due().await.unwrap(), 0);
    world.advance(Duration::from_secs(5));
    assert!(typed(&world, "uma", &uma).await, "its code arrives all the same");
    audit_chain::seal(&lacking).await.unwrap();
    let examined = examine(&world.bed.app, &Question::default()).await.unwrap().unwrap();
    let waiting: u64 = examined.iter().map(|one| one.report.waiting).sum();
    assert!(waiting > 0 && examined.iter().all(|one| one.report.is_whole()), "{examined:?}");
    assert!(matches!(secret_key::insist(&lacking).await, Err(Error::Fault(Fault::Seal(SealError::OtherKey)))));

    assert_eq!(audit_chain::seal(&world.bed.app).await.unwrap(), waiting);
    let examined = examine(&world.bed.app, &Question::default()).await.unwrap().unwrap();
    assert!(examined.iter().all(|one| one.report.is_whole() && one.report.waiting == 0), "{examined:?}");
}

async fn t_sec_1_what_is_of_no_form_in_the_audit_log_keeps_no_key_from_its_replacement(world: World) {
    begun(&world).await;
    let byte = if world.bed.is_postgres() { r"'\x00'" } else { "x'00'" };
    let event = format!(
        "insert into audit_events (id, organization_id, at, action, actor, outcome, data, openings)
            values ('evt_x', null, 1, 'x.y', 'system', 'success', '{{}}', {byte})"
    );
    world.bed.sabotage(&event).await;
    let app = node(&world, NEW, OLD).await;
    let rotated = all(&app).await;
    assert_eq!((rotated.end, rotated.survey.unreadable.len()), (End::Done, 0));
    let strange =
        "insert into audit_heads (chain, head_position, head_link, signed_at, removed_to, removed_link, signature)
        select 'zzz', head_position, head_link, signed_at, removed_to, removed_link, signature
        from audit_heads where chain = 'instance'";
    world.bed.sabotage(strange).await;
    let told: Vec<String> = survey(&app).await.unwrap().unreadable.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["audit_heads.signature of zzz: not as it was signed"]);
}

async fn t_sec_1_a_head_that_is_gone_keeps_no_key_from_its_replacement(world: World) {
    begun(&world).await;
    audit_chain::seal(&world.bed.app).await.unwrap();
    world.bed.sabotage("delete from audit_heads where chain = 'instance'").await;
    // Its events wait until somebody mends that.
    let someone = enrolling(&world, "vic").await;
    totp::begin(&world.bed.app, &someone.visitor).await.unwrap();
    let rotated = all(&node(&world, NEW, OLD).await).await;
    assert_eq!((rotated.end, rotated.released), (End::Done, vec![id(OLD)]));
}

async fn t_sec_1_a_head_that_does_not_hold_is_not_signed_anew(world: World) {
    let is_postgres = world.bed.is_postgres();
    let zeros = if is_postgres { "decode(repeat('00', 32), 'hex')" } else { "zeroblob(32)" };
    a_head_is_not_signed_anew(world, zeros).await;
}

async fn t_sec_1_a_head_that_no_orgate_wrote_is_not_signed_anew(world: World) {
    let byte = if world.bed.is_postgres() { r"'\x00'" } else { "x'00'" };
    a_head_is_not_signed_anew(world, byte).await;
}

async fn a_head_is_not_signed_anew(world: World, link: &str) {
    begun(&world).await;
    audit_chain::seal(&world.bed.app).await.unwrap();
    world.bed.sabotage(&format!("update audit_heads set head_link = {link} where chain = 'instance'")).await;
    let app = node(&world, NEW, OLD).await;
    let refused = all(&app).await;
    assert_eq!(refused.end, End::Refused);
    let told: Vec<String> = refused.survey.unreadable.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["audit_heads.signature of instance: not as it was signed"]);
    let left = rotate(&app, Unreadables::Leave, || ControlFlow::Continue(())).await.unwrap();
    assert_eq!((left.end, left.survey.unreadable), (End::Done, refused.survey.unreadable), "it stays a finding");
}

/// Generated from the columns: no value opens in another row of its column, nor under another column's name.
async fn t_sec_1_no_sealed_value_opens_in_another_row_or_column(world: World) {
    begun(&world).await;
    let rival = world.site("Rival", &world.idp).await;
    signing_up(&world, "nia").await;
    signing_up(&world, "noa").await;
    world.enter(&rival, Subject::new("00uRaj", "raj@rival.example")).await;
    let mut values: Vec<SealedValue> = Vec::new();
    for column in SealedColumn::ALL {
        let found = world.bed.app.store.list_sealed_values(column, None, 3).await.unwrap();
        assert!(found.len() > 1, "{column:?}");
        values.extend(found);
    }
    let place = |value: &SealedValue| -> (&'static str, &'static str, String, String) {
        (value.column.table(), value.column.column(), value.row.clone(), value.tenant.clone())
    };
    for value in &values {
        for at in &values {
            let (table, column, row, tenant) = place(at);
            let opened =
                world.bed.app.sealer.open(&Place { table, column, row: &row, tenant: &tenant }, &value.value).map(drop);
            let expected = if value == at { Ok(()) } else { Err(SealError::NotAuthentic) };
            assert_eq!(opened, expected, "{value:?} at {at:?}");
        }
    }
}

/// Who has the file or the dump, and another key, has nothing: neither by the words of the values nor by calling them theirs.
async fn t_sec_4_a_copy_of_the_database_opens_nothing_without_the_key(world: World) {
    begun(&world).await;
    let thief = Sealer::new(&InstanceKey::from_bytes(THIRD));
    for column in SealedColumn::ALL {
        for value in world.bed.app.store.list_sealed_values(column, None, 100).await.unwrap() {
            let place =
                Place { table: column.table(), column: column.column(), row: &value.row, tenant: &value.tenant };
            assert!(world.bed.app.sealer.open(&place, &value.value).is_ok());
            assert_eq!(thief.open(&place, &value.value).map(drop), Err(SealError::OtherKey), "{column:?}");
            let mut claimed = value.value.clone();
            claimed[1..5].copy_from_slice(thief.key_id().as_bytes());
            assert_eq!(thief.open(&place, &claimed).map(drop), Err(SealError::NotAuthentic), "{column:?}");
        }
    }
}

async fn t_sec_1_what_is_kept_of_the_keys_must_be_whole(world: World) {
    world.bed.sabotage("update secret_keys set key_check = id").await;
    assert_eq!(stopped(&world, OLD).await, Some(KeyError::Damaged(SealError::Malformed)));
    world.bed.sabotage("delete from secret_keys").await;
    assert_eq!(stopped(&world, OLD).await, Some(KeyError::Damaged(SealError::Malformed)));
}

on_each_world! {
    t_sec_1_everything_moves_to_the_new_key_and_goes_on_without_the_former_one
    rel_3_a_replacement_that_ends_after_any_transaction_goes_on_and_nodes_serve_meanwhile
    t_sec_1_what_changes_meanwhile_is_neither_lost_nor_left_behind
    t_sec_1_what_no_key_opens_is_named_and_nothing_is_begun
    t_sec_1_a_node_that_goes_on_with_the_former_key_is_noticed
    t_sec_1_what_a_node_finds_that_lacks_its_key_waits_for_one_that_has_it
    t_sec_1_what_is_of_no_form_in_the_audit_log_keeps_no_key_from_its_replacement
    t_sec_1_a_head_that_is_gone_keeps_no_key_from_its_replacement
    t_sec_1_a_head_that_does_not_hold_is_not_signed_anew
    t_sec_1_a_head_that_no_orgate_wrote_is_not_signed_anew
    t_sec_1_no_sealed_value_opens_in_another_row_or_column
    t_sec_1_what_is_kept_of_the_keys_must_be_whole
    t_sec_4_a_copy_of_the_database_opens_nothing_without_the_key
}
