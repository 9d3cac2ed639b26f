//! Owns what the demonstration prints once it runs: where everything is, who can sign in, and what to try.

use std::fmt::Write as _;
use std::path::Path;

use super::cast::{ACCOUNTS, ACME, ACME_PROJECTS, DANA, NORTHWIND, PRIYA, ROBIN, SAM};

/// Where everything is.
pub struct Places<'a> {
    /// The console.
    pub console: &'a str,
    /// The mailbox page.
    pub mailbox: &'a str,
    /// The identity provider, which is also what to type as the Okta domain.
    pub idp: &'a str,
    /// Its page of applications.
    pub idp_admin: &'a str,
    /// The data.
    pub folder: &'a Path,
    /// The settings file, for other commands of this program.
    pub settings: &'a Path,
    /// How this program was called.
    pub program: &'a str,
    /// Whether the sample people were just made.
    pub is_new: bool,
}

/// The whole text.
pub fn text(places: &Places<'_>) -> String {
    let mut text = String::new();
    let mut line = |arguments: std::fmt::Arguments<'_>| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{arguments}");
    };
    let folder = places.folder.display();
    line(format_args!("\nOrgate is running, for this machine only."));
    if places.is_new {
        line(format_args!("Its data is new, in {folder}."));
    } else {
        line(format_args!("Its data is that of the earlier start, in {folder}."));
    }
    line(format_args!("\n  Console            {}", places.console));
    line(format_args!("  Mailbox            {}", places.mailbox));
    line(format_args!("  Identity provider  {}   (its administrator: {})", places.idp, places.idp_admin));
    line(format_args!("\nAccounts{}", if places.is_new { "" } else { " (passwords as they were in the beginning)" }));
    for account in ACCOUNTS {
        line(format_args!("  {:<24} {:<22} {}", account.email, account.password, account.about));
    }
    line(format_args!("\nWhat to try"));
    for (index, (title, steps)) in (1..).zip(tries(places)) {
        line(format_args!("\n  {index}. {title}"));
        for step in steps.lines() {
            line(format_args!("     {step}"));
        }
    }
    line(format_args!("\nUse a private window for each person. Ctrl-C stops everything."));
    text
}

fn tries(places: &Places<'_>) -> [(&'static str, String); 11] {
    let Places { console, mailbox, idp, idp_admin, program, .. } = places;
    let settings = places.settings.display();
    let ((acme_name, acme), (northwind_name, northwind)) = (ACME, NORTHWIND);
    let [_, second_project] = ACME_PROJECTS;
    [
        (
            "Somebody new signs in with single sign-on.",
            format!(
                "Open {console}/sign-in/{acme}, choose Continue with SSO, be Noor.\n\
                 She is a member of {acme_name} now, in no project."
            ),
        ),
        (
            "The Owner lets her into a project.",
            format!(
                "Sign in at {console}/sign-in as {}, open the project {second_project}, add noor@acme.example.\n\
                 Noor sees it when she looks again.",
                DANA.email
            ),
        ),
        (
            "A member keeps role and projects.",
            format!(
                "Open {console}/sign-in/{acme} and be Sam: the same account, in the same project. A mail tells him."
            ),
        ),
        (
            "Somebody who is not assigned gets a reference.",
            format!(
                "Be Uma instead: the page names a reference.\n\
                 Dana finds it under {console}/organizations/{acme}/settings/single-sign-on, with what to mend."
            ),
        ),
        (
            "Configure single sign-on by hand.",
            format!(
                "Sign in as {}, open Settings > Single Sign-On of {northwind_name}, Configure, Okta.\n\
                 Follow the guide beside the form: the Okta Admin Console is {idp_admin},\n\
                 the Okta domain is {idp}. Assign Robin, who tests it, and Lena.\n\
                 When it is active, be Lena at {console}/sign-in/{northwind}.",
                ROBIN.email
            ),
        ),
        (
            "Sign out, here and there.",
            format!(
                "As Noor, sign out of the console: the session here ends, then the one at {idp}, and she is back.\n\
                 Come in once more and sign out at {idp} instead: the console's next click asks her to sign in."
            ),
        ),
        (
            "Enforce single sign-on.",
            format!(
                "Sign in as {}. As Dana, open Settings > Single Sign-On, Enforce SSO: it says beforehand who keeps access.\n\
                 Sam's window ends with his next click; his password is refused, Continue with SSO works. {} is not known\n\
                 at the identity provider: all she can do is leave, by a mailed code. Dana still comes in by password.\n\
                 The operator's way back, beside the running program:\n\
                 ORGATE_CONFIG={settings} {program} recover --organization {acme} --turn-off-enforcement",
                SAM.email, PRIYA.name
            ),
        ),
        (
            "Come in with an account of one's own.",
            format!(
                "{console}/sign-in, Continue with Google or GitHub; {idp} stands in for both. Be Lena: she is new, and the mailed\n\
                 code is at {mailbox}. Be Robin: that address has an account, and nothing is linked before the code was right."
            ),
        ),
        (
            "Sign in with a passkey.",
            format!(
                "As Dana, open {console}/account/security, Add a passkey; the code is at {mailbox}. Keep the recovery codes.\n\
                 Sign out, and choose Sign in with a passkey. Her password asks for it from now on."
            ),
        ),
        (
            "Forget a password.",
            format!("{console}/sign-in, Forgot your password?; the mail with the link is at {mailbox}."),
        ),
        (
            "Ask as a proxy asks.",
            format!(
                "TOKEN=$(curl -s {console}/api/v1/sessions -H 'Content-Type: application/json' \\\n\
                 \x20 -d '{{\"method\":\"password\",\"email\":\"{}\",\"password\":\"{}\"}}' | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')\n\
                 curl -i '{console}/check?organization={northwind}' -H \"Authorization: Bearer $TOKEN\"\n\
                 With organization={acme} the answer is 403.",
                ROBIN.email, ROBIN.password
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever follows the steps in their order can do each: a password alone gives no session to who has a passkey by then, nor
    /// to a member whose organization enforces single sign-on.
    #[test]
    fn who_asks_as_a_proxy_asks_comes_in_by_the_password_alone_after_all_other_steps() {
        let places = Places {
            console: "http://localhost:8080",
            mailbox: "http://127.0.0.1:8082",
            idp: "http://127.0.0.1:8081",
            idp_admin: "http://127.0.0.1:8081/admin",
            folder: Path::new(".demo"),
            settings: Path::new(".demo/orgate.toml"),
            program: "orgate",
            is_new: true,
        };
        let (steps, mut asked) = (tries(&places), 0);
        let of = |word: &str| -> String {
            steps.iter().filter(|(title, _)| title.contains(word)).map(|(_, step)| step.as_str()).collect()
        };
        let (passkey, enforced, call) = (of("passkey"), of("Enforce"), of("proxy"));
        for account in ACCOUNTS.iter().filter(|account| call.contains(account.email)) {
            let first = account.name.split(' ').next().unwrap();
            assert!(call.contains(account.password), "{call}");
            assert!(!passkey.contains(first) && !enforced.contains(first), "a password alone does not let {first} in");
            asked += 1;
        }
        assert_eq!(asked, 1, "{call}");
    }
}
