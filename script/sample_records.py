"""Signs in as a user does, makes an API token and a few records; prints the token. Part of script/with-server."""

import http.cookiejar
import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request

URL = os.environ["ZHIKE_URL"]
browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))


def page(path, form=None):
    data = urllib.parse.urlencode(form).encode() if form else None
    return browser.open(URL + path, data).read().decode()


def form_token(text):
    return re.search(r'name="csrf" value="([^"]+)"', text)[1]


def token():
    sign_in = {"csrf": form_token(page("/sign-in")), "email": "api@example.com", "password": os.environ["ZHIKE_PASSWORD"]}
    page("/sign-in", sign_in)
    made = page("/profile/tokens", {"csrf": form_token(page("/profile")), "name": "script", "days": ""})
    return re.search(r"zk_[\w-]+", made)[0]


def ask(path, body):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{URL}/api/v1/{path}", json.dumps(body).encode(), headers)
    return json.load(urllib.request.urlopen(request))


def create(path, body):
    return ask(path, body)["id"]


TOKEN = token()
category = create("product_category", {"name": "水果"})
products = [
    create("product", {"code": f"P{n}", "name": name, "price": "3.5", "cost": "2", "currency": "CNY", "category": category})
    for n, name in enumerate(["苹果", "Pear", "Plum"])
]
for n, (name, kind) in enumerate([("龙口果业", "company"), ("Hawthorne", "company"), ("李梅", "person")]):
    account = create("account", {"name": name, "kind": kind, "city": "青岛", "external_ids": {"erp": f"47{n}"}})
    create("contact", {"name": f"Contact {n}", "account": account, "email": f"c{n}@example.com"})
    create("activity", {"kind": "call", "subject": "First call", "account": account, "happened_at": "2026-01-02T03:04:05Z"})
    lines = [{"product": product, "quantity": n + 1, "unit_price": "3.5"} for product in products]
    create("order", {"account": account, "ordered_at": f"2026-01-0{n + 1}T08:00:00Z", "lines": lines})
# Questions of analysis have an answer once the warehouse is filled, which begins with the server.
for _ in range(100):
    try:
        ask("analysis/question", {"measures": ["orders"]})
        break
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        time.sleep(0.2)
print(TOKEN)
