// Passkeys: asks the browser for one and sends its answer with the form that it belongs to. A form says in
// `data-challenge` where its challenge is drawn, and in `data-passkey` whether a passkey is made or used. What an answer is
// worth is decided by the server alone.
"use strict";

const CHALLENGE_SECONDS = 240;

function toBytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

function toText(buffer) {
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function withBytes(options) {
  const described = (list) => (list ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));
  const read = { ...options, challenge: toBytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: toBytes(options.user.id) };
  if (options.excludeCredentials) read.excludeCredentials = described(options.excludeCredentials);
  if (options.allowCredentials) read.allowCredentials = described(options.allowCredentials);
  return read;
}

function asJson(credential) {
  const said = credential.response;
  const response = { clientDataJSON: toText(said.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (said[name]) response[name] = toText(said[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: toText(credential.rawId), type: credential.type, response });
}

function say(form, text) {
  const problem = form.querySelector("[data-passkey-problem]");
  problem.querySelector("span").textContent = text;
  problem.hidden = !text;
}

// What a person can do about it; nothing for who changed their mind.
function words(error) {
  switch (error.name) {
    case "NotAllowedError":
    case "AbortError":
      return "";
    case "InvalidStateError":
      return "There is a passkey for this account on that device already. Choose another device.";
    case "Wait":
      return "Too many tries from here. Wait a few minutes, or use another way.";
    case "Elsewhere":
      return "Passkeys cannot be used here. Open this service at its own address, or use another way.";
    case "Refused":
      return "That did not work. Reload the page and try again.";
    default:
      return "This browser could not use a passkey. Use another way, or another browser.";
  }
}

function refusal(status) {
  const error = new Error("no challenge");
  error.name = { 403: "Elsewhere", 429: "Wait" }[status] ?? "Refused";
  return error;
}

async function draw(form) {
  const answer = await fetch(form.dataset.challenge, { method: "POST", redirect: "manual" }).catch(() => null);
  if (answer?.ok) return answer.json();
  // The server wants something else first, a fresh proof for instance: the page itself is led there.
  if (answer?.type === "opaqueredirect") location.reload();
  throw refusal(answer?.status);
}

// One question to the browser at a time: one that offers passkeys in a field ends when a button is pressed.
let waiting = new AbortController();
let renewal;

async function ask(form, drawn, mediation) {
  waiting.abort();
  waiting = new AbortController();
  const question = { publicKey: withBytes(drawn.options), signal: waiting.signal };
  if (mediation) question.mediation = mediation;
  const makes = form.dataset.passkey === "create";
  const credential = await (makes ? navigator.credentials.create(question) : navigator.credentials.get(question));
  form.elements.ceremony_id.value = drawn.ceremony_id;
  form.elements.credential.value = asJson(credential);
  form.submit();
}

async function press(form, button) {
  button.disabled = true;
  clearTimeout(renewal);
  say(form, "");
  try {
    await ask(form, await draw(form));
  } catch (error) {
    say(form, words(error));
    button.disabled = false;
    offer(form);
  }
}

// Passkeys among what the browser fills into the field of the address; drawn anew before a challenge is too old.
async function offer(form) {
  if (!("autofill" in form.dataset)) return;
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  try {
    const drawn = await draw(form);
    renewal = setTimeout(() => offerOnceSeen(form), CHALLENGE_SECONDS * 1000);
    await ask(form, drawn, "conditional");
  } catch {
    // Nobody asked for it, so nobody is told: the button is there.
  }
}

// A tab that nobody looks at draws nothing.
function offerOnceSeen(form) {
  if (document.visibilityState === "visible") offer(form);
  else document.addEventListener("visibilitychange", () => offerOnceSeen(form), { once: true });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button[type=submit]");
  if (window.PublicKeyCredential) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      press(form, button);
    });
    offer(form);
  } else if (!form.hidden) {
    button.disabled = true;
    say(form, "This browser knows no passkeys. Use another way, or another browser.");
  }
}
