// Single sign-on at a real OpenID Connect provider: a user is found by his verified address, somebody new becomes a user,
// an address nobody verified opens nothing, and a link of somebody else signs nobody in.
import assert from 'node:assert/strict';
import Provider from 'oidc-provider';
import { freePort, startEmpty } from './program.mjs';
import { signIn, signOut } from './steps.mjs';

const CLIENT = { id: 'zhike', secret: 'a secret of both sides, long enough' };
/** The people the provider knows; any password will do there. */
const PEOPLE = {
  first: { email: 'first@example.com', email_verified: true, name: 'First User' },
  newcomer: { email: 'newcomer@example.com', email_verified: true, name: 'New Comer' },
  thief: { email: 'first@example.com', email_verified: false, name: 'Thief' },
};

async function startProvider(port, callback) {
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [callback] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...PEOPLE[id] }) }),
    pkce: { required: () => true },
    cookies: { keys: ['only for tests'] },
  });
  const server = await new Promise((ready) => { const made = provider.listen(port, '127.0.0.1', () => ready(made)); });
  return { stop: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }) };
}

/** From our sign-in page to the provider's, where only the last click is missing. What the provider's own pages lack is not our trouble. */
async function goThere(page, person) {
  await page.route(/googleapis\.com/, (route) => route.fulfill({ contentType: 'text/css', body: '' }));
  await page.goto('/sign-in?next=/profile');
  await page.getByRole('link', { name: 'Sign in with Example Login' }).click();
  await page.locator('input[name=login]').fill(person);
  await page.locator('input[name=password]').fill('anything');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).waitFor();
  page.troubles = page.troubles.filter((trouble) => !trouble.includes('/interaction/'));
}

async function signInThere(page, person) {
  await goThere(page, person);
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** Where the provider would send this browser, which does not go there. */
async function addressBack(page, person) {
  await goThere(page, person);
  const action = await page.locator('form').filter({ hasText: 'Continue' }).getAttribute('action');
  let answer = await page.request.post(action, { form: { prompt: 'consent' }, maxRedirects: 0 });
  for (let hops = 0; hops < 5; hops += 1) {
    const { location } = answer.headers();
    if (location.includes('/callback')) return location;
    answer = await page.request.get(location, { maxRedirects: 0 });
  }
  throw new Error('the provider does not send anybody back');
}

/** A refusal is a page with the status 403 or 422, which the browser's console reports. */
const expected = (page) => { page.troubles = page.troubles.filter((trouble) => !/status of (403|422)/.test(trouble)); };

export async function singleSignOn({ open, step }) {
  const port = await freePort();
  let provider;
  const company = await startEmpty((url) => ({
    ZHIKE_PUBLIC_URL: url,
    ZHIKE_OIDC_ISSUER: `http://127.0.0.1:${port}`,
    ZHIKE_OIDC_CLIENT_ID: CLIENT.id,
    ZHIKE_OIDC_CLIENT_SECRET: CLIENT.secret,
    ZHIKE_OIDC_NAME: 'Example Login',
    ZHIKE_OIDC_CREATE_USERS: 'true',
  }));
  try {
    provider = await startProvider(port, `${company.url}/sign-in/provider/callback`);
    await walk({ open: (options) => open({ url: company.url, ...options }), step, company });
  } finally {
    await company.stop();
    await provider?.stop();
  }
}

async function walk({ open, step, company }) {
  await step('an address that nobody verified opens nothing', async () => {
    const page = await open();
    await signInThere(page, 'thief');
    await page.getByText('You are known there, but not a user here.').waitFor();
    expected(page);
  });

  await step('a user is found by his verified address', async () => {
    const page = await open();
    await signInThere(page, 'first');
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    await page.getByText('Single sign-on').first().waitFor();
    await page.goto('/security/sign-ins');
    await page.getByText('Not a user here').waitFor();
  });

  await step('somebody new becomes a user', async () => {
    const page = await open();
    await signInThere(page, 'newcomer');
    await page.getByText('You sign in at your company').waitFor();
    await page.goto('/security/sign-ins').catch(() => {});
    await page.getByText('403').first().waitFor();
    expected(page);
  });

  await step('a link of somebody else signs nobody in', async () => {
    const [thief, victim] = [await open(), await open()];
    const callback = await addressBack(thief, 'newcomer');
    assert.match(callback, /[?&]code=/);
    await victim.goto(callback);
    await victim.getByText('Single sign-on was broken off').waitFor();
    await victim.goto('/profile');
    await victim.waitForURL('**/sign-in?next=/profile');
    expected(victim);
    // The thief's own browser gets in with it, and not twice.
    await thief.goto(callback);
    await thief.getByRole('heading', { name: 'Your account' }).waitFor();
    await signOut(thief);
    await thief.goto(callback);
    await thief.getByText('Single sign-on was broken off').waitFor();
    expected(thief);
  });

  await step('the password still works, and no secret stands in the log', async () => {
    const page = await open();
    await signIn(page, company.login);
    for (const secret of [CLIENT.secret, 'code=']) assert.ok(!company.output().includes(secret), secret);
  });
}
