// Owns calls to /api/v1 with a session token: the quick way to fill an organization.

/** Signs in with a password and gives a function `call(method, path, body)`. */
export async function openApi(orgate, { email, password }) {
  async function call(method, path, body, headers = {}) {
    const response = await fetch(`${orgate.url}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text && JSON.parse(text);
  }
  const { token } = await call('POST', '/sessions', { method: 'password', email, password });
  return (method, path, body) => call(method, path, body, { authorization: `Bearer ${token}` });
}
