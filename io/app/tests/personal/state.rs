//! State, cookie and provider of a callback: T-ID-13, T-BCP-2, T-BCP-3, T-WEB-2, T-WEB-4, T-WEB-5, REL-7.

use futures_util::future::join_all;
use orgate_app::sign_in::personal::act::Outcome;
use orgate_app::sign_in::personal::answer::Answer;
use orgate_app::visitor::Visitor;
use orgate_core::personal::PersonalProvider::{self, GitHub, Google};
use orgate_core::refusal::Refusal;

use crate::scene::{Scene, asks, signed_in};
use crate::support::refused;

async fn t_id_13_an_answer_serves_its_browser_its_provider_once_and_for_ten_minutes(scene: Scene) {
    scene.at_google("1101", "dana@gmail.com");
    let visitor = scene.bed.stranger();
    let location = scene.authorize(Google, &scene.leave(&visitor, Google).await);
    let over = async |visitor: &Visitor, provider: PersonalProvider, location: &str, why: &str| {
        assert_eq!(refused(scene.come_back(visitor, provider, location).await), Refusal::AttemptOver, "{why}");
    };
    over(&scene.bed.stranger(), Google, &location, "T-WEB-2: another browser").await;
    over(&Visitor { browser: None, ..visitor.clone() }, Google, &location, "no cookie").await;
    over(&visitor, GitHub, &location, "T-BCP-2: the other provider").await;
    over(&visitor, Google, "https://orgate.example.com/?error=access_denied&state=AAAA", "an unknown state").await;
    let dana = signed_in(scene.come_back(&visitor, Google, &location).await.unwrap(), &visitor);
    over(&visitor, Google, &location, "T-BCP-3: the same answer again").await;
    over(&dana.visitor, Google, &location, "and in the session that it made").await;
    let late = scene.authorize(Google, &scene.leave(&visitor, Google).await);
    scene.advance(10);
    over(&visitor, Google, &late, "ten minutes").await;
}

async fn t_web_4_sixty_four_callbacks_at_once_make_one_session(scene: Scene) {
    scene.at_google("1101", "dana@gmail.com");
    let visitor = scene.bed.stranger();
    let location = scene.authorize(Google, &scene.leave(&visitor, Google).await);
    let all = join_all((0..64).map(|_| scene.come_back(&visitor, Google, &location))).await;
    let (made, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|outcome| matches!(outcome, Ok(Outcome::Entered { .. })));
    assert_eq!(made.len(), 1);
    for outcome in others {
        assert_eq!(refused(outcome), Refusal::AttemptOver);
    }
    assert_eq!(scene.users("dana@gmail.com").await.len(), 1);
}

async fn rel_7_one_person_arriving_in_sixteen_browsers_at_once_is_one_person(scene: Scene) {
    scene.at_google("1101", "dana@gmail.com");
    let mut arrivals = Vec::new();
    for _ in 0..16 {
        let visitor = scene.bed.stranger();
        let location = scene.authorize(Google, &scene.leave(&visitor, Google).await);
        arrivals.push((visitor, location));
    }
    let all = join_all(arrivals.iter().map(|(visitor, location)| scene.come_back(visitor, Google, location))).await;
    for (outcome, (visitor, _)) in all.into_iter().zip(&arrivals) {
        signed_in(outcome.unwrap(), visitor);
    }
    let [user] = <[_; 1]>::try_from(scene.users("dana@gmail.com").await).unwrap();
    assert_eq!(scene.identities(&user).await.len(), 1);
}

async fn rel_8_a_mailed_code_makes_one_person_under_64_parallel_tries(scene: Scene) {
    scene.at_github(77, "dana@example.com");
    let visitor = scene.bed.stranger();
    let id = asks(scene.arrive(&visitor, GitHub).await);
    let code = scene.bed.next_code("dana@example.com").await;
    let all = join_all((0..64).map(|_| scene.answer(&visitor, &id, Answer::Code(code.clone())))).await;
    let made = all.iter().filter(|outcome| matches!(outcome, Ok(Outcome::Entered { .. }))).count();
    assert_eq!(made, 1);
    assert_eq!(scene.users("dana@example.com").await.len(), 1);
}

async fn t_web_5_two_tabs_and_each_finishes_its_own(scene: Scene) {
    let sam = scene.bed.person("sam").await;
    scene.at_google("1101", "sam@example.com");
    scene.link(&sam, Google).await.unwrap();
    scene.at_github(5, "sam@example.com");
    scene.link(&sam, GitHub).await.unwrap();
    let mut browser = scene.bed.stranger();
    let (first, second) = (scene.leave(&browser, Google).await, scene.leave(&browser, GitHub).await);
    // The other tab is faster, and the session that it makes is in the browser when the first one comes back.
    let outcome = scene.come_back(&browser, GitHub, &scene.authorize(GitHub, &second)).await.unwrap();
    browser = signed_in(outcome, &browser).visitor;
    let outcome = scene.come_back(&browser, Google, &scene.authorize(Google, &first)).await.unwrap();
    assert_eq!(signed_in(outcome, &browser).id, sam.id);
}

on_each_scene! {
    t_id_13_an_answer_serves_its_browser_its_provider_once_and_for_ten_minutes
    t_web_4_sixty_four_callbacks_at_once_make_one_session
    rel_7_one_person_arriving_in_sixteen_browsers_at_once_is_one_person
    rel_8_a_mailed_code_makes_one_person_under_64_parallel_tries
    t_web_5_two_tabs_and_each_finishes_its_own
}
