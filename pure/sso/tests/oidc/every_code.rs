//! No refusal without a test: every code is named in one of these files.

use std::collections::BTreeSet;

use orgate_sso::refusal::SsoRefusalCode;

const TESTS: &[&str] = &[
    include_str!("begin.rs"),
    include_str!("callback.rs"),
    include_str!("checks.rs"),
    include_str!("id_token.rs"),
    include_str!("keys.rs"),
    include_str!("log_out_token.rs"),
    include_str!("metadata.rs"),
    include_str!("pushed.rs"),
    include_str!("times.rs"),
    include_str!("token_response.rs"),
    include_str!("userinfo.rs"),
    include_str!("../personal/github.rs"),
];

#[test]
fn every_refusal_code_is_named_by_a_test() {
    let word = |text: &'static str| text.split(|c: char| !c.is_alphanumeric()).next();
    let named: BTreeSet<_> = TESTS.iter().flat_map(|text| text.split("Code::").skip(1).filter_map(word)).collect();
    let missing: Vec<_> = SsoRefusalCode::ALL
        .iter()
        .map(|code| format!("{code:?}"))
        .filter(|code| !named.contains(code.as_str()))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}
