//! Signing in with Google and GitHub, linking and unlinking, as a browser goes through it.

use http::StatusCode;
use orgate_core::time::Timestamp;
use orgate_testkit::github::Account;
use orgate_testkit::{GitHub, HostileIdp, ManualClock, Person as Subject, Setup};

use crate::browser::{Browser, Console};
use crate::support::{Bed, PASSWORD, START};

struct Scene {
    console: Console,
    google: HostileIdp,
    github: GitHub,
}

impl Scene {
    async fn new() -> Self {
        let clock = ManualClock::at(Timestamp::parse_rfc3339(START).unwrap().as_millis());
        let (google, github) = (HostileIdp::start(Setup::google(&clock)), GitHub::start());
        let settings = [
            ("ORGATE_GOOGLE_CLIENT_ID", google.client_id()),
            ("ORGATE_GOOGLE_CLIENT_SECRET", google.client_secret()),
            ("ORGATE_GOOGLE_ISSUER", google.issuer()),
            ("ORGATE_GITHUB_CLIENT_ID", github.client_id()),
            ("ORGATE_GITHUB_CLIENT_SECRET", github.client_secret()),
            ("ORGATE_GITHUB_URL", github.url().to_owned()),
            ("ORGATE_GITHUB_API_URL", github.api_url()),
        ];
        let settings: Vec<_> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
        Self { console: Console::over(Bed::sqlite_with(&settings).await), google, github }
    }

    /// Goes to the provider from this form, and comes back; where that leads.
    async fn through(&self, browser: &Browser<'_>, form: &str) -> String {
        let page = browser.post(form, &[]).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let url = page.text.split("content=\"0;url=").nth(1).unwrap().split('"').next().unwrap();
        let url = url.replace("&amp;", "&").replace("&#38;", "&");
        let location = if form.ends_with("github") { self.github.authorize(&url) } else { self.google.authorize(&url) };
        let back = location.strip_prefix("https://orgate.example.com").unwrap();
        browser.get(back).await.location().to_owned()
    }
}

#[tokio::test]
async fn r_in_1_a_button_is_there_where_the_operator_registered() {
    let scene = Scene::new().await;
    for path in ["/sign-in", "/sign-up"] {
        let browser = scene.console.browser();
        browser.open(path).await.says(&["Continue with Google", "Continue with GitHub"]);
    }
    let console = Console::new().await;
    let browser = console.browser();
    browser.open("/sign-in").await.says_nothing_of(&["Continue with Google", "Continue with GitHub"]);
    assert_eq!(browser.post("/sign-in/with/google", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.post("/sign-in/with/mastodon", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn r_lnk_9_somebody_new_names_an_organization_and_comes_again() {
    let scene = Scene::new().await;
    scene.google.sign_in_as(Subject::new("1101", "dana@gmail.com"));
    let dana = scene.console.browser();
    assert_eq!(scene.through(&dana, "/sign-in/with/google").await, "/organizations/new");
    assert!(dana.has_session());
    dana.open("/account/security").await.says(&["Linked accounts", "dana@gmail.com", "Unlink Google", "Link GitHub"]);
    let again = scene.console.browser();
    assert_eq!(scene.through(&again, "/sign-in/with/google").await, "/organizations");
    // Somebody new whom nobody answers for types a code.
    scene.github.sign_in_as(Account::new(7, "robin", "robin@example.com"));
    let robin = scene.console.browser();
    let attempt = scene.through(&robin, "/sign-in/with/github").await;
    robin.open(&attempt).await.says(&["Is this address yours?", "robin@example.com", "GitHub"]);
    let wrong = robin.post(&attempt, &[("code", "1")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&["That is not the code"]);
    let code = scene.console.bed.next_code("robin@example.com").await;
    assert_eq!(robin.post(&attempt, &[("code", &code)]).await.location(), "/organizations/new");
}

#[tokio::test]
async fn r_lnk_9_a_known_address_leads_over_a_way_that_the_person_has() {
    let scene = Scene::new().await;
    scene.google.sign_in_as(Subject::new("1101", "sam@gmail.com"));
    let signed_up = scene.console.browser();
    let sam = [("name", "Sam"), ("email", "sam@gmail.com"), ("password", PASSWORD)];
    let answer = signed_up.post("/sign-up", &sam).await;
    let code = scene.console.bed.next_code("sam@gmail.com").await;
    signed_up.post(answer.location(), &[("code", &code)]).await;

    let browser = scene.console.browser();
    let attempt = scene.through(&browser, "/sign-in/with/google").await;
    browser.open(&attempt).await.says(&["This address has an account", "sam@gmail.com", "Mail me a code instead"]);
    let link = format!("{attempt}/link");
    assert_eq!(browser.get(&link).await.location(), "/sign-in", "signed out, so they sign in first");
    let entered = browser.post("/sign-in", &[("email", "sam@gmail.com"), ("password", PASSWORD)]).await;
    assert_eq!(entered.location(), link, "and are back");
    browser.open(&link).await.says(&["Link Google to your account?", "sam@gmail.com"]);
    browser.submit(&link, &[]).await.says(&["Google is linked to your account.", "Unlink Google"]);

    // Unlinking asks first.
    let removal = "/account/security/linked-accounts/google/removal";
    browser.open(removal).await.says(&["Unlink Google?", "Every other browser is signed out"]);
    browser.submit(removal, &[]).await.says(&["Google is no longer linked", "Link Google"]);
    // What was sent without a fresh proof leads there, and back to the page with the button.
    scene.console.bed.advance(16);
    let late = browser.post("/account/security/linked-accounts/google", &[]).await;
    assert_eq!(late.location(), "/account/proof");
    let proof = [("method", "password"), ("password", PASSWORD)];
    assert_eq!(browser.post("/account/proof", &proof).await.location(), "/account/security");
}

#[tokio::test]
async fn r_sso_9_a_refusal_says_what_to_do_and_has_a_number() {
    let scene = Scene::new().await;
    scene.github.refuse("access_denied", "The user has denied your application access.");
    let browser = scene.console.browser();
    let attempt = scene.through(&browser, "/sign-in/with/github").await;
    let page = browser.open(&attempt).await;
    page.says(&["GitHub did not sign you in", "Reference <code>", "Back to sign-in"]);
    assert_eq!(scene.console.browser().get(&attempt).await.status, StatusCode::GONE, "nobody else reads it");
}
