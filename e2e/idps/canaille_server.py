"""Starts Canaille, a foreign identity server, on data that lives as long as the process.

The first line of standard input is one JSON document: where to listen, under which name, with which certificate, and
the people it knows.
"""

import asyncio
import datetime
import json
import secrets
import sys

from asgiref.wsgi import WsgiToAsgi
from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from hypercorn.asyncio import serve
from hypercorn.config import Config


def settings(authority):
    return {
        "SECRET_KEY": secrets.token_hex(32),
        "SERVER_NAME": authority,
        "PREFERRED_URL_SCHEME": "https",
        "CANAILLE": {
            "NAME": "Globex",
            "DATABASE": "memory",
            "JAVASCRIPT": False,
            "LANGUAGE": "en",
            "LOGGING": None,
            "SMTP": None,
        },
        "CANAILLE_OIDC": {"DYNAMIC_CLIENT_REGISTRATION_OPEN": True, "REQUIRE_NONCE": True},
    }


def add_people(people):
    for person in people:
        Backend.instance.save(
            models.User(
                user_name=person["username"],
                password=person["password"],
                formatted_name=person["name"],
                given_name=person["name"].split()[0],
                family_name=person["name"].split()[-1],
                emails=[person["email"]],
            )
        )


async def run(plan):
    app = create_app(config=settings(plan["authority"]))
    with app.app_context():
        add_people(plan["people"])
    config = Config()
    config.bind = [f"{plan['address']}:{plan['port']}"]
    config.certfile = plan["certFile"]
    config.keyfile = plan["keyFile"]
    config.loglevel = "WARNING"
    await serve(WsgiToAsgi(app), config)


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.stdin.readline())))
