//! Owns the switches of both forms: how they travel, what each is called and brings.

use orgate_app::enforcement::{EnforcementView, WishForm};
use serde::Deserialize;

use crate::console::lists::address;
use crate::pages::Switch;

/// How Owners are treated, and what the way back in is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switches {
    /// "Allow Organization Owners to sign in without SSO".
    pub owner_exemption: bool,
    /// Only Owners with a second factor may.
    pub owner_second_factor: bool,
    /// The operator's recovery command is way back enough.
    pub accept_operator_recovery: bool,
}

/// What both forms send. A switch that is off is not sent.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    owner_exemption: bool,
    #[serde(default)]
    owner_second_factor: bool,
    #[serde(default)]
    accept_operator_recovery: bool,
    /// The switches that the numbers on the page were for.
    #[serde(default)]
    pub forecast: String,
    /// The short name.
    #[serde(default)]
    pub confirmation: String,
    /// `trial` or `enable`.
    #[serde(default)]
    pub mode: String,
}

impl Typed {
    /// The switches.
    pub fn switches(&self) -> Switches {
        Switches {
            owner_exemption: self.owner_exemption,
            owner_second_factor: self.owner_second_factor,
            accept_operator_recovery: self.accept_operator_recovery,
        }
    }
}

/// The same in an address, where what is left out stays as it is.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct WantedSwitches {
    owner_exemption: Option<bool>,
    owner_second_factor: Option<bool>,
    accept_operator_recovery: Option<bool>,
}

impl WantedSwitches {
    /// The wanted ones, and the others as they are in `otherwise`.
    pub fn or(self, otherwise: Switches) -> Switches {
        Switches {
            owner_exemption: self.owner_exemption.unwrap_or(otherwise.owner_exemption),
            owner_second_factor: self.owner_second_factor.unwrap_or(otherwise.owner_second_factor),
            accept_operator_recovery: self.accept_operator_recovery.unwrap_or(otherwise.accept_operator_recovery),
        }
    }
}

impl Switches {
    /// What the form begins with the first time. *Source*: `api.md`.
    pub const FIRST: Self = Self { owner_exemption: true, owner_second_factor: false, accept_operator_recovery: false };

    /// The ones in force.
    pub fn stored(view: &EnforcementView) -> Self {
        Self {
            owner_exemption: view.owner_exemption,
            owner_second_factor: view.owner_second_factor,
            accept_operator_recovery: view.accept_operator_recovery,
        }
    }

    /// The wish to enforce with these.
    pub fn wish(self) -> WishForm {
        WishForm {
            enabled: true,
            owner_exemption: Some(self.owner_exemption),
            owner_second_factor: Some(self.owner_second_factor),
            accept_operator_recovery: Some(self.accept_operator_recovery),
            confirm: true,
            ..WishForm::default()
        }
    }

    /// Names what the forecast depends on, so that nobody confirms numbers that are not theirs.
    pub const fn forecast_for(self) -> &'static str {
        match (self.owner_exemption, self.owner_second_factor) {
            (true, false) => "owners-exempt",
            (true, true) => "owners-with-second-factor-exempt",
            (false, _) => "nobody-exempt",
        }
    }

    /// The page with these switches.
    pub fn address(self, page: &str) -> String {
        let word = |on: bool| if on { "true" } else { "false" };
        let fields = [
            ("owner_exemption", word(self.owner_exemption)),
            ("owner_second_factor", word(self.owner_second_factor)),
            ("accept_operator_recovery", word(self.accept_operator_recovery)),
        ];
        address(page, &fields, None)
    }

    /// How Owners are treated. Who has no second factor may give the rule up, but not ask it of others.
    pub fn of_owners(self, provider: &str, has_second_factor: bool) -> Vec<Switch> {
        let may_ask = has_second_factor || self.owner_second_factor;
        let exemption = Switch {
            name: "owner_exemption".to_owned(),
            label: "Allow Organization Owners to sign in without SSO".to_owned(),
            consequence: format!(
                "Keeps a door open if {provider} is down. Each use is recorded and mailed to the other Owners."
            ),
            on: self.owner_exemption,
            locked: None,
        };
        let second_factor = Switch {
            name: "owner_second_factor".to_owned(),
            label: "Only Owners with a second factor".to_owned(),
            consequence: "Owners without one use SSO like everybody else.".to_owned(),
            on: self.owner_second_factor,
            locked: (!may_ask).then(|| "You have none yourself, so you cannot ask it of the others.".to_owned()),
        };
        vec![exemption, second_factor]
    }

    /// The other way back in.
    pub fn of_recovery(self, provider: &str, product: &str) -> Switch {
        Switch {
            name: "accept_operator_recovery".to_owned(),
            label: format!("Whoever runs {product} may be our only way back in"),
            consequence: format!(
                "Needed when no Owner who has a password may sign in without SSO: if {provider} is down then, nobody \
                 here can come in until whoever runs {product} lets an Owner in by hand."
            ),
            on: self.accept_operator_recovery,
            locked: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forecast_depends_on_who_is_exempt_and_on_nothing_else() {
        let all = [false, true];
        let key = |owner_exemption, owner_second_factor, accept_operator_recovery| {
            Switches { owner_exemption, owner_second_factor, accept_operator_recovery }.forecast_for()
        };
        for recovery in all {
            assert_eq!(
                key(false, true, recovery),
                key(false, false, false),
                "with nobody exempt there is nobody to ask"
            );
            assert_eq!(key(true, false, recovery), key(true, false, false));
            assert_ne!(key(true, true, recovery), key(true, false, recovery));
        }
    }

    #[test]
    fn switches_survive_the_way_through_an_address() {
        let switches = Switches { owner_exemption: false, owner_second_factor: true, accept_operator_recovery: true };
        let address = switches.address("/x");
        assert!(orgate_core::return_to::ReturnTo::parse(&address).is_some(), "{address}");
        let query = address.split_once('?').unwrap().1;
        let wanted: WantedSwitches = serde_urlencoded::from_str(query).unwrap();
        assert_eq!(wanted.or(Switches::FIRST), switches);
        assert_eq!(WantedSwitches::default().or(Switches::FIRST), Switches::FIRST);
    }

    #[test]
    fn r_enf_8_who_has_no_second_factor_cannot_ask_it_but_can_give_the_rule_up() {
        let locked = |on: bool, has: bool| {
            let switches = Switches { owner_second_factor: on, ..Switches::FIRST };
            switches.of_owners("Okta", has).pop().and_then(|switch| switch.locked).is_some()
        };
        assert_eq!([locked(false, false), locked(false, true), locked(true, false)], [true, false, false]);
    }
}
