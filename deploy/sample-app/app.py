#!/usr/bin/env python3
"""A product behind a proxy that asks Orgate. It shows who is signed in, by the headers that the proxy writes.

It needs Python 3.9 or newer and nothing else:

    python3 app.py [ADDRESS:PORT]      (by default 127.0.0.1:9000)

It believes these headers, so nobody but the proxy may reach it: it listens on loopback alone unless told otherwise.
/app/<organization>/ is its page, /app/<organization>/request says what reached it.
"""

import html
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

NAMES = ("X-Orgate-User", "X-Orgate-Email", "X-Orgate-Organization", "X-Orgate-Role")

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sample product</title>
<h1>Sample product of {place}</h1>
<dl>
<dt>Person</dt><dd>{user}</dd>
<dt>Address</dt><dd>{email}</dd>
<dt>Organization</dt><dd>{organization}</dd>
<dt>Role</dt><dd>{role}</dd>
</dl>
<p><a href="/organizations/{place}">Organization</a> <a href="/account">Account</a></p>
<form method="post" action="/sign-out"><button>Sign out</button></form>
</html>
"""


def signed_in(headers):
    """Who asks, or None when the proxy did not say it: then it is not in front, or does not ask Orgate."""
    values = [headers.get_all(name, []) for name in NAMES]
    if any(len(value) != 1 or not value[0] for value in values):
        return None
    user, email, organization, role = (value[0] for value in values)
    # Orgate percent-encodes what is not visible ASCII.
    return {"user": user, "email": unquote(email), "organization": organization, "role": role}


class Product(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        person = signed_in(self.headers)
        path = urlsplit(self.path).path
        place = re.fullmatch(r"/app/([a-z0-9-]+)/(.*)", path)
        if person is None:
            self.answer(500, "text/plain", "No proxy said who this is.\n")
        elif place is None:
            self.answer(404, "text/plain", "There is nothing here.\n")
        elif place[2] == "request":
            seen = {"path": self.path, "headers": [[name.lower(), value] for name, value in self.headers.items()]}
            self.answer(200, "application/json", json.dumps(seen))
        else:
            shown = {name: html.escape(value) for name, value in person.items()}
            self.answer(200, "text/html", PAGE.format(place=html.escape(place[1]), **shown))

    def answer(self, status, kind, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def main():
    address, port = (sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9000").rsplit(":", 1)
    ThreadingHTTPServer((address, int(port)), Product).serve_forever()


if __name__ == "__main__":
    main()
