// Owns the people of the identity providers: the same cast at each organization's, others with accounts of their own.

import { githubPerson } from '../idps/github.mjs';
import { googlePerson } from '../idps/google.mjs';

const CAST = [
  { username: 'rosa', name: 'Rosa Owner', assigned: true },
  { username: 'nils', name: 'Nils Newcomer', assigned: true },
  { username: 'mira', name: 'Mira Member', assigned: true },
  { username: 'tove', name: 'Tove Tile', assigned: true },
  { username: 'udo', name: 'Udo Unassigned', assigned: false },
  { username: 'olga', name: 'Olga Enforcer', assigned: true },
  { username: 'vera', name: 'Vera Bound', assigned: true },
  { username: 'tara', name: 'Tara Trial', assigned: true },
  { username: 'mona', name: 'Mona Mistaken', assigned: true },
  { username: 'hans', name: 'Hans Hurried', assigned: true },
  { username: 'lars', name: 'Lars Leaver', assigned: true },
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

/** People with a Google account, at any address; `hd` for the one whose company runs its mail there. */
export const googlePeople = () => [
  googlePerson({ sub: '110169484474386276331', email: 'gina@gmail.com', name: 'Gina Gmail' }),
  googlePerson({ sub: '110169484474386276332', email: 'wim@workspace.example', name: 'Wim Workspace', hd: 'workspace.example' }),
  googlePerson({ sub: '110169484474386276333', email: 'ola@elsewhere.example', name: 'Ola Elsewhere' }),
  googlePerson({ sub: '110169484474386276334', email: 'bea@gmail.com', name: 'Bea Bound' }),
];

/** People with a GitHub account. */
export const gitHubPeople = () => [
  githubPerson({ id: 1001, login: 'gina-codes', name: 'Gina Gmail', email: 'gina@gmail.com' }),
  githubPerson({
    id: 1002,
    login: 'hidden',
    emails: [{ email: '1002+hidden@users.noreply.github.com', primary: true, verified: true, visibility: null }],
  }),
  githubPerson({
    id: 1003,
    login: 'kit',
    email: 'kit@work.example',
    emails: [
      { email: 'kit@old.example', primary: false, verified: true, visibility: null },
      { email: 'kit@work.example', primary: true, verified: true, visibility: 'private' },
    ],
  }),
  githubPerson({ id: 1004, login: 'bea', name: 'Bea Bound', email: 'bea@gilded.example' }),
];
