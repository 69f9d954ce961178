// Signing in: a device is signed out from another one, the second factor is set up and used, a lost phone is helped by a
// recovery code, somebody new is invited, and somebody who forgot his password gets a letter.
import assert from 'node:assert/strict';
import { TOTP } from 'otpauth';
import { overflow, PHONE } from './chromium.mjs';
import { startMailServer } from './mail_server.mjs';
import { startEmpty } from './program.mjs';
import { eventually, signIn, signOut } from './steps.mjs';

const NEW = { email: 'newcomer@example.com', password: 'four words nobody says' };

/** What the authenticator app shows, once it is another code than the one before: each is good once. */
function authenticator(key) {
  const totp = new TOTP({ secret: key.replaceAll(' ', '') });
  let before = '';
  return async () => {
    // The program also takes the code of the half minute that begins next.
    const code = () => [0, 30_000].map((ahead_ms) => totp.generate({ timestamp: Date.now() + ahead_ms })).find((one) => one > '' && !before.includes(one));
    const { answer } = await eventually('a new code', async () => code() ?? '', (one) => one !== '', 70_000);
    before += ` ${answer}`;
    return answer;
  };
}

async function submit(page, fields, button) {
  for (const [label, text] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(text);
  await page.getByRole('button', { name: button, exact: true }).click();
}

export async function signingIn({ open, step }) {
  const mail = await startMailServer();
  const company = await startEmpty((url) => ({ ZHIKE_PUBLIC_URL: url, ZHIKE_MAIL_SERVER: mail.url, ZHIKE_MAIL_FROM: 'Zhike <crm@example.com>' }));
  try {
    await walk({ open: (options) => open({ url: company.url, ...options }), step, company, mail });
  } finally {
    await company.stop();
    await mail.stop();
  }
}

async function walk({ open, step, company, mail }) {
  const { login } = company;
  const desk = await open();
  const phone = await open({ viewport: PHONE, phone: true });

  await step('another device is seen and signed out', async () => {
    await signIn(desk, login);
    await signIn(phone, login);
    await desk.goto('/profile');
    await desk.getByText('This device').waitFor();
    await phone.goto('about:blank'); // an open page would go to the sign-in by itself
    await desk.getByRole('button', { name: /^Sign out Chrome/ }).click();
    await desk.getByText('The device is signed out.').waitFor();
    await phone.goto('/profile');
    await phone.waitForURL('**/sign-in?next=/profile');
  });

  let code;
  let recovery;
  await step('a second factor is set up', async () => {
    await desk.getByRole('link', { name: 'Set up' }).click();
    await submit(desk, { 'Current password': login.password }, 'Set up');
    await desk.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
    code = authenticator(await desk.locator('p.mono').textContent());
    await submit(desk, { Code: await code() }, 'Turn on');
    await desk.getByRole('heading', { name: 'Recovery codes' }).waitFor();
    recovery = await desk.locator('.codes li').allTextContents();
    assert.equal(recovery.length, 10);
    assert.match((await mail.letter(login.email, 'A change to how you sign in')).text, /second factor has been turned on/);
  });

  await step('signing in asks for the code', async () => {
    await phone.goto('/sign-in?next=/profile');
    await submit(phone, { 'E-mail': login.email, Password: login.password }, 'Sign in');
    assert.equal(await overflow(phone), 0);
    await submit(phone, { Code: await code() }, 'Sign in');
    await phone.getByRole('heading', { name: 'Your account' }).waitFor();
    assert.equal(await overflow(phone), 0);
    await phone.getByText('10 recovery codes are left.').waitFor();
  });

  await step('a recovery code helps who has lost the phone', async () => {
    await signOut(desk);
    await submit(desk, { 'E-mail': login.email, Password: login.password }, 'Sign in');
    await submit(desk, { Code: recovery[0] }, 'Sign in');
    await desk.goto('/profile');
    await desk.getByText('9 recovery codes are left.').waitFor();
  });

  await step('somebody new is invited by letter and chooses a password', async () => {
    await desk.goto('/user/new');
    await desk.getByRole('combobox', { name: 'Language' }).selectOption('en');
    // Both carry the mark of personal data.
    await desk.getByLabel(/^Name\*/).fill('New Comer');
    await desk.getByLabel(/^E-mail\*/).fill(NEW.email);
    await submit(desk, {}, 'Save');
    await desk.getByRole('button', { name: 'Send by e-mail' }).click();
    await desk.getByText('The letter is on its way.').waitFor();
    const letter = await mail.letter(NEW.email, 'Your access to the CRM');
    const link = /http\S+/.exec(letter.text)[0];
    assert.ok(link.startsWith(company.url), link);
    const visitor = await open();
    await visitor.goto(link);
    await submit(visitor, { 'New password': NEW.password }, 'Save the password');
    await visitor.getByText('Your password has been set.').waitFor();
    await signIn(visitor, NEW);
    await visitor.goto('about:blank'); // its session is about to end
  });

  await step('who forgot his password gets a link', async () => {
    const visitor = await open();
    await visitor.goto('/sign-in');
    await visitor.getByRole('link', { name: 'Forgot your password?' }).click();
    await submit(visitor, { 'E-mail': NEW.email }, 'Send the link');
    await visitor.getByText('a letter with a link is on its way').waitFor();
    const letter = await mail.letter(NEW.email, 'Choose a new password');
    await visitor.goto(/http\S+/.exec(letter.text)[0]);
    NEW.password = 'five words that nobody says';
    await submit(visitor, { 'New password': NEW.password }, 'Save the password');
    await signIn(visitor, NEW);
  });

  await step('the administrator sees who signed in how', async () => {
    await desk.goto('/security');
    await desk.getByRole('link', { name: 'Sign-ins' }).click();
    await desk.getByRole('heading', { name: 'Sign-ins' }).waitFor();
    await desk.getByText('Password and recovery code').first().waitFor();
    await desk.getByRole('link', { name: 'New Comer' }).first().waitFor();
  });

  await step('no secret stands in the log', async () => {
    const said = company.output();
    for (const secret of [login.password, NEW.password, recovery[0], 'mail-password', 'ticket=']) {
      assert.ok(!said.includes(secret), `the log holds “${secret}”`);
    }
  });
}
