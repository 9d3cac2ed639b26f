//! Owns the people of the demonstration: who has an account from the start, and who the identity provider knows.

use orgate_demo_idp::Person;

/// The name of the identity provider.
pub const IDP_NAME: &str = "Demo Identity";

/// Somebody with an account of their own.
pub struct Account {
    /// The name.
    pub name: &'static str,
    /// The address.
    pub email: &'static str,
    /// The password. Everybody knows it: the demonstration is reached from this machine only.
    pub password: &'static str,
    /// A few words about them.
    pub about: &'static str,
}

/// The Owner of Acme Robotics, who has single sign-on.
pub const DANA: Account = Account {
    name: "Dana Reyes",
    email: "dana@acme.example",
    password: "amber-orbit-violin",
    about: "Owner of Acme Robotics",
};

/// A member of Acme Robotics.
pub const SAM: Account = Account {
    name: "Sam Okafor",
    email: "sam@acme.example",
    password: "linen-comet-harvest",
    about: "Member of Acme Robotics, admin of the project Warehouse Arm",
};

/// A member of Acme Robotics whom the identity provider does not know.
pub const PRIYA: Account = Account {
    name: "Priya Nair",
    email: "priya@acme.example",
    password: "maple-signal-quartz",
    about: "Member of Acme Robotics, in no project",
};

/// The Owner of Northwind, who has no single sign-on yet.
pub const ROBIN: Account = Account {
    name: "Robin Vale",
    email: "robin@northwind.example",
    password: "cobalt-meadow-lantern",
    about: "Owner of Northwind, which has no single sign-on yet",
};

/// Everybody with an account.
pub const ACCOUNTS: [&Account; 4] = [&DANA, &SAM, &PRIYA, &ROBIN];

/// The organization with single sign-on.
pub const ACME: (&str, &str) = ("Acme Robotics", "acme");
/// Its projects; Sam is in the first.
pub const ACME_PROJECTS: [&str; 2] = ["Warehouse Arm", "Fleet Dashboard"];
/// The organization without.
pub const NORTHWIND: (&str, &str) = ("Northwind", "northwind");
/// Its project.
pub const NORTHWIND_PROJECT: &str = "Harbour Study";

/// The subject of Dana at the identity provider.
pub const DANA_SUBJECT: &str = "00udana";
/// The subjects that are assigned to Acme's application.
pub const ASSIGNED: [&str; 3] = [DANA_SUBJECT, "00usam", "00unoor"];

/// Everybody whom the identity provider knows.
pub fn idp_people() -> Vec<Person> {
    vec![
        person("noor", ("Noor", "Haddad"), "acme", "New at Acme: no account in Orgate yet"),
        person("sam", ("Sam", "Okafor"), "acme", "Acme: a member already, by password"),
        person("dana", ("Dana", "Reyes"), "acme", "Acme: the Owner"),
        person("uma", ("Uma", "Petit"), "acme", "Acme: not assigned to its application"),
        person("robin", ("Robin", "Vale"), "northwind", "Northwind: the Owner"),
        person("lena", ("Lena", "Brandt"), "northwind", "New at Northwind: no account in Orgate yet"),
    ]
}

fn person(short: &str, (given_name, family_name): (&str, &str), company: &str, about: &str) -> Person {
    Person {
        subject: format!("00u{short}"),
        email: format!("{short}@{company}.example"),
        email_verified: true,
        given_name: given_name.to_owned(),
        family_name: family_name.to_owned(),
        about: about.to_owned(),
    }
}
