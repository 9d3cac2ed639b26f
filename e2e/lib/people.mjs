// Owns the people of the identity providers: the same cast at each.

const CAST = [
  { username: 'rosa', name: 'Rosa Owner', assigned: true },
  { username: 'nils', name: 'Nils Newcomer', assigned: true },
  { username: 'mira', name: 'Mira Member', assigned: true },
  { username: 'tove', name: 'Tove Tile', assigned: true },
  { username: 'udo', name: 'Udo Unassigned', assigned: false },
  { username: 'olga', name: 'Olga Enforcer', assigned: true },
  { username: 'vera', name: 'Vera Bound', assigned: true },
  { username: 'tara', name: 'Tara Trial', assigned: true },
];

/** The people of one identity provider, by user name; their addresses end in `domain`. */
export function cast(domain) {
  return Object.fromEntries(CAST.map((person, index) => {
    const email = `${person.username}@${domain}`;
    const [given, family] = person.name.split(' ');
    return [person.username, {
      ...person,
      email,
      sub: `00u${index}${person.username}`,
      password: `${person.username} sleeps under the oak`,
      claims: {
        email, email_verified: true, name: person.name, given_name: given, family_name: family, preferred_username: email,
      },
    }];
  }));
}
