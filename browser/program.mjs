// The program under test: started on a free port with a data folder of its own, stopped and swept away afterwards.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const START_LIMIT_MS = 180_000;

function binary() {
  const path = resolve(process.env.ZHIKE_BINARY ?? join(import.meta.dirname, '../target/debug/zhike'));
  if (!existsSync(path)) throw new Error(`${path} is missing: run cargo build, or set ZHIKE_BINARY`);
  return path;
}

export async function freePort() {
  return new Promise((done, failed) => {
    const server = createServer().on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

const dataFolder = () => mkdtemp(join(tmpdir(), 'zhike-browser-'));

/** `zhike demo`: a made-up company; the login is what it prints. */
export async function startDemo() {
  const folder = await dataFolder();
  const running = await start(folder, 'demo');
  return { ...running, login: loginIn(running.output()) };
}

/** `zhike serve` on an empty folder with one administrator: a company on its first day. `env(url)`: its settings. */
export async function startEmpty(env = () => ({})) {
  const folder = await dataFolder();
  const login = { email: 'first@example.com', password: 'a long enough password' };
  const created = spawnSync(
    binary(),
    ['user', 'create', '--name', 'First User', '--email', login.email, '--role', 'administrator', '--password-stdin',
      '--language', 'en', '--data', join(folder, 'data')],
    { input: `${login.password}\n`, encoding: 'utf8' },
  );
  if (created.status !== 0) throw new Error(`zhike user create: ${created.stderr}`);
  return { ...(await start(folder, 'serve', env)), login };
}

/** `zhike serve` for several companies by path, each with an administrator. */
export async function startHosted(names) {
  const folder = await dataFolder();
  const logins = {};
  for (const name of names) {
    logins[name] = { email: `admin@${name}.example`, password: `a quiet ${name} in spring` };
    const created = spawnSync(
      binary(),
      ['company', 'create', name, '--admin-name', name, '--admin-email', logins[name].email, '--password-stdin', '--data', join(folder, 'data')],
      { input: `${logins[name].password}\n`, encoding: 'utf8' },
    );
    if (created.status !== 0) throw new Error(`zhike company create: ${created.stderr}`);
  }
  return { ...(await start(folder, 'serve', undefined, '/healthz')), logins };
}

async function start(folder, command, env = () => ({}), ready = '/sign-in') {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    binary(),
    [command, '--data', join(folder, 'data'), '--listen', `127.0.0.1:${port}`],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env(url) } },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk; });
  let ended = false;
  child.on('exit', () => { ended = true; });

  const stop = async () => {
    if (!ended) child.kill('SIGTERM');
    for (let waited_ms = 0; !ended && waited_ms < 8_000; waited_ms += 100) await pause(100);
    if (!ended) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  for (const began = Date.now(); !ended && Date.now() - began < START_LIMIT_MS; await pause(200)) {
    const answer = await fetch(url + ready).catch(() => null);
    if (answer?.ok) return { url, folder, stop, output: () => output };
  }
  await stop();
  throw new Error(`zhike ${command} did not start:\n${output.slice(-4_000)}`);
}

/** The e-mail address and the password that `zhike demo` prints. */
function loginIn(output) {
  const plain = output.replaceAll(/\u001b\[[0-9;]*m/g, '');
  const email = /[\w.+-]+@[\w.-]+\w/.exec(plain)?.[0];
  const password = /(?:password|密码)\s*[:：=]?\s*(\S+)/i.exec(plain)?.[1];
  if (!email || !password) throw new Error(`zhike demo printed no login:\n${plain}`);
  return { email, password };
}
