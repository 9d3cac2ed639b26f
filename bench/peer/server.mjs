// better-auth as a team would set it up beside its product: SQLite, the organization and the SSO plugin, nothing cached.
//
//   node server.mjs FILE ORGANIZATIONS USERS SESSIONS [ISSUER CLIENT_ID CLIENT_SECRET]
//
// With an issuer, the provider "measured" of the first organization is there too, laid out as Okta's.
// Fills FILE unless it is filled, lets its sessions begin now, prints its address, then a line "COOKIE" for each of up to 100,000 sessions and an empty line,
// and serves until it is killed.
import { once } from "node:events";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { organization } from "better-auth/plugins";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { betterAuth } from "better-auth";
import { sso } from "@better-auth/sso";
import Database from "better-sqlite3";

const SECRET = "kJ3v9QmWz0RpT7uXeLc2NfYbHs8DgAi5oV1tEq6M";
const MOST_TICKETS = 100_000;
const AT_ONCE = 5_000;

const [file, ...more] = process.argv.slice(2);
const [organizations, users, sessions] = more.slice(0, 3).map(Number);
const [issuer, clientId, clientSecret] = more.slice(3);

const database = new Database(file);
database.pragma("journal_mode = WAL");
// The same promise as Orgate's: what was answered is on disk.
database.pragma("synchronous = FULL");
const server = createServer();
server.listen(0, "127.0.0.1");
await once(server, "listening");
const address = `127.0.0.1:${server.address().port}`;
const auth = betterAuth({
    baseURL: `http://${address}`,
    secret: SECRET,
    database,
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { level: "error" },
    trustedOrigins: issuer ? [issuer] : [],
    plugins: [organization(), sso()],
});
await (await getMigrations(auth.options)).runMigrations();
fill();
if (issuer) connect();
const context = await auth.$context;
console.log(address);
for (const { token } of database.prepare(`select token from session limit ${MOST_TICKETS}`).all()) {
    console.log(`${context.authCookies.sessionToken.name}=${encodeURIComponent(`${token}.${signature(token)}`)}`);
}
console.log("");
server.on("request", toNodeHandler(auth));

// Rows as better-auth writes them; through its own functions a million would take hours. A whole file of an earlier run is kept.
function fill() {
    const scale = [organizations, users, sessions].join("/");
    database.exec("create table if not exists filled (scale text not null)");
    const filled = database.prepare("select scale from filled").get();
    if (filled?.scale === scale) return renew();
    // Organizations are written first.
    const { rows } = database.prepare("select count(*) as rows from organization").get();
    if (filled || rows > 0) throw new Error(`${file} is filled otherwise or in part: remove it`);
    const { moment, end } = lifetime();
    const insert = (table, columns) =>
        database.prepare(`insert into "${table}" (${columns.map((name) => `"${name}"`)}) values (${columns.map(() => "?")})`);
    const anOrganization = insert("organization", ["id", "name", "slug", "createdAt"]);
    const aUser = insert("user", ["id", "name", "email", "emailVerified", "createdAt", "updatedAt"]);
    const aMember = insert("member", ["id", "organizationId", "userId", "role", "createdAt"]);
    const aSession = insert("session", [
        "id", "expiresAt", "token", "createdAt", "updatedAt", "ipAddress", "userAgent", "userId", "activeOrganizationId",
    ]);
    inTurns(organizations, (n) => anOrganization.run(id("o", n), `Organization ${n}`, `organization-${n}`, moment));
    inTurns(users, (n) => {
        aUser.run(id("u", n), `Person ${n}`, `person.${n}@example.com`, 1, moment, moment);
        aMember.run(id("m", n), id("o", n % organizations), id("u", n), n < organizations ? "owner" : "member", moment);
    });
    inTurns(sessions, (n) => {
        const user = n % users;
        aSession.run(
            id("s", n), end, id("t", n), moment, moment, "203.0.113.7", "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0",
            id("u", user), id("o", user % organizations),
        );
    });
    // Last of all: a run that was interrupted left none.
    database.prepare("insert into filled (scale) values (?)").run(scale);
}

// As if everybody had just signed in. A session that is a day old is prolonged at its next use, so a file of yesterday would be
// written to at each question of a measurement that only reads.
function renew() {
    const { moment, end } = lifetime();
    database.prepare("update session set expiresAt = ?, updatedAt = ?").run(end, moment);
    // What that wrote is in the file before anything is measured.
    database.pragma("wal_checkpoint(TRUNCATE)");
}

function lifetime() {
    const now = new Date();
    return { moment: now.toISOString(), end: new Date(now.getTime() + 7 * 24 * 3600 * 1000).toISOString() };
}

// An organization's provider as its registration writes it, with every address known: nothing has to be discovered.
function connect() {
    const oidc = {
        issuer, clientId, clientSecret, pkce: true,
        tokenEndpointAuthentication: "client_secret_basic",
        discoveryEndpoint: `${issuer}/.well-known/openid-configuration`,
        authorizationEndpoint: `${issuer}/oauth2/v1/authorize`,
        tokenEndpoint: `${issuer}/oauth2/v1/token`,
        jwksEndpoint: `${issuer}/oauth2/v1/keys`,
        userInfoEndpoint: `${issuer}/oauth2/v1/userinfo`,
    };
    database.prepare("delete from ssoProvider").run();
    database
        .prepare(
            "insert into ssoProvider (id, issuer, oidcConfig, userId, providerId, organizationId, domain) values (?, ?, ?, ?, ?, ?, ?)",
        )
        .run(id("p", 0), issuer, JSON.stringify(oidc), id("u", 0), "measured", id("o", 0), "idp.example.com");
}

function inTurns(count, write) {
    for (let first = 0; first < count; first += AT_ONCE) {
        database.transaction(() => {
            for (let n = first; n < Math.min(count, first + AT_ONCE); n++) write(n);
        })();
    }
}

// 32 letters, as its own ids are, and in no order.
function id(kind, number) {
    return createHmac("sha256", kind).update(String(number)).digest("base64url").replaceAll(/[-_]/g, "x").slice(0, 32);
}

function signature(token) {
    return createHmac("sha256", SECRET).update(token).digest("base64");
}
