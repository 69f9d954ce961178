// A mail server on this machine: takes letters from who knows the password, and keeps them.
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { eventually } from './steps.mjs';

export const LOGIN = { user: 'zhike', password: 'mail-password' };

export async function startMailServer() {
  const letters = [];
  const server = new SMTPServer({
    authOptional: false,
    allowInsecureAuth: true, // on this machine; see MailServer in crates/web/src/mail
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _, done) => {
      const right = username === LOGIN.user && password === LOGIN.password;
      done(right ? null : new Error('wrong password'), { user: username });
    },
    onData: (stream, _, done) => {
      simpleParser(stream).then((letter) => { letters.push(letter); done(); }, done);
    },
  });
  await new Promise((ready) => { server.listen(0, '127.0.0.1', ready); });
  const { port } = server.server.address();
  return {
    url: `smtp://${LOGIN.user}:${LOGIN.password}@127.0.0.1:${port}`,
    letters,
    /** The letter with this subject, when it has come. */
    letter: async (to, subject) => {
      const found = () => letters.findLast((letter) => letter.to.text.includes(to) && letter.subject === subject);
      await eventually(`a letter to ${to}`, async () => Boolean(found()), (came) => came);
      return found();
    },
    stop: () => new Promise((done) => { server.close(done); }),
  };
}
