//! What holds for every page, whatever it shows: no inline script or style (the policy forbids them), labels and ids
//! that belong together, one title, forms that post to a path of this deployment, and little weight.

mod samples;

use std::collections::HashSet;

use orgate_web::pages::assets::{PASSKEYS, PASSKEYS_PATH, SCRIPT, STYLESHEET};
use orgate_web::pages::{Theme, render};

/// The start tags of a page, without their angle brackets.
fn tags(html: &str) -> Vec<&str> {
    html.split('<')
        .skip(1)
        .filter(|tag| tag.starts_with(|first: char| first.is_ascii_alphabetic()))
        .filter_map(|tag| tag.split('>').next())
        .collect()
}

/// The value of an attribute.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let start = format!(" {name}=\"");
    let (_, rest) = tag.split_once(start.as_str())?;
    rest.split('"').next()
}

fn is(tag: &str, element: &str) -> bool {
    tag.split_whitespace().next() == Some(element)
}

#[test]
fn every_page_renders_in_both_themes() {
    for theme in [Theme::System, Theme::Dark] {
        for (name, html) in samples::all(theme) {
            assert!(html.trim_start().starts_with("<!doctype html>"), "{name}: {html}");
            assert!(html.trim_end().ends_with("</html>"), "{name}");
            assert_eq!(html.contains("data-theme=\"dark\""), theme == Theme::Dark, "{name}");
        }
    }
}

#[test]
fn no_page_carries_script_or_style_of_its_own() {
    for (name, html) in samples::all(Theme::System) {
        for tag in tags(&html) {
            assert!(!is(tag, "style"), "{name}: <{tag}>");
            assert!(attribute(tag, "style").is_none(), "{name}: <{tag}>");
            assert!(!is(tag, "script") || attribute(tag, "src").is_some(), "{name}: <{tag}>");
            let handlers = tag.split_whitespace().filter(|part| part.starts_with("on") && part.contains('='));
            assert_eq!(handlers.count(), 0, "{name}: <{tag}>");
        }
        assert!(!html.contains("javascript:"), "{name}");
    }
}

#[test]
fn no_page_asks_another_host_for_anything() {
    for (name, html) in samples::all(Theme::System) {
        for tag in tags(&html) {
            for value in ["src", "href", "action", "data-challenge"].iter().filter_map(|name| attribute(tag, name)) {
                // An app on the same device, and a file that is in the page itself.
                let here = value.starts_with("otpauth://totp/") || value.starts_with("data:text/plain;");
                // The pages between us and a provider name their way on, by one link each.
                let here = here || (is(tag, "a") && ["personal-leave", "sign-out-there-too"].contains(&name.as_str()));
                let local = here || (value.starts_with(['/', '?', '#']) && !value.starts_with("//"));
                assert!(local, "{name}: <{tag}>");
            }
        }
    }
}

#[test]
fn every_id_is_there_once_and_every_reference_finds_one() {
    for (name, html) in samples::all(Theme::System) {
        let mut ids = HashSet::new();
        for id in tags(&html).into_iter().filter_map(|tag| attribute(tag, "id")) {
            assert!(ids.insert(id), "{name}: the id {id} is there twice");
        }
        for tag in tags(&html) {
            for attribute_name in ["for", "form", "aria-describedby", "aria-labelledby"] {
                for id in attribute(tag, attribute_name).into_iter().flat_map(str::split_whitespace) {
                    assert!(ids.contains(id), "{name}: {attribute_name} names {id}, which is nowhere");
                }
            }
        }
    }
}

#[test]
fn every_field_has_a_name_that_a_screen_reader_can_say() {
    for (name, html) in samples::all(Theme::System) {
        let labelled: HashSet<_> = tags(&html).into_iter().filter_map(|tag| attribute(tag, "for")).collect();
        for tag in tags(&html) {
            let is_field = ["input", "select", "textarea"].iter().any(|element| is(tag, element));
            let has_own = matches!(attribute(tag, "type"), Some("hidden" | "radio"));
            if is_field && !has_own {
                let by_label = attribute(tag, "id").is_some_and(|id| labelled.contains(id));
                assert!(by_label || attribute(tag, "aria-label").is_some(), "{name}: <{tag}>");
            }
        }
    }
}

#[test]
fn no_form_sends_a_secret_in_an_address_and_no_page_prints_one() {
    for (name, html) in samples::all(Theme::System) {
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            let is_get = form.split('>').next().is_some_and(|tag| tag.contains("method=\"get\""));
            assert!(!(is_get && form.contains("type=\"password\"")), "{name}: {form}");
        }
        for tag in tags(&html).into_iter().filter(|tag| attribute(tag, "type") == Some("password")) {
            assert_eq!(attribute(tag, "value"), None, "{name}: <{tag}>");
        }
    }
}

#[test]
fn every_page_has_one_heading_of_the_first_rank_and_skips_none() {
    for (name, html) in samples::all(Theme::System) {
        let ranks: Vec<_> = tags(&html)
            .into_iter()
            .filter_map(|tag| tag.split_whitespace().next()?.strip_prefix('h')?.parse::<u8>().ok())
            .collect();
        assert_eq!(html.matches("<h1").count(), 1, "{name}: {ranks:?}");
        for pair in ranks.windows(2) {
            assert!(pair[1] <= pair[0] + 1, "{name}: {ranks:?}");
        }
    }
}

/// T-IDP-3: what an identity provider or a person says is text, never markup.
#[test]
fn names_and_claims_are_escaped_everywhere() {
    use orgate_web::pages::refusal::RefusalPage;
    let hostile = "<script>alert(1)</script>\"' onload=x";
    let page = RefusalPage {
        site: orgate_web::pages::Site { product: hostile.to_owned(), theme: Theme::System },
        title: hostile.to_owned(),
        happened: hostile.to_owned(),
        mend: hostile.to_owned(),
        reference: Some(hostile.to_owned()),
        back_url: "/sign-in".to_owned(),
        back_label: hostile.to_owned(),
    };
    let html = render(&page).unwrap();
    assert!(!html.contains("<script>"), "{html}");
    assert!(!html.contains("\"' onload"), "{html}");
}

/// What `passkeys.js` looks for in a form: without one of it the button does nothing.
#[test]
fn a_form_for_a_passkey_has_all_that_its_script_looks_for() {
    let mut forms = 0;
    for (name, html) in samples::all(Theme::System) {
        let with_passkey = html.split("<form").skip(1).map(|form| form.split("</form>").next().unwrap_or_default());
        for form in with_passkey.filter(|form| form.contains("data-passkey=")) {
            let tag = form.split('>').next().unwrap_or_default();
            assert!(matches!(attribute(tag, "data-passkey"), Some("get" | "create")), "{name}: {tag}");
            assert_eq!(attribute(tag, "method"), Some("post"), "{name}: {tag}");
            let action = attribute(tag, "action").unwrap_or_default().split('?').next().unwrap_or_default();
            assert_eq!(attribute(tag, "data-challenge"), Some(format!("{action}/challenge").as_str()), "{name}: {tag}");
            for field in ["ceremony_id", "credential"] {
                let input = format!("<input type=\"hidden\" name=\"{field}\">");
                assert_eq!(form.matches(input.as_str()).count(), 1, "{name}: {field}");
            }
            let (_, problem) = form.split_once(" data-passkey-problem hidden>").unwrap_or_default();
            assert!(problem.split("</p>").next().unwrap_or_default().contains("<span></span>"), "{name}: {form}");
            assert_eq!(form.matches("type=\"submit\"").count(), 1, "{name}: {form}");
            // One that is hidden until the script runs has something beside it; every other says what it needs.
            assert_eq!(tag.ends_with(" hidden"), !form.contains("<noscript>"), "{name}: {form}");
            assert!(html.contains(&format!("<script src=\"{PASSKEYS_PATH}?v=")), "{name} brings the script");
            forms += 1;
        }
        let offers_in_field = html.contains("data-autofill");
        assert!(!offers_in_field || html.contains("webauthn\"") || !html.contains("name=\"password\""), "{name}");
    }
    assert!(forms >= 9, "only {forms}");
}

/// Whoever is not about to use a passkey loads nothing for one.
#[test]
fn the_script_of_passkeys_is_on_no_page_that_has_nothing_to_do_with_them() {
    for (name, html) in samples::all(Theme::System) {
        // Pages that show a passkey in another state of theirs.
        let in_another_state = ["second-factor-", "passkey-new-"].iter().any(|start| name.starts_with(start));
        assert!(!html.contains(PASSKEYS_PATH) || html.contains("data-passkey=") || in_another_state, "{name}");
    }
}

/// `console.md`, "Proof": under 60 kB compressed. These are the sizes before compression, so the limit holds with room.
#[test]
fn a_page_with_its_stylesheet_and_scripts_weighs_little() {
    let shared = STYLESHEET.len() + SCRIPT.len() + PASSKEYS.len();
    for (name, html) in samples::all(Theme::System).iter().filter(|(name, _)| !name.ends_with("-200")) {
        assert!(shared + html.len() < 100_000, "{name}: {} bytes", shared + html.len());
    }
}
