//! Owns the model: what the rules say in their own sentences, slow and plain, about one person and three organizations.
//! It shares no line with the policy that it checks.

/// How many organizations there are at most.
pub const ORGANIZATIONS: usize = 3;

/// What a person is in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Absent,
    Member,
    Owner,
}

/// An organization, seen by the one person. Its connection is the number of the activation that is in force: a proof
/// made under another number is from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Organization {
    pub role: Role,
    pub enforced: bool,
    pub owner_exemption: bool,
    pub owner_second_factor: bool,
    pub mfa_required: bool,
    pub connection: Option<u8>,
    /// It has proven the domain of the address that is stored on the person.
    pub has_domain: bool,
}

/// Somewhere the person is not.
pub const ELSEWHERE: Organization = Organization {
    role: Role::Absent,
    enforced: false,
    owner_exemption: true,
    owner_second_factor: false,
    mfa_required: false,
    connection: None,
    has_domain: false,
};

/// The person and the organizations. Who has no proven address has one that names them in one organization only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct World {
    pub organizations: [Organization; ORGANIZATIONS],
    pub has_second_factor: bool,
    pub has_proven_address: bool,
}

/// What was shown: something of the person's own, a mailed code, a second factor, and for each organization the activation under which its IdP was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Shown {
    pub password: bool,
    pub code: bool,
    pub factor: bool,
    pub sso: [Option<u8>; ORGANIZATIONS],
}

/// What the person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    Opens,
    NothingShown,
    SsoRequiredBy([bool; ORGANIZATIONS]),
    NotAMember,
    ShowSso,
    ShowMore,
    ShowSecondFactor,
}

impl World {
    /// Section 6: the organizations that the person is a member of and that enforce SSO.
    pub fn enforcing(&self) -> [bool; ORGANIZATIONS] {
        self.organizations.map(|organization| organization.role != Role::Absent && organization.enforced)
    }

    /// R-ENF-1: it allows owner exemption and, with the switch of R-ENF-8 on, the Owner has a second factor.
    fn exempts(&self, organization: Organization) -> bool {
        if organization.role != Role::Owner || !organization.owner_exemption {
            return false;
        }
        if organization.owner_second_factor { self.has_second_factor } else { true }
    }

    /// R-ENF-1: Owner of every enforcing organization, and each exempts them. With none enforcing, any method is allowed.
    pub fn is_exempt(&self) -> bool {
        for (organization, enforces) in self.organizations.iter().zip(self.enforcing()) {
            if enforces && !self.exempts(*organization) {
                return false;
            }
        }
        true
    }

    /// R-ENF-5: exempt, with an own password or passkey; a password serves a proven address only.
    pub fn is_way_back(&self, number: usize, has_own_credential: bool) -> bool {
        let organization = &self.organizations[number];
        organization.role == Role::Owner
            && self.exempts(*organization)
            && self.is_exempt()
            && has_own_credential
            && self.has_proven_address
    }

    /// R-SSO-7, R-ORG-6: an SSO proof counts while the activation it was made under is in force and the person belongs.
    fn counts(&self, number: usize, shown: Shown) -> bool {
        let organization = &self.organizations[number];
        match (shown.sso[number], organization.connection) {
            (Some(made), Some(in_force)) => organization.role != Role::Absent && made == in_force,
            (None, _) | (_, None) => false,
        }
    }

    fn any_sso_counts(&self, shown: Shown) -> bool {
        (0..ORGANIZATIONS).any(|number| self.counts(number, shown))
    }

    /// R-LNK-6: for others a proof counts only if the connection's organization has proven the domain of the address that
    /// is stored and proven on the person.
    fn reaches_everywhere(&self, shown: Shown) -> bool {
        let by = |number: usize| self.organizations[number].has_domain && self.counts(number, shown);
        self.has_proven_address && (0..ORGANIZATIONS).any(by)
    }

    /// The first gate. R-ENF-4: a non-exempt person gets and keeps a session only while it carries an SSO proof by an
    /// active connection of an organization they belong to. R-LNK-6: a code serves only on top of an SSO proof.
    pub fn session(&self, shown: Shown) -> Answer {
        if self.any_sso_counts(shown) {
            return Answer::Opens;
        }
        if self.is_exempt() {
            return if shown.password { Answer::Opens } else { Answer::NothingShown };
        }
        if shown.password || shown.code || shown.factor {
            Answer::SsoRequiredBy(self.enforcing())
        } else {
            Answer::NothingShown
        }
    }

    /// R-IN-4, R-ENF-8: a second factor that the person has is asked for when they sign in without SSO.
    pub fn entry(&self, shown: Shown) -> Answer {
        let gate = self.session(shown);
        if gate == Answer::Opens && self.has_second_factor && !self.any_sso_counts(shown) && !shown.factor {
            return Answer::ShowSecondFactor;
        }
        gate
    }

    /// What is left to show when a first factor opens something: a factor that a person does not have, they cannot show.
    fn after_first_factor(&self, is_asked: bool, shown: Shown) -> Answer {
        let showed_it = self.has_second_factor && shown.factor;
        if is_asked && !showed_it { Answer::ShowSecondFactor } else { Answer::Opens }
    }

    /// The second gate. R-ENF-4: an enforcing organization opens to its own connection's proof or, for an Owner it
    /// exempts, to a personal proof. R-LNK-6: the others open to a personal proof, their own SSO, SSO that reaches
    /// everywhere, or any SSO and a code mailed to the proven address;
    /// R-IN-4: and all but the own SSO to a second factor if the person has one or the organization requires one.
    pub fn organization(&self, number: usize, shown: Shown) -> Answer {
        self.organization_after_cut(number, shown, shown)
    }

    /// R-IN-7: an Owner made what was shown until now no longer open this organization; `since` is what was shown later.
    /// It ends no session.
    pub fn organization_after_cut(&self, number: usize, shown: Shown, since: Shown) -> Answer {
        let gate = self.session(shown);
        if gate != Answer::Opens {
            return gate;
        }
        let organization = &self.organizations[number];
        if organization.role == Role::Absent {
            return Answer::NotAMember;
        }
        if self.counts(number, since) {
            return Answer::Opens;
        }
        let by_mail = self.has_proven_address && self.any_sso_counts(since) && since.code;
        if organization.enforced {
            if !since.password || !self.exempts(*organization) {
                return Answer::ShowSso;
            }
        } else if !since.password && !by_mail && !self.reaches_everywhere(since) {
            return Answer::ShowMore;
        }
        self.after_first_factor(self.has_second_factor || organization.mfa_required, since)
    }

    /// R-IN-9: the account opens to a personal proof, an SSO proof that reaches everywhere, or an SSO proof and a code mailed
    /// to the proven address; and to the second factor if the person has one.
    pub fn account(&self, shown: Shown) -> Answer {
        let gate = self.session(shown);
        if gate != Answer::Opens {
            return gate;
        }
        let by_mail = self.has_proven_address && self.any_sso_counts(shown) && shown.code;
        if !shown.password && !by_mail && !self.reaches_everywhere(shown) {
            return Answer::ShowMore;
        }
        self.after_first_factor(self.has_second_factor, shown)
    }
}
