#!/usr/bin/env python3
"""Renders the templates with the sample contexts to target/preview in both languages, and takes pictures. The samples are the contract with the server.

usage: render.py [--shots] [name …]      needs: pip install 'minijinja<3'; --shots also chromium and fonts-noto-cjk
"""
import functools, http.server, json, pathlib, subprocess, sys, threading, tomllib

import minijinja

HERE = pathlib.Path(__file__).resolve().parent
WEB = HERE.parent.parent
OUT = WEB.parent.parent / "target/preview"
PAGES = {p.stem: json.loads(p.read_text())["template"] for p in sorted((HERE / "samples").glob("*.json")) if p.stem != "shell"}
CSP = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"


def words(lang):
    rows = tomllib.loads((WEB / "src/messages.toml").read_text())
    column = "zh" if lang == "zh-CN" else "en"

    def t(key, **args):
        text = rows[key][column]
        for name, value in args.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    return t


def localise(value, lang):
    """{"en": …, "zh": …} in a sample stands for the text in the page's language."""
    if isinstance(value, dict):
        if value.keys() == {"en", "zh"}:
            return value["zh" if lang == "zh-CN" else "en"]
        return {k: localise(v, lang) for k, v in value.items()}
    if isinstance(value, list):
        return [localise(v, lang) for v in value]
    return value


def environment(lang):
    places = (WEB / "templates", HERE)
    env = minijinja.Environment(loader=lambda name: next(((p / name).read_text() for p in places if (p / name).exists()), None))
    env.undefined_behavior, env.trim_blocks, env.lstrip_blocks = "strict", True, True
    env.add_function("t", words(lang))
    env.add_function("asset", lambda name: f"/assets/{name}?v=preview")
    env.add_function("constant", lambda name: minijinja.safe(env.render_template(name)))
    return env


def render(name, lang, theme):
    sample = json.loads((HERE / "samples" / f"{name}.json").read_text())
    shell = json.loads((HERE / "samples/shell.json").read_text())
    context = localise({**shell, **sample}, lang)
    context["shell"].update(lang=lang, theme=theme)
    return environment(lang).render_template(context.pop("template"), **context)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.split("?")[0]
        types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8", ".json": "application/json"}
        file = WEB / "assets/dist" / path[8:] if path.startswith("/assets/") else OUT / path[1:]
        if path == "/search":
            file = OUT / "search.en.light.html"
        if path.startswith("/lookup/"):
            body, kind = json.dumps([{"value": "1", "text": "Longkou Fruit", "detail": "Shandong"}]).encode(), "application/json"
        elif path.endswith("/timeline"):
            body, kind = b"", "text/html"
        elif "/field/" in path:
            body, kind = (OUT / "cell_edit.zh-CN.light.html").read_bytes(), "text/html; charset=utf-8"
        elif path == "/api/openapi.json":
            body, kind = json.dumps({"openapi": "3.1.0", "info": {"title": "Zhike", "version": "1"}, "paths": {"/api/v1/account": {"get": {"summary": "List", "responses": {"200": {"description": "ok"}}}}}}).encode(), "application/json"
        elif file.is_file():
            body, kind = file.read_bytes(), types.get(file.suffix, "application/octet-stream")
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-security-policy", CSP.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'") if "api_docs" in path else CSP)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def main():
    args = [a for a in sys.argv[1:] if not a.startswith("--")]
    OUT.mkdir(parents=True, exist_ok=True)
    names = args or PAGES
    for name in names:
        for lang in ("en", "zh-CN"):
            for theme in ("light", "dark"):
                (OUT / f"{name}.{lang}.{theme}.html").write_text(render(name, lang, theme))
    print(f"{len(names)} pages rendered to {OUT}")
    if "--serve" in sys.argv or "--shots" in sys.argv:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0 if "--shots" in sys.argv else 8099), Handler)
        threading.Thread(target=server.serve_forever, daemon="--shots" in sys.argv).start()
        address = f"http://127.0.0.1:{server.server_port}"
        print(address)
        for name in names if "--shots" in sys.argv else []:
            for lang, theme, size in (("en", "light", "1360,860"), ("zh-CN", "dark", "1360,860"), ("zh-CN", "light", "500,900")):
                shot = OUT / f"{name}.{lang}.{theme}.{size.split(',')[0]}.png"
                subprocess.run(["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--virtual-time-budget=4000", f"--window-size={size}", f"--screenshot={shot}",
                                f"{address}/{name}.{lang}.{theme}.html"], check=True, capture_output=True, timeout=60)


if __name__ == "__main__":
    main()
