// The program's words in a language, out of its messages.toml, so that one journey is walked in both: say('value.top') → “Best customers” or “最有价值的客户”.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const CRATES = join(import.meta.dirname, '../crates');
const MESSAGE = /^\s*"([^"]+)"\s*=\s*\{\s*en\s*=\s*("(?:[^"\\]|\\.)*")\s*,\s*zh\s*=\s*("(?:[^"\\]|\\.)*")\s*(?:,\s*sure\s*=\s*"\w+"\s*)?\}/gm;
let messages;

function all() {
  if (messages) return messages;
  messages = new Map();
  for (const file of readdirSync(CRATES, { recursive: true })) {
    if (!file.endsWith('messages.toml') || file.includes('node_modules')) continue;
    for (const [, key, en, zh] of readFileSync(join(CRATES, file), 'utf8').matchAll(MESSAGE)) messages.set(key, { en: JSON.parse(en), zh: JSON.parse(zh) });
  }
  return messages;
}

const escaped = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * `say(key, args)`: a message with its {placeholders} filled in. `say.like(key, args)`: a pattern of it, in which what is not filled in may be
 * anything. `say.start(key)`: one of its beginning, up to the first placeholder or stop. `say.either(en, zh)`: words that stand in the code.
 */
export function speak(lang) {
  const message = (key) => {
    const found = all().get(key);
    assert.ok(found, `no message ${key} in any messages.toml`);
    return lang === 'en' ? found.en : found.zh;
  };
  const say = (key, args = {}) => message(key).replaceAll(/\{(\w+)\}/g, (whole, name) => args[name] ?? whole);
  say.lang = lang;
  say.like = (key, args = {}) => new RegExp(message(key).split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    return name ? (name in args ? escaped(args[name]) : '.+') : escaped(part);
  }).join(''));
  say.start = (key) => new RegExp(escaped(message(key).split(/[{.:：。]/)[0].trim()));
  say.either = (en, zh) => (lang === 'en' ? en : zh);
  return say;
}
