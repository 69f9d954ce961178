// The program under test: started on a free port with an empty data folder, stopped and swept away afterwards.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const START_LIMIT_MS = 120_000;

function binary() {
  const path = resolve(process.env.ZHIKE_BINARY ?? join(import.meta.dirname, '../target/debug/zhike'));
  if (!existsSync(path)) throw new Error(`${path} is missing: run cargo build, or set ZHIKE_BINARY`);
  return path;
}

async function freePort() {
  return new Promise((done, failed) => {
    const server = createServer().on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Starts `zhike demo`; the login is what it prints. */
export async function startDemo(extra = []) {
  const folder = await mkdtemp(join(tmpdir(), 'zhike-browser-'));
  const port = await freePort();
  const process_ = spawn(binary(), ['demo', '--data', join(folder, 'data'), '--listen', `127.0.0.1:${port}`, ...extra], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [process_.stdout, process_.stderr]) stream.on('data', (chunk) => { output += chunk; });
  let ended = false;
  process_.on('exit', () => { ended = true; });

  const stop = async () => {
    if (!ended) {
      process_.kill('SIGTERM');
      for (let waited = 0; !ended && waited < 5_000; waited += 100) await pause(100);
      if (!ended) process_.kill('SIGKILL');
    }
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  for (const began = Date.now(); Date.now() - began < START_LIMIT_MS; await pause(200)) {
    if (ended) break;
    const answer = await fetch(`${url}/sign-in`).catch(() => null);
    if (answer?.ok) {
      return { url, folder, stop, output: () => output, login: loginIn(output) };
    }
  }
  await stop();
  throw new Error(`zhike demo did not start:\n${output.slice(-4_000)}`);
}

/** The e-mail address and the password that `zhike demo` prints. */
function loginIn(output) {
  const plain = output.replaceAll(/\u001b\[[0-9;]*m/g, '');
  const email = /[\w.+-]+@[\w.-]+\w/.exec(plain)?.[0];
  const password = /password\s*[:=]?\s*(\S+)/i.exec(plain)?.[1];
  if (!email || !password) throw new Error(`zhike demo printed no login:\n${plain}`);
  return { email, password };
}
