//! T-ENF-1: a sign-in that stands still somewhere while enforcement is turned on ends without a usable session. The pause
//! before a second factor is in `second_factor.rs`. Beside it: a session that ends while its password is checked.

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use orgate_app::enforcement::{self, WishForm};
use orgate_app::entropy::Draw as _;
use orgate_app::error::Error;
use orgate_app::passwords::{HashingCost, Password, Passwords};
use orgate_app::sign_in::password::{self, Credentials};
use orgate_app::token::{SecretToken, TokenPurpose};
use orgate_app::visitor::Visitor;
use orgate_core::policy::{Decision, Question, World as PolicyWorld, decide};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_store::{PasswordCredential, Session, UserPlace};
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::Mischief;

use crate::scene::{acme, by_password, events, join, lives, opens, rows, sign_in};
use crate::support::{Bed, PASSWORD, Person, refused};
use crate::world::{Site, World};

on_each_engine! {
    t_enf_1_enforced_while_the_password_is_checked
    r_in_7_a_session_that_ends_while_its_password_is_checked_is_not_made_again
    t_enf_1_enforced_beside_the_transaction_that_makes_the_session
}

/// Turns it on, as the Owner of a connection that is there.
async fn enforce(bed: &Bed, owner: &Person) {
    let form = WishForm { enabled: true, confirm: true, ..WishForm::default() };
    enforcement::set(&bed.app, &owner.visitor, "acme", form).await.unwrap();
}

/// A hash of the same password that takes half a second to check.
async fn slow_password(bed: &Bed, person: &Person) {
    let cost = HashingCost::new(19_456, 64, 1).unwrap();
    let slow = Passwords::with_limits(cost, std::num::NonZeroUsize::MIN, 1);
    let hash = slow.hash(&Password::from_typed(PASSWORD), &*bed.app.entropy).await.unwrap();
    let credential = PasswordCredential { user_id: person.id.clone(), hash, set_at: bed.now() };
    bed.write(credential, |tx, credential| Box::pin(async move { tx.instance().set_password(credential).await })).await;
}

/// A sign-in from where the person never was: its tries are counted by the address alone.
async fn sign_in_from_afar(bed: &Bed, person: &Person) -> Result<Person, Error> {
    let visitor = Visitor::new(IpAddr::from([203, 0, 113, 9]), "Test browser");
    let typed = Credentials { email: person.email.clone(), password: Password::from_typed(PASSWORD) };
    let issued = password::begin(&bed.app, &visitor, typed).await?.session()?;
    Ok(Person::of(&issued, visitor))
}

/// That sign-in counted its try a moment ago: from here on it looks for the person and checks the password.
async fn is_being_checked(bed: &Bed, person: &Person) {
    let bucket = format!("password:{}", person.email);
    while bed.app.store.find_throttle(&bucket).await.unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn t_enf_1_enforced_while_the_password_is_checked(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.connection(&acme.id).await;
    slow_password(&bed, &kim).await;
    let before = rows(&bed, &kim).await;
    let mut signing_in = Box::pin(sign_in_from_afar(&bed, &kim));
    let meanwhile = async {
        is_being_checked(&bed, &kim).await;
        enforce(&bed, &sam).await;
    };
    tokio::select! {
        biased;
        _ = &mut signing_in => panic!("the password was checked before enforcement was on"),
        () = meanwhile => {}
    }
    let refusal = refused(signing_in.await);
    assert!(matches!(refusal, Refusal::SsoRequired(_)), "{refusal:?}");
    assert_eq!(rows(&bed, &kim).await, before, "no row");
}

async fn r_in_7_a_session_that_ends_while_its_password_is_checked_is_not_made_again(bed: Bed) {
    let kim = bed.person("kim").await;
    slow_password(&bed, &kim).await;
    let session = by_password(&bed, &kim).await.visitor.session;
    let visitor = Visitor { session, ..Visitor::new(IpAddr::from([203, 0, 113, 9]), "Test browser") };
    let mut confirming = Box::pin(password::confirm(&bed.app, &visitor, Password::from_typed(PASSWORD)));
    let meanwhile = async {
        is_being_checked(&bed, &kim).await;
        bed.write((kim.id.clone(), bed.now()), |tx, (id, now)| {
            Box::pin(async move { tx.instance().end_sessions_of_user(id, None, "signed-out", *now).await })
        })
        .await;
    };
    tokio::select! {
        biased;
        _ = &mut confirming => panic!("the password was checked before the session ended"),
        () = meanwhile => {}
    }
    assert_eq!(refused(confirming.await), Refusal::NoSession);
    assert!(rows(&bed, &kim).await.is_empty(), "no row");
}

/// The session as the one maker of sessions makes it, policy and insert in one transaction; `between` waits in there.
/// `None` where policy refuses.
async fn mint<F>(bed: &Bed, person: &Person, between: F) -> Option<Person>
where
    F: Fn() -> futures_util::future::BoxFuture<'static, ()> + Send + Sync + 'static,
{
    let now = bed.now();
    let token = SecretToken::generate(&*bed.app.entropy);
    let hash = token.hash(TokenPurpose::Session);
    let session = Session {
        id: bed.app.entropy.id(now),
        user_id: person.id.clone(),
        created_at: now,
        last_used_at: now,
        expires_at: now.plus(Duration::from_secs(24 * 3600)),
        proofs: Proofs::of(Proof::Password { at: now }),
        policy_epoch: orgate_core::policy::PolicyEpoch::default(),
        ended_at: None,
        end_reason: None,
        ip: "192.0.2.1".to_owned(),
        user_agent: "Test browser".to_owned(),
    };
    let made = bed
        .app
        .store
        .write((session, hash), move |tx, (session, hash)| {
            let waiting = between();
            Box::pin(async move {
                let user = tx.instance().load_user(&session.user_id).await?;
                let places = tx.instance().list_places(&session.user_id).await?;
                let world = PolicyWorld {
                    address: user.address,
                    has_second_factor: false,
                    places: places.iter().map(UserPlace::policy_place).collect(),
                };
                if decide(Question::Session, &world, &session.proofs) != Decision::Allow {
                    return Ok(false);
                }
                let policy_epoch = tx.instance().load_policy_epoch().await?;
                waiting.await;
                tx.instance().insert_session(&Session { policy_epoch, ..session.clone() }, hash).await?;
                Ok::<_, Error>(true)
            })
        })
        .await
        .unwrap();
    let mut visitor = bed.stranger();
    visitor.session = Some(hash);
    made.then(|| Person { visitor, ..person.clone() })
}

/// Both orders of the two transactions on SQLite, whose writer takes one after the other; on PostgreSQL the sign-in stands
/// still inside its own while the other one commits.
async fn t_enf_1_enforced_beside_the_transaction_that_makes_the_session(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.connection(&acme.id).await;
    for round in 0..10 {
        let made = if bed.is_postgres() {
            inside_each_other(&bed, &sam, &kim).await
        } else {
            one_after_the_other(&bed, &sam, &kim, round % 2 == 0).await
        };
        if let Some(made) = &made {
            assert!(!lives(&bed, made).await, "round {round}");
        }
        if !bed.is_postgres() {
            assert_eq!(made.is_some(), round % 2 == 0, "round {round}: the order was as wanted");
        }
        bed.stop_enforcing(&sam, &acme).await;
        if let Some(made) = &made {
            assert!(!lives(&bed, made).await, "round {round}: nor when it is off again");
        }
        enforcement::sweep_once(&bed.app, enforcement::Pace::Brisk).await.unwrap();
        assert!(made.is_none_or(|made| made.id == kim.id));
        assert!(rows(&bed, &kim).await.is_empty(), "round {round}: every row of it is ended");
    }
    assert_eq!(events(&bed, &sam, "acme", "enforcement.enabled").await.len(), 10);
}

/// Holds the one writer while both queue up, in this order.
async fn one_after_the_other(bed: &Bed, sam: &Person, kim: &Person, sign_in_first: bool) -> Option<Person> {
    let (release, released) = mpsc::channel::<()>();
    let (entered, held) = tokio::sync::oneshot::channel::<()>();
    let gate = (Mutex::new(released), Mutex::new(Some(entered)));
    let holding = bed.app.store.write(gate, |_, (released, entered)| {
        Box::pin(async move {
            if let Some(entered) = entered.lock().unwrap().take() {
                entered.send(()).unwrap();
            }
            released.lock().unwrap().recv_timeout(Duration::from_secs(4)).unwrap();
            Ok::<_, Error>(())
        })
    });
    let queueing = async {
        held.await.unwrap();
        let minting = mint(bed, kim, || Box::pin(async {}));
        let enforcing = enforce(bed, sam);
        // The first poll of each queues its job.
        let releasing = async { release.send(()).unwrap() };
        if sign_in_first {
            let (made, (), ()) = tokio::join!(biased; minting, enforcing, releasing);
            made
        } else {
            let ((), made, ()) = tokio::join!(biased; enforcing, minting, releasing);
            made
        }
    };
    let (held, made) = tokio::join!(holding, queueing);
    held.unwrap();
    made
}

/// The sign-in has read policy; enforcement commits; the sign-in writes its row.
async fn inside_each_other(bed: &Bed, sam: &Person, kim: &Person) -> Option<Person> {
    let (read, has_read) = tokio::sync::mpsc::unbounded_channel::<()>();
    let enforced = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let gate = std::sync::Arc::clone(&enforced);
    let minting = mint(bed, kim, move || {
        let (read, gate) = (read.clone(), std::sync::Arc::clone(&gate));
        Box::pin(async move {
            // A second try, should the engine ask for one, finds the gate open.
            let _ = read.send(());
            gate.acquire().await.unwrap().forget();
            gate.add_permits(1);
        })
    });
    let meanwhile = async {
        let mut has_read = has_read;
        has_read.recv().await.unwrap();
        enforce(bed, sam).await;
        enforced.add_permits(1);
    };
    let (made, ()) = tokio::join!(minting, meanwhile);
    made
}

/// The real sign-in, held by a lock that somebody else has on one of its rows: before the row of the session is written,
/// and after it, before the commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_enf_1_enforced_while_the_sign_in_waits_for_a_row_on_postgresql() {
    for (table, column) in [("users", "id"), ("memberships", "user_id")] {
        let Some(bed) = Bed::postgres().await else { return };
        let (sam, acme) = acme(&bed).await;
        let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
        bed.connection(&acme.id).await;
        let holds = format!(
            "do $$ begin
                perform 1 from {table} where {column} = '{}' for update;
                while not exists (select 1 from organizations where enforced) loop perform pg_sleep(0.01); end loop;
            end $$",
            kim.id
        );
        let waits = |what: &str| {
            format!(
                "do $$ begin loop
                    perform pg_stat_clear_snapshot();
                    exit when exists (select 1 from pg_stat_activity
                        where datname = current_database() and {what} and pid <> pg_backend_pid());
                    perform pg_sleep(0.01);
                end loop; end $$"
            )
        };
        let signing_in = async {
            // Of the one that holds the row: whoever waits here sleeps between two looks, too.
            bed.sabotage(&waits("wait_event = 'PgSleep' and query like '%for update%'")).await;
            sign_in(&bed, &kim.email).await
        };
        let meanwhile = async {
            bed.sabotage(&waits("wait_event_type = 'Lock'")).await;
            enforce(&bed, &sam).await;
        };
        let (outcome, (), ()) = tokio::join!(signing_in, meanwhile, bed.sabotage(&holds));
        match outcome {
            Ok(made) => assert!(!lives(&bed, &made).await, "{table}"),
            Err(error) => assert!(matches!(refused(Err::<(), _>(error)), Refusal::SsoRequired(_)), "{table}"),
        }
        bed.stop_enforcing(&sam, &acme).await;
        assert!(!lives(&bed, &kim).await);
        enforcement::sweep_once(&bed.app, enforcement::Pace::Brisk).await.unwrap();
        assert!(rows(&bed, &kim).await.is_empty(), "{table}: no session of the time before is left");
    }
}

/// The code is on its way to the IdP while enforcement is turned on. What comes of it is judged by the terms of now: the
/// organization's own SSO opens it, another one's does not.
async fn t_enf_1_enforced_while_the_idp_exchanges_the_code(world: World) {
    let bed = &world.bed;
    let sam = bed.person("sam").await;
    let organization = bed.organization(&sam, "Acme").await;
    let connection = world.connect(&sam, "acme", &world.idp).await;
    let acme = Site { owner: sam.clone(), organization, connection };
    let free = world.site("Free", &world.idp).await;
    let kim = bed.person("kim").await;
    for site in [&acme, &free] {
        join(bed, &site.organization, &kim, OrganizationRole::Member).await;
    }
    world.idp.sign_in_as(Subject::new("00uKim", "kim@example.com"));
    for (site, opened) in [(&free, false), (&acme, true)] {
        let (entered, mut at_token) = tokio::sync::mpsc::unbounded_channel();
        let (release, released) = mpsc::channel::<()>();
        let released = Mutex::new(released);
        world.idp.set(Mischief::none().token_response(move |_| {
            entered.send(()).unwrap();
            released.lock().unwrap().recv_timeout(Duration::from_secs(4)).unwrap();
        }));
        // With a password session in the same browser, whose proof must not come along.
        let visitor = sign_in(bed, &kim.email).await.unwrap().visitor;
        let old = Person { visitor: visitor.clone(), ..kim.clone() };
        let location = world.idp.authorize(&world.begin(&visitor, site).await);
        let meanwhile = async {
            at_token.recv().await.unwrap();
            enforce(bed, &sam).await;
            release.send(()).unwrap();
        };
        let (outcome, ()) = tokio::join!(world.come_back(&visitor, &site.connection, &location), meanwhile);
        let made = world.signed_in(outcome.unwrap(), &visitor);
        assert_eq!(opens(bed, &made, "acme").await, opened, "through {}", site.slug());
        assert!(!lives(bed, &old).await);
        let proofs = orgate_app::session::current(&bed.app, &made.visitor).await.unwrap().proofs;
        assert!(proofs.iter().all(|proof| matches!(proof, Proof::Sso { .. })), "the password did not come along");
        bed.stop_enforcing(&sam, &acme.organization).await;
        assert!(!lives(bed, &old).await);
    }
}

mod worlds {
    use super::t_enf_1_enforced_while_the_idp_exchanges_the_code;

    on_each_world! {
        t_enf_1_enforced_while_the_idp_exchanges_the_code
    }
}
