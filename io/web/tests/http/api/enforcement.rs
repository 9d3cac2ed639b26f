//! `/api/v1/organizations/{organization}/sso-enforcement`: the shapes of `api.md`, the way on, off and back, and what is
//! refused.

use axum::http::{Method, StatusCode};
use orgate_core::id::OrganizationId;
use serde_json::{Value, json};

use crate::support::{Ask, OPERATOR, Person, Site};

const URL: &str = "/api/v1/organizations/acme/sso-enforcement";

struct Acme {
    site: Site,
    sam: Person,
    kim: Person,
    id: OrganizationId,
}

impl Acme {
    /// An Owner and a member with passwords, and a connection that was tested.
    async fn new() -> Self {
        let site = Site::new().await;
        let sam = site.person("sam").await;
        site.organization(&sam, "Acme").await;
        // Lists go by the age of an account.
        site.advance(1);
        let kim = site.member(&sam, "acme", "kim").await;
        let id = site.connection(&sam, "acme").await;
        Self { site, sam, kim, id }
    }

    fn put(&self, who: &Person, body: &Value) -> Ask<'_> {
        self.site.ask(Method::PUT, URL).bearer(who).json(body)
    }

    async fn set(&self, body: Value) -> Value {
        self.put(&self.sam, &body).expect(StatusCode::OK).await.json()
    }

    async fn show(&self, query: &str) -> Value {
        self.site.get(&format!("{URL}{query}")).bearer(&self.sam).expect(StatusCode::OK).await.json()
    }

    async fn session_of(&self, who: &Person) -> StatusCode {
        self.site.get("/api/v1/session").bearer(who).send().await.status
    }
}

fn person(who: &Person, name: &str) -> Value {
    json!({ "id": who.id, "email": who.email, "name": name })
}

#[tokio::test]
async fn r_enf_5_the_forecast_names_who_is_bound_and_who_is_not() {
    let acme = Acme::new().await;
    let (sam, kim) = (person(&acme.sam, "sam"), person(&acme.kim, "kim"));
    let expected = json!({
        "enabled": false,
        "owner_exemption": true,
        "owner_second_factor": false,
        "accept_operator_recovery": false,
        "since": null,
        "break_glass": [],
        "forecast": {
            "members": { "count": 2, "first": [sam, kim] },
            "keep_access": { "count": 1, "first": [sam] },
            "must_use_sso": { "count": 1, "first": [kim] },
            "never_signed_in_by_sso": { "count": 1, "first": [kim] },
            "sessions_to_end": 1,
            "pending_invitations": 0,
            "mfa_required": false,
        },
    });
    assert_eq!(acme.show("").await, expected);
    let strict = acme.show("?owner_exemption=false").await;
    assert_eq!(strict["owner_exemption"], true, "the query changes nothing");
    assert_eq!(strict["forecast"]["keep_access"], json!({ "count": 0, "first": [] }));
    assert_eq!(strict["forecast"]["must_use_sso"], json!({ "count": 2, "first": [sam, kim] }));
    let with_factor = acme.show("?owner_second_factor=true").await;
    assert_eq!(with_factor["forecast"]["keep_access"]["count"], 0, "nobody has a second factor");
    let odd = acme.site.get(&format!("{URL}?exempt=true")).bearer(&acme.sam);
    odd.refused(StatusCode::BAD_REQUEST, "malformed-request").await;
}

#[tokio::test]
async fn r_enf_6_turning_on_ends_the_members_sessions_and_repeating_it_changes_nothing() {
    let acme = Acme::new().await;
    let on = json!({ "enabled": true, "confirm": true });
    let expected = json!({
        "enabled": true,
        "owner_exemption": true,
        "owner_second_factor": false,
        "accept_operator_recovery": false,
        "since": "2026-11-22T06:01:00Z",
        "break_glass": [person(&acme.sam, "sam")],
    });
    assert_eq!(acme.set(on.clone()).await, expected);
    let ended = acme.site.get("/api/v1/session").bearer(&acme.kim);
    let ended = ended.refused(StatusCode::UNAUTHORIZED, "no-session").await;
    assert_eq!(ended["organizations"][0]["sign_in_url"], "https://id.example.com/sign-in/acme");
    let body = json!({ "method": "password", "email": acme.kim.email, "password": crate::support::PASSWORD });
    let blocked = acme.site.post("/api/v1/sessions").json(&body);
    let blocked = blocked.refused(StatusCode::FORBIDDEN, "sso-required").await;
    assert_eq!(blocked["organizations"][0]["slug"], "acme");

    acme.site.advance(5);
    let kim = acme.site.by_sso(&acme.kim, &acme.id).await;
    assert_eq!(acme.set(on).await, expected, "since then, not since now");
    assert_eq!(acme.session_of(&kim).await, StatusCode::OK);
    assert_eq!(acme.session_of(&acme.sam).await, StatusCode::OK);
    assert_eq!(acme.show("").await["forecast"]["sessions_to_end"], 0);
}

#[tokio::test]
async fn r_enf_9_turning_off_lets_old_passwords_work_and_dead_sessions_stay_dead() {
    let acme = Acme::new().await;
    acme.set(json!({ "enabled": true, "confirm": true })).await;
    let off = acme.set(json!({ "enabled": false, "require_mfa_again": true, "confirm": true })).await;
    assert_eq!((&off["enabled"], &off["since"], &off["break_glass"]), (&json!(false), &json!(null), &json!([])));
    assert_eq!(acme.session_of(&acme.kim).await, StatusCode::UNAUTHORIZED);
    let organization = acme.site.get("/api/v1/organizations/acme").bearer(&acme.sam);
    // The caller has no second factor, so it says what is missing.
    organization.refused(StatusCode::FORBIDDEN, "needs-second-factor").await;
}

#[tokio::test]
async fn r_enf_12_a_trial_is_confirmed_through_the_connection_or_rolls_back() {
    let acme = Acme::new().await;
    let trial = json!({ "enabled": true, "trial_minutes": 10, "confirm": true });
    assert_eq!(acme.set(trial.clone()).await["trial_ends_at"], "2026-11-22T06:11:00Z");
    let confirm = json!({ "enabled": true, "confirm": true });
    acme.put(&acme.sam, &confirm).refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
    let sam = acme.site.by_sso(&acme.sam, &acme.id).await;
    let confirmed = acme.put(&sam, &confirm).expect(StatusCode::OK).await.json();
    assert_eq!((&confirmed["enabled"], confirmed.get("trial_ends_at")), (&json!(true), None));
    acme.put(&sam, &trial).refused(StatusCode::CONFLICT, "already-enforced").await;

    acme.set(json!({ "enabled": false, "confirm": true })).await;
    acme.set(trial).await;
    acme.site.advance(10);
    assert_eq!(orgate_app::enforcement::roll_back_once(&acme.site.app).await.unwrap(), 1);
    assert_eq!(acme.show("").await["enabled"], false);
}

#[tokio::test]
async fn r_enf_5_nobody_is_locked_out_by_turning_it_on() {
    let acme = Acme::new().await;
    let strict = json!({ "enabled": true, "owner_exemption": false, "confirm": true });
    acme.put(&acme.sam, &strict).refused(StatusCode::CONFLICT, "no-way-back-in").await;
    let accepted =
        json!({ "enabled": true, "owner_exemption": false, "accept_operator_recovery": true, "confirm": true });
    acme.put(&acme.sam, &accepted).refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
    let by_sso = acme.site.by_sso(&acme.sam, &acme.id).await;
    let on = acme.put(&by_sso, &accepted).expect(StatusCode::OK).await.json();
    assert_eq!((&on["accept_operator_recovery"], &on["break_glass"]), (&json!(true), &json!([])));
    assert_eq!(acme.session_of(&acme.sam).await, StatusCode::UNAUTHORIZED, "no Owner is exempt");
}

#[tokio::test]
async fn r_enf_8_only_an_owner_with_a_second_factor_asks_it_of_the_others() {
    let acme = Acme::new().await;
    let wish = json!({ "enabled": true, "owner_second_factor": true, "confirm": true });
    acme.put(&acme.sam, &wish).refused(StatusCode::FORBIDDEN, "needs-second-factor").await;
}

#[tokio::test]
async fn what_is_not_confirmed_not_tested_or_not_entitled_is_refused() {
    let acme = Acme::new().await;
    for body in [json!({ "enabled": true }), json!({ "enabled": true, "confirm": false })] {
        let refused = acme.put(&acme.sam, &body).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
        assert_eq!(refused["fields"][0]["field"], "confirm");
    }
    for minutes in [0, 1441] {
        let body = json!({ "enabled": true, "trial_minutes": minutes, "confirm": true });
        acme.put(&acme.sam, &body).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    }
    let on = json!({ "enabled": true, "confirm": true });
    acme.put(&acme.kim, &on).refused(StatusCode::FORBIDDEN, "not-permitted").await;
    acme.site.get(URL).bearer(&acme.kim).refused(StatusCode::FORBIDDEN, "not-permitted").await;
    let path = "/api/v1/operator/organizations/acme/entitlements";
    let without = acme.site.ask(Method::PUT, path).operator().json(&json!({ "sso": false }));
    without.expect(StatusCode::OK).await;
    acme.put(&acme.sam, &on).refused(StatusCode::FORBIDDEN, "sso-not-entitled").await;
    acme.site.advance(16);
    acme.put(&acme.sam, &on).refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
    assert_eq!(acme.show("").await["enabled"], false, "none of it did anything");

    let untested = Site::with(&[("ORGATE_OPERATOR_TOKEN", OPERATOR)]).await;
    let sam = untested.person("sam").await;
    untested.organization(&sam, "Acme").await;
    let ask = untested.ask(Method::PUT, URL).bearer(&sam).json(&on);
    ask.refused(StatusCode::CONFLICT, "connection-not-validated").await;
}
